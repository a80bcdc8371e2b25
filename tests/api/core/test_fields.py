"""Documents read field by field: what is taken exactly, what is refused, and where."""

from decimal import Decimal

import pytest

from services.api.core.fields import FORMULA_CODE, MOST_FAULTS, Fields, Reading
from services.schema.errors import Fault, Invalid
from services.schema.words import Approver, Missing


def faults_of(reading: Reading) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refusal:
        reading.finish()
    assert refusal.value.code == "malformed"
    return [(fault.pointer, fault.code) for fault in refusal.value.faults]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("128.50", "128.5"),
        (128, "128"),
        (Decimal("128.5"), "128.5"),
        (Decimal("1E+2"), "100"),
        ("-0.000001", "-0.000001"),
        ("0.1000000000", "0.1"),
        (0, "0"),
        ("-0", "0"),
        ("999999.999999", "999999.999999"),
    ],
)
def test_a_decimal_is_read_exactly(written: object, read: str) -> None:
    reading = Reading()
    number = Fields({"n": written}, reading).needed_decimal("n", 6)
    reading.finish()
    assert (number, number.is_signed()) == (Decimal(read), read.startswith("-"))


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("0.0000001", "too_many_decimals"),
        (Decimal("1E-7"), "too_many_decimals"),
        ("1000000", "decimal_too_large"),
        (1_000_000, "decimal_too_large"),
        (-1_000_000, "decimal_too_large"),
        (Decimal("1E+999999"), "decimal_too_large"),
        ("1" * 17, "decimal_too_large"),
        ("NaN", "decimal_invalid"),
        (Decimal("NaN"), "decimal_invalid"),
        (Decimal("Infinity"), "decimal_invalid"),
        ("1e3", "decimal_invalid"),
        ("１", "decimal_invalid"),
        ("1,000", "decimal_invalid"),
        (".5", "decimal_invalid"),
        ("5.", "decimal_invalid"),
        (" 5", "decimal_invalid"),
        ("+5", "decimal_invalid"),
        ("", "decimal_invalid"),
        ("1" * 41, "decimal_invalid"),
        (True, "decimal_invalid"),
        (1.5, "decimal_invalid"),
        ([], "decimal_invalid"),
        ({}, "decimal_invalid"),
    ],
)
def test_anything_but_an_exact_decimal_is_refused(written: object, code: str) -> None:
    reading = Reading()
    assert Fields({"n": written}, reading).decimal("n", 6) is None
    assert faults_of(reading) == [("/n", code)]


def test_null_reads_as_left_out_and_is_a_fault_only_where_needed() -> None:
    reading = Reading()
    fields = Fields({"number": None}, reading)
    assert fields.decimal("number", 2) is None
    assert fields.decimal("other", 2) is None
    assert fields.text("text", longest=5) is None
    assert fields.code("code") is None
    assert fields.word("word", Missing) is None
    assert fields.count("count", most=5) is None
    assert fields.part("part") is None
    assert fields.parts("parts", most=5) == []
    assert fields.codes("codes", FORMULA_CODE, most=5) == ()
    assert fields.words("words", Approver, most=5) == ()
    assert fields.points("points", places=(6, 4), most=5) == ()
    assert fields.flag("flag") is False
    reading.finish()
    fields.needed_decimal("number", 2)
    fields.needed_text("text", longest=5)
    fields.needed_code("code")
    fields.needed_word("word", Missing)
    fields.needed_part("part").needed_code("code")
    assert faults_of(reading) == [
        ("/code", "required"),
        ("/number", "required"),
        ("/part", "required"),
        ("/part/code", "required"),
        ("/text", "required"),
        ("/word", "required"),
    ]


def test_a_needed_field_at_fault_has_one_fault() -> None:
    reading = Reading()
    Fields({"n": "x"}, reading).needed_decimal("n", 2)
    assert faults_of(reading) == [("/n", "decimal_invalid")]


