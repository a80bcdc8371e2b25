"""Files through the door: exports as they are, tried first, landed once, the same again nothing."""

import json
from datetime import date, datetime
from typing import Any

import httpx
import pytest

from services.ingest.flows import mappings as flow
from services.ingest.rest import facts
from services.schema.words import FactKind
from tests.ingest import items
from tests.ingest.doors import Door
from tests.ingest.items import DONE, ITEMS, PAID
from tests.ingest.sheets import XLS, XLSX, old_workbook, table, workbook

HEADS = ["统计日期", "访客数", "新访客数", "浏览量", "平均停留时长", "加购人数", "跳失率"]
SHOP_DAYS = (
    ["生意参谋 店铺日报"],
    ["注：数据不含预售"],
    HEADS,
    ["2026-11-03", "1,234", "1,000", "1.2万", "35.21", "-", "41.23%"],
    ["2026/11/4", "987", "--", "4,567", "0:00:40", "12", "39.00%"],
    ["合计", "2,221", "", "", "", "", ""],
    ["2026年11月5日", "12.5", "1", "2", "3", "4", ""],
)
STORED = [
    (date(2026, 11, 3), 1234, 1000, 12000, "43449.1400", None),
    (date(2026, 11, 4), 987, None, 4567, "39480.0000", 12),
]
AT = "2026-11-06T08:00:00Z"


async def send(
    door: Door, kind: str, body: bytes, form: str = "text/csv", **query: Any
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {door.keys['erp']}", "Content-Type": form}
    path = f"/v1/facts/{kind}"
    return await door.client.post(path, content=body, params=query, headers=headers)


async def shop_days(door: Door, body: bytes, form: str = "text/csv", **query: Any) -> Any:
    query = {"mapping": "sycm_shop", "shop": "s-1", "stated_at": AT} | query
    answer = await send(door, "traffic", body, form, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def stored(door: Door) -> list[tuple[Any, ...]]:
    rows = await door.owner.fetch(
        "SELECT day, visitors, new_visitors, page_views, dwell_seconds::text, carts"
        " FROM traffic_facts WHERE tenant_id = $1 ORDER BY day, channel",
        door.tenant,
    )
    return [tuple(row) for row in rows]


def counted(answer: Any) -> dict[str, int]:
    return {name: n for name, n in answer.items() if type(n) is int and n}


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (table(*SHOP_DAYS), "text/csv"),
        (table(*SHOP_DAYS, encoding="utf-8-sig"), "text/csv; charset=utf-8"),
        (table(*SHOP_DAYS, encoding="gb18030", delimiter="\t"), "text/csv"),
        (table(*SHOP_DAYS, encoding="gb18030", delimiter=";"), "text/csv"),
        (workbook(*SHOP_DAYS), XLSX),
        (old_workbook(*SHOP_DAYS), XLS),
    ],
    ids=["utf-8", "bom", "gb18030-tabs", "gb18030-semicolons", "xlsx", "xls"],
)
async def test_an_export_lands_as_it_is_and_the_same_again_is_duplicate(
    door: Door, body: bytes, form: str
) -> None:
    first = await shop_days(door, body, form)
    assert counted(first) == {"received": 3, "created": 2, "invalid": 1}
    assert first["rows"] == [
        {
            "row": 7, "outcome": "invalid", "code": "count_invalid", "pointer": "/visitors",
            "detail": 'Column "访客数": 12.5 is no whole number.',
        }
    ]  # fmt: skip
    assert await stored(door) == STORED
    books = await door.books()
    for query in ({}, {"stated_at": "2026-11-20T08:00:00Z"}, {"stated_at": "2026-11-01T08:00:00Z"}):
        again = await shop_days(door, body, form, **query)
        # A file that says what is stored is no newer; an older one is stale.
        known = "stale" if query == {"stated_at": "2026-11-01T08:00:00Z"} else "duplicate"
        assert counted(again) == {"received": 3, known: 2, "invalid": 1}
    after = await door.books()
    assert {name for name in books if books[name] != after[name]} <= {"feeds", "rejected_rows"}
    assert await stored(door) == STORED


