"""A field is read exactly or refused: nothing is bent to fit."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from services.ingest.core import fields
from services.ingest.core.bodies import read_row
from services.ingest.core.fields import Field, Unfit
from services.schema.words import RefundKind


def refusal(field: Field, value: Any) -> str:
    with pytest.raises(Unfit) as unfit:
        field.read(value)
    assert unfit.value.pointer == ""
    return unfit.value.code


def refusals(field: Field, values: list[Any]) -> set[str]:
    return {refusal(field, value) for value in values}


def of_json(text: str) -> Any:
    """A value as a body's reader gives it."""
    row = read_row(f'{{"value": {text}}}')
    assert isinstance(row, dict)
    return row["value"]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ('"128.00"', "128.00"),
        ('"99999999999999.9999"', "99999999999999.9999"),
        ('"0"', "0"),
        ('"-0"', "0"),
        ('"007"', "7"),
        ("128", "128"),
        ("128.50", "128.5"),
        ("1.50000", "1.5"),
        ("1.2E3", "1200"),
        ("12345678901234.5678", "12345678901234.5678"),
        ("0.1", "0.1"),
        ("-0.0", "0"),
        ("0e999999999", "0"),
    ],
)
def test_amounts_are_read_exactly(text: str, amount: str) -> None:
    assert fields.amount().read(of_json(text)) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("NaN", "amount_invalid"),
        ("Infinity", "amount_invalid"),
        ('"NaN"', "amount_invalid"),
        ('"1e3"', "amount_invalid"),
        ('"1_000"', "amount_invalid"),
        ('"1,000"', "amount_invalid"),
        ('" 1"', "amount_invalid"),
        ('"+1"', "amount_invalid"),
        ('"１２"', "amount_invalid"),
        ('".5"', "amount_invalid"),
        ('""', "amount_invalid"),
        ("true", "amount_invalid"),
        ("[1]", "amount_invalid"),
        ("{}", "amount_invalid"),
        ("1e999", "amount_too_large"),
        ("1e99999999", "amount_too_large"),
        ("1e14", "amount_too_large"),
        ("100000000000000", "amount_too_large"),
        ('"100000000000000"', "amount_too_large"),
        ('"12345678901234567"', "amount_too_large"),
        ("12345678901234567.89", "amount_too_large"),
        ("9223372036854775808", "amount_too_large"),
        ("9" * 4301, "amount_invalid"),
        ("1." + "1" * 4301, "amount_invalid"),
        ("1.00001", "too_many_decimals"),
        ('"1.00001"', "too_many_decimals"),
        ('"1.00000"', "too_many_decimals"),
        ("1e-5", "too_many_decimals"),
        ("1e-999999999999", "too_many_decimals"),
        ('"-0.01"', "amount_negative"),
        ("-1", "amount_negative"),
    ],
)
def test_what_is_no_amount_is_refused_with_its_reason(text: str, code: str) -> None:
    assert refusal(fields.amount(), of_json(text)) == code


def test_a_binary_float_is_no_amount() -> None:
    assert refusal(fields.amount(), 1.5) == "amount_invalid"


def test_some_amounts_may_be_below_zero() -> None:
    field = fields.amount(negative=True)
    assert field.read("-99999999999999.9999") == Decimal("-99999999999999.9999")
    assert field.read(-7) == -7
    assert refusal(field, "-100000000000000") == "amount_too_large"


@pytest.mark.parametrize("text", ["梅花 甲", "a\u3000b", "\u00a0", "👩‍👧", "a" * 128, "-", "0"])
def test_texts_of_people_are_taken(text: str) -> None:
    assert fields.text().read(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "a" * 129, "a\0", "a\nb", "a\tb", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u202e",
        "\u2066", "\ud800", 7, True, None, ["a"],
    ],
)  # fmt: skip
def test_texts_that_cannot_be_kept_or_shown_are_refused(text: object) -> None:
    assert refusal(fields.text(), text) == "text_invalid"


def test_comments_have_lines() -> None:
    assert fields.comment().read("好\n\t评\r\n") == "好\n\t评\r\n"
    assert fields.comment().read("a" * 2000) == "a" * 2000
    for bad in ("", "a" * 2001, "a\0", "\u202e", "\ud800", 7):
        assert refusal(fields.comment(), bad) == "text_invalid"


