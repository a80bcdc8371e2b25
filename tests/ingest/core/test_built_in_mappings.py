"""Built-in mappings over the headings that public exports have; the figures are made up."""

from dataclasses import replace
from typing import Any

import pytest

from services.ingest.core.facts import check_row
from services.ingest.core.mappings import bind
from services.ingest.rest.mapping_documents import built_in_mappings
from services.schema.shapes.mappings import FileMapping, FromColumn
from tests.ingest.core.test_mappings import STATED, numbered


def built_in(code: str) -> FileMapping:
    return built_in_mappings()[code].to_shape(code, built_in=True)


def facts(made: FileMapping, *rows: list[str]) -> list[dict[str, Any]]:
    """What all rows that follow the headings state, without what whoever brings them says."""
    lines = numbered(*rows)
    bound = bind(made, lines)
    found = []
    for line, cells in lines:
        row = bound.read(line, cells, STATED)
        assert row.unfit is None
        for document in row.documents:
            check_row(made.kind, document)
            given = ("source", "shop", "modified_at")
            found.append({name: each for name, each in document.items() if name not in given})
    return found


def measures(made: FileMapping, *rows: list[str]) -> dict[str, str]:
    found = facts(made, *rows)
    assert {(each["day"], each["campaign"]) for each in found} == {
        ("2026-11-03", "2026/11/03 20:00")
    }
    return {each["measure"]: each["amount"] for each in found}


def agents(made: FileMapping, *names: str) -> FileMapping:
    """A tenant's copy: each agent is an employee of ours."""
    employee = made.fields["employee"]
    assert isinstance(employee, FromColumn)
    words = {name: f"e-{number}" for number, name in enumerate(names, 1)}
    return replace(made, fields={**made.fields, "employee": replace(employee, words=words)})


def test_a_shop_s_days_as_the_business_adviser_writes_them_now() -> None:
    heads = ["统计日期", "支付金额", "访客数", "浏览量", "平均停留时长", "跳失率", "加购人数",
             "加购件数", "商品收藏买家数", "新访客数", "关注店铺人数",
             "关键词推广花费"]  # fmt: skip
    day = ["2026-11-03", "9.9", "1,000", "3,210", "12.55", "41.2%", "80", "95", "31", "700", "12",
           "5.5"]  # fmt: skip
    assert facts(built_in("sycm_shop"), heads, day) == [
        {
            "day": "2026-11-03", "visitors": 1000, "new_visitors": 700, "page_views": 3210,
            "dwell_seconds": "12550", "carts": 80, "favourites": 12,
        }
    ]  # fmt: skip


def test_a_shop_s_days_as_the_older_self_service_extract_writes_them() -> None:
    titles = [["店铺整体日报"], *([[]] * 6)]
    heads = [
        "统计日期",
        "浏览量",
        "访客数",
        "新访客数",
        "店铺收藏买家数",
        "加购人数",
        "商品收藏买家数",
    ]
    day = ["2026-11-03", "3,210", "1,000", "700", "12", "80", "31"]
    assert facts(built_in("sycm_shop"), *titles, heads, day) == [
        {
            "day": "2026-11-03", "visitors": 1000, "new_visitors": 700, "page_views": 3210,
            "carts": 80, "favourites": 12,
        }
    ]  # fmt: skip


SOURCES = ["统计日期", "流量载体", "一级来源", "二级来源", "三级来源", "四级来源", "访客数",
           "新访客", "平均停留时长", "商品点击人数", "加购人数", "商品收藏人数",
           "关注店铺人数"]  # fmt: skip


def source(*levels: str, carrier: str = "全店流量", visitors: str = "10") -> list[str]:
    return ["2026-11-03", carrier, "平台流量", *levels, visitors, "4", "12.55", "7", "3", "2", "1"]