async def test_a_newer_export_corrects_and_an_older_one_does_not(door: Door) -> None:
    def days(visitors: str) -> bytes:
        return table(HEADS[:2], ["2026-11-03", visitors], ["2026-11-04", "5"])

    await shop_days(door, days("0"))
    newer = await shop_days(door, days("340"), stated_at="2026-11-07T08:00:00Z")
    assert counted(newer) == {"received": 2, "updated": 1, "duplicate": 1}
    older = await shop_days(door, days("0"))
    assert counted(older) == {"received": 2, "duplicate": 1, "stale": 1}
    assert [row["row"] for row in older["rows"]] == [2]
    assert [row[1] for row in await stored(door)] == [340, 5]
    (sum_,) = await door.owner.fetch(
        "SELECT sum(visitors) AS visitors FROM traffic_measures WHERE tenant_id = $1", door.tenant
    )
    assert sum_["visitors"] == 345
    # No file is written in the future: it would never be corrected again.
    latest = await shop_days(door, days("341"), stated_at="2199-01-01T00:00:00Z")
    assert latest["updated"] == 1
    assert (await shop_days(door, days("342"), stated_at="2199-01-01T00:00:00Z"))["updated"] == 1


async def test_a_check_says_all_that_would_come_of_it_and_changes_nothing(door: Door) -> None:
    await shop_days(door, table(HEADS[:2], ["2026-11-04", "9"]), stated_at="2026-11-07T08:00:00Z")
    before, batches = await door.books(), await door.count("batches")
    found = await shop_days(door, table(*SHOP_DAYS), check=True)
    assert await door.books() == before
    assert await door.count("batches") == batches
    assert counted(found) == {
        "header_row": 3, "received": 3, "created": 1, "stale": 1, "invalid": 1, "skipped": 1,
    }  # fmt: skip
    assert (found["mapping"], found["kind"]) == ("sycm_shop", "traffic")
    columns = {column["column"]: column for column in found["columns"]}
    assert columns["访客数"] == {
        "column": "访客数", "place": "B", "fields": ["visitors", "dwell_seconds"],
        "sample": "1,234", "note": None,
    }  # fmt: skip
    assert columns["跳失率"]["fields"] == []
    assert columns["跳失率"]["note"].startswith("不导入")
    assert columns["店铺收藏人数"]["place"] is None
    assert found["sums"] == [
        {"field": "visitors", "rows": 1, "sum": "1234"},
        {"field": "new_visitors", "rows": 1, "sum": "1000"},
        {"field": "page_views", "rows": 1, "sum": "12000"},
        {"field": "dwell_seconds", "rows": 1, "sum": "43449.14"},
    ]
    assert [(row["row"], row["outcome"], row["column"], row["value"]) for row in found["rows"]] == [
        (5, "stale", None, AT.replace("Z", "+00:00")),
        (7, "invalid", "访客数", "12.5"),
    ]


async def test_a_check_takes_no_key_and_names_the_column_of_what_the_fact_refuses(
    door: Door,
) -> None:
    heads = ["日期", "场次ID", "累计观看人数", "人均观看时长", "成交金额"]
    rows = (
        heads,
        ["2026-11-03 20:00", "a", "1,000", "1分5秒", "1.2万"],
        ["2026-11-03", "b", "1", "1", "1.23456"],
    )
    query: dict[str, Any] = {"mapping": "compass_live", "shop": "s-1", "check": True}
    headers = {
        "Authorization": f"Bearer {door.keys['erp']}", "Content-Type": "text/csv",
        "Idempotency-Key": "k",
    }  # fmt: skip
    path = "/v1/facts/measures"
    answer = await door.client.post(path, content=table(*rows), params=query, headers=headers)
    found = answer.json()
    assert counted(found) == {"header_row": 1, "received": 8, "created": 7, "invalid": 1}
    assert [(row["row"], row["code"], row["column"], row["value"]) for row in found["rows"]] == [
        (3, "too_many_decimals", "成交金额", "1.23456")
    ]
    assert {each["field"]: each["sum"] for each in found["sums"]} == {
        "live_sessions": "2", "live_viewers": "1001", "live_amount": "12000",
        "live_dwell_seconds": "65001",
    }  # fmt: skip
    query.pop("check")
    landed = await door.client.post(path, content=table(*rows), params=query, headers=headers)
    assert counted(landed.json()) == {"received": 8, "created": 7, "invalid": 1}
    assert [row["row"] for row in landed.json()["rows"]] == [3]


