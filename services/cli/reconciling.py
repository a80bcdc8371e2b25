"""Reconciliations as a table: a day's two totals, and the difference by cause."""

import asyncio
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from rich.console import Console
from rich.table import Table

from services.cli.pulling import settings_of_here
from services.ingest.workers.deployment import opened
from services.schema.money import plain
from services.schema.shapes.reconciliations import Part, Reconciliation

_HEADS = ("shop", "day", "by", "counts", "theirs", "ours", "difference", "of which")
NAMED = 3
"""Orders that a line names."""


def reconcile_and_show(days: tuple[date, date], shop: str | None) -> None:
    """`kaohe reconcile`"""
    found, problems = asyncio.run(_reconcile(days, shop))
    Console(highlight=False).print(table_of(found))
    if problems:
        raise SystemExit("\n".join(["Not all could be asked:", *problems]))


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
            _figures(stated.orders, stated.amount),
            _figures(
                None if stated.orders is None else one.orders,
                None if stated.amount is None else one.amount,
            ),
            "" if one.agrees else _figures(one.orders_off, one.amount_off),
            "\n".join([*map(_part, one.parts), *_statuses(one)]),
        )
    return table


async def _reconcile(
    days: tuple[date, date], shop: str | None
) -> tuple[list[Reconciliation], list[str]]:
    async with opened(settings_of_here()) as schedule:
        return await schedule.reconcile_once(days, shop=shop)


def _figures(orders: int | None, amount: Decimal | None) -> str:
    parts = [] if orders is None else [f"{orders}"]
    parts += [] if amount is None else [plain(amount)]
    return " / ".join(parts)


def _part(part: Part) -> str:
    ids = [each.id for each in part.named if each.id is not None]
    named = f" ({', '.join(ids[:NAMED])}{' ...' if len(ids) > NAMED else ''})" if ids else ""
    return f"{part.cause} {part.orders} / {plain(part.amount)}{named}"


def _statuses(one: Reconciliation) -> list[str]:
    """Where orders stand otherwise, also where the count is the same."""
    return [
        f"{each.status}: {each.theirs} and ours {each.ours}"
        for each in one.statuses
        if each.theirs != each.ours
    ]
