"""JSON that is read and written again is what it was, to the digit and to the doubled name."""

import json
from decimal import Decimal

import pytest

from services.schema.written import Digits, NoNumber, Repeated, read_written, write_again

HUGE = "7" * 5000


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1e3,"b":1.10,"c":-0,"d":0.00,"e":1E+5,"f":1e400,"g":12345678901234567890.12}',
        f'{{"a":{HUGE},"b":[{HUGE}.5]}}',
        '{"a":NaN,"b":-Infinity,"c":1e99999999999999999999}',
        '{"a":"1","b":{"c":[1,{"d":1.50,"d":null}]},"b":[],"e":true}',
        '{"a":1.0,"a":"#","#":1e1,"b":"#","c":["##",1e2,{"#":"#"}]}',
        '{"":"\\u8c22\\ud800\\u0000","x":"1e3"}',
        "[]",
        "1.10",
    ],
)
def test_what_is_written_again_is_what_was_read(text: str) -> None:
    assert write_again(read_written(text)) == text


def test_a_plain_number_is_a_plain_decimal() -> None:
    found = read_written('{"a": 1.10, "b": 7, "c": 1e3, "d": 2.5e1}')
    assert found == {"a": Decimal("1.10"), "b": 7, "c": 1000, "d": 25}
    assert isinstance(found, dict)
    assert [type(value) for value in found.values()] == [Decimal, int, Digits, Digits]


def test_a_name_that_stands_twice_stands_for_all_that_it_said() -> None:
    found = read_written('{"a": 1, "b": 2, "a": "x", "a": null}')
    assert found == {"a": Repeated("a", (1, "x", None)), "b": 2}
    assert hash(Repeated("a", ([], {}))) == hash(Repeated("a", (1,)))


def test_what_is_no_number_is_none() -> None:
    assert read_written("[NaN]") == [NoNumber("NaN")]
    with pytest.raises(ValueError, match="Expecting value"):
        read_written("[nan]")


def test_many_names_that_stand_twice_cost_no_more_than_as_many_that_do_not() -> None:
    pairs = [f'"{number}":{number}' for number in range(50_000)]
    found = read_written(f"{{{','.join(pairs + pairs)}}}")
    assert isinstance(found, dict)
    assert len(found) == 50_000


def test_other_values_are_a_mistake() -> None:
    with pytest.raises(TypeError, match="set"):
        write_again({"a": set()})
    assert json.loads(write_again({"a": Decimal("1.10")})) == {"a": 1.1}
