"""Daily sums as they would be if some facts counted otherwise than their sources state them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from services.api.core.measures import KEPT
from services.schema.shapes.disputes import ChangedFact
from services.schema.shapes.measures import DailySum, FactSum, SumsQuery
from services.schema.words import FactKind

_Key = tuple[object, ...]


def combine(changed: Iterable[ChangedFact]) -> tuple[ChangedFact, ...]:
    """Each fact once, with all that was stated of it: of what two speak of the later holds."""
    found: dict[tuple[FactKind, str, str], ChangedFact] = {}
    for each in changed:
        key = each.kind, each.source, each.id
        before = found.get(key)
        change = each.change if before is None else before.change.then(each.change)
        found[key] = ChangedFact(*key, change, each.dispute)
    return tuple(found.values())


def add_changes(
    query: SumsQuery,
    read: Mapping[str, Sequence[DailySum]],
    changes: Sequence[FactSum],
    *,
    home: str,
) -> dict[str, list[DailySum]]:
    """What a query read with the changes added, as it would have been read.

    A sum that no fact is left of is gone: where it was the only one, nothing has come in.
    """
    if not changes:
        return {name: list(rows) for name, rows in read.items()}
    found = {name: {_key(row): row for row in rows} for name, rows in read.items()}
    for name, row in _sums(query, changes, home):
        if name in found:
            before = found[name].get(_key(row))
            found[name][_key(row)] = row if before is None else _added(before, row)
    return {name: [row for row in rows.values() if row.records > 0] for name, rows in found.items()}


def _sums(
    query: SumsQuery, changes: Sequence[FactSum], home: str
) -> Iterator[tuple[str, DailySum]]:
    """Those of the changes that the query asks for, in its form."""
    kept = KEPT[query.kind]
    for change in changes:
        start = next((start for start, end in query.spans if start <= change.day < end), None)
        if start is None or not _is_asked(query, change):
            continue
        told = {
            name: getattr(change, name) if name in query.dimensions and name in kept else ""
            for name in ("shop", "employee", "unit", "channel", "campaign")
        }
        apart = (
            query.kind is FactKind.STOCK
            or change.currency not in {"", home}
            or change.measure in query.daily_codes
        )
        yield (
            change.measure or query.kind.value,
            DailySum(
                start=change.day if apart else start,
                **told,
                currency=change.currency,
                day=change.day if apart else None,
                records=change.records,
                amounts=tuple(change.amounts[column] for column in query.columns),
            ),
        )


def _is_asked(query: SumsQuery, change: FactSum) -> bool:
    if query.shops is None and query.employees is None:
        return True
    return (
        change.shop in (query.shops or ())
        or change.employee in (query.employees or ())
        or change.unit in query.units
    )


def _key(row: DailySum) -> _Key:
    dimensions = row.shop, row.employee, row.unit, row.channel, row.campaign, row.currency
    return row.start, row.day, *dimensions


def _added(one: DailySum, other: DailySum) -> DailySum:
    amounts = tuple(map(_sum, one.amounts, other.amounts))
    return DailySum(
        one.start,
        one.shop,
        one.employee,
        one.unit,
        one.channel,
        one.campaign,
        one.currency,
        one.day,
        one.records + other.records,
        amounts,
    )


def _sum(one: Decimal | int | None, other: Decimal | int | None) -> Decimal | int | None:
    """Of two that are both null nothing is stated still."""
    if one is None or other is None:
        return other if one is None else one
    return one + other
