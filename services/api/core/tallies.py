"""Tallies: which surveys, cases and people count for whom in a period, and what they come to.

`domain.md`, section 4: each counts on one day. A survey is counted on its last day, once that is
over, its marks on the days of the answers; a case on the day on which it was due, as it stood when
the period ended. Only surveys of customers are service.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from services.api.core.attribution import Attribution
from services.api.core.formulas import parse_formula
from services.api.core.indicators import built_in_indicators
from services.api.core.populations import works_on
from services.schema.days import Period
from services.schema.money import VALUE_PLACES, plain, round_half_up
from services.schema.shapes.cases import Case, CaseEntry
from services.schema.shapes.indicators import Slice
from services.schema.shapes.people import Employee, Subject
from services.schema.shapes.tallies import AnsweredQuestion, ClosedSurvey, Counted, Tally
from services.schema.watch_words import CaseStep
from services.schema.words import Scope, SubjectKind

RESPONSE_RATE = "survey_response_rate"
SCORE = "survey_score"
ASPECTS: Mapping[str, str] = {
    "shopping": "survey_score_shopping",
    "product": "survey_score_product",
    "after_sales": "survey_score_after_sales",
}
"""The indicator of each aspect, by the code of the question that asks about it."""
CLOSED_RATE = "rectification_closed_rate"
TOLD_RATE = "rectification_feedback_rate"
TURNOVER = "turnover_rate"
RETENTION = "staff_retention_rate"
BEST_SCORE = 100
"""What the best mark of any scale is worth."""
COMPANY = Subject(SubjectKind.COMPANY, "")

Tallies = dict[tuple[str, Subject], Tally]
"""By indicator and subject."""


def measures_of(indicator: str) -> frozenset[str]:
    """The measures by which somebody else gives its value, if any do."""
    formula = built_in_indicators()[indicator].formula
    if formula is None:
        return frozenset()
    return frozenset(amount.measure for amount in parse_formula(formula).amounts)


def counted_surveys(surveys: Iterable[ClosedSurvey]) -> Iterator[Counted]:
    """Those asked, and of them those who answered."""
    for each in surveys:
        part = Fraction(each.answered)
        yield Counted(RESPONSE_RATE, each.last_day, each.about, None, part, each.invited)


def counted_answers(questions: Iterable[AnsweredQuestion]) -> Iterator[Counted]:
    """Marks of the aspects on a scale of 100; other questions are no part of a score."""
    for each in questions:
        if each.question not in ASPECTS:
            continue
        part = Fraction(each.marks * BEST_SCORE, each.scale)
        for indicator in (ASPECTS[each.question], SCORE):
            yield Counted(indicator, each.day, each.about, None, part, each.answers)


def counted_cases(cases: Iterable[Case], *, today: date, until: datetime) -> Iterator[Counted]:
    """Cases that were due before today, as they stood at an instant: closed, and told of."""
    for case in cases:
        if case.stated.due_on >= today:
            continue
        trail = [entry for entry in case.trail if entry.at < until]
        where = (case.stated.due_on, case.stated.subject, case.stated.owner)
        yield Counted(CLOSED_RATE, *where, Fraction(_stands_closed(trail)), 1)
        if case.stated.respondent is not None:
            yield Counted(TOLD_RATE, *where, Fraction(_stands_told(trail)), 1)


def tallies_of(
    counted: Collection[Counted], attribution: Attribution, units: Iterable[str], period: Period
) -> Tallies:
    """What comes of it for whoever has any of it in a period: people, shops, units, the company."""
    days = [each for each in counted if each.day in period and each.whole]
    if not days:
        return {}
    named = {each.subject for each in days} | {
        Subject(SubjectKind.EMPLOYEE, each.employee) for each in days if each.employee is not None
    }
    subjects = {COMPANY, *named, *(Subject(SubjectKind.UNIT, unit) for unit in units)}
    found: Tallies = {}
    for subject in subjects:
        slices = attribution.select(subject, _scope_of(subject), period.start, period.end).slices
        sums: dict[str, tuple[Fraction, int]] = defaultdict(lambda: (Fraction(0), 0))
        for each in days:
            if any(_holds(one, each) for one in slices):
                part, whole = sums[each.indicator]
                sums[each.indicator] = (part + each.part, whole + each.whole)
        for indicator, (part, whole) in sums.items():
            found[indicator, subject] = _tally(part, whole)
    return found


def staff_tallies(
    employees: Collection[Employee],
    attribution: Attribution,
    units: Iterable[str],
    period: Period,
    *,
    until: date,
) -> Tallies:
    """Who left, of the mean of those there at first and at last; and who of the first ones stayed.

    `until` is the day after the last that counts. A unit has who is in it, or below, on the first
    day, on the last, and on the day of leaving; a transfer is nobody's leaving.
    """
    found: Tallies = {}
    everyone: list[tuple[Subject, frozenset[str] | None]] = [(COMPANY, None)]
    everyone += [(Subject(SubjectKind.UNIT, unit), attribution.tree([unit])) for unit in units]
    for subject, among in everyone:
        first = [each for each in employees if _works(each, period.start, among)]
        last = [
            each
            for each in employees
            if _stays(each, until) and _works(each, until - timedelta(days=1), among)
        ]
        left = [each for each in employees if _left(each, period.start, until, among)]
        if first or last:
            mean = Fraction(len(first) + len(last), 2)
            note = f"{len(left)} of {plain(Decimal(len(first) + len(last)) / 2)} on average"
            rate = round_half_up(Fraction(len(left)) / mean, VALUE_PLACES)
            found[TURNOVER, subject] = Tally(rate, note)
        if first:
            stayed = sum(_stays(each, until) for each in first)
            found[RETENTION, subject] = _tally(Fraction(stayed), len(first))
    return found


def _tally(part: Fraction, whole: int) -> Tally:
    told = plain(round_half_up(part, VALUE_PLACES))
    return Tally(round_half_up(part / whole, VALUE_PLACES), f"{told} of {whole}")


def _scope_of(subject: Subject) -> Scope:
    return Scope.UNIT if subject.kind is SubjectKind.UNIT else Scope.OWN


def _holds(one: Slice, each: Counted) -> bool:
    """Whether it names somebody, a shop or a unit that count on its day."""
    if not one.start <= each.day < one.end:
        return False
    if one.shops is None and one.employees is None:
        return True
    named = {each.employee}
    if each.subject.kind is SubjectKind.EMPLOYEE:
        named.add(each.subject.code)
    return (
        bool(named & (one.employees or frozenset()))
        or (each.subject.kind is SubjectKind.SHOP and each.subject.code in (one.shops or ()))
        or (each.subject.kind is SubjectKind.UNIT and each.subject.code in one.units)
    )


def _stands_closed(trail: Collection[CaseEntry]) -> bool:
    steps = [entry.step for entry in trail if entry.step in {CaseStep.CLOSED, CaseStep.REOPENED}]
    return bool(steps) and steps[-1] is CaseStep.CLOSED


def _stands_told(trail: Collection[CaseEntry]) -> bool:
    """Reopened, what is done anew is to be told anew."""
    steps = [entry.step for entry in trail if entry.step in {CaseStep.TOLD, CaseStep.REOPENED}]
    return bool(steps) and steps[-1] is CaseStep.TOLD


def _works(employee: Employee, day: date, among: frozenset[str] | None) -> bool:
    """Whether somebody is on the staff on a day, in one of these units."""
    if among is not None:
        return any(held.unit in among for held in works_on(employee, day))
    joined = employee.joined_on is None or employee.joined_on <= day
    return joined and (employee.left_on is None or employee.left_on >= day)


def _stays(employee: Employee, until: date) -> bool:
    return employee.left_on is None or employee.left_on >= until


def _left(employee: Employee, start: date, until: date, among: frozenset[str] | None) -> bool:
    day = employee.left_on
    return day is not None and start <= day < until and _works(employee, day, among)
