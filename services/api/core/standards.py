"""Standards: which there are, on which days and for whom one is looked at, and when it is broken.

`domain.md`, section 7. A day that runs is held against an upper bound alone: what is too much does
not wait, and what is not yet enough may still become so.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from services.api.catalogue import standard_entries
from services.api.core.populations import works_on
from services.schema.days import Calendar, Period, period_around
from services.schema.errors import Conflict, Fault
from services.schema.shapes.alerts import Breach, Check, Measured
from services.schema.shapes.indicators import Indicator, Value, Wanted
from services.schema.shapes.people import Employee, Subject
from services.schema.shapes.standards import Basis, Standard
from services.schema.watch_words import AlertKind
from services.schema.words import CycleKind, Scope, SubjectKind

LOOK_BACK_DAYS = 7
"""What comes in later than so many days after its own still counts, and is no news any more."""
MOST_DAYS = 366
MONTHS: Mapping[CycleKind, int] = {
    CycleKind.MONTH: 1,
    CycleKind.QUARTER: 3,
    CycleKind.HALF: 6,
    CycleKind.YEAR: 12,
}


@dataclass(frozen=True, slots=True)
class Places:
    """Whom a company consists of."""

    employees: Mapping[str, Employee]
    units: Collection[str]
    shops: Collection[str]


@dataclass(frozen=True, slots=True)
class Question:
    """A standard held against one subject and day: the values that are to be read."""

    standard: Standard
    subject: Subject
    day: date
    wanted: Wanted
    basis: Wanted | None


@cache
def built_in_standards() -> Mapping[str, Standard]:
    """The standards of the catalogue by code."""
    return {str(entry["code"]): _from_entry(entry) for entry in standard_entries()}


def check_standard(standard: Standard, indicators: Mapping[str, Indicator], places: Places) -> None:
    """Refuse a standard of what there is not, naming every place."""
    if faults := list(_faults_of(standard, indicators, places)):
        raise Conflict(faults[0].code, faults[0].detail, faults)


def questions_of(
    standards: Iterable[Standard],
    touched: Collection[date],
    places: Places,
    *,
    today: date,
    calendar: Calendar,
) -> list[Question]:
    """What is to be asked once something has come in of some days."""
    return [
        _question(standard, subject, day, calendar)
        for standard in standards
        if standard.active
        for day in days_to_check(standard, touched, today, calendar)
        for subject in _subjects(standard, day, places)
    ]


def days_to_check(
    standard: Standard, touched: Collection[date], today: date, calendar: Calendar
) -> list[date]:
    """The days whose value hangs on one that was touched, oldest first."""
    last = today if standard.at_most is not None else today - timedelta(days=1)
    days = (last - timedelta(days=back) for back in range(LOOK_BACK_DAYS, -1, -1))
    return [day for day in days if any(_begins(standard, day, calendar) <= each <= day
                                       for each in touched)]  # fmt: skip


def answer(question: Question, values: Mapping[Wanted, Value]) -> Check:
    """Hold what was read against the bound; what has no value, or no basis, breaks nothing."""
    standard, value = question.standard, values[question.wanted].value
    key = (AlertKind.STANDARD, standard.code, question.subject, question.day)
    if value is None or not _is_broken(standard, value) or not _has_basis(question, values):
        return Check(key, None, value)
    breach = Breach(
        kind=AlertKind.STANDARD,
        source=standard.code,
        subject=question.subject,
        day=question.day,
        zh=standard.zh,
        en=standard.en,
        measured=Measured(
            indicator=standard.indicator,
            version=standard.version,
            period=question.wanted.period.code,
            value=value,
            at_least=standard.at_least,
            at_most=standard.at_most,
        ),
    )
    return Check(key, breach, value)


def _is_broken(standard: Standard, value: Decimal) -> bool:
    if standard.at_most is not None:
        return value > standard.at_most
    assert standard.at_least is not None, "a standard has one bound"
    return value < standard.at_least


def _has_basis(question: Question, values: Mapping[Wanted, Value]) -> bool:
    basis = question.standard.basis
    if basis is None or question.basis is None:
        return True
    there = values[question.basis].value
    return there is not None and there >= basis.at_least


def _begins(standard: Standard, day: date, calendar: Calendar) -> date:
    if standard.days is not None:
        return day - timedelta(days=standard.days - 1)
    assert standard.period is not None, "a standard has days or a period"
    return period_around(day, MONTHS[standard.period], calendar).start


def _question(standard: Standard, subject: Subject, day: date, calendar: Calendar) -> Question:
    start, end = _begins(standard, day, calendar), day + timedelta(days=1)
    if standard.period is not None:
        period = period_around(day, MONTHS[standard.period], calendar)
    else:
        code = f"{day}" if standard.days == 1 else f"{start}/{end}"
        period = Period(code, start, end, None)

    def wanted(indicator: str) -> Wanted:
        return Wanted(indicator, subject, standard.scope, period, start, end)

    basis = None if standard.basis is None else wanted(standard.basis.indicator)
    return Question(standard, subject, day, wanted(standard.indicator), basis)


def _subjects(standard: Standard, day: date, places: Places) -> Iterator[Subject]:
    """Whom a standard is for on a day: who is not at work then has nothing to keep to."""
    kind = standard.subject_kind
    if kind is SubjectKind.COMPANY:
        yield Subject(kind, "")
        return
    for code in sorted(_codes(kind, places)):
        named = standard.subjects is None or code in standard.subjects
        there = kind is not SubjectKind.EMPLOYEE or works_on(places.employees[code], day)
        if named and there:
            yield Subject(kind, code)


def _codes(kind: SubjectKind, places: Places) -> Collection[str]:
    by_kind: Mapping[SubjectKind, Collection[str]] = {
        SubjectKind.EMPLOYEE: places.employees,
        SubjectKind.UNIT: places.units,
        SubjectKind.SHOP: places.shops,
        SubjectKind.COMPANY: (),
    }
    return by_kind[kind]


def _faults_of(
    standard: Standard, indicators: Mapping[str, Indicator], places: Places
) -> Iterator[Fault]:
    asked = [("/indicator", standard.indicator)]
    if standard.basis is not None:
        asked.append(("/basis/indicator", standard.basis.indicator))
    for place, code in asked:
        if code not in indicators:
            yield Fault(place, "unknown_indicator", f"There is no indicator {code}.")
    kind = standard.subject_kind
    known = _codes(kind, places)
    for index, code in enumerate(standard.subjects or ()):
        if code not in known:
            yield Fault(f"/subjects/{index}", f"unknown_{kind}", f"There is no {kind} {code}.")


def _from_entry(entry: Mapping[str, Any]) -> Standard:
    basis, at_most, at_least = entry["basis"], entry.get("at_most"), entry.get("at_least")
    return Standard(
        code=str(entry["code"]),
        zh=str(entry["zh"]),
        en=str(entry["en"]),
        indicator=str(entry["indicator"]),
        subject_kind=SubjectKind(entry["subject_kind"]),
        subjects=None,
        scope=Scope(entry["scope"]),
        at_least=None if at_least is None else Decimal(at_least),
        at_most=None if at_most is None else Decimal(at_most),
        days=int(entry["days"]),
        period=None,
        basis=Basis(basis["indicator"], Decimal(basis["at_least"])),
        active=True,
        version=0,
    )
