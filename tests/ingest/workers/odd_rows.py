"""Rows as no marketplace should write them: kept as they came, or exact, beside the good ones."""

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest

from sandbox.sales import Sale
from tests.figures import Figures, Wrong
from tests.ingest.manners import Path, changed, without
from tests.ingest.stages import BOOKS, Stage

LONG, PAST_DOUBLES = 10**24 + 7, 2**53 + 1


async def stated_oddly(stage: Stage, figure: Figures) -> None:
    """A price below zero, one that is none, numbers past 2^53 and of 25 digits, other money."""
    stage.begin(hours=58)
    manner = stage.manner
    first, second, third, fourth, *more = [sale for sale in stage.sales() if _is_plain(sale, stage)]
    odd = {
        first.id: (manner.amount, manner.texts[0]),
        second.id: (manner.amount, manner.texts[1]),
        third.id: (manner.id, manner.name(LONG)),
        fourth.id: (manner.id, manner.name(PAST_DOUBLES)),
    }
    if manner.currency:
        odd[more[0].id] = (manner.currency, "GBP")
    spoil(stage, lambda sale, row: changed(row, *odd[sale.id]) if sale.id in odd else row)
    assert await stage.world.pull() == []
    stored = {
        row.id: row
        for row in await stage.world.rows("SELECT id, paid_amount, currency FROM order_facts")
    }
    kept = await stage.world.rows("SELECT fact, body FROM rejected_rows WHERE kind = 'orders'")
    wanted = {str(LONG), str(PAST_DOUBLES)} | {
        manner.number(sale) for sale in stage.sales() if sale.id not in {third.id, fourth.id}
    }
    lost = wanted - stored.keys() - {row.fact for row in kept}
    figure("S11", Wrong.CHANGES, lost, tried=len(odd), of="odd rows, exact or kept")
    assert {str(LONG), str(PAST_DOUBLES)} <= stored.keys() <= wanted
    as_they_came = {row.fact: _at(json.loads(row.body), manner.amount) for row in kept}
    assert as_they_came == {
        manner.number(sale): text
        for sale, text in zip((first, second), map(str, manner.texts), strict=True)
    }
    if manner.currency:
        assert stored[manner.number(more[0])].currency == "GBP"
    exact = {
        manner.number(sale): sale.paid_amount
        for sale in stage.sales()
        if sale.paid_at and sale.counted_at and sale.id not in odd
    }
    wrong = {name: stored[name] for name, paid in exact.items() if stored[name].paid_amount != paid}
    figure("S11", Wrong.CENTS, wrong, tried=len(exact), of="orders beside odd ones")
    sums = await stage.world.rows("SELECT sum(paid_amount) AS a FROM order_measures")
    facts = await stage.world.rows(
        "SELECT sum(paid_amount) AS a FROM order_facts WHERE paid_at NOTNULL AND exclusion IS NULL"
    )
    assert sums[0].a == facts[0].a > Decimal(0)


async def poisoned(stage: Stage, figure: Figures) -> None:
    """A word that nobody knows, a field that is gone, a buyer that is no text; kept once each."""
    stage.begin(hours=46)
    manner = stage.manner
    worded, robbed, nobodys = [sale for sale in stage.sales() if _is_plain(sale, stage)][:3]
    bad_ones = [worded, robbed] + ([nobodys] if manner.buyer else [])

    def poison(sale: Sale, row: dict[str, Any]) -> dict[str, Any]:
        if sale.id == worded.id:
            return changed(row, *manner.word)
        if manner.buyer and sale.id == nobodys.id:
            return changed(row, *manner.buyer)
        return without(row, manner.vanished) if sale.id == robbed.id else row

    with stage.patch.context() as patch:
        spoil(stage, poison, patch)
        assert await stage.world.pull() == []
        assert await stage.read_again(days=2) == []
    kept = await stage.world.rows("SELECT fact, pointer, outcome, body FROM rejected_rows")
    bad = {manner.number(sale) for sale in bad_ones}
    stored = {row.id for row in await stage.world.rows("SELECT id FROM order_facts")}
    good = {manner.number(sale) for sale in stage.sales()} - bad
    figure("S12", Wrong.FACTS, good - stored, tried=len(good), of="good rows beside bad ones")
    missing = bad - {row.fact for row in kept}
    figure("S12", Wrong.CHANGES, missing, tried=len(bad), of="poisoned rows, kept as they came")
    assert len(kept) == len(bad)
    assert not bad & stored
    assert {row.outcome for row in kept} == {"invalid"}
    bodies = {row.fact: json.loads(row.body) for row in kept}
    assert _at(bodies[manner.number(worded)], manner.word[0]) == str(manner.word[1])
    if manner.buyer:
        assert manner.buyer[0][0] in bodies[manner.number(nobodys)]["withheld"]
    # Once it is stated well nothing is left of it.
    for sale in bad_ones:
        stage.world.gateway.books.touched[sale.id] = stage.clock.now + timedelta(minutes=5)
    figure("S12", Wrong.FACTS, 0, tried=await stage.settle(), of=BOOKS)


def spoil(
    stage: Stage,
    state: Callable[[Sale, dict[str, Any]], dict[str, Any]],
    patch: pytest.MonkeyPatch | None = None,
) -> None:
    """Let the marketplace state orders otherwise."""
    module, _, name = stage.manner.writer.rpartition(".")
    write = getattr(import_module(module), name)

    def write_otherwise(sale: Sale, *rest: Any) -> dict[str, Any]:
        return state(sale, write(sale, *rest))

    (patch or stage.patch).setattr(stage.manner.writer, write_otherwise)


def _is_plain(sale: Sale, stage: Stage) -> bool:
    """Paid, and nothing about it that would be asked for apart."""
    asked = sale.claims or (sale.campaign and stage.name == "taobao")
    return (
        not asked
        and not sale.exclusion
        and sale.paid_at is not None
        and sale.paid_at <= stage.clock.now
    )


def _at(row: Any, path: Path) -> str:
    """What stands in a row at a place."""
    for name in path:
        row = row[name]
    return str(row)
