"""Refused rows are listed as they were posted, and can be tried again."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from services.ingest.store.rejected import empty_expired
from services.schema.ids import IdKind, new_id
from services.schema.words import FactKind, Role
from tests.ingest import rows
from tests.ingest.doors import Door, lines

ORDERS = FactKind.ORDERS
AT, DAY = datetime(2026, 11, 1, tzinfo=UTC), timedelta(days=1)


async def rejected(door: Door, **query: Any) -> list[Any]:
    response = await door.get("/v1/rejected", **query)
    assert response.status_code == 200, response.text
    items: list[Any] = response.json()["items"]
    return items


async def test_a_refused_row_is_listed_with_its_reason_and_without_its_buyer(door: Door) -> None:
    bad = rows.full(ORDERS, paid_amount="1.23456", buyer="canary")
    batch = (await door.post(ORDERS, lines(rows.full(ORDERS, id="good"), bad))).json()
    (row,) = await rejected(door)
    body = json.loads(row.pop("body"))
    assert row.pop("id").startswith("rej_")
    assert row.pop("received_at")
    assert row == {
        "batch": batch["batch"],
        "row": 2,
        "kind": "orders",
        "source": "erp",
        "shop": "s-1",
        "fact": "SO-1",
        "outcome": "invalid",
        "code": "too_many_decimals",
        "pointer": "/paid_amount",
        "detail": "At most 4 decimals are kept; more are refused, not rounded.",
    }
    assert body.pop("buyer").startswith("sealed:")
    assert body == {name: value for name, value in bad.items() if name != "buyer"}
    assert "canary" not in str(await door.books())


async def test_a_row_tried_again_is_answered_as_a_batch_of_one(door: Door) -> None:
    await door.post(ORDERS, lines(rows.full(ORDERS, shop="s-9")))
    (row,) = await rejected(door)
    answer = (await door.retry(row["id"])).json()
    assert (answer["received"], answer["invalid"]) == (1, 1)
    assert answer["rows"][0]["code"] == "unknown_shop"
    (again,) = await rejected(door)
    assert again["batch"] == answer["batch"] != row["batch"]
    assert (await door.retry(row["id"])).status_code == 404
    await door.owner.execute(
        "UPDATE rejected_rows SET body = replace(body, 's-9', 's-1') WHERE tenant_id = $1",
        door.tenant,
    )
    answer = (await door.retry(again["id"])).json()
    assert (answer["created"], answer["rows"]) == (1, [])
    assert await rejected(door) == []
    # The buyer is the one whom the row was posted with.
    assert (await door.post(ORDERS, lines(rows.full(ORDERS)))).json()["duplicate"] == 1


async def test_refused_rows_are_chosen_and_walked(door: Door) -> None:
    bad = [rows.full(ORDERS, id=f"SO-{number}", status="?") for number in range(5)]
    batch = (await door.post(ORDERS, lines(*bad))).json()["batch"]
    await door.post(FactKind.STOCK, lines(rows.full(FactKind.STOCK, shop="s-2", skus=-1)))
    assert len(await rejected(door)) == 6
    assert len(await rejected(door, kind="stock")) == 1
    assert len(await rejected(door, shop="s-1")) == 5
    assert len(await rejected(door, batch=batch)) == 5
    first = (await door.get("/v1/rejected", kind="orders", limit=3)).json()
    assert (len(first["items"]), first["total"]) == (3, 5)
    rest = (
        await door.get("/v1/rejected", kind="orders", limit=3, cursor=first["next_cursor"])
    ).json()
    seen = [row["fact"] for row in [*first["items"], *rest["items"]]]
    assert sorted(seen) == [f"SO-{number}" for number in range(5)]


async def test_who_may_see_and_retry(door: Door) -> None:
    await door.post(ORDERS, lines(rows.full(ORDERS, status="?")))
    (row,) = await rejected(door)
    for role in set(Role) - {Role.ADMIN, Role.ERP}:
        await door.add_key(role, role, "e-1")
        assert (await door.get("/v1/rejected", key=role)).status_code == 403
        assert (await door.retry(row["id"], key=role)).status_code == 403
    assert await rejected(door) == [row]


async def test_what_is_not_there_cannot_be_retried(door: Door) -> None:
    for name in (new_id(IdKind.REJECTED), "rej_1", new_id(IdKind.BATCH), "x" * 64):
        assert (await door.retry(name)).status_code == 404


async def test_what_a_refused_row_held_expires_and_the_row_stays_counted(door: Door) -> None:
    bad = [rows.full(ORDERS, id=f"SO-{number}", status="?") for number in range(3)]
    await door.post(ORDERS, lines(*bad))
    old, oldest, young = await rejected(door)
    age = "UPDATE rejected_rows SET received_at = $3 WHERE tenant_id = $1 AND id = $2"
    await door.owner.execute(age, door.tenant, old["id"], AT - DAY)
    await door.owner.execute(age, door.tenant, oldest["id"], AT - 2 * DAY)
    counts = "SELECT accepted, applied, rejected FROM feeds WHERE tenant_id = $1"
    before = [tuple(row) for row in await door.owner.fetch(counts, door.tenant)]
    assert before == [(3, 0, 3)]
    emptied = []
    for _ in range(3):
        async with door.app.state.database.write(door.tenant) as session:
            emptied.append(await empty_expired(session, received_before=AT - DAY, limit=1))
    assert emptied == [1, 1, 0]
    assert [row["body"] is None for row in await rejected(door)] == [True, True, False]
    (kept, *_) = await rejected(door)
    assert kept == {**old, "body": None, "received_at": kept["received_at"]}
    refused = await door.retry(old["id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "row_expired")
    assert (await door.retry(young["id"])).json()["invalid"] == 1
    assert [tuple(row) for row in await door.owner.fetch(counts, door.tenant)] == before
    # A good row takes its place as ever.
    await door.post(ORDERS, lines(rows.full(ORDERS, id=json.loads(old["body"])["id"])))
    assert old["id"] not in [row["id"] for row in await rejected(door)]