def test_of_a_shop_s_sources_the_totals_of_the_second_level_are_read_once() -> None:
    rows = [
        source("汇总", "汇总", "汇总", visitors="99"),
        source("手淘搜索", "汇总", "汇总"),
        source("手淘搜索", "手淘搜索", "汇总"),
        source("广告", "汇总", "汇总", visitors="20"),
        source("广告", "关键词推广(原直通车)", "汇总", visitors="15"),
        source("广告", "智能场景(原万相台)", "x", visitors="5"),
        source("手淘搜索", "汇总", "汇总", carrier="商品流量"),
    ]
    found = facts(built_in("sycm_channels"), SOURCES, *rows)
    assert [(each["channel"], each["visitors"]) for each in found] == [("search", 10), ("广告", 20)]
    assert found[0] == {
        "day": "2026-11-03", "channel": "search", "visitors": 10, "new_visitors": 4, "carts": 3,
        "favourites": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("直通车", "paid_search"),
        ("关键词推广", "paid_search"),
        ("关键词推广(原直通车)", "paid_search"),
        ("引力魔方", "display"),
        ("精准人群推广(原引力魔方)", "display"),
        ("智能场景(原万相台)", "ads"),
        ("购物车", "购物车"),
    ],
)
def test_a_source_is_the_same_channel_by_each_of_its_names(name: str, channel: str) -> None:
    rows = (["日期", "来源名称", "访客数"], ["2026-11-03", name, "5"])
    (found,) = facts(built_in("sycm_channels"), *rows)
    assert found["channel"] == channel


def test_of_a_source_everything_that_is_counted_is_read() -> None:
    heads = ["日期", "来源名称", "访客数", "新访客数", "浏览量(PV)", "点击量", "展现量", "花费",
             "收藏人数", "加购人数", "支付金额", "支付买家数"]  # fmt: skip
    row = ["2026-11-03", "直通车", "1,000", "700", "3,210", "420", "1.5万", "1,234.56元", "12",
           "80", "9.9", "1"]  # fmt: skip
    total = ["2026-11-03", "合计", "1,000", *[""] * 9]
    assert facts(built_in("sycm_channels"), heads, row, total) == [
        {
            "day": "2026-11-03", "channel": "paid_search", "visitors": 1000, "new_visitors": 700,
            "page_views": 3210, "clicks": 420, "impressions": 15000, "ad_cost": "1234.56",
            "favourites": 12, "carts": 80,
        }
    ]  # fmt: skip


COMPASS = {
    "visitors": "商品访客数", "impressions": "商品曝光次数", "clicks": "商品点击次数",
    "favourites": "收藏人数", "carts": "加购人数", "ad_cost": "千川消耗",
}  # fmt: skip


def test_a_shop_s_days_as_the_compass_writes_them() -> None:
    left_out = ["商品曝光人数", "商品点击人数", "成交金额", "成交订单数", "退款金额"]
    heads = ["日期", *COMPASS.values(), *left_out]
    rows = [
        ["2026/11/03", "1,000", "1.5万", "420", "12", "80", "¥1,234.56", "9", "8", "7", "6", "5"],
        ["2026/11/04", "0", "-", "--", "", "3", "0", "9", "8", "7", "6", "5"],
        ["合计", "1,000", "1.5万", "420", "12", "83", "¥1,234.56", "9", "8", "7", "6", "5"],
    ]
    assert facts(built_in("compass_shop"), heads, *rows) == [
        {
            "day": "2026-11-03", "visitors": 1000, "impressions": 15000, "clicks": 420,
            "favourites": 12, "carts": 80, "ad_cost": "1234.56",
        },
        {"day": "2026-11-04", "visitors": 0, "carts": 3, "ad_cost": "0"},
    ]  # fmt: skip


def test_the_compass_s_people_stand_where_it_counts_no_visitors_and_no_times() -> None:
    heads = ["日期", "商品点击人数", "商品曝光人数"]
    assert facts(built_in("compass_shop"), heads, ["20261103", "50", "2,000"]) == [
        {"day": "2026-11-03", "visitors": 50, "clicks": 50, "impressions": 2000}
    ]