async def test_a_file_that_cannot_be_meant_is_refused_whole(door: Door) -> None:
    good = table(HEADS[:2], ["2026-11-03", "5"])
    sycm = {"mapping": "sycm_shop", "shop": "s-1"}
    before = await door.books()
    for kind, body, form, query, status, code in (
        ("traffic", good, "text/csv", {"mapping": "nothing", "shop": "s-1"}, 404, "not_found"),
        ("stock", good, "text/csv", sycm, 422, "kind_differs"),
        ("traffic", good, "text/csv", {"mapping": "sycm_shop"}, 422, "shop_missing"),
        ("traffic", good, "text/csv", {**sycm, "shop": "s-9"}, 422, "unknown_shop"),
        ("traffic", good, "text/csv", {"shop": "s-1"}, 422, "mapping_missing"),
        ("traffic", good, "text/csv", {"check": True}, 422, "mapping_missing"),
        ("traffic", good, "application/json", sycm, 400, "unreadable"),
        ("traffic", good, XLSX, sycm, 400, "unreadable"),
        ("traffic", table(["日期"], ["2026-11-03"]), "text/csv", sycm, 422, "headings_missing"),
        ("traffic", b"\xff\xff\xff", "text/csv", sycm, 400, "unreadable"),
        ("traffic", b"", "text/csv", sycm, 422, "headings_missing"),
        ("traffic", good + b'"', "text/csv", sycm, 400, "unreadable"),
        ("traffic", b"x" * (2 << 20), "text/csv", sycm, 413, "row_too_large"),
    ):
        for check in (False, True) if "mapping" in query else (False,):
            answer = await send(door, kind, body, form, **{"check": check, **query})
            assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await door.books() == before
    assert await door.count("batches") == 0


async def test_refused_rows_are_kept_without_what_nobody_asked_for(door: Door) -> None:
    """X05: columns that the mapping leaves out, and the buyer, are in no kept row."""
    stated = {
        "name": {"zh": "订单", "en": "orders"},
        "kind": "orders",
        "fields": {
            "id": {"column": "订单号"},
            "status": {"constant": "paid"},
            "paid_at": {"column": "付款时间"},
            "paid_amount": {"column": "实付"},
            "buyer": {"column": "买家"},
        },
    }
    headers = {"Authorization": f"Bearer {door.keys['erp']}"}
    put = await door.client.put("/v1/mappings/orders", json=stated, headers=headers)
    assert put.status_code == 201, put.text
    body = table(
        ["订单号", "付款时间", "实付", "买家", "电话"],
        ["1", "2026-11-03 10:00:00", "99.90", "canary-a", "canary-b"],
        ["2", "2026-11-03 10:00:00", "x", "canary-a", "canary-b"],
        ["3", "2026-11-03", "5", "canary-a", "canary-b"],
    )
    answer = await send(door, "orders", body, mapping="orders", shop="s-1")
    assert counted(answer.json()) == {"received": 3, "created": 1, "invalid": 2}
    (order,) = await door.owner.fetch(
        "SELECT paid_at, paid_amount::text AS amount FROM order_facts WHERE tenant_id = $1",
        door.tenant,
    )
    assert order["paid_at"] == datetime.fromisoformat("2026-11-03T10:00:00+08:00")
    assert order["amount"] == "99.9000"
    kept = await door.owner.fetch(
        "SELECT shop, source, body FROM rejected_rows WHERE tenant_id = $1 ORDER BY row",
        door.tenant,
    )
    assert [(row["shop"], row["source"]) for row in kept] == [("s-1", "orders:s-1")] * 2
    assert [json.loads(row["body"])["paid_amount"] for row in kept] == ["x", "5"]
    assert not any("canary" in row["body"] for row in kept)


