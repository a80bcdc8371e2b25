"""Amounts: what one measure of a formula comes to over a selection, exactly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal, Inexact, localcontext

from services.api.core.attribution import WHOLE
from services.api.core.filters import Filter
from services.api.core.formulas import Amount
from services.api.core.ledgers import Ledger, Subtotal, Sums
from services.api.core.measures import (
    DISTINCT,
    STOCK_STATED_DAYS,
    column_of,
    source_of,
    sources_of_presence,
)
from services.schema.shapes.indicators import Selection, Slice
from services.schema.shapes.measures import Adds, Crowd, CrowdCount, DailySum, Measure
from services.schema.words import IndicatorUnit

EXACT = Context(prec=200, traps=[Inexact])
"""Amounts times rates and shares have far fewer digits; a rounded sum would be a mistake."""


@dataclass(frozen=True, slots=True)
class Part:
    """A measure of a formula, over the facts that count for a subject."""

    amount: Amount
    measure: Measure
    start: date
    """The first day that counts; whoever bought before is a returning buyer."""
    selection: Selection
    filter: Filter
    earlier: Selection | None = None
    """The selection of the period before; where buyers of both are counted."""


@dataclass(slots=True)
class Found(Subtotal):
    """What a part comes to."""

    reached: bool = True
    """Whether any fact of its kind came in for the subject."""


def find(part: Part, ledger: Ledger) -> Found:
    """Add up a part from what was read."""
    sources = [ledger.sums[name] for name in sources_of_presence(part.measure)]
    if not any(sums.reach(part.selection.presence) for sums in sources):
        return Found(reached=False)
    found = Found()
    with localcontext(EXACT):
        if part.measure.code in DISTINCT:
            _count(part, ledger, found)
        elif part.measure.code == STOCK_STATED_DAYS:
            _count_days(part, ledger, found)
        elif part.measure.adds is Adds.LAST:
            _take_last(part, ledger, found)
        else:
            for one in part.selection.slices:
                for piece in _pieces(one):
                    found.add(_subtotal(part, ledger, piece), one.share)
    return found


def crowds_of(part: Part) -> list[tuple[Decimal, Crowd]]:
    """The crowds that a distinct measure is counted in, each with its share in percent.

    Where shops are shared, a shop's buyers are counted by themselves; days of another share too.
    """
    if not part.selection.by_shop:
        return [(WHOLE, _crowd(part, part.selection.slices, _whole(part.earlier)))]
    held: dict[tuple[str, Decimal], list[Slice]] = {}
    for one in part.selection.slices:
        for shop in one.shops or ():
            held.setdefault((shop, one.share), []).append(_of_shop(one, shop))
    earlier = [
        _of_shop(one, shop) for one in _whole(part.earlier) for shop in sorted(one.shops or ())
    ]
    return [
        (share, _crowd(part, slices, [one for one in earlier if shop in (one.shops or ())]))
        for (shop, share), slices in sorted(held.items(), key=lambda item: item[0])
    ]


def _rows(part: Part, ledger: Ledger, one: Slice) -> Iterator[DailySum]:
    sums = ledger.sums[source_of(part.measure)]
    passes = part.filter.passes
    return (row for row in sums.rows_in(one) if passes(row, ledger.first_uses))


def _pieces(one: Slice) -> list[Slice]:
    """Whole slices that others share: shop by shop, where nobody is named besides."""
    if one.shops is None or one.employees or one.units:
        return [_plain(one, one.units)]
    return [_plain(_of_shop(one, shop)) for shop in one.shops]


def _subtotal(part: Part, ledger: Ledger, piece: Slice) -> Subtotal:
    key = (part.measure.code, part.filter, piece)
    if key not in ledger.subtotals:
        ledger.subtotals[key] = total = Subtotal()
        for row in _rows(part, ledger, piece):
            _add(part, ledger, total, row)
    return ledger.subtotals[key]


def _add(part: Part, ledger: Ledger, total: Subtotal, row: DailySum) -> None:
    """Add a row's amount, in the tenant's currency."""
    sums = ledger.sums[source_of(part.measure)]
    amount = row.amounts[sums.columns[column_of(part.measure)]]
    if amount is None:
        return
    total.records += _records(part.measure, sums, row)
    foreign = row.currency not in {"", ledger.rates.home}
    if part.measure.unit is not IndicatorUnit.MONEY or not foreign or not amount:
        total.amount += amount
        return
    assert row.day is not None, "foreign amounts are read day by day"
    rate = ledger.rates.at(row.currency, row.day)
    if rate is None:
        total.rate_missing = True
        return
    total.converted[rate] = total.converted.get(rate, Decimal(0)) + amount
    total.amount += amount * rate.rate


def _records(measure: Measure, sums: Sums, row: DailySum) -> int:
    if not measure.records:
        return row.records
    return sum(int(row.amounts[sums.columns[name]] or 0) for name in measure.records)


def _take_last(part: Part, ledger: Ledger, found: Found) -> None:
    """Add, for each who states it, the rows of the last day on which it is stated."""
    place = ledger.sums[source_of(part.measure)].columns[column_of(part.measure)]
    last: dict[tuple[str, ...], list[tuple[DailySum, Decimal]]] = {}
    for one in part.selection.slices:
        for row in _rows(part, ledger, one):
            if row.amounts[place] is None:
                continue
            who = (row.shop, row.unit, row.employee, row.channel, row.campaign)
            held = last.get(who)
            if held is None or _day(held[0][0]) < _day(row):
                last[who] = [(row, one.share)]
            elif _day(held[0][0]) == _day(row):
                held.append((row, one.share))
    for held in last.values():
        for row, share in held:
            total = Subtotal()
            _add(part, ledger, total, row)
            found.add(total, share)


def _count_days(part: Part, ledger: Ledger, found: Found) -> None:
    """Count days with a stated value once, whoever states it and whatever the share."""
    place = ledger.sums[source_of(part.measure)].columns[column_of(part.measure)]
    days = {
        _day(row)
        for one in part.selection.slices
        for row in _rows(part, ledger, one)
        if row.amounts[place] is not None
    }
    found.amount = Decimal(len(days))
    found.records = len(days)


def _count(part: Part, ledger: Ledger, found: Found) -> None:
    distinct = DISTINCT[part.measure.code]
    for share, crowd in crowds_of(part):
        if distinct.counts == "skus":
            number = records = ledger.skus.get(crowd, 0)
        else:
            counted = ledger.counts.get(crowd, CrowdCount())
            number, records = getattr(counted, distinct.counts), counted.orders
        found.amount += number * share / 100
        found.records += records


def _crowd(part: Part, slices: Sequence[Slice], earlier: Sequence[Slice]) -> Crowd:
    return Crowd(
        slices=tuple(_plain(one) for one in slices),
        conditions=part.filter.conditions,
        tag=DISTINCT[part.measure.code].tag,
        since=part.start,
        earlier=tuple(_plain(one) for one in earlier),
    )


def _whole(selection: Selection | None) -> list[Slice]:
    return [] if selection is None else list(selection.slices)


def _of_shop(one: Slice, shop: str) -> Slice:
    return Slice(one.start, one.end, frozenset({shop}), frozenset(), frozenset(), one.share)


def _plain(one: Slice, units: frozenset[str] = frozenset()) -> Slice:
    """A slice of whole facts, so that equal ones are added up or counted once."""
    return Slice(one.start, one.end, one.shops, one.employees, units, WHOLE)


def _day(row: DailySum) -> date:
    assert row.day is not None, "what counts by its last day is read day by day"
    return row.day
