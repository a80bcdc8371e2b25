"""Values: what a formula needs for one subject and period, and what comes of it once that is read.

First `prepare` says whose measures over which days a value is made of, then `queries_of` what is to
be read for many values at once, then `explain` computes each. Where several reasons speak against a
value the first of these is given: `no_rows`, `fx_rate_missing`, `no_denominator`, `too_large`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise

from services.api.core.amounts import EXACT, Found, Part, crowds_of, find
from services.api.core.attribution import Attribution
from services.api.core.computed import computed
from services.api.core.filters import resolve
from services.api.core.formulas import (
    CalendarNumber,
    Formula,
    Leaf,
    Span,
    parse_formula,
)
from services.api.core.ledgers import Ledger
from services.api.core.links import links_of
from services.api.core.measures import (
    DISTINCT,
    OF_ALL_TIME,
    RETAINED_BUYERS,
    column_of,
    sources_of_presence,
)
from services.schema.days import Calendar, Period, add_months, previous, split
from services.schema.money import VALUE_PLACES, plain, round_half_up
from services.schema.shapes.indicators import (
    Explained,
    Indicator,
    MeasureAmount,
    PostedValue,
    Slice,
    Value,
    Wanted,
)
from services.schema.shapes.measures import Adds, Crowd, Measure, SumsQuery
from services.schema.shapes.people import Rate, Shop, Subject
from services.schema.words import FactKind, Grain, NoValue, Scope, SubjectKind

MOST_CONVERSIONS = 20
"""Rates that an explanation names."""


@dataclass(frozen=True, slots=True)
class Company:
    """What is known of a company before its facts are read."""

    attribution: Attribution
    shops: Mapping[str, Shop]
    measures: Mapping[str, Measure]
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class Prepared:
    """A value that can be computed as soon as its parts are read."""

    indicator: Indicator
    formula: Formula
    parts: tuple[Part, ...]
    """One for each measure of the formula, in its order."""
    calendars: Mapping[Leaf, Fraction]


def series_of(
    indicator: str,
    subject: Subject,
    scope: Scope,
    period: Period,
    grain: Grain | None,
    calendar: Calendar,
) -> list[Wanted]:
    """A value for each part of a period in order, each by itself; without a grain for the whole."""
    parts = (period,) if grain is None else split(period, grain, calendar)
    return [Wanted(indicator, subject, scope, part, part.start, part.end) for part in parts]


def usual_scope(subject: Subject) -> Scope:
    """Whose measures count where nobody says: all that is a unit's, else what names the subject."""
    if subject.kind is SubjectKind.COMPANY:
        return Scope.COMPANY
    return Scope.UNIT if subject.kind is SubjectKind.UNIT else Scope.OWN


def prepare(wanted: Wanted, indicator: Indicator, company: Company) -> Prepared:
    """Say whose measures over which days an indicator's formula asks for."""
    assert indicator.formula is not None, "a posted value has nothing to prepare"
    formula = parse_formula(indicator.formula)
    asked = {one.span for one in formula.amounts} | {one.span for one in formula.calendars}
    spans = {span: _days_of(span, wanted, company.calendar) for span in asked}
    select = company.attribution.select
    parts = []
    for amount in formula.amounts:
        start, end = spans[amount.span]
        earlier = None
        if amount.measure == RETAINED_BUYERS:
            before = _days_before(start, end, wanted, company.calendar)
            earlier = select(wanted.subject, wanted.scope, *before)
        part = Part(
            amount=amount,
            measure=company.measures[amount.measure],
            start=start,
            selection=select(wanted.subject, wanted.scope, start, end),
            filter=resolve(amount.conditions, company.shops, wanted.period),
            earlier=earlier,
        )
        parts.append(part)
    calendars: dict[Leaf, Fraction] = {
        leaf: _calendar_number(leaf.number, *spans[leaf.span]) for leaf in formula.calendars
    }
    return Prepared(indicator, formula, tuple(parts), calendars)


def explain(prepared: Prepared, ledger: Ledger) -> Explained:
    """Compute a value and say from what."""
    found = [find(part, ledger) for part in prepared.parts]
    return Explained(
        value=_value_of(prepared, found),
        formula=prepared.formula.text,
        version=prepared.indicator.version,
        measures=(*_measures(prepared.parts, found), *_calendar_measures(prepared)),
        fx=_rates_used(found, ledger.rates.home),
        links=links_of(prepared.parts),
    )


