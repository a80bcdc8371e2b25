"""Reconciliations as a table: a day's two totals, and the difference by cause."""

import asyncio
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from services.cli.pulling import settings_of_here
from services.ingest.workers.deployment import opened
from services.schema.errors import Invalid
from services.schema.money import fixed, minor_places, places_of
from services.schema.shapes.reconciliations import Part, Reconciliation

_HEADS = ("shop", "day", "by", "counts", "theirs", "ours", "difference", "of which")
_NOTHING = (
    "Nothing is stated of these days: Taobao, Tmall and Amazon count for themselves once a day is "
    "over, what other tools count comes by POST /v1/reconciliations."
)
_WIDEST = 1000
NAMED = 3
"""Orders that a line names."""


def reconcile_and_show(days: tuple[date, date], shop: str | None) -> None:
    """`kaohe reconcile`"""
    if days[0] >= days[1]:
        raise Invalid("period_invalid", "The days end before they start.")
    found, problems = asyncio.run(_reconcile(days, shop))
    if found:
        show(table_of(found), Console(highlight=False))
    if problems:
        raise SystemExit("\n".join(["Not all could be asked:", *problems]))
    if not found:
        raise Invalid("nothing_stated", _NOTHING)


def show(table: Table, console: Console) -> None:
    """As wide as its cells are, also where a screen is narrower: no day and no figure is cut."""
    needed = Measurement.get(console, console.options.update(max_width=_WIDEST), table).maximum
    console.width = max(console.width, needed)
    console.print(table)


def table_of(found: Iterable[Reconciliation]) -> Table:
    """A line for each day and tool; what agrees has no difference."""
    table = Table(*_HEADS)
    for one in found:
        stated = one.statement
        table.add_row(
            stated.shop,
            stated.day.isoformat(),
            stated.source,
            stated.basis.value,
            _figures(stated.orders, stated.amount, one.currency),
            _figures(
                None if stated.orders is None else one.orders,
                None if stated.amount is None else one.amount,
                one.currency,
            ),
            "" if one.agrees else _figures(one.orders_off, one.amount_off, one.currency),
            "\n".join([*(_part(each, one.currency) for each in one.parts), *_statuses(one)]),
        )
    return table


async def _reconcile(
    days: tuple[date, date], shop: str | None
) -> tuple[list[Reconciliation], list[str]]:
    async with opened(settings_of_here()) as schedule:
        return await schedule.reconcile_once(days, shop=shop)


def _figures(orders: int | None, amount: Decimal | None, currency: str) -> str:
    parts = [] if orders is None else [f"{orders}"]
    parts += [] if amount is None else [_money(amount, currency)]
    return " / ".join(parts)


def _money(amount: Decimal, currency: str) -> str:
    return fixed(amount, max(minor_places(currency), places_of(amount)))


def _part(part: Part, currency: str) -> str:
    ids = [each.id for each in part.named if each.id is not None]
    named = f" ({', '.join(ids[:NAMED])}{' ...' if len(ids) > NAMED else ''})" if ids else ""
    return f"{part.cause} {part.orders} / {_money(part.amount, currency)}{named}"


def _statuses(one: Reconciliation) -> list[str]:
    """Where orders stand otherwise, also where the count is the same."""
    return [
        f"{each.status}: {each.theirs} and ours {each.ours}"
        for each in one.statuses
        if each.theirs != each.ours
    ]
