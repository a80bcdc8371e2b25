"""What cells say, at both sides of each boundary: numbers, days, moments, durations, yes and no."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.cells import (
    cell_text,
    heading,
    read_day,
    read_flag,
    read_instant,
    read_number,
)
from services.ingest.core.fields import Unfit
from services.schema.money import plain
from services.schema.shapes.mappings import CellUnit, DayOrder

SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("0", "0"), ("-0", "0"), ("12", "12"), ("1,234", "1234"), ("1,234,567.89", "1234567.89"),
        ("1234567", "1234567"), ("-1,234.5", "-1234.5"), ("+3", "3"), ("007", "7"), ("5.0", "5"),
        ("¥1,234.50", "1234.5"), ("￥12", "12"), ("12元", "12"), ("99.9 元", "99.9"),
        ("41.23%", "0.4123"), ("0.05 %", "0.0005"), ("100%", "1"), ("3‰", "0.003"),
        ("1.2万", "12000"), ("1,000万", "10000000"), ("3.05亿", "305000000"), ("0.0001万", "1"),
        ("0:02:23", "143"), ("27:00:01", "97201"), ("2分23秒", "143"), ("1小时5分", "3900"),
        ("45秒", "45"), ("1天2小时3分4.5秒", "93784.5"), ("10分钟", "600"),
        ("99999999999999.9999", "99999999999999.9999"),
    ],
)  # fmt: skip
def test_numbers_as_exports_write_them(cell: str, number: str) -> None:
    assert plain(read_number(cell)) == number


@pytest.mark.parametrize(
    "cell",
    [
        "1,23", "1,2345", ",123", "12,34,567", "1.2.3", "1_000", "１２８", "1e5", "NaN", "Infinity",
        "1.2万%", "万", "%", "12 34", "--5", "(5)", "0x10", "#REF!", "abc", "1.", ".5",
        "0:60:00", "0:00:60", "12:34", "9" * 21, "0." + "1" * 19,
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_with_what_stands_there(cell: str) -> None:
    with pytest.raises(Unfit, match="is no number") as refused:
        read_number(cell)
    assert refused.value.code == "number_unread"


@pytest.mark.parametrize(
    ("cell", "unit", "number"),
    [
        ("12.5", CellUnit.PERCENT, "0.125"), ("12.5%", CellUnit.PERCENT, "0.125"),
        ("12345", CellUnit.FEN, "123.45"), ("1.5", CellUnit.WAN, "15000"),
        ("1500", CellUnit.MILLISECONDS, "1.5"), ("1.5", CellUnit.MINUTES, "90"),
        ("0.5", CellUnit.HOURS, "1800"), ("12:34", CellUnit.MINUTES_SECONDS, "754"),
        ("1:12:34", CellUnit.MINUTES_SECONDS, "4354"), ("1:00:00", CellUnit.HOURS, "3600"),
    ],
)  # fmt: skip
def test_units_of_bare_numbers(cell: str, unit: CellUnit, number: str) -> None:
    """What names its own unit keeps it."""
    assert plain(read_number(cell, unit)) == number


@given(st.decimals(-(10**13), 10**13, places=4, allow_nan=False, allow_infinity=False))
def test_every_amount_is_read_as_it_is_however_it_is_written(number: Decimal) -> None:
    text = plain(number)
    assert read_number(text) == number
    assert read_number(f"{number:,}") == number
    assert read_number(f"{text}%") == number.scaleb(-2)
    assert read_number(f"{text}万") == number.scaleb(4)


@pytest.mark.parametrize(
    "cell",
    [
        "2026-11-03", "2026-11-3", "2026/11/3", "2026/11/03", "2026.11.3", "20261103",
        "2026年11月3日", "2026年11月03日", "2026年11月3号", "2026-11-03 00:00:00", "2026/11/3 0:00",
        "2026-11-03 ~ 2026-11-03", "2026-11-03~2026-11-03", "2026年11月3日至2026年11月3日",
    ],
)  # fmt: skip
def test_days_as_exports_write_them(cell: str) -> None:
    assert read_day(cell, DayOrder.YEAR_FIRST, of_time=False) == date(2026, 11, 3)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("2026-11-31", "day_unread"), ("2026-13-01", "day_unread"), ("2026-00-01", "day_unread"),
        ("2026-11", "day_unread"), ("26-11-03", "day_unread"), ("11/03/2026", "day_unread"),
        ("2026-11/03", "day_unread"), ("合计", "day_unread"), ("46329", "day_unread"),
        ("２０２６-11-03", "day_unread"), ("2026-11-03 00:00:01", "day_unread"),
        ("2026-11-01~2026-11-03", "several_days"), ("2026年11月1日至2026年11月2日", "several_days"),
    ],
)  # fmt: skip
def test_what_is_no_one_day_is_refused(cell: str, code: str) -> None:
    with pytest.raises(Unfit) as refused:
        read_day(cell, DayOrder.YEAR_FIRST, of_time=False)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("cell", "order", "day"),
    [
        ("06-05-21", DayOrder.MONTH_FIRST, date(2021, 6, 5)),
        ("06-05-21", DayOrder.DAY_FIRST, date(2021, 5, 6)),
        ("6/5/2021", DayOrder.MONTH_FIRST, date(2021, 6, 5)),
        ("2021-06-05", DayOrder.DAY_FIRST, date(2021, 6, 5)),
        ("13-05-21", DayOrder.DAY_FIRST, date(2021, 5, 13)),
    ],
)
def test_days_whose_order_is_told(cell: str, order: DayOrder, day: date) -> None:
    assert read_day(cell, order, of_time=False) == day


def test_the_day_of_a_moment_only_where_it_is_meant() -> None:
    cell = "2026/11/03 19:58:12"
    assert read_day(cell, DayOrder.YEAR_FIRST, of_time=True) == date(2026, 11, 3)
    with pytest.raises(Unfit, match="is a moment"):
        read_day(cell, DayOrder.YEAR_FIRST, of_time=False)


@pytest.mark.parametrize(
    ("cell", "zone", "moment"),
    [
        ("2026-11-03 9:12:58", SHANGHAI, "2026-11-03T09:12:58+08:00"),
        ("2026年11月3日 9时12分58秒", SHANGHAI, "2026-11-03T09:12:58+08:00"),
        ("2026年11月3日9:12", SHANGHAI, "2026-11-03T09:12:00+08:00"),
        ("20261103 09:12:58", NEW_YORK, "2026-11-03T09:12:58-05:00"),
        ("2026/7/3 09:12:58.25", NEW_YORK, "2026-07-03T09:12:58.250000-04:00"),
        ("2026-11-03T09:12:58Z", SHANGHAI, "2026-11-03T09:12:58Z"),
        ("2026-11-03T09:12:58+09:00", SHANGHAI, "2026-11-03T09:12:58+09:00"),
    ],
)
def test_moments_are_local_unless_they_say_otherwise(
    cell: str, zone: ZoneInfo, moment: str
) -> None:
    assert read_instant(cell, DayOrder.YEAR_FIRST, zone, of_day=False) == moment


@pytest.mark.parametrize(
    "cell", ["2026-11-03", "2026-11-03 25:00:00", "2026-11-03 09:60", "9:12:58", "昨天 9:00"]
)
def test_what_is_no_moment_is_refused(cell: str) -> None:
    with pytest.raises(Unfit, match=r"is no time|without a time"):
        read_instant(cell, DayOrder.YEAR_FIRST, SHANGHAI, of_day=False)


def test_the_first_moment_of_a_day_only_where_it_is_meant() -> None:
    for cell in ("2026年11月3日", "2026-11-03 00:00:00"):
        moment = read_instant(cell, DayOrder.YEAR_FIRST, NEW_YORK, of_day=True)
        assert moment == "2026-11-03T00:00:00-05:00"


def test_yes_and_no() -> None:
    assert all(read_flag(cell) for cell in ("是", "Y", "yes", "TRUE", "1", "有"))
    assert not any(read_flag(cell) for cell in ("否", "N", "no", "False", "0", "无"))
    with pytest.raises(Unfit, match="neither"):
        read_flag("maybe")


def test_padding_and_guards_of_cells() -> None:
    assert cell_text("\ufeff\u3000 访客数\t") == "访客数"
    assert cell_text('="2511000011112222333"') == "2511000011112222333"
    assert cell_text("'2511000011112222333\t") == "2511000011112222333"
    assert cell_text("'a'") == "'a'"
    assert (
        heading("平均响应时间（秒） ")
        == heading("平均响应时间(秒)")
        == heading("平均 响应时间(秒)")
    )