def test_codes_and_sources() -> None:
    assert fields.code().read("A-z_0.9") == "A-z_0.9"
    assert fields.code().read("a" * 64) == "a" * 64
    for bad in ("", "a" * 65, "a b", "店", "a:b", "a\n", 7):
        assert refusal(fields.code(), bad) == "code_invalid"
    assert fields.source().read("taobao:tm-1") == "taobao:tm-1"
    assert refusal(fields.source(), "taobao/tm-1") == "code_invalid"
    assert fields.measure_code().read("paid_amount") == "paid_amount"
    assert refusal(fields.measure_code(), "Paid") == "code_invalid"
    assert fields.currency().read("CNY") == "CNY"
    for bad in ("cny", "CN", "CNYY", "ＣＮＹ"):
        assert refusal(fields.currency(), bad) == "currency_invalid"


def test_instants_carry_their_offset_to_the_microsecond() -> None:
    read = fields.instant().read
    east = timezone(timedelta(hours=8))
    assert read("2026-10-31T16:30:00+08:00") == datetime(2026, 10, 31, 16, 30, tzinfo=east)
    assert read("2026-10-31T08:30:00Z") == datetime(2026, 10, 31, 16, 30, tzinfo=east)
    assert read("2026-10-31T08:30:00.000001Z").microsecond == 1
    assert read("1900-01-01T00:00:00Z").year == 1900
    assert read("2199-12-31T23:59:59Z").year == 2199


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-31T16:30:00", "2026-10-31 16:30:00Z", "2026-10-31", "2026-10-31T16:30Z",
        "2026-10-31T16:30:00.1234567Z", "2026-02-30T00:00:00Z", "2026-10-31T24:00:00Z",
        "2026-10-31T23:59:60Z", "1899-12-31T23:59:59Z", "2200-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59", "20261031T163000Z", "2026-W44-6T16:30:00Z",
        "２０２６-10-31T16:30:00Z", "2026-10-31T16:30:00+0800", "2026-10-31T16:30:00+25:00",
        1793000000, True, "",
    ],
)  # fmt: skip
def test_other_times_are_refused(text: object) -> None:
    assert refusal(fields.instant(), text) == "time_invalid"


def test_days() -> None:
    assert fields.day().read("2024-02-29") == date(2024, 2, 29)
    for bad in ("2026-02-29", "2026-2-01", "20260201", "1899-12-31", "2200-01-01", "", 20260201):
        assert refusal(fields.day(), bad) == "day_invalid"


def test_counts_flags_words_and_choices() -> None:
    assert fields.count().read(10**12) == 10**12
    assert refusals(fields.count(), [-1, 10**12 + 1, True, "1", Decimal("1.0"), 1.0]) == {
        "count_invalid"
    }
    assert fields.flag().read(value := False) is value
    assert refusals(fields.flag(), [0, "true", 1]) == {"flag_invalid"}
    assert fields.word(RefundKind).read("return") is RefundKind.RETURN
    assert refusals(fields.word(RefundKind), ["RETURN", "", 1, ["return"]]) == {"word_unknown"}
    assert fields.choice(5, 10).read(10) == 10
    assert refusals(fields.choice(5, 10), [7, "5", True]) == {"number_unknown"}


def test_a_fault_names_its_place() -> None:
    inner = fields.readers_of({"b/~": fields.count()})
    listed = fields.items(lambda item: fields.read_object(item, inner), {}, most=2)
    outer = fields.readers_of({"a": listed})
    assert fields.read_object({"a": [{}, {"b/~": None}]}, outer) == {"a": ({}, {})}
    for document, code, pointer in (
        ({"a": [{}, {"b/~": -1}]}, "count_invalid", "/a/1/b~1~0"),
        ({"a": [{}, {"c": 1}]}, "unknown_field", "/a/1/c"),
        ({"a": [{}, 7]}, "object_expected", "/a/1"),
        ({"a": [{}, {}, {}]}, "list_invalid", "/a"),
        ({"a": {}}, "list_invalid", "/a"),
        ({"x\0\ud800": None}, "unknown_field", "/x\\x00\\ud800"),
        (fields.Doubled(a=None), "name_doubled", ""),
        ([], "object_expected", ""),
    ):
        with pytest.raises(Unfit) as unfit:
            fields.read_object(document, outer)
        assert (unfit.value.code, unfit.value.pointer) == (code, pointer)