@pytest.mark.parametrize("text", ["", "six letters", "a\x00b", "a\x1bb", "\ud800", 5, ["a"]])
def test_a_text_is_bounded_and_without_controls(text: object) -> None:
    reading = Reading()
    assert Fields({"t": text}, reading).text("t", longest=10) is None
    assert faults_of(reading) == [("/t", "text_invalid")]


def test_a_text_of_the_longest_and_of_any_script_is_taken() -> None:
    reading = Reading()
    fields = Fields({"t": "流量经理 ok\n", "u": "1234567890"}, reading)
    assert fields.text("t", longest=10) == "流量经理 ok\n"
    assert fields.text("u", longest=10) == "1234567890"
    reading.finish()


@pytest.mark.parametrize("code", ["", "a b", "a/b", "é", "a" * 65, 5, "a\n"])
def test_a_code_has_its_letters_only(code: object) -> None:
    reading = Reading()
    assert Fields({"c": code}, reading).code("c") is None
    assert faults_of(reading) == [("/c", "code_invalid")]


def test_the_code_of_an_indicator_can_stand_in_a_formula() -> None:
    reading = Reading()
    fields = Fields({"a": "net_sales", "b": "Net-Sales"}, reading)
    assert fields.needed_code("a", FORMULA_CODE) == "net_sales"
    fields.needed_code("b", FORMULA_CODE)
    assert faults_of(reading) == [("/b", "code_invalid")]


def test_words_are_those_of_the_list() -> None:
    reading = Reading()
    fields = Fields({"a": "zero", "b": "ZERO", "c": 1, "d": ["hr", "boss", None]}, reading)
    assert fields.word("a", Missing) is Missing.ZERO
    assert fields.word("b", Missing) is None
    assert fields.word("c", Missing) is None
    assert fields.words("d", Approver, most=5) == (Approver.HR,)
    assert faults_of(reading) == [
        ("/b", "word_unknown"),
        ("/c", "word_unknown"),
        ("/d/1", "word_unknown"),
        ("/d/2", "word_unknown"),
    ]


@pytest.mark.parametrize("count", [-1, 11, True, "5", Decimal(5)])
def test_a_count_is_a_whole_number_within_its_bounds(count: object) -> None:
    reading = Reading()
    assert Fields({"n": count}, reading).count("n", most=10) is None
    assert faults_of(reading) == [("/n", "count_invalid")]


def test_a_count_may_be_either_bound() -> None:
    reading = Reading()
    fields = Fields({"low": 0, "high": 10}, reading)
    assert (fields.count("low", most=10), fields.count("high", most=10)) == (0, 10)
    reading.finish()


def test_lists_are_bounded_and_their_parts_have_their_place() -> None:
    reading = Reading()
    fields = Fields({"few": [{"c": "a"}, {"c": "!"}, 5], "many": [{}, {}, {}], "no": {}}, reading)
    assert [part.code("c") for part in fields.parts("few", most=3)] == ["a", None, None]
    assert fields.parts("many", most=2) == []
    assert fields.codes("no", FORMULA_CODE, most=2) == ()
    assert faults_of(reading) == [
        ("/few/1/c", "code_invalid"),
        ("/few/2", "object_expected"),
        ("/many", "list_invalid"),
        ("/no", "list_invalid"),
    ]


def test_points_are_pairs() -> None:
    reading = Reading()
    points = [["0.06", 80], ["1"], "x", [None, "1"], ["0.0000001", "0.00001"]]
    read = Fields({"p": points}, reading).points("p", places=(6, 4), most=9)
    assert read[0] == (Decimal("0.06"), Decimal(80))
    assert faults_of(reading) == [
        ("/p/1", "pair_expected"),
        ("/p/2", "pair_expected"),
        ("/p/3/0", "decimal_invalid"),
        ("/p/4/0", "too_many_decimals"),
        ("/p/4/1", "too_many_decimals"),
    ]


def test_exactly_one_of_several_is_stated() -> None:
    for content, faulty in (
        ({"a": 1}, False),
        ({"a": 1, "b": None}, False),
        ({"a": 1, "b": 2}, True),
        ({}, True),
    ):
        reading = Reading()
        fields = Fields(content, reading)
        fields.one_of(("a", "b"))
        fields.skip_rest()
        assert [fault.code for fault in reading.faults] == ["one_expected"] * faulty


