"""A row that cannot be read is kept as the marketplace wrote it, and tells nobody who bought."""

import gzip
import json
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from sandbox.gateways import Answer, Asked
from sandbox.lives import midnight, sales_until
from sandbox.pinduoduo.rows import order_number
from sandbox.sales import Sale
from sandbox.shops import SHOP_OF
from services.ingest.core.buyers import resealer
from services.ingest.flows.rejected import retry_row
from services.schema.shapes.feeds import Supplement
from services.schema.shapes.people import Caller
from services.schema.words import Role
from tests.databases import TestDatabase
from tests.figures import Figures, Wrong
from tests.ingest.manners import forget_quotas
from tests.ingest.markets import CASES, check, world_of
from tests.ingest.tenants import no_mapping
from tests.ingest.worlds import BUYER_KEY, FIRST, World

POISON: dict[str, list[dict[str, str]]] = {
    "pinduoduo": [
        {"pay_amount": '1e2,"pay_amount":1.10', "postage": "-0", "receiver_name": '"canary"'},
        {"confirm_status": "9", "pay_amount": "1.10e1", "discount_amount": "0.00"},
    ],
    "woocommerce": [
        {"total": '"1.10","total":1.10', "customer_id": '"canary"', "shipping_total": "NaN"},
        {"customer_id": "true", "total": "1e2", "meta_data": '{"canary":1}'},
    ],
}
"""What two rows say of some fields, to the letter."""
WITHHELD = {"receiver_name", "customer_id", "meta_data"}


def poison(patch: pytest.MonkeyPatch, world: World, name: str, sales: list[Sale]) -> None:
    """Let the marketplace write some orders so."""
    place = f"sandbox.{name}.gateway"
    write, answer = import_module(place).order_row, world.gateway.answer
    letters: dict[str, str] = {}

    def write_otherwise(sale: Sale, *rest: Any) -> dict[str, Any]:
        row: dict[str, Any] = write(sale, *rest)
        for field, letter in POISON[name][sales.index(sale)].items() if sale in sales else ():
            row[field] = f"<{sale.id} {field}>"
            letters[json.dumps(row[field])] = letter
        return row

    def answer_to_the_letter(asked: Asked) -> Answer:
        found: Answer = answer(asked)
        text = found.body.decode()
        for mark, letter in letters.items():
            text = text.replace(mark, letter)
        return replace(found, body=text.encode())

    patch.setattr(f"{place}.order_row", write_otherwise)
    patch.setattr(world.gateway, "answer", answer_to_the_letter)


async def retry(world: World, row: str) -> dict[str, int]:
    async with world.database.write(world.tenant) as session:
        tally = await retry_row(
            session,
            row,
            caller=Caller(world.tenant, Role.ERP, None, "key:again"),
            seal=resealer(BUYER_KEY, world.tenant),
            supplement=Supplement,
            find=no_mapping,
            at=world.clock.now,
        )
    return {outcome.value: count for outcome, count in (+tally.counts).items()}


@pytest.mark.parametrize("name", list(POISON))
async def test_scenario_s12_a_poisoned_row_is_kept_to_the_letter(
    name: str,
    database: TestDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    figure: Figures,
) -> None:
    case = CASES[name]
    number_of = order_number if name == "pinduoduo" else lambda sale: str(sale.id)
    async with world_of(case, database, tmp_path) as world:
        world.clock.now = midnight(FIRST) + timedelta(days=2, hours=3)
        at = world.clock.now - case.lag
        sales = [
            sale for sale in sales_until(SHOP_OF[case.shop], FIRST, at) if case.stands(sale, at)
        ]
        bad = [sale for sale in sales if case.stands(sale, at) == "paid" and not sale.claims][:2]
        with monkeypatch.context() as patch:
            poison(patch, world, name, bad)
            assert await world.pull() == []
        kept = await world.rows("SELECT id, fact, body FROM rejected_rows ORDER BY id")
        assert len(kept) == len(bad)
        (stored,) = await world.rows("SELECT count(*) FROM order_facts")
        figure("S12", Wrong.FACTS, len(sales) - 2 - stored[0], tried=len(sales), of="good rows")
        for row in kept:
            (sale,) = [sale for sale in bad if number_of(sale) == row.fact]
            said = POISON[name][bad.index(sale)]
            altered = [
                field
                for field, letter in said.items()
                if f',"{field}":{letter},' not in f",{row.body[1:-1]},"
            ]
            assert {*altered} == WITHHELD & said.keys() <= {*json.loads(row.body)["withheld"]}
            figure("S12", Wrong.CHANGES, {*altered} - WITHHELD, tried=len(said), of="odd fields")
            # Nothing is mended: it stays, as it is.
            assert await retry(world, row.id) == {"invalid": 1}
        again = await world.rows("SELECT body FROM rejected_rows")
        assert {row.body for row in again} == {row.body for row in kept}
        pages = await world.rows("SELECT body FROM pages")
        assert "canary" not in str(kept) + str([gzip.decompress(page.body) for page in pages])
        for sale in bad:
            world.gateway.books.touched[sale.id] = world.clock.now
        world.clock.pass_by(hours=1)
        assert await world.pull() == []
        await check(world, case)


@pytest.mark.parametrize("name", list(POISON))
async def test_scenario_s12_a_copy_that_is_behind_poisons_nothing_that_was_mended(
    name: str,
    database: TestDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    figure: Figures,
) -> None:
    """What it says of an order cannot be read, and is older than what stands: it is passed over."""
    case = CASES[name]
    async with world_of(case, database, tmp_path) as world:
        behind = midnight(FIRST) + timedelta(hours=30)
        world.clock.now = behind + timedelta(hours=18)
        assert await world.pull() == []
        sales = [
            sale
            for sale in sales_until(SHOP_OF[case.shop], FIRST, behind - case.lag)
            if case.stands(sale, behind) == "paid"
            and not sale.claims
            and sale.modified_at(behind) < sale.modified_at(world.clock.now - case.lag)
        ][:2]
        assert sales
        world.clock.now = behind
        forget_quotas(world.gateway)
        poison(monkeypatch, world, name, sales)
        days = FIRST, FIRST + timedelta(days=1)
        assert await world.schedule().backfill_once(days, shop=None, show=lambda _: None) == []
        rejected = await world.rows("SELECT fact FROM rejected_rows")
        figure("S12", Wrong.CHANGES, rejected, tried=len(sales), of="rows of a copy that is behind")
