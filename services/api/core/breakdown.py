"""How a target is broken down: into which parts there are, and by weights to the last digit."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from services.api.core.attribution import Attribution
from services.api.core.populations import span_within
from services.schema.days import FIRST_YEAR, LAST_YEAR, Calendar, Period, parse_period
from services.schema.errors import Conflict, Fault
from services.schema.money import VALUE_PLACES, share_out
from services.schema.shapes.people import Employee, Shop, Subject, Unit
from services.schema.words import Parts, SubjectKind

Part = tuple[Subject, str]
"""A subject and a period's code: one of them is that of the whole."""


@dataclass(frozen=True, slots=True)
class Company:
    """Whom and what a target can be broken down into."""

    shops: Mapping[str, Shop]
    units: Mapping[str, Unit]
    employees: Mapping[str, Employee]


def parts_of(
    subject: Subject, period: Period, into: Parts, *, calendar: Calendar, company: Company
) -> dict[str, Part]:
    """All parts of a whole by the name that weights call them by, in order.

    `quarters`, `months`: those that a longer period is made of. `units`: the units directly below
    a unit, of the company those at the top. `employees`: who works for a day of the period in the
    unit with all below, answers for the shop, or anywhere. `shops`: what these people answer for;
    of the company, all.
    """
    if into in {Parts.QUARTERS, Parts.MONTHS}:
        codes = _periods(period, into, calendar)
        parts = {code: (subject, code) for code in codes}
    else:
        kind = {
            Parts.UNITS: SubjectKind.UNIT,
            Parts.EMPLOYEES: SubjectKind.EMPLOYEE,
            Parts.SHOPS: SubjectKind.SHOP,
        }[into]
        codes = _codes(subject, period, into, company)
        parts = {code: (Subject(kind, code), period.code) for code in codes}
    if not parts:
        detail = f"{subject} in {period.code} has no {into} to be broken down into."
        raise Conflict("no_parts", detail, [Fault("/into", "no_parts", detail)])
    return parts


def share_target(value: Decimal, weights: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The value shared out by weights, to the last of its 6 decimals."""
    if not any(weights.values()):
        detail = "Weights are not below zero, and one is above."
        raise Conflict(
            "weights_senseless", detail, [Fault("/weights", "weights_senseless", detail)]
        )
    shares = share_out(value, list(weights.values()), VALUE_PLACES)
    return dict(zip(weights, shares, strict=True))


def check_names(weights: Mapping[str, Decimal], parts: Collection[str]) -> None:
    """Refuse weights of what is not a part."""
    faults = [
        Fault(f"/weights/{name}", "unknown_part", f"{name} is not a part of this target.")
        for name in weights
        if name not in parts
    ]
    if faults:
        raise Conflict("unknown_part", faults[0].detail, faults[:100])


def _periods(period: Period, into: Parts, calendar: Calendar) -> list[str]:
    """The quarters or months that a period is made of; none where they do not fill it exactly."""
    years = range(max(period.start.year - 1, FIRST_YEAR), min(period.end.year, LAST_YEAR) + 1)
    names = (
        [f"Q{number}" for number in range(1, 5)]
        if into is Parts.QUARTERS
        else [f"{number:02}" for number in range(1, 13)]
    )
    found = [parse_period(f"{year}-{name}", calendar) for year in years for name in names]
    inside = [part for part in found if period.start <= part.start and part.end <= period.end]
    edges = [period.start, *(part.end for part in inside)]
    whole = all(start == part.start for start, part in zip(edges, inside, strict=False))
    if len(inside) < 2 or not whole or edges[-1] != period.end:
        return []
    return [part.code for part in inside]


def _codes(subject: Subject, period: Period, into: Parts, company: Company) -> list[str]:
    whole = subject.kind is SubjectKind.COMPANY
    if into is Parts.UNITS:
        above = None if whole else subject.code
        divisible = subject.kind in {SubjectKind.UNIT, SubjectKind.COMPANY}
        return [u.code for u in company.units.values() if divisible and u.parent == above]
    if into is Parts.EMPLOYEES:
        if subject.kind is SubjectKind.EMPLOYEE:
            return []
        return sorted({code for code, _, _ in _work(subject, period, company)})
    if whole:
        return sorted(company.shops)
    if subject.kind is SubjectKind.SHOP:
        return []
    return sorted({shop for _, _, shops in _work(subject, period, company) for shop in shops})


def _work(
    subject: Subject, period: Period, company: Company
) -> list[tuple[str, str, frozenset[str]]]:
    """Employee, unit and shops of every assignment in the period that belongs to a subject."""
    tree = Attribution(company.units, company.employees).tree([subject.code])

    def belongs(code: str, unit: str, shops: frozenset[str]) -> bool:
        return {
            SubjectKind.COMPANY: True,
            SubjectKind.UNIT: unit in tree,
            SubjectKind.SHOP: subject.code in shops,
            SubjectKind.EMPLOYEE: code == subject.code,
        }[subject.kind]

    work = (
        (employee.code, held.unit, frozenset(share.shop for share in held.shops))
        for employee in company.employees.values()
        for held in employee.assignments
        if span_within(employee, held, period) is not None
    )
    return [entry for entry in work if belongs(*entry)]