def from_posted(posted: PostedValue, indicator: Indicator) -> Explained:
    """A value as somebody posted it."""
    return Explained(Value(posted.value, None), None, indicator.version, (), None, ())


def nothing_posted(indicator: Indicator) -> Explained:
    """No value: facts cannot give it, and nobody posted it."""
    return Explained(Value(None, NoValue.NO_ROWS), None, indicator.version, (), None, ())


def owners_of_posted(wanted: Wanted, attribution: Attribution) -> tuple[Subject, ...]:
    """Whose posted value counts, the first that has one: in the scope of a unit or the company the
    subject's own, else that one's.
    """
    subject = wanted.subject
    if wanted.scope is Scope.COMPANY:
        return (subject, Subject(SubjectKind.COMPANY, ""))
    if wanted.scope is Scope.UNIT and subject.kind is SubjectKind.EMPLOYEE:
        units = attribution.units_on(subject.code, wanted.start, wanted.end)
        return (subject, *(Subject(SubjectKind.UNIT, unit) for unit in units))
    return (subject,)


def _value_of(prepared: Prepared, found: Sequence[Found]) -> Value:
    if not all(one.reached for one in found):
        return Value(None, NoValue.NO_ROWS)
    if any(one.rate_missing for one in found):
        return Value(None, NoValue.FX_RATE_MISSING)
    values = dict(prepared.calendars)
    for part, one in zip(prepared.parts, found, strict=True):
        values[part.amount] = Fraction(one.amount)
    return computed(prepared.formula, values)


def queries_of(prepared: Iterable[Prepared]) -> list[SumsQuery]:
    """What daily sums are to be read for many values: one query for each kind of fact."""
    needs: dict[FactKind, _Need] = defaultdict(_Need)
    for part in {part for one in prepared for part in one.parts}:
        _add_need(needs, part)
    return [need.query(kind) for kind, need in sorted(needs.items())]


def crowds_to_count(prepared: Iterable[Prepared]) -> tuple[set[Crowd], set[Crowd]]:
    """The crowds whose buyers are to be counted, and those whose SKUs."""
    buyers: set[Crowd] = set()
    skus: set[Crowd] = set()
    for one in prepared:
        for part in one.parts:
            if (distinct := DISTINCT.get(part.measure.code)) is not None:
                crowds = (crowd for _, crowd in crowds_of(part))
                (skus if distinct.counts == "skus" else buyers).update(crowds)
    return buyers, skus


def asks_first_orders(prepared: Iterable[Prepared]) -> bool:
    """Whether anybody must know when buyers bought for the first time."""
    return any(part.measure.code in OF_ALL_TIME for one in prepared for part in one.parts)


def asks_first_uses(prepared: Iterable[Prepared]) -> bool:
    """Whether any filter asks how old a campaign is."""
    return any(part.filter.ages for one in prepared for part in one.parts)


class _Need:
    """What several parts need of one kind of fact."""

    def __init__(self) -> None:
        self.codes: set[str] = set()
        self.daily_codes: set[str] = set()
        self.columns: dict[str, None] = {}
        self.dimensions: set[str] = set()
        self.slices: set[Slice] = set()

    def query(self, kind: FactKind) -> SumsQuery:
        everyone = any(one.shops is None for one in self.slices)
        shops = [one.shops or frozenset() for one in self.slices]
        employees = [one.employees or frozenset() for one in self.slices]
        return SumsQuery(
            kind=kind,
            codes=tuple(sorted(self.codes)),
            columns=tuple(sorted(self.columns)),
            spans=_elementary({(one.start, one.end) for one in self.slices}),
            dimensions=frozenset(self.dimensions),
            shops=None if everyone else frozenset().union(*shops),
            employees=None if everyone else frozenset().union(*employees),
            units=frozenset().union(*(one.units for one in self.slices)),
            daily_codes=frozenset(self.daily_codes),
        )


