"""A day's figures of all sources are added up: what another states is not pulled beside it."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from sandbox.lives import midnight
from services.ingest.flows.arrivals import Stated
from services.ingest.flows.batches import add_facts
from services.ingest.flows.landing import Batch
from services.ingest.store.cursors import read_kinds_of_others
from services.schema.ids import IdKind, new_id
from services.schema.shapes.facts import Stock
from services.schema.words import FactKind
from tests.databases import TestDatabase
from tests.ingest.markets import CASES, world_of
from tests.ingest.worlds import FIRST, World

SHOP = "wc-qinghe"
OWN = f"woocommerce:{SHOP}"


async def feed_of_erp(world: World, *, applied: int, kind: str = "stock", shop: str = SHOP) -> None:
    await world.write(
        "INSERT INTO feeds (tenant_id, id, shop, kind, source, lease_token, attempts,"
        " maturity_seconds, accepted, applied, rejected)"
        " VALUES (:tenant, :id, :shop, :kind, 'erp', 0, 0, 0, :applied, :applied, 0)",
        tenant=world.tenant,
        id=f"fed_{kind}",
        shop=shop,
        kind=kind,
        applied=applied,
    )


@pytest.mark.parametrize(("applied", "pulled"), [(0, True), (3, False)])
async def test_stock_that_the_erp_states_is_not_pulled_beside_it(
    database: TestDatabase, tmp_path: Path, applied: int, *, pulled: bool
) -> None:
    async with world_of(CASES["woocommerce"], database, tmp_path) as world:
        world.clock.now = midnight(FIRST) + timedelta(days=1, hours=3)
        await feed_of_erp(world, applied=applied)
        # Of orders and refunds one source is the owner: they are looked after elsewhere.
        await feed_of_erp(world, applied=3, kind="orders")
        assert await world.pull() == []
        own = await world.rows("SELECT kind FROM feeds WHERE source = :own", own=OWN)
        assert ("stock" in {row.kind for row in own}) is pulled
        assert "orders" in {row.kind for row in own}
        assert bool(await world.rows("SELECT day FROM stock_facts")) is pulled


async def test_other_measures_of_a_shop_do_not_keep_its_feedback_out(
    database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.amazon.answers._MAKING", timedelta(0))
    async with world_of(CASES["amazon"], database, tmp_path) as world:
        world.clock.now = midnight(FIRST) + timedelta(days=2, hours=7)
        for kind in ("measures", "traffic"):
            await feed_of_erp(world, applied=3, kind=kind, shop="az-qinghe")
        assert await world.pull() == []
        own = await world.rows("SELECT kind FROM feeds WHERE source = 'amazon:az-qinghe'")
        assert {row.kind for row in own} == {"orders", "stock", "measures"}
        stated = await world.rows(
            "SELECT source, measure FROM measure_facts WHERE day = :d", d=FIRST
        )
        assert sorted(tuple(row) for row in stated) == [
            ("amazon:az-qinghe", "feedback"),
            ("amazon:az-qinghe", "negative_feedback"),
        ]


async def test_a_feed_that_is_pulled_goes_on_whoever_states_it_later(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with world_of(CASES["woocommerce"], database, tmp_path) as world:
        world.clock.now = midnight(FIRST) + timedelta(days=1, hours=3)
        assert await world.pull() == []
        await feed_of_erp(world, applied=3)
        async with world.database.read(world.tenant) as session:
            assert await read_kinds_of_others(session, shop=SHOP, source=OWN) == frozenset()
            others = await read_kinds_of_others(session, shop=SHOP, source="other")
        assert FactKind.STOCK in others
        world.clock.pass_by(hours=4)
        assert await world.pull() == []
        (last,) = await world.rows(
            "SELECT last_success FROM feeds WHERE kind = 'stock' AND source = :own", own=OWN
        )
        assert last.last_success == world.clock.now


async def test_a_day_that_was_pulled_is_not_taken_from_another_source_as_well(
    database: TestDatabase, tmp_path: Path
) -> None:
    """The same figures by a post of the ERP; and one that came first is not pulled beside it."""
    async with world_of(CASES["woocommerce"], database, tmp_path) as world:
        world.clock.now = midnight(FIRST) + timedelta(days=1, hours=3)
        assert await world.pull() == []
        (own,) = await world.rows("SELECT * FROM stock_facts")

        async def post(day: date) -> list[tuple[str, str]]:
            stock = Stock(
                source="erp", shop=SHOP, day=day, modified_at=world.clock.now, skus=own.skus
            )
            async with world.database.write(world.tenant) as session:
                tally = await add_facts(
                    session,
                    FactKind.STOCK,
                    [Stated(1, stock, "{}")],
                    batch=Batch(new_id(IdKind.BATCH), "key:erp", world.clock.now),
                    seal=lambda _source, _buyer: "",
                    scrub=lambda body: body,
                )
            return [(row.fault.code, row.fault.pointer) for row in tally.rows]

        assert await post(own.day) == [("counted_twice", "/source")]
        assert await post(own.day + timedelta(days=1)) == []
        world.clock.pass_by(days=1)
        assert await world.pull() == []
        stated = await world.rows("SELECT day, source FROM stock_facts ORDER BY day")
        assert [(row.day, row.source) for row in stated] == [
            (own.day, OWN),
            (own.day + timedelta(days=1), "erp"),
        ]
        refused = await world.rows("SELECT source, code FROM rejected_rows ORDER BY source")
        assert [tuple(row) for row in refused] == [
            ("erp", "counted_twice"),
            (OWN, "counted_twice"),
        ]
