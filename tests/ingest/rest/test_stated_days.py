"""Days that files state of their shops: held against ours to the cent, and said once."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from services.schema.words import FactKind
from tests.ingest.doors import Door, lines
from tests.ingest.rest.test_imports import AT, counted, send, shop_days
from tests.ingest.rest.test_reconciliations import sale
from tests.ingest.sheets import table

PAID_DAY = date(2026, 11, 3)
SALES = ["统计日期", "访客数", "支付金额", "支付子订单数"]
NIGHT = "2026-11-03T23:00:00+08:00"
"""Before the last order of the day was paid."""


def refund(id: str, order: str, shop: str, amount: str, at: str) -> dict[str, Any]:
    return {
        "source": "erp", "id": id, "order": order, "shop": shop, "status": "succeeded",
        "kind": "refund", "amount": amount, "requested_at": at, "refunded_at": at,
        "modified_at": at,
    }  # fmt: skip


async def sell(door: Door, orders: list[Any], refunds: list[Any]) -> None:
    for kind, rows in ((FactKind.ORDERS, orders), (FactKind.REFUNDS, refunds)):
        answer = (await door.post(kind, lines(*rows))).json()
        assert answer["created"] == len(rows), answer


async def said(door: Door) -> list[tuple[Any, ...]]:
    rows = await door.owner.fetch(
        "SELECT shop, day, source, basis, timezone, stated_at, orders, amount::text,"
        " net_of_refunds, with_excluded FROM day_statements WHERE tenant_id = $1 ORDER BY day",
        door.tenant,
    )
    return [tuple(row) for row in rows]


async def deeds(door: Door) -> int:
    entries = "SELECT count(*) FROM audit WHERE tenant_id = $1 AND action = 'day.state'"
    return int(await door.owner.fetchval(entries, door.tenant))


async def split(door: Door, **query: str) -> tuple[Any, dict[str, str]]:
    """The one day that was stated, and what each cause adds to its difference."""
    (item,) = (await door.get("/v1/reconciliations", **query)).json()["items"]
    parts = {part["cause"]: part["amount"] for part in item["parts"]}
    assert sum(map(Decimal, parts.values())) == Decimal(item["difference"]["amount"])
    return item, parts


async def test_a_sycm_day_is_held_against_ours_to_the_cent(door: Door) -> None:
    # The shop cuts its days by New York's midnight, the file by Beijing's.
    there = {"shop": "s-2", "currency": "USD"}
    sales = [
        sale("plain", PAID_DAY, "1100.10", "18:00:00", **there),
        sale("brushed", PAID_DAY, "50.25", "19:00:00", exclusion="brushing", **there),
        sale("before-midnight", PAID_DAY, "30.33", "04:00:00", **there),
        sale("after-midnight", date(2026, 11, 4), "20.07", "04:00:00", **there),
        sale("late", PAID_DAY, "7.77", "23:30:00", **there),
    ]
    paid_back = refund("r-1", "plain", "s-2", "5.55", "2026-11-05T10:00:00+08:00")
    await sell(door, sales, [paid_back])

    def days(amount: str) -> bytes:
        return table(
            SALES,
            ["2026-11-03", "100", amount, "9"],
            ["2026-11-04", "50", "-", "0"],
            ["2026-11-05", "50", "很多", "0"],
            ["合计", "200", "1,180.69", "9"],
        )

    query = {"shop": "s-2", "stated_at": NIGHT}
    books = await door.books(), await door.count("day_statements"), await door.count("audit")
    checked = await shop_days(door, days("1,180.69元"), check=True, **query)
    assert (checked["created"], checked["invalid"], checked["days_stated"]) == (2, 1, 1)
    assert checked["sums"][-1] == {"field": "states/amount", "rows": 1, "sum": "1180.69"}
    (wrong,) = checked["rows"]
    assert (wrong["row"], wrong["column"], wrong["value"]) == (4, "支付金额", "很多")
    columns = {each["column"]: each["fields"] for each in checked["columns"]}
    assert (columns["支付金额"], columns["支付子订单数"]) == (["states/amount"], [])
    after = await door.books(), await door.count("day_statements"), await door.count("audit")
    assert after == books

    landed = await shop_days(door, days("1,180.69元"), **query)
    assert counted(landed) == {"received": 3, "created": 2, "invalid": 1, "days_stated": 1}
    assert landed["rows"] == [
        {
            "row": 4, "outcome": "invalid", "code": "number_unread", "pointer": "/states/amount",
            "detail": 'Column "支付金额": "很多" is no number.',
        }
    ]  # fmt: skip
    written = datetime.fromisoformat(NIGHT)
    day = ("s-2", PAID_DAY, "sycm", "paid", "Asia/Shanghai")
    assert await said(door) == [(*day, written, None, "1180.6900", False, True)]
    item, parts = await split(door)
    assert (item["theirs"], item["ours"]["amount"], item["difference"]["amount"]) == (
        {"orders": None, "amount": "1180.69"}, "1127.94", "52.75",
    )  # fmt: skip
    # What was paid back after the day is on neither side.
    assert parts == {
        "exclusions": "50.25", "zone": "10.26", "late": "-7.77", "unexplained": "0.01",
    }  # fmt: skip
    again = await shop_days(door, days("1,180.69元"), **query)
    assert (again["duplicate"], again["days_stated"], await deeds(door)) == (2, 0, 1)

    # A newer file's word stands, and an older one changes it no more.
    newer = await shop_days(door, days("1,188.45"), shop="s-2", stated_at="2026-11-06T08:00:00Z")
    assert (newer["duplicate"], newer["days_stated"], await deeds(door)) == (2, 1, 2)
    older = await shop_days(door, days("1,180.69元"), **query)
    assert (older["days_stated"], await deeds(door)) == (0, 2)
    item, parts = await split(door)
    assert item["theirs"]["amount"] == "1188.45"
    assert parts == {"exclusions": "50.25", "zone": "10.26"}


async def test_a_tenant_s_own_mapping_states_orders_and_what_is_left_of_refunds(door: Door) -> None:
    at_noon = f"{PAID_DAY}T12:00:00+08:00"
    await sell(
        door,
        [sale("a", PAID_DAY, "100.00"), sale("b", PAID_DAY, "99.99")],
        [
            refund("on-the-day", "a", "s-1", "2.50", at_noon),
            refund("after", "a", "s-1", "1.00", "2026-11-05T10:00:00+08:00"),
        ],
    )
    stated = {
        "name": {"zh": "表", "en": "table"},
        "kind": "traffic",
        "fields": {"day": {"column": "日期"}, "visitors": {"column": "访客"}},
        "states": {
            "basis": "paid", "orders": {"column": "订单"}, "amount": {"column": "净额"},
            "net_of_refunds": True, "with_excluded": False,
        },
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {door.keys['erp']}"}
    put = await door.client.put("/v1/mappings/own", json=stated, headers=headers)
    assert put.status_code == 201, put.text
    assert (await door.get("/v1/mappings/own")).json()["states"]["net_of_refunds"] is True

    heads = ["日期", "访客", "订单", "净额"]
    body = table(
        heads,
        ["2026-11-03", "9", "2", "197.50"],
        ["2026-11-03", "9", "2", "197.49"],
        ["2026-11-03", "9", "2", "197.5"],
        ["2026-11-04", "9", "1.5", "0"],
        ["2026-11-05", "9", "1", "0.00001"],
        ["2026-11-40", "9", "1", "1"],
    )
    query = {"mapping": "own", "shop": "s-1", "stated_at": AT}
    landed = (await send(door, "traffic", body, **query)).json()
    assert counted(landed) == {
        "received": 6, "created": 1, "duplicate": 1, "invalid": 4, "days_stated": 1,
    }  # fmt: skip
    assert [(row["row"], row["code"], row["pointer"]) for row in landed["rows"]] == [
        (3, "rows_contradict", "/states/orders"),
        (5, "count_invalid", "/states/orders"),
        (6, "too_many_decimals", "/states/amount"),
        (7, "day_unread", "/day"),
    ]
    (row,) = await said(door)
    assert row[2:] == (
        "own", "paid", "Asia/Shanghai", datetime.fromisoformat(AT), 2, "197.5000", True, False,
    )  # fmt: skip
    item, parts = await split(door, source="own")
    assert (item["difference"], parts) == (
        {"orders": 0, "amount": "-2.49"}, {"refunds": "-2.50", "unexplained": "0.01"},
    )  # fmt: skip


async def test_a_row_that_is_not_taken_says_nothing_of_its_day(door: Door) -> None:
    heads = ["日期", "店铺", "访客", "净额"]
    stated = {
        "name": {"zh": "表", "en": "table"},
        "kind": "traffic",
        "fields": {
            "day": {"column": "日期"}, "shop": {"column": "店铺"}, "visitors": {"column": "访客"},
        },
        "states": {"basis": "paid", "amount": {"column": "净额"}},
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {door.keys['erp']}"}
    await door.client.put("/v1/mappings/own", json=stated, headers=headers)
    body = table(
        heads,
        ["2026-11-03", "s-2", "9", "1"],
        ["2026-11-03", "nowhere", "9", "2"],
        ["2026-11-04", "s-2", "-1", "3"],
        ["2026-11-05", "s-1", "9", "4"],
    )
    landed = (await send(door, "traffic", body, mapping="own", stated_at=AT)).json()
    assert (landed["created"], landed["invalid"], landed["days_stated"]) == (2, 2, 2)
    assert [(row[0], str(row[1]), row[4], row[7]) for row in await said(door)] == [
        ("s-2", "2026-11-03", "America/New_York", "1.0000"),
        ("s-1", "2026-11-05", "Asia/Shanghai", "4.0000"),
    ]
    # A conflict is not taken either: of two contents of one moment neither is newer.
    other = table(heads, ["2026-11-03", "s-2", "8", "5"])
    answer = (await send(door, "traffic", other, mapping="own", stated_at=AT)).json()
    assert (answer["conflict"], answer["days_stated"]) == (1, 0)
    assert (await said(door))[0][7] == "1.0000"