def _add_need(needs: Mapping[FactKind, _Need], part: Part) -> None:
    measure = part.measure
    slices = {*part.selection.slices, *part.selection.presence}
    told_apart = set(part.filter.dimensions)
    for one in slices:
        if one.shops is not None:
            told_apart |= {"shop", "employee", "unit"}
    for source in sources_of_presence(measure):
        kind = FactKind.MEASURES if measure.kind is FactKind.MEASURES else FactKind(source)
        needs[kind].slices |= slices
        needs[kind].dimensions |= told_apart
    need = needs[measure.kind]
    if measure.kind is FactKind.MEASURES:
        need.codes.add(measure.code)
    if measure.adds is Adds.LAST:
        need.dimensions |= {"shop", "employee", "unit", "channel", "campaign"}
        need.daily_codes.add(measure.code)
    if measure.code not in DISTINCT:
        need.columns |= dict.fromkeys((column_of(measure), *measure.records))


def _elementary(ranges: set[tuple[date, date]]) -> tuple[tuple[date, date], ...]:
    """The stretches between any two neighbouring edges that some range covers."""
    steps: dict[date, int] = defaultdict(int)
    for start, end in ranges:
        steps[start] += 1
        steps[end] -= 1
    found: list[tuple[date, date]] = []
    open_ranges = 0
    days = sorted(steps)
    for day, following in pairwise(days):
        open_ranges += steps[day]
        if open_ranges:
            found.append((day, following))
    return tuple(found)


def _days_of(span: Span, wanted: Wanted, calendar: Calendar) -> tuple[date, date]:
    if span.previous:
        return _days_before(wanted.start, wanted.end, wanted, calendar)
    if span.trailing_days is not None:
        return wanted.end - timedelta(days=span.trailing_days), wanted.end
    return wanted.start, wanted.end


def _days_before(start: date, end: date, wanted: Wanted, calendar: Calendar) -> tuple[date, date]:
    """The period before; before any other stretch as many days."""
    if (start, end) == (wanted.period.start, wanted.period.end):
        before = previous(wanted.period, calendar)
        return before.start, before.end
    return start - (end - start), start


def _calendar_number(number: CalendarNumber, start: date, end: date) -> Fraction:
    """Days, or months: a day outside a whole month is its part of its month."""
    if number is CalendarNumber.DAYS:
        return Fraction((end - start).days)
    months = Fraction(0)
    first = start
    while first < end:
        month = first.replace(day=1)
        following = add_months(month, 1)
        after = min(following, end)
        months += Fraction((after - first).days, (following - month).days)
        first = after
    # Kept as it is shown, so that the value can be computed from what is shown.
    return Fraction(round_half_up(months, VALUE_PLACES))


def _measures(parts: Sequence[Part], found: Sequence[Found]) -> list[MeasureAmount]:
    return [
        MeasureAmount(
            measure=part.amount.span.named(part.measure.code),
            filters=part.amount.filters,
            amount=one.amount if one.reached and not one.rate_missing else None,
            records=one.records,
        )
        for part, one in zip(parts, found, strict=True)
    ]


def _calendar_measures(prepared: Prepared) -> list[MeasureAmount]:
    return [
        MeasureAmount(
            measure=leaf.span.named(leaf.number),
            filters="",
            amount=round_half_up(prepared.calendars[leaf], VALUE_PLACES),
            records=0,
        )
        for leaf in prepared.formula.calendars
    ]


def _rates_used(found: Sequence[Found], home: str) -> str | None:
    """Each foreign amount with its rate, the rate's day and what it came to."""
    totals: dict[Rate, Decimal] = {}
    with localcontext(EXACT):
        for one in found:
            for rate, amount in one.converted.items():
                totals[rate] = totals.get(rate, Decimal(0)) + amount
        lines = [
            f"{rate.from_currency} {plain(totals[rate])} x {plain(rate.rate)} of {rate.day}"
            f" = {home} {plain(totals[rate] * rate.rate)}"
            for rate in sorted(totals, key=lambda rate: (rate.from_currency, rate.day))
        ]
    if len(lines) > MOST_CONVERSIONS:
        lines[MOST_CONVERSIONS:] = [f"and {len(lines) - MOST_CONVERSIONS} more"]
    return "; ".join(lines) or None
