"""Days as others state them through the door: every planted difference is found and named."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx

from services.schema.words import FactKind, Role
from tests.figures import Figures, Wrong
from tests.ingest.doors import Door, lines

PATH = "/v1/reconciliations"
FIRST = date(2026, 10, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(6)]


def sale(id: str, day: date, amount: str, clock: str = "12:00:00", **more: Any) -> dict[str, Any]:
    paid_at = f"{day}T{clock}+08:00"
    return {
        "source": "erp",
        "id": id,
        "shop": "s-1",
        "status": "paid",
        "modified_at": paid_at,
        "created_at": paid_at,
        "paid_at": paid_at,
        "currency": "CNY",
        "paid_amount": amount,
        "lines": [{"id": "1", "sku": "A", "quantity": 1, "amount": amount}],
        **more,
    }


def stated(day: date, orders: int | None, amount: str | None, **more: Any) -> dict[str, Any]:
    document = {
        "source": "sycm",
        "shop": "s-1",
        "day": day.isoformat(),
        "stated_at": "2026-10-20T08:00:00+08:00",
        "orders": orders,
        "amount": amount,
        **more,
    }
    return {name: value for name, value in document.items() if value is not None}


async def post(door: Door, *statements: Any, key: str = "erp") -> httpx.Response:
    headers = {"Authorization": f"Bearer {door.keys[key]}"}
    return await door.client.post(PATH, json=list(statements), headers=headers)


async def sell_for_six_days(door: Door) -> None:
    sales = [
        sale(f"{day:%d}-{n}", day, f"{10 + n}.0{n}", clock)
        for day in DAYS
        for n, clock in enumerate(("00:00:00", "12:00:00", "23:59:59"))
    ]
    sales.append(sale("brushed", DAYS[3], "99.99", exclusion="brushing"))
    refund = {
        "source": "erp", "id": "r-1", "order": "01-0", "shop": "s-1", "status": "succeeded",
        "kind": "refund", "amount": "2.50", "requested_at": f"{DAYS[4]}T09:00:00+08:00",
        "refunded_at": f"{DAYS[4]}T10:00:00+08:00", "modified_at": f"{DAYS[4]}T10:00:00+08:00",
    }  # fmt: skip
    for kind, rows in ((FactKind.ORDERS, sales), (FactKind.REFUNDS, [refund])):
        answer = (await door.post(kind, lines(*rows))).json()
        assert answer["created"] == len(rows), answer


async def test_scenario_s14_planted_differences_are_all_found_and_named(
    door: Door, figure: Figures
) -> None:
    await sell_for_six_days(door)
    named = [{"id": f"06-{n}", "amount": f"{10 + n}.0{n}"} for n in (0, 2)]
    answer = await post(
        door,
        stated(DAYS[0], 3, "33.03"),
        stated(DAYS[1], 3, "33.04"),
        stated(DAYS[2], 2, "33.03"),
        stated(DAYS[3], 4, "133.02"),
        stated(DAYS[4], 3, "30.53", net_of_refunds=True),
        stated(DAYS[5], None, None, rows=[*named, {"id": "new", "amount": "0.01"}]),
    )
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert items[0]["agrees"]
    missed = [item["day"] for item in items[1:] if item["agrees"]]
    figure("S14", Wrong.TAMPERINGS, missed, tried=5, of="differences planted in stated days")
    assert items[0] == {
        "shop": "s-1",
        "day": "2026-10-01",
        "source": "sycm",
        "basis": "paid",
        "timezone": "Asia/Shanghai",
        "stated_at": "2026-10-20T08:00:00+08:00",
        "currency": "CNY",
        "theirs": {"orders": 3, "amount": "33.03"},
        "ours": {"orders": 3, "amount": "33.03"},
        "difference": {"orders": 0, "amount": "0.00"},
        "agrees": True,
        "parts": [],
        "statuses": [],
    }
    assert [
        [(part["cause"], part["orders"], part["amount"]) for part in item["parts"]]
        for item in items
    ] == [
        [],
        [("unexplained", 0, "0.01")],
        [("unexplained", -1, "0.00")],
        [("exclusions", 1, "99.99")],
        [("refunds", 0, "-2.50")],
        [("missing", 1, "0.01"), ("unexplained", -1, "-11.01")],
    ]
    assert items[3]["parts"][0]["named"][0]["order"] == "brushed"
    assert [part["named"][0]["order"] for part in items[5]["parts"]] == ["new", "06-1"]
    for item in items:
        amounts = [Decimal(part["amount"]) for part in item["parts"]]
        assert sum(amounts, Decimal(0)) == Decimal(item["difference"]["amount"])
        orders = sum(part["orders"] for part in item["parts"])
        assert orders == item["difference"]["orders"]


async def test_a_day_is_held_against_what_stands_when_somebody_asks(door: Door) -> None:
    await sell_for_six_days(door)
    await post(door, stated(DAYS[0], 4, "34.03"))
    await door.post(FactKind.ORDERS, lines(sale("late", DAYS[0], "1.00")))
    (item,) = (await door.get(PATH)).json()["items"]
    assert (item["agrees"], item["ours"]) == (True, {"orders": 4, "amount": "34.03"})
    # The tool's last word stands; an older one is left out.
    older = stated(DAYS[0], 9, None, stated_at="2026-10-19T00:00:00Z")
    assert (await post(door, older)).json() == {"items": []}
    newer = stated(DAYS[0], 5, None, stated_at="2026-10-21T00:00:00Z")
    assert (await post(door, newer)).json()["items"][0]["difference"]["orders"] == 1
    assert await door.count("day_statements") == 1
    entries = "SELECT count(*) FROM audit WHERE tenant_id = $1 AND action = 'day.state'"
    assert await door.owner.fetchval(entries, door.tenant) == 2


async def test_statements_are_chosen_and_walked(door: Door) -> None:
    await post(
        door,
        *(stated(day, 0, None) for day in DAYS),
        stated(DAYS[0], 0, None, source="erp"),
        stated(DAYS[0], 0, None, shop="s-2"),
    )
    assert len((await door.get(PATH)).json()["items"]) == 8
    assert len((await door.get(PATH, shop="s-2")).json()["items"]) == 1
    assert len((await door.get(PATH, source="erp")).json()["items"]) == 1
    chosen = {"shop": "s-1", "from": DAYS[1].isoformat(), "to": DAYS[3].isoformat()}
    first = (await door.get(PATH, **chosen, limit=1)).json()
    assert (first["total"], first["items"][0]["day"]) == (2, "2026-10-02")
    rest = (await door.get(PATH, **chosen, limit=1, cursor=first["next_cursor"])).json()
    assert (rest["items"][0]["day"], rest["next_cursor"]) == ("2026-10-03", None)


async def test_what_says_nothing_or_of_nobody_is_refused_whole(door: Door) -> None:
    good = stated(DAYS[0], 1, "1.00")
    twice = [{"id": "1", "amount": "1"}] * 2
    for wrong in (
        stated(DAYS[0], 1, None, shop="nowhere"),
        stated(DAYS[0], None, None),
        stated(DAYS[0], -1, None),
        stated(DAYS[0], None, "1.00001"),
        stated(DAYS[0], 1, None, timezone="Moon"),
        stated(DAYS[0], 1, None, basis="wished"),
        stated(DAYS[0], None, None, rows=twice),
    ):
        assert (await post(door, good, wrong)).status_code == 422, wrong
    assert (await post(door)).status_code == 422
    answer = await door.get(PATH, **{"from": DAYS[1].isoformat(), "to": DAYS[1].isoformat()})
    assert answer.status_code == 422
    assert await door.count("day_statements") == 0


async def test_who_may_state_days_and_see_them(door: Door) -> None:
    for role in Role:
        await door.add_key(role, role, "e-1")
        may_state = role in {Role.ADMIN, Role.HR, Role.ERP}
        status = (await post(door, stated(DAYS[0], 0, None), key=role)).status_code
        assert status == (200 if may_state else 403), role
        may_see = may_state or role in {Role.LEAD, Role.VIEWER}
        assert (await door.get(PATH, key=role)).status_code == (200 if may_see else 403), role