def test_a_flag_is_true_or_false() -> None:
    reading = Reading()
    fields = Fields({"yes": True, "no": False, "other": "true"}, reading)
    assert (fields.flag("yes"), fields.flag("no"), fields.flag("other")) == (True, False, False)
    assert faults_of(reading) == [("/other", "flag_invalid")]


def test_a_field_that_nobody_asks_for_is_refused_with_its_pointer() -> None:
    reading = Reading()
    fields = Fields({"a": {"x": 1, "y/~": 2}, "z": None}, reading)
    part = fields.part("a")
    assert part is not None
    assert part.count("x", most=1) == 1
    assert faults_of(reading) == [("/a/y~1~0", "unknown_field"), ("/z", "unknown_field")]


def test_what_is_skipped_is_no_fault() -> None:
    reading = Reading()
    Fields({"a": 1, "b/~": 2}, reading).skip_rest()
    reading.finish()


def test_each_fault_says_what_is_expected() -> None:
    reading = Reading()
    fields = Fields(
        {
            "code": "!",
            "count": -1,
            "digits": "1000000",
            "flag": 1,
            "list": 1,
            "number": "x",
            "pairs": [1],
            "places": "0.001",
            "text": 1,
            "word": "x",
        },
        reading,
    )
    fields.code("code", FORMULA_CODE)
    fields.count("count", most=5)
    fields.decimal("digits", 2)
    fields.flag("flag")
    fields.parts("list", most=5)
    fields.decimal("number", 2)
    fields.points("pairs", places=(6, 4), most=5)
    fields.decimal("places", 2)
    fields.text("text", longest=5)
    fields.word("word", Missing)
    fields.needed_code("needed")
    fields.one_of(("a", "b"))
    assert {fault.pointer: fault.detail for fault in reading.faults} == {
        "": "Exactly one of a, b is expected.",
        "/code": "A code of the form [a-z][a-z0-9_]{0,63} is expected.",
        "/count": "A whole number from 0 to 5 is expected.",
        "/digits": "At most 6 digits stand before the point.",
        "/flag": "true or false is expected.",
        "/list": "A list of at most 5 is expected.",
        "/needed": "This field is required.",
        "/number": 'A decimal number such as "128.50" is expected.',
        "/pairs/0": "A list of two numbers is expected.",
        "/places": "At most 2 decimals are kept; more are refused, not rounded.",
        "/text": "A text of 1 to 5 characters is expected.",
        "/word": "One of block, zero, full, redistribute is expected.",
    }


def test_a_document_that_is_no_object() -> None:
    reading = Reading()
    assert Fields([], reading).code("a") is None
    with pytest.raises(Invalid) as refusal:
        reading.finish()
    assert refusal.value.faults == (Fault("", "object_expected", "An object is expected here."),)
    assert refusal.value.detail == "/: An object is expected here."


def test_a_refusal_counts_all_faults_and_names_the_first_of_them() -> None:
    reading = Reading()
    Fields({f"n{number:03}": "x" for number in range(70)}, reading)
    with pytest.raises(Invalid) as refusal:
        reading.finish()
    assert len(refusal.value.faults) == MOST_FAULTS
    assert refusal.value.detail == (
        "70 fields are malformed, the first is /n000: There is no such field here."
    )


def test_two_faults_are_counted_and_one_stands_alone() -> None:
    reading = Reading()
    fields = Fields({"a": 1, "b": 2}, reading)
    assert fields.count("a", most=1) == 1
    with pytest.raises(Invalid) as refusal:
        reading.finish()
    assert refusal.value.detail == "/b: There is no such field here."
    assert refusal.value.code == "malformed"
    reading = Reading()
    Fields({"a": 1, "b": 2}, reading)
    with pytest.raises(Invalid) as refusal:
        reading.finish()
    assert refusal.value.detail == (
        "2 fields are malformed, the first is /a: There is no such field here."
    )