async def test_a_file_has_as_many_facts_as_a_batch(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "ROW_COUNT_LIMIT", 1)
    body = table(HEADS[:2], ["2026-11-03", "5"], ["2026-11-04", "5"])
    answer = await send(door, FactKind.TRAFFIC, body, mapping="sycm_shop", shop="s-1")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_rows")
    assert await stored(door) == []


AGENTS = [
    "日期",
    "旺旺昵称",
    "接待人数",
    "未回复人数",
    "平均响应(秒)",
    "很满意",
    "满意",
    "一般",
    "不满意",
    "很不满意",
]


async def test_an_agent_s_day_counts_as_its_sessions_and_is_corrected_whole(door: Door) -> None:
    headers = {"Authorization": f"Bearer {door.keys['erp']}"}
    stated = (await door.get("/v1/mappings/service_agents")).json()
    del stated["code"], stated["built_in"]
    stated["fields"]["employee"]["words"] = {"店铺:小美": "e-1", "店铺:阿强": "e-2"}
    put = await door.client.put("/v1/mappings/kefu", json=stated, headers=headers)
    assert put.status_code == 201, put.text

    def days(received: int, day: str = "2026-11-03") -> bytes:
        return table(
            AGENTS,
            [day, "店铺:小美", str(received), "3", "32.15", "5", "4", "0", "1", "0"],
            [day, "店铺:阿强", "10", "0", "20", "-", "-", "-", "-", "-"],
            [day, "店铺:新人", "1", "0", "20", "", "", "", "", ""],
            ["汇总", "", "68", "3", "", "", "", "", "", ""],
        )

    query = {"mapping": "kefu", "shop": "s-1"}
    first = await send(door, "chats", days(57), **query, stated_at=AT)
    assert counted(first.json()) == {"received": 3, "created": 2, "invalid": 1}
    assert [(row["row"], row["code"]) for row in first.json()["rows"]] == [(4, "word_unknown")]
    assert await measured(door) == {
        "e-1": {
            "records": 1, "chats": 60, "answered_chats": 57, "unanswered_chats": 3,
            "response_seconds": "1832.5500", "responses": 57, "satisfaction_answers": 10,
            "satisfied_answers": 9,
        },
        "e-2": {
            "records": 1, "chats": 10, "answered_chats": 10, "response_seconds": "200.0000",
            "responses": 10,
        },
    }  # fmt: skip
    # The same day however it is written; a newer export may also say less.
    later = "2026-11-07T08:00:00Z"
    newer = await send(door, "chats", days(40, "2026年11月3日"), **query, stated_at=later)
    assert counted(newer.json()) == {"received": 3, "updated": 1, "duplicate": 1, "invalid": 1}
    found = await measured(door)
    assert (found["e-1"]["chats"], found["e-1"]["unanswered_chats"]) == (43, 3)
    assert found["e-1"]["response_seconds"] == "1286.0000"
    (fact,) = (await door.get("/v1/facts/chats", employee="e-1")).json()["items"]
    assert fact["totals"] == {
        "chats": 43, "answered": 40, "satisfaction_answers": 10, "satisfied_answers": 9,
    }  # fmt: skip
    # Another shop's export of the same day and agent is another fact.
    other = await send(door, "chats", days(5), mapping="kefu", shop="s-2", stated_at=AT)
    assert other.json()["created"] == 2


async def measured(door: Door) -> dict[str, dict[str, Any]]:
    """The sums of chats by employee, without what is zero."""
    rows = await door.owner.fetch("SELECT * FROM chat_measures WHERE tenant_id = $1", door.tenant)
    kept = ("tenant_id", "day", "shop", "employee")
    return {
        row["employee"]: {
            name: value if type(value) is int else str(value)
            for name, value in row.items()
            if value and name not in kept
        }
        for row in rows
    }


