"""What was pulled stands in the audit by feed and day, with a digest of the pages that are kept."""

import gzip
import hashlib
import json
from datetime import date, timedelta
from typing import Any

from sandbox.lives import midnight
from services.api.flows.audit import verify_audit
from services.ingest.flows.pulls import CALLER
from tests.ingest.worlds import FIRST, World

ENTRIES = "SELECT actor, action, object, detail FROM audit ORDER BY number"
SECOND = midnight(FIRST) + timedelta(days=1)


async def put_down(world: World) -> list[dict[str, Any]]:
    """What is told from now on, once the hour's round was made."""
    before = len(await world.rows(ENTRIES))
    await world.schedule()._tidy()
    return [{**row._asdict(), **json.loads(row.detail)} for row in await world.rows(ENTRIES)][
        before:
    ]


async def digests(world: World) -> dict[str, str]:
    """By feed what its kept pages come to, one after another."""
    found: dict[str, bytes] = {}
    for page in await world.rows("SELECT feed, body FROM pages ORDER BY fetched_at, id"):
        own = hashlib.sha256(gzip.decompress(page.body)).digest()
        found[page.feed] = hashlib.sha256(found.get(page.feed, bytes(32)) + own).digest()
    return {f"feed:{feed}": digest.hex() for feed, digest in found.items()}


async def test_a_day_is_put_down_once_it_is_over_for_an_hour_and_only_once(world: World) -> None:
    world.clock.now = SECOND - timedelta(minutes=5)
    await world.pull()
    world.clock.now = SECOND + timedelta(minutes=59)
    assert await put_down(world) == []
    world.clock.now = SECOND + timedelta(minutes=60)
    told = await put_down(world)
    assert told
    assert await put_down(world) == []
    counted = await world.rows(
        "SELECT f.id, c.accepted, c.applied, c.rejected FROM feed_counts AS c"
        " JOIN feeds AS f ON f.id = c.feed ORDER BY f.id"
    )
    assert {entry["object"]: tuple(entry["rows"].values()) for entry in told} == {
        f"feed:{row.id}": (row.accepted, row.applied, row.rejected, 0) for row in counted
    }
    assert {entry["object"]: entry["sha256"] for entry in told} == await digests(world)
    assert {(entry["actor"], entry["action"], entry["day"]) for entry in told} == {
        (CALLER, "facts.pull", FIRST.isoformat())
    }
    assert {entry["shop"] for entry in told} == {"tm-life"}
    async with world.database.read(world.tenant) as session:
        found = await verify_audit(session)
    assert (found.entries >= len(told), found.intact) == (True, True)


async def test_days_follow_one_another_and_each_has_its_own_digest(world: World) -> None:
    world.clock.now = SECOND - timedelta(hours=4)
    await world.pull()
    world.clock.now = SECOND + timedelta(hours=20)
    await world.pull()
    world.clock.now = SECOND + timedelta(days=3)
    told = [entry for entry in await put_down(world) if entry["kind"] == "orders"]
    days = [date.fromisoformat(entry["day"]) for entry in told]
    assert days == [FIRST, FIRST + timedelta(days=1)]
    assert told[0]["sha256"] != told[1]["sha256"]
    assert await world.rows("SELECT day FROM feed_counts WHERE digest IS NOT NULL") == []
