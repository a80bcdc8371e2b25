"""What a refused row of a file came as: kept to the letter, without its buyer, and read again."""

import json
from typing import Any

import pytest

from tests.ingest.doors import Door
from tests.ingest.rest.test_imports import AT, send
from tests.ingest.rest.test_rejected import rejected
from tests.ingest.rest.test_stated_days import said
from tests.ingest.sheets import XLSX, table, workbook

OWN_DAYS: dict[str, Any] = {
    "name": {"zh": "表", "en": "table"},
    "kind": "traffic",
    "fields": {
        "day": {"column": "日期"}, "shop": {"column": "店铺"}, "visitors": {"column": "访客"},
    },
    "states": {"basis": "paid", "amount": {"column": "支付金额"}},
}  # fmt: skip
HEADS = ["日期", "店铺", "访客", "支付金额", "备注"]
OWN_ORDERS: dict[str, Any] = {
    "name": {"zh": "订单", "en": "orders"},
    "kind": "orders",
    "grouped": True,
    "fields": {
        "id": {"column": "订单号"}, "shop": {"column": "店铺"}, "status": {"constant": "paid"},
        "created_at": {"column": "时间"}, "paid_at": {"column": "时间"},
        "buyer": {"column": "买家"}, "paid_amount": {"column": "实付"},
        "lines": {"items": [{"members": {
            "id": {"column": "子单"}, "sku": {"column": "货号"}, "quantity": {"column": "件数"},
            "amount": {"column": "小计"},
        }}]},
    },
}  # fmt: skip


async def put(door: Door, stated: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {door.keys['erp']}"}
    answer = await door.client.put("/v1/mappings/own", json=stated, headers=headers)
    assert answer.status_code in {200, 201}, answer.text


async def came_of(door: Door) -> tuple[str, Any]:
    """The one refused row: its id and what it came as."""
    (row,) = await rejected(door)
    return row["id"], json.loads(row["body"])["came"]


@pytest.mark.parametrize("form", ["text/csv", XLSX])
async def test_a_row_that_cannot_be_read_is_kept_as_it_stands_in_its_file(
    door: Door, form: str
) -> None:
    await put(door, OWN_DAYS)
    cells = ["2026/11/3", "s-1", "1,234.0 ", "１.50元", "canary 13800138000"]
    body = (table if form == "text/csv" else workbook)(["标题"], HEADS, cells)
    answer = (await send(door, "traffic", body, form, mapping="own", stated_at=AT)).json()
    assert (answer["invalid"], answer["rows"][0]["pointer"]) == (1, "/states/amount")
    _, came = await came_of(door)
    assert came == {
        "mapping": "own",
        "stated_at": "2026-11-06T08:00:00+00:00",
        "rows": [
            {"row": 3, "cells": dict(zip(HEADS[:4], cells, strict=False)), "withheld": ["备注"]}
        ],
    }
    assert "canary" not in str(await door.books())


async def test_an_order_of_several_rows_is_kept_with_all_of_them_but_its_buyer(door: Door) -> None:
    await put(door, OWN_ORDERS)
    heads = ["订单号", "店铺", "时间", "买家", "实付", "子单", "货号", "件数", "小计"]
    first = ["T1", "s-1", "2026-11-03 10:00:00", "canary", "1.10", "1", "A", "1", "1e3"]
    other = ["T1", "s-1", "2026-11-03 10:00:00", "canary", "1.1", "2", "B", "02", "0.10"]
    body = table(heads, first, other)
    answer = (await send(door, "orders", body, mapping="own", stated_at=AT)).json()
    assert (answer["received"], answer["invalid"]) == (1, 1), answer
    _, came = await came_of(door)
    assert [row["row"] for row in came["rows"]] == [2, 3]
    for row, cells in zip(came["rows"], (first, other), strict=True):
        assert row["withheld"] == ["买家"]
        assert list(row["cells"].values()) == cells[:3] + cells[4:]
    assert "canary" not in str(await door.books())


async def test_a_row_that_is_retried_once_it_can_be_read_states_its_day(door: Door) -> None:
    await put(door, OWN_DAYS)
    body = table(HEADS, ["2026-11-03", "s-2", "9", "壹佰", "x"])
    await send(door, "traffic", body, mapping="own", stated_at=AT)
    first, came = await came_of(door)
    # Nothing is mended yet: neither the visitors land nor the day is stated.
    answer = (await door.retry(first)).json()
    assert (answer["invalid"], answer["rows"][0]["pointer"]) == (1, "/states/amount")
    again, kept = await came_of(door)
    assert (kept, again == first) == (came, False)
    assert await said(door) == []
    assert await door.count("traffic_facts") == 0
    words = {"壹佰": "100.50", "*": "*"}
    amount = {"column": "支付金额", "words": words}
    await put(door, {**OWN_DAYS, "states": {"basis": "paid", "amount": amount}})
    answer = (await door.retry(again)).json()
    assert (answer["created"], answer["rows"]) == (1, [])
    ((shop, day, source, basis, zone, _, _, stated, *_),) = await said(door)
    assert (shop, str(day), source, basis, stated) == (
        "s-2",
        "2026-11-03",
        "own",
        "paid",
        "100.5000",
    )
    assert zone == "America/New_York"
    assert await rejected(door) == []


async def test_a_row_whose_shop_is_known_by_now_states_its_day(door: Door) -> None:
    await put(door, OWN_DAYS)
    body = table(HEADS, ["2026-11-03", "s-9", "9", "7.10", ""])
    assert (await send(door, "traffic", body, mapping="own", stated_at=AT)).json()["invalid"] == 1
    row, _ = await came_of(door)
    await door.owner.execute(
        'UPDATE rejected_rows SET body = replace(body, \'"shop": "s-9"\', \'"shop": "s-1"\')'
        " WHERE tenant_id = $1",
        door.tenant,
    )
    assert (await door.retry(row)).json()["created"] == 1
    assert [(each[0], each[7]) for each in await said(door)] == [("s-1", "7.1000")]


async def test_what_is_refused_again_states_nothing(door: Door) -> None:
    """Of two contents of one moment neither is newer: such a row stays, and so does what stands."""
    await put(door, OWN_DAYS)
    for visitors, amount in (("9", "1"), ("8", "2")):
        body = table(HEADS, ["2026-11-03", "s-1", visitors, amount, ""])
        await send(door, "traffic", body, mapping="own", stated_at=AT)
    row, _ = await came_of(door)
    assert (await door.retry(row)).json()["conflict"] == 1
    assert [each[7] for each in await said(door)] == ["1.0000"]


async def test_a_mapping_that_reads_another_column_by_now_says_what_was_not_kept(
    door: Door,
) -> None:
    await put(door, OWN_DAYS)
    body = table(HEADS, ["2026-11-03", "s-1", "9", "壹佰", "5"])
    await send(door, "traffic", body, mapping="own", stated_at=AT)
    await put(door, {**OWN_DAYS, "states": {"basis": "paid", "amount": {"column": "备注"}}})
    row, _ = await came_of(door)
    answer = (await door.retry(row)).json()
    assert answer["rows"][0]["code"] == "column_missing"
    # A mapping that states no days any more has nothing to say of this one.
    await put(door, {name: value for name, value in OWN_DAYS.items() if name != "states"})
    row, _ = await came_of(door)
    assert (await door.retry(row)).json()["created"] == 1
    assert await said(door) == []
