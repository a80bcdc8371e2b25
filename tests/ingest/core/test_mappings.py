"""Rows of cells by a mapping: what becomes of each, and what is said of those at fault."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from math import prod
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.core.cells import Doubtful
from services.ingest.core.facts import check_row
from services.ingest.core.mapping_checks import check_mapping
from services.ingest.core.mappings import (
    BoundMapping,
    HeadingsMissing,
    MappedRow,
    Stated,
    bind,
    numbers_of,
    takes_shop,
)
from services.ingest.rest.mapping_documents import StatedMapping
from services.schema.errors import Invalid
from services.schema.shapes.mappings import FileMapping

AT = "2026-11-30T12:00:00+00:00"
SHANGHAI = ZoneInfo("Asia/Shanghai")
STATED = Stated("s-1", AT, {"s-1": SHANGHAI, "s-2": ZoneInfo("America/New_York")}, SHANGHAI)
GIVEN = {"source": "m:s-1", "shop": "s-1", "modified_at": AT}


def mapping(kind: str = "traffic", **stated: Any) -> FileMapping:
    document = {"name": {"zh": "表", "en": "table"}, "kind": kind, **stated}
    made = StatedMapping.model_validate(document).to_shape("m")
    check_mapping(made)
    return made


DAY, VISITORS = {"column": ["统计日期", "日期"]}, {"column": "访客数"}
TRAFFIC = {"day": DAY, "visitors": VISITORS}


def numbered(*rows: list[str]) -> Iterator[tuple[int, list[str]]]:
    return iter(enumerate(rows, 1))


def read(made: FileMapping, *rows: list[str]) -> list[MappedRow]:
    """All rows that follow the headings."""
    lines = numbered(*rows)
    bound = bind(made, lines)
    return [bound.read(line, cells, STATED) for line, cells in lines]


def only(made: FileMapping, *rows: list[str]) -> dict[str, Any]:
    (row,) = read(made, *rows)
    (document,) = row.documents
    assert (row.line, row.unfit) == (2, None)
    check_row(made.kind, document)
    return document


def test_headings_are_found_below_titles_by_any_of_their_names() -> None:
    rows: tuple[list[str], ...] = (
        ["店铺日报"],
        [],
        ["注：", "不含预售"],
        ["日期", " 访客数 ", "跳失率"],
    )
    (row,) = read(mapping(fields=TRAFFIC), *rows, ["2026年11月3日", "1,234", "41.2%"])
    assert row == MappedRow(5, ({**GIVEN, "day": "2026-11-03", "visitors": 1234},))


def test_headings_are_looked_for_where_the_mapping_says() -> None:
    rows = (["日期", "访客数"], ["日期", "访客数"], ["2026-11-03", "5"])
    assert [row.line for row in read(mapping(fields=TRAFFIC, header_row=2), *rows)] == [3]
    with pytest.raises(HeadingsMissing, match="Row 3 lacks 统计日期, 访客数"):
        read(mapping(fields=TRAFFIC, header_row=3), *rows)


def test_a_file_without_the_headings_says_which_the_nearest_row_lacks() -> None:
    with pytest.raises(HeadingsMissing, match="the nearest lacks 访客数") as refused:
        read(mapping(fields=TRAFFIC), ["a", "b"], ["日期", "浏览量"])
    assert refused.value.missing == 1
    with pytest.raises(HeadingsMissing, match="lacks 统计日期, 访客数"):
        read(mapping(fields=TRAFFIC))
    late = [["x"]] * 40
    with pytest.raises(HeadingsMissing):
        read(mapping(fields=TRAFFIC), *late, ["日期", "访客数"])
    assert read(mapping(fields=TRAFFIC), *late[1:], ["日期", "访客数"]) == []


@pytest.mark.parametrize("nothing", ["", "-", "--", "—", "N/A", " - "])
def test_what_stands_for_nothing_is_not_stated_and_never_zero(nothing: str) -> None:
    made = mapping(fields=TRAFFIC, missing=["N/A"])
    document = only(made, ["日期", "访客数"], ["2026-11-03", nothing])
    assert document == {**GIVEN, "day": "2026-11-03"}
    zero = only(made, ["日期", "访客数"], ["2026-11-03", "0"])
    assert zero == {**GIVEN, "day": "2026-11-03", "visitors": 0}


def test_a_cell_at_fault_is_named_with_its_column_and_value() -> None:
    made = mapping(fields=TRAFFIC)
    (row,) = read(made, ["日期", "访客数"], ["2026-11-03", "12.5"])
    assert row.unfit is not None
    assert (row.unfit.code, row.unfit.pointer) == ("count_invalid", "/visitors")
    assert (row.unfit.column, row.unfit.cell) == ("访客数", "12.5")
    assert row.unfit.detail == 'Column "访客数": 12.5 is no whole number.'
    assert row.documents == ({**GIVEN, "day": "2026-11-03", "visitors": "12.5"},)


def test_a_number_that_a_spreadsheet_cannot_keep_is_refused_even_as_a_text() -> None:
    made = mapping(fields={**TRAFFIC, "channel": {"column": "来源"}})
    cells = ["2026-11-03", "5", Doubtful("2511000011112222")]
    (row,) = read(made, ["日期", "访客数", "来源"], cells)
    assert row.unfit is not None
    assert (row.unfit.code, row.unfit.pointer) == ("number_inexact", "/channel")


def test_values_are_computed_exactly() -> None:
    made = mapping(
        fields={
            **TRAFFIC,
            "dwell_seconds": {"product": [{"column": "停留", "optional": True}, VISITORS]},
            "new_visitors": {"difference": [VISITORS, {"column": "老访客"}]},
            "carts": {"sum": [{"column": "加购"}, {"column": "老访客"}, {"constant": 1}]},
        }
    )
    heads = ["日期", "访客数", "停留", "老访客", "加购"]
    document = only(made, heads, ["20261103", "1,234", "35.21", "1,000", "7"])
    assert document["dwell_seconds"] == "43449.14"
    assert (document["new_visitors"], document["carts"]) == (234, 1008)
    missing = only(made, heads, ["20261103", "1,234", "-", "--", "7"])
    assert missing.keys() == {*GIVEN, "day", "visitors"}
    without = only(made, ["日期", "访客数", "老访客", "加购"], ["20261103", "5", "1", "0"])
    assert "dwell_seconds" not in without
    (below,) = read(made, heads, ["20261103", "5", "1", "6", "0"])
    assert below.unfit is None
    (fine,) = read(made, heads, ["20261103", "5", "0.00001", "1", "0"])
    assert fine.documents[0]["dwell_seconds"] == "0.00005"


def test_the_first_of_several_columns_that_says_something_is_read_in_its_unit() -> None:
    in_minutes = {"column": "停留(分钟)", "optional": True, "unit": "minutes"}
    made = mapping(
        fields={
            **TRAFFIC,
            "dwell_seconds": {"first": [in_minutes, {"column": "停留", "optional": True}]},
        }
    )
    heads = ["日期", "访客数", "停留", "停留(分钟)"]
    both = only(made, heads, ["20261103", "5", "9", "1.5"])
    second = only(made, heads, ["20261103", "5", "9", "-"])
    alone = only(made, heads[:3], ["20261103", "5", "0"])
    assert [each["dwell_seconds"] for each in (both, second, alone)] == ["90", "9", "0"]
    for without in (only(made, heads, ["20261103", "5"]), only(made, heads[:2], ["20261103", "5"])):
        assert "dwell_seconds" not in without
    with pytest.raises(Invalid, match="Numbers are computed"):
        mapping(fields={**TRAFFIC, "channel": {"first": [VISITORS, DAY]}})


@settings(max_examples=100)
@given(
    st.lists(
        st.decimals(0, 10**6, places=4, allow_nan=False, allow_infinity=False),
        min_size=2,
        max_size=8,
    )
)
def test_a_product_and_a_sum_are_exact(numbers: list[Decimal]) -> None:
    heads = [f"c{place}" for place in range(len(numbers))]
    columns = [{"column": head} for head in heads]
    cells = [f"{number:f}" for number in numbers]
    exact = [Fraction(number) for number in numbers]
    for name, whole in (("sum", sum(exact)), ("product", prod(exact))):
        made = mapping(fields={**TRAFFIC, "ad_cost": {name: columns}})
        (row,) = read(made, ["日期", "访客数", *heads], ["20261103", "1", *cells])
        assert Fraction(row.documents[0]["ad_cost"]) == whole


def test_words_units_and_days_of_moments() -> None:
    made = mapping(
        fields={
            "day": {"column": "开始", "of_time": True},
            "channel": {"column": "来源", "words": {"手淘搜索": "search", "无": None, "*": "*"}},
            "ad_cost": {"column": "花费", "unit": "fen"},
        }
    )
    heads = ["开始", "来源", "花费"]
    first = only(made, heads, ["2026/11/3 19:58", "手淘搜索", "12345"])
    assert first == {**GIVEN, "day": "2026-11-03", "channel": "search", "ad_cost": "123.45"}
    assert only(made, heads, ["2026/11/3 19:58", "逛逛", "1"])["channel"] == "逛逛"
    assert "channel" not in only(made, heads, ["2026/11/3 19:58", "无", "1"])
    strict = mapping(fields={**TRAFFIC, "channel": {"column": "来源", "words": {"a": "b"}}})
    (row,) = read(strict, ["日期", "访客数", "来源"], ["20261103", "1", "c"])
    assert row.unfit is not None
    assert row.unfit.code == "word_unknown"


def test_rows_that_are_totals_are_no_facts() -> None:
    made = mapping(
        fields=TRAFFIC,
        skip=[{"column": "日期", "words": ["合计"]}],
        only=[{"column": "三级来源", "words": ["", "汇总"]}],
    )
    heads = ["日期", "访客数", "三级来源"]
    rows = (
        ["合计", "9", ""],
        ["20261103", "1", "汇总"],
        ["20261103", "2", "直通车"],
        ["", " ", ""],
    )
    assert [len(row.documents) for row in read(made, heads, *rows)] == [0, 1, 0, 0]
    # A column that is not there holds nothing.
    assert [len(row.documents) for row in read(made, heads[:2], ["20261103", "1"])] == [1]


def test_times_are_the_row_s_own_shop_s_unless_the_mapping_says() -> None:
    fields = {
        "shop": {"column": "店铺"},
        "id": {"column": "编号"},
        "started_at": {"join": [{"column": "日期"}, {"column": "时间"}]},
        "employee": {"column": "客服", "words": {"小美": "e-1"}},
        "answered": {"column": "答"},
        "responses": {"constant": 1},
    }
    heads = ["编号", "日期", "时间", "店铺", "客服", "答"]
    row = ["c-1", "2026-11-03", "9:12:58", "s-2", "小美", "Y"]
    assert only(mapping("chats", fields=fields), heads, row) == {
        "source": "m", "modified_at": AT, "shop": "s-2", "id": "c-1", "employee": "e-1",
        "started_at": "2026-11-03T09:12:58-05:00", "answered": True, "responses": 1,
    }  # fmt: skip
    there = only(mapping("chats", fields=fields, timezone="UTC"), heads, row)
    assert there["started_at"] == "2026-11-03T09:12:58+00:00"
    (bad,) = read(mapping("chats", fields=fields), heads, [*row[:2], "25:00", *row[3:]])
    assert bad.unfit is not None
    assert (bad.unfit.pointer, bad.unfit.cell) == ("/started_at", "2026-11-03 25:00")


def test_a_row_of_measures_is_a_fact_for_each() -> None:
    made = mapping(
        "measures",
        fields={"day": DAY, "employee": {"column": "主播"}},
        measures={"live_amount": {"column": "金额"}, "live_sessions": {"constant": "1"}},
    )
    assert not takes_shop(made)
    heads = ["日期", "主播", "金额"]
    (row,) = read(made, heads, ["20261103", "e-1", "1.2万"])
    shared = {"source": "m", "modified_at": AT, "day": "2026-11-03", "employee": "e-1"}
    assert row.documents == (
        {**shared, "measure": "live_amount", "amount": "12000"},
        {**shared, "measure": "live_sessions", "amount": "1"},
    )
    for document in row.documents:
        check_row(made.kind, document)
    assert dict(n for d in row.documents for n in numbers_of(made.kind, d)) == {
        "live_amount": 12000, "live_sessions": 1,
    }  # fmt: skip
    (bad,) = read(made, heads, ["20261103", "e-1", "x"])
    assert bad.documents == (shared,)
    assert bad.unfit is not None
    assert bad.unfit.pointer == "/live_amount"


def test_an_order_has_its_lines_in_its_row_and_its_buyer_in_no_refusal() -> None:
    made = mapping(
        "orders",
        fields={
            "id": {"column": "订单号"},
            "status": {"column": "状态", "words": {"交易成功": "completed", "待付款": "unpaid"}},
            "paid_at": {"column": "付款时间"},
            "completed_at": {"column": "付款时间"},
            "paid_amount": {"column": "实付"},
            "buyer": {"column": "买家", "words": {"甲": "b-1"}},
            "lines": {
                "items": [
                    {
                        "members": {
                            "id": {"column": "订单号"},
                            "sku": {"column": "货号"},
                            "quantity": {"column": "件数"},
                            "amount": {"column": "实付"},
                        }
                    }
                ]
            },
        },
    )
    heads = ["订单号", "状态", "付款时间", "实付", "买家", "货号", "件数"]
    row = ['="2511000011112222333"', "交易成功", "2026-11-03 10:00:00", "¥99.90", "甲", "A", "2"]
    document = only(made, heads, row)
    assert document["id"] == "2511000011112222333"
    assert document["lines"] == [
        {"id": "2511000011112222333", "sku": "A", "quantity": 2, "amount": "99.9"}
    ]
    (bad,) = read(made, heads, [*row[:4], "乙 13800000000", *row[5:]])
    assert bad.unfit is not None
    assert "buyer" not in bad.documents[0]
    assert "13800000000" not in bad.unfit.detail + bad.unfit.cell
    assert (bad.unfit.pointer, bad.unfit.column) == ("/buyer", "买家")


def test_what_each_column_became() -> None:
    made = mapping(
        fields={**TRAFFIC, "carts": {"column": "加购", "optional": True}},
        notes={"跳失率": "left out", "加购": "?"},
    )
    lines = numbered(["日期", "访客数", "跳失率"], ["-", "", ""], ["20261103", "5", "4%"])
    bound: BoundMapping = bind(made, lines)
    for line, cells in lines:
        bound.read(line, cells, STATED)
    assert [(c.heading, c.place, c.fields, c.sample, c.note) for c in bound.columns()] == [
        ("日期", 0, ("day",), "-", None),
        ("访客数", 1, ("visitors",), "5", None),
        ("跳失率", 2, (), "4%", "left out"),
        ("加购", None, ("carts",), None, "?"),
    ]


DEEP: dict[str, Any] = {"sum": [DAY, DAY]}
for _ in range(3):
    DEEP = {"sum": [DEEP, DAY]}


@pytest.mark.parametrize(
    ("carts", "place", "code"),
    [
        ({"constant": -1}, "/constant", "count_invalid"),
        ({"members": {"a": DAY}}, "", "value_unfit"),
        ({"items": [DAY]}, "", "value_unfit"),
        ({"join": [DAY, DAY]}, "", "value_unfit"),
        ({"column": "a", "order": "mdy"}, "/order", "value_unfit"),
        ({"column": "a", "of_time": True}, "/of_time", "value_unfit"),
        (DEEP, "/sum/0/sum/0/sum/0/sum/0", "too_deep"),
    ],
)
def test_a_value_that_is_not_of_its_field_is_refused_by_place(
    carts: dict[str, Any], place: str, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        mapping(fields={**TRAFFIC, "carts": carts})
    assert (f"/fields/carts{place}", code) in {(f.pointer, f.code) for f in refused.value.faults}


OF_MEASURES = {"kind": "measures", "fields": {"day": DAY}}


@pytest.mark.parametrize(
    ("stated", "pointer", "code"),
    [
        ({"fields": {**TRAFFIC, "nothing": DAY}}, "/fields/nothing", "unknown_field"),
        ({"fields": {**TRAFFIC, "source": DAY}}, "/fields/source", "unknown_field"),
        ({"fields": {"visitors": VISITORS}}, "/fields/day", "missing"),
        ({"fields": {"day": {"constant": "2026-11-03"}}}, "/fields", "no_column"),
        ({"fields": {**TRAFFIC, "channel": {"sum": [DAY, DAY]}}}, "/fields/channel", "value_unfit"),
        ({"fields": {"day": {"column": "a", "unit": "fen"}}}, "/fields/day/unit", "value_unfit"),
        ({"fields": TRAFFIC, "measures": {"a": DAY}}, "/measures", "measures_expected"),
        (OF_MEASURES, "/measures", "measures_expected"),
        (
            {**OF_MEASURES, "fields": {"day": DAY, "amount": DAY}, "measures": {"a": DAY}},
            *("/fields/amount", "unknown_field"),
        ),
    ],
)
def test_a_mapping_that_can_make_no_fact_is_refused_by_place(
    stated: dict[str, Any], pointer: str, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        mapping(**stated)
    assert (pointer, code) in {(fault.pointer, fault.code) for fault in refused.value.faults}


@pytest.mark.parametrize(
    "value",
    [
        {}, {"column": "a", "constant": 1}, {"constant": 1, "optional": True},
        {"sum": [DAY]}, {"sum": [DAY] * 9}, {"constant": 1, "words": {}}, {"column": []},
        {"column": "a", "unit": "furlongs"}, {"column": "a", "unknown": 1}, {"constant": None},
    ],
)  # fmt: skip
def test_a_value_is_exactly_one_thing(value: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        mapping(fields={**TRAFFIC, "carts": value})