CHANNELS = ["统计日期", "二级来源", "访客数"]


async def test_visitors_of_a_day_stand_whole_or_by_channel_and_never_both(door: Door) -> None:
    async def channels(*rows: list[str], **query: Any) -> Any:
        named = {"mapping": "sycm_channels", "stated_at": "2026-11-08T08:00:00Z", **query}
        return await shop_days(door, table(CHANNELS, *rows), **named)

    assert (await shop_days(door, table(HEADS[:2], ["2026-11-03", "100"])))["created"] == 1
    parts = (["2026-11-03", "手淘搜索", "70"], ["2026-11-04", "手淘搜索", "60"])
    for query in ({"check": "true"}, {}):
        answer = await channels(*parts, **query)
        assert (answer["received"], answer["created"], answer["invalid"]) == (2, 1, 1)
        (row,) = answer["rows"]
        assert (row["row"], row["code"], row["pointer"]) == (2, "counted_twice", "/channel")
        assert "stands whole already" in row["detail"]
    assert [each[1] for each in await stored(door)] == [100, 60]
    whole = await shop_days(door, table(HEADS[:2], ["2026-11-03", "100"], ["2026-11-04", "90"]))
    assert [(row["row"], row["code"]) for row in whole["rows"]] == [(3, "counted_twice")]
    # The same again is a duplicate, and another shop has days of its own.
    assert (await channels(parts[1]))["duplicate"] == 1
    assert (await channels(parts[0], shop="s-2"))["created"] == 1
    # What stands goes with 0 visitors; then the other form is taken.
    gone = table(HEADS[:2], ["2026-11-03", "0"])
    assert (await shop_days(door, gone, stated_at="2026-11-09T08:00:00Z"))["updated"] == 1
    assert (await channels(parts[0]))["created"] == 1


async def test_rows_of_one_order_land_as_one_and_a_contradiction_is_told(door: Door) -> None:
    headers = {"Authorization": f"Bearer {door.keys['erp']}"}
    put = await door.client.put("/v1/mappings/items", json=ITEMS, headers=headers)
    assert put.status_code == 201, put.text
    order = ["SO-1", "甲", DONE, PAID, "30"]
    body = table(
        items.HEADS,
        [*order, "A", "1", "10"],
        ["SO-2", "乙", DONE, PAID, "5", "A", "1", "5"],
        [*order, "B", "2", "20"],
        ["SO-2", "丙", DONE, PAID, "5", "B", "1", "0"],
        ["SO-3", "丙", DONE, PAID, "1", "B", "1", "1"],
    )
    query = {"mapping": "items", "shop": "s-1", "stated_at": AT}
    for check in ({"check": "true"}, {}):
        answer = (await send(door, "orders", body, **query, **check)).json()
        assert (answer["received"], answer["created"], answer["invalid"]) == (3, 2, 1)
        (row,) = answer["rows"]
        assert (row["row"], row["code"], row["pointer"]) == (5, "rows_contradict", "/buyer")
    found = await door.owner.fetch(
        "SELECT id, units_sold, skus, lines FROM order_facts WHERE tenant_id = $1 ORDER BY id",
        door.tenant,
    )
    assert [tuple(row)[:3] for row in found] == [("SO-1", 3, 2), ("SO-3", 1, 1)]
    assert [line["sku"] for line in json.loads(found[0]["lines"])] == ["A", "B"]
    again = (await send(door, "orders", body, **query)).json()
    assert (again["duplicate"], again["invalid"]) == (2, 1)


async def test_a_file_of_grouped_rows_is_bounded(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "GROUPED_LIMIT", 2)
    headers = {"Authorization": f"Bearer {door.keys['erp']}"}
    await door.client.put("/v1/mappings/items", json=ITEMS, headers=headers)
    row = ["SO-1", "甲", DONE, PAID, "30", "A", "1", "10"]
    for rows, status in ((2, 200), (3, 400)):
        body = table(items.HEADS, *[row] * rows)
        answer = await send(door, "orders", body, mapping="items", shop="s-1")
        assert answer.status_code == status, answer.text