def test_agents_of_taobao_s_desk_have_answered_all_whom_they_received() -> None:
    heads = ["日期", "旺旺昵称", "咨询人数", "接待人数", "未回复人数", "有效接待人数",
             "平均响应时长（秒)", "旺旺回复率", "首次响应时长（秒)"]  # fmt: skip
    summaries = ("汇总值", "平均值", "全店汇总值", "全店平均值", "同行同层优秀", "同行同层均值")
    rows = [
        ["2026-11-03", "店铺:小美", "60", "50", "2", "40", "13.78", "100%", "18.46"],
        *(["2026-11-03", name, "60", "50", "2", "40", "13", "1", "18"] for name in summaries),
    ]
    (found,) = facts(agents(built_in("service_agents"), "店铺:小美"), heads, *rows)
    assert found == {
        "id": "2026-11-03 店铺:小美", "employee": "e-1",
        "started_at": "2026-11-03T00:00:00+08:00", "response_seconds": "689", "responses": 50,
        "totals": {"chats": 52, "answered": 50},
    }  # fmt: skip


def test_agents_of_a_tool_that_counts_some_figures_later() -> None:
    marks = ["很满意", "满意", "一般", "不满", "很不满"]
    heads = ["日期", "客服昵称", "聊天人数(原咨询人数)", "接待人数", "未回复人数", "平均响应(秒)",
             "询单人数", "最终付款人数", *(f"服务满意度评价{mark}" for mark in marks)]  # fmt: skip
    rows = [
        [
            "2026-11-03",
            "小美",
            "98",
            "82",
            "0",
            "37.79",
            "延迟统计",
            "延迟统计",
            "5",
            "4",
            "0",
            "1",
            "0",
        ],
        ["2026-11-03", "阿强", "75", "61", "1", "36.7", "40", "9", *(["延迟统计"] * 5)],
        ["2026-11-03", "汇总", "173", "143", "1", "", "40", "9", "5", "4", "0", "1", "0"],
        ["2026-11-03", "均值", "86.5", "71.5", "0.5", "", "20", "4.5", "2.5", "2", "0", "0.5", "0"],
    ]
    found = facts(agents(built_in("service_agents"), "小美", "阿强"), heads, *rows)
    assert [each["totals"] for each in found] == [
        {"chats": 82, "answered": 82, "satisfaction_answers": 10, "satisfied_answers": 9},
        {"chats": 62, "answered": 61, "inquiries": 40, "inquiry_orders": 9},
    ]


LIVE = ["主播昵称", "直播开始时间", "直播间观看人数", "直播间成交人数", "新增粉丝数"]
BEGAN = ["主播", "2026/11/03 20:00", "1,000", "9", "3"]
COUNTED = {
    "live_sessions": "1", "live_viewers": "1000", "live_buyers": "9", "live_followers": "3",
}  # fmt: skip


def test_a_live_session_whose_times_are_told_in_minutes() -> None:
    heads = [*LIVE, "直播时长(分钟)", "人均观看时长(分钟)", "直播间成交金额", "直播间用户支付金额",
             "净成交金额"]  # fmt: skip
    row = [*BEGAN, "180.5", "1.25", "6,104.5", "5,984", "5,051"]
    assert measures(built_in("compass_live"), heads, row) == {
        **COUNTED, "live_seconds": "10830", "live_dwell_seconds": "75000", "live_amount": "6104.5",
    }  # fmt: skip


def test_a_live_session_whose_times_are_told_in_words() -> None:
    heads = [*LIVE, "直播时长", "人均观看时长", "直播间用户支付金额"]
    row = [*BEGAN, "3小时0分30秒", "1分15秒", "5,984"]
    assert measures(built_in("compass_live"), heads, row) == {
        **COUNTED, "live_seconds": "10830", "live_dwell_seconds": "75000", "live_amount": "5984",
    }  # fmt: skip


@pytest.mark.parametrize("code", built_in_mappings())
def test_what_stays_uncertain_is_marked_and_sources_are_named(code: str) -> None:
    note = built_in_mappings()[code].note or ""
    zh, _, en = note.partition(" / ")
    assert zh.count("?") == en.count("?") > 0
    assert ("公开仓库" in zh, "public repositor" in en) == (code != "compass_shop",) * 2
