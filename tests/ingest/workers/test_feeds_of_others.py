"""A day's figures of all sources are added up: what another states is not pulled beside it."""

from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.lives import midnight
from services.ingest.store.cursors import read_kinds_of_others
from services.schema.words import FactKind
from tests.databases import TestDatabase
from tests.ingest.markets import CASES, world_of
from tests.ingest.worlds import FIRST, World

SHOP = "wc-qinghe"
OWN = f"woocommerce:{SHOP}"


async def feed_of_erp(world: World, *, applied: int, kind: str = "stock") -> None:
    await world.write(
        "INSERT INTO feeds (tenant_id, id, shop, kind, source, lease_token, attempts,"
        " maturity_seconds, accepted, applied, rejected)"
        " VALUES (:tenant, :id, :shop, :kind, 'erp', 0, 0, 0, :applied, :applied, 0)",
        tenant=world.tenant,
        id=f"fed_{kind}",
        shop=SHOP,
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
