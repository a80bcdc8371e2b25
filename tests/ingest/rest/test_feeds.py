"""Feeds that post to us: what came, what was applied, what was refused, which days are missing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine

from services.schema.words import FactKind, Role
from tests.ingest import rows
from tests.ingest.doors import Door, lines

STOCK = FactKind.STOCK


async def feeds(door: Door, **query: Any) -> list[Any]:
    response = await door.get("/v1/feeds", **query)
    assert response.status_code == 200, response.text
    items: list[Any] = response.json()["items"]
    return items


async def test_requirement_16_accepted_is_applied_and_rejected_and_waiting(door: Door) -> None:
    await door.post(
        STOCK,
        lines(
            rows.full(STOCK), rows.full(STOCK), rows.full(STOCK, skus=-1),
            rows.full(STOCK, modified_at="2026-10-01T00:00:00Z"), rows.full(STOCK, skus=7),
            rows.full(STOCK, shop="nowhere"),
        ),
    )  # fmt: skip
    lost, known = await feeds(door)
    assert known["id"].startswith("feed_")
    assert (known["shop"], known["kind"], known["source"]) == ("s-1", "stock", "erp")
    counted = {name: known[name] for name in ("accepted", "applied", "rejected", "waiting")}
    assert counted == {"accepted": 5, "applied": 3, "rejected": 2, "waiting": 0}
    assert known["cursor"] is None
    age = datetime.now(UTC) - datetime.fromisoformat(known["last_success"])
    assert timedelta(0) <= age < timedelta(minutes=1)
    assert 0 <= known["lag_seconds"] < 60
    assert (lost["shop"], lost["accepted"], lost["rejected"]) == (None, 1, 1)


async def test_requirement_16_accepted_is_the_sum_of_the_rest_in_any_period(door: Door) -> None:
    """Rows come at four instants around the end of October, to shops of two zones and to none."""
    posted = (
        ("2026-10-31T15:59:59Z", [("s-1", 50), ("s-1", 50), ("s-2", -1), ("nowhere", 1)]),
        ("2026-10-31T16:00:00Z", [("s-1", 50), ("s-1", 7), ("s-2", 50), ("nowhere", 1)]),
        ("2026-11-01T03:59:59Z", [("s-2", 50), ("s-2", 7)]),
        ("2026-11-01T04:00:00Z", [("s-1", -1), ("s-2", 50)]),
    )
    for at, batch in posted:
        with time_machine.travel(at, tick=False):
            stated = [rows.full(STOCK, shop=shop, skus=skus) for shop, skus in batch]
            assert (await door.post(STOCK, lines(*stated))).status_code == 200
    names = ("accepted", "applied", "rejected", "waiting")
    periods: dict[str, dict[str | None, tuple[int, ...]]] = {}
    for period in ("", "2026-10", "2026-11", "2026-10-31/2026-11-02", "2026-Q4", "2026-12"):
        found = await feeds(door, **({"period": period} if period else {}))
        periods[period] = {each["shop"]: tuple(each[name] for name in names) for each in found}
        assert [each for each in found if each["accepted"] != sum(each[n] for n in names[1:])] == []
    assert periods["2026-10"] == {None: (1, 0, 1, 0), "s-1": (2, 2, 0, 0), "s-2": (4, 2, 2, 0)}
    assert periods["2026-11"] == {None: (1, 0, 1, 0), "s-1": (3, 1, 2, 0), "s-2": (1, 1, 0, 0)}
    assert set(periods["2026-12"].values()) == {(0, 0, 0, 0)}
    whole = periods.pop("")
    assert whole == periods["2026-10-31/2026-11-02"] == periods["2026-Q4"]
    for period in ("2026-13", "2026-11-02/2026-11-01", "x" * 22):
        assert (await door.get("/v1/feeds", period=period)).status_code == 422, period


async def test_requirement_16_rows_that_are_not_accounted_for_turn_readiness_red(
    door: Door,
) -> None:
    await door.post(STOCK, lines(rows.full(STOCK)))
    (feed,) = await feeds(door)
    assert (await door.get("/health/ready")).json() == {"status": "ready"}
    # The register says whose feeds are looked at.
    entry = "INSERT INTO tenants (id, code, created_at) VALUES ($1, $2, now())"
    await door.owner.execute(entry, door.tenant, f"counted-{door.tenant}")
    change = "UPDATE feeds SET accepted = accepted + $2 WHERE tenant_id = $1"
    await door.owner.execute(change, door.tenant, 2)
    try:
        red = await door.get("/health/ready")
        (shown,) = await feeds(door)
    finally:
        await door.owner.execute(change, door.tenant, -2)
    assert (red.status_code, shown["waiting"]) == (503, 2)
    assert red.json()["detail"].startswith(f"2 rows of {feed['id']} are accepted and not counted")
    assert (await door.get("/health/ready")).status_code == 200


async def test_requirement_14_gaps_are_the_days_between_that_never_came(door: Door) -> None:
    days = ("2026-10-26", "2026-10-28", "2026-10-31")
    await door.post(STOCK, lines(*(rows.full(STOCK, day=day) for day in days)))
    (feed,) = await feeds(door)
    assert feed["gaps"] == ["2026-10-27", "2026-10-29", "2026-10-30"]
    await door.post(STOCK, lines(rows.full(STOCK, day="2026-10-29")))
    (feed,) = await feeds(door)
    assert feed["gaps"] == ["2026-10-27", "2026-10-30"]
    # One mistaken day long ago is not a hundred years of gaps.
    await door.post(STOCK, lines(rows.full(STOCK, day="1926-10-29")))
    (feed,) = await feeds(door)
    assert len(feed["gaps"]) == 401 - 4


async def test_requirement_14_a_source_that_posts_owes_no_rows_of_what_does_not_come_daily(
    door: Door,
) -> None:
    """An ERP that posts the days with sales: nothing says that there were any on the others."""
    kinds = {"orders": "paid_at", "refunds": "refunded_at", "ratings": "rated_at",
             "chats": "started_at", "campaigns": "starts_on", "measures": "day",
             "traffic": "day", "stock": "day"}  # fmt: skip
    for number in ("02", "05"):
        for kind, day in kinds.items():
            value = f"2026-10-{number}" + ("T12:00:00+08:00" if day.endswith("_at") else "")
            row = rows.full(FactKind(kind), **{day: value})
            if "id" in row:
                row["id"] = f"{kind}-{number}"
            await door.post(FactKind(kind), lines(row))
    gaps = {feed["kind"]: feed["gaps"] for feed in await feeds(door)}
    owed = ["2026-10-03", "2026-10-04"]
    assert gaps == {kind: owed if kind in {"traffic", "stock"} else [] for kind in kinds}


async def test_feeds_are_chosen_and_walked(door: Door) -> None:
    for shop in ("s-1", "s-2"):
        for kind in (STOCK, FactKind.TRAFFIC):
            await door.post(kind, lines(rows.full(kind, shop=shop)))
    assert [(feed["shop"], feed["kind"]) for feed in await feeds(door)] == [
        ("s-1", "stock"), ("s-1", "traffic"), ("s-2", "stock"), ("s-2", "traffic"),
    ]  # fmt: skip
    assert len(await feeds(door, shop="s-2")) == 2
    assert len(await feeds(door, kind="stock", shop="s-2")) == 1
    first = (await door.get("/v1/feeds", limit=3)).json()
    assert (len(first["items"]), first["total"]) == (3, 4)
    rest = (await door.get("/v1/feeds", limit=3, cursor=first["next_cursor"])).json()
    assert [(feed["shop"], feed["kind"]) for feed in rest["items"]] == [("s-2", "traffic")]
    assert rest["next_cursor"] is None


async def test_who_may_see_feeds(door: Door) -> None:
    for role in Role:
        await door.add_key(role, role, "e-1")
        status = (await door.get("/v1/feeds", key=role)).status_code
        assert status == (403 if role in {Role.EMPLOYEE, Role.PAYROLL} else 200), role
