"""Every batch that is posted stands in the audit, once, with what became of it and its digest."""

import asyncio
import gzip
import hashlib
import json
from typing import Any

from services.api.flows.audit import verify_audit
from services.ingest.flows import audit
from services.schema.words import FactKind
from tests.ingest import rows
from tests.ingest.doors import Door, lines

STOCK = FactKind.STOCK
COUNTED = ("accepted", "applied", "rejected", "waiting")


async def entries(door: Door) -> list[dict[str, Any]]:
    found = await door.owner.fetch(
        "SELECT actor, action, object, detail FROM audit WHERE tenant_id = $1 ORDER BY number",
        door.tenant,
    )
    return [{**dict(row), "detail": json.loads(row["detail"])} for row in found]


async def verified(door: Door) -> tuple[int, bool]:
    async with door.app.state.database.read(door.tenant) as session:
        found = await verify_audit(session)
    return found.entries, found.intact


async def test_a_batch_is_put_down_by_whom_of_which_feeds_and_with_its_digest(door: Door) -> None:
    body = lines(
        rows.full(STOCK), rows.full(STOCK), rows.full(STOCK, skus=7), rows.full(STOCK, skus=-1),
        rows.full(STOCK, shop="s-2"), rows.full(STOCK, shop="nowhere"),
    )  # fmt: skip
    answer = (await door.post(STOCK, body, pack=True)).json()
    (entry,) = await entries(door)
    named = entry["detail"].pop("feeds")
    actor = entry.pop("actor")
    assert entry == {
        "action": "facts.post",
        "object": f"batch:{answer['batch']}",
        "detail": {
            "kind": "stock",
            "rows": dict(zip(COUNTED, (6, 3, 3, 0), strict=True)),
            "feeds_in_all": 3,
            "sha256": hashlib.sha256(body).hexdigest(),
        },
    }
    assert [list(each.values()) for each in named] == [
        [1, 0, 1, None, "erp", 0], [4, 2, 2, "s-1", "erp", 0], [1, 1, 0, "s-2", "erp", 0],
    ]  # fmt: skip
    caller = "SELECT caller FROM batches WHERE tenant_id = $1"
    assert await door.owner.fetchval(caller, door.tenant) == actor
    assert await verified(door) == (1, True)


async def test_what_changes_nothing_is_not_put_down_and_what_is_repeated_once(door: Door) -> None:
    body, key = lines(rows.full(STOCK)), {"Idempotency-Key": "once"}
    assert (await door.post(STOCK, body, headers=key)).status_code == 200
    assert (await door.post(STOCK, body, headers=key)).status_code == 200
    packed = {"Content-Encoding": "gzip"}
    cut = await door.post(STOCK, gzip.compress(body)[:-9], headers=packed)
    assert cut.status_code == 400
    assert (await door.post(STOCK, b"")).status_code == 200
    found = await entries(door)
    assert [entry["detail"]["rows"]["accepted"] for entry in found] == [1, 0]


async def test_a_batch_of_many_feeds_names_the_first_and_says_how_many(door: Door) -> None:
    many = audit.FEEDS_NAMED + 1
    await door.post(STOCK, lines(*(rows.full(STOCK, source=f"x{n:03}") for n in range(many))))
    (entry,) = await entries(door)
    assert entry["detail"]["feeds_in_all"] == many
    assert [each["source"] for each in entry["detail"]["feeds"]] == [
        f"x{number:03}" for number in range(audit.FEEDS_NAMED)
    ]


async def test_batches_at_once_are_links_of_one_chain(door: Door) -> None:
    kinds = (STOCK, FactKind.TRAFFIC, FactKind.RATINGS, FactKind.CHATS)
    answers = await asyncio.gather(
        *(door.post(kind, lines(rows.full(kind))) for kind in kinds for _ in range(4))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert {entry["object"] for entry in await entries(door)} == {
        f"batch:{answer.json()['batch']}" for answer in answers
    }
    assert await verified(door) == (16, True)
    # An entry that is altered is named.
    undo = "ALTER TABLE audit ENABLE TRIGGER append_only"
    await door.owner.execute("ALTER TABLE audit DISABLE TRIGGER append_only")
    try:
        await door.owner.execute(
            "UPDATE audit SET detail = replace(detail, '\"accepted\":1', '\"accepted\":2') "
            "WHERE tenant_id = $1 AND number = 7",
            door.tenant,
        )
    finally:
        await door.owner.execute(undo)
    assert await verified(door) == (6, False)
