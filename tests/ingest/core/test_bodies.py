"""A body becomes the rows that it holds, however it is cut into blocks, or is refused whole."""

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest

from services.ingest.core.bodies import (
    ROW_LIMIT,
    BodyBroken,
    BodyForm,
    Posted,
    RowTooLong,
    read_row,
    read_rows,
)
from services.ingest.core.fields import Doubled, Odd, Unfit
from services.schema.words import FactKind


def read(body: bytes, form: BodyForm, *, block: int = 1 << 18) -> list[Posted]:
    blocks: Iterator[bytes] = (body[at : at + block] for at in range(0, len(body), block))
    return list(read_rows(FactKind.STOCK, form, blocks))


def documents(body: bytes, form: BodyForm, *, block: int = 1 << 18) -> list[object]:
    return [row.document() for row in read(body, form, block=block)]


ROWS = [{"id": "1", "name": '梅花 "x"', "lines": [{"tags": ["a", "]}"]}]}, {}, {"id": "3"}]


@pytest.mark.parametrize("block", [1, 2, 3, 7, 1 << 18])
@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_is_read_however_it_is_cut(block: int, indent: int | None) -> None:
    body = json.dumps(ROWS, ensure_ascii=False, indent=indent).encode()
    found = read(body, BodyForm.ARRAY, block=block)
    assert [row.document() for row in found] == ROWS
    assert [row.number for row in found] == [1, 2, 3]
    assert [json.loads(row.body) for row in found] == ROWS


@pytest.mark.parametrize("block", [1, 2, 3, 7, 1 << 18])
def test_lines_are_read_however_they_are_cut(block: int) -> None:
    body = b"\xef\xbb\xbf" + b"\r\n\n".join(
        json.dumps(row, ensure_ascii=False).encode() for row in ROWS
    )
    found = read(body, BodyForm.LINES, block=block)
    assert [row.document() for row in found] == ROWS
    assert [row.number for row in found] == [1, 2, 3]


@pytest.mark.parametrize("block", [1, 2, 3, 1 << 18])
def test_a_table_is_read_by_the_kinds_of_its_columns(block: int) -> None:
    body = (
        "\ufeffsource,shop,day,skus,stock_value\r\n"
        'erp,s-1,2026-10-31,12,"1,5"\r\n'
        "\r\n"
        'erp,"s\n2",,x,7.50'
    ).encode()
    found = read(body, BodyForm.TABLE, block=block)
    assert [row.document() for row in found] == [
        {"source": "erp", "shop": "s-1", "day": "2026-10-31", "skus": 12, "stock_value": "1,5"},
        {"source": "erp", "shop": "s\n2", "skus": "x", "stock_value": "7.50"},
    ]
    assert [row.number for row in found] == [1, 2]
    assert [json.loads(row.body) for row in found] == [row.document() for row in found]


def test_flags_and_lists_in_cells() -> None:
    orders = b'id,lines\n1,"[{""sku"": ""A"", ""quantity"": 2}]"\n2,[broken\n'
    found = list(read_rows(FactKind.ORDERS, BodyForm.TABLE, [orders]))
    assert [row.document() for row in found] == [
        {"id": "1", "lines": [{"sku": "A", "quantity": 2}]},
        {"id": "2", "lines": "[broken"},
    ]
    chats = b"answered,inquiry,responses\nTRUE,false,-3\nyes,,\n"
    found = list(read_rows(FactKind.CHATS, BodyForm.TABLE, [chats]))
    assert [row.document() for row in found] == [
        {"answered": True, "inquiry": False, "responses": -3},
        {"answered": "yes"},
    ]


def test_no_rows_are_no_fault() -> None:
    assert read(b" [ ] \n", BodyForm.ARRAY) == []
    assert read(b"", BodyForm.LINES) == []
    assert read(b"source,shop\n", BodyForm.TABLE) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not a JSON array"),
        (b"{}", "not a JSON array"),
        ("[]".encode("utf-16"), "not a JSON array"),
        (b"[", "Row 1 is not JSON"),
        (b"[,]", "Row 1 is not JSON"),
        (b"[{}", "ends after row 1"),
        (b"[{},]", "Row 2 is not JSON"),
        (b"[{} {}]", "no comma or bracket after row 1"),
        (b"[{}] []", "goes on"),
        (b'[{"a": }]', "Row 1 is not JSON"),
        (b"[12", "Row 1 is not JSON: the array is cut off"),
        (b"[" * 100_000, "nested too deep"),
        (b'[{"a":' * 100_000, "nested too deep"),
    ],
)
@pytest.mark.parametrize("block", [5, 1 << 18])
def test_an_array_that_cannot_be_read_to_its_end_is_refused(
    body: bytes, words: str, block: int
) -> None:
    with pytest.raises(BodyBroken, match=words):
        read(body, BodyForm.ARRAY, block=block)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no header"),
        (b"source,colour\nerp,red\n", "no column 'colour'"),
        (b"source,source\n", "names a column twice"),
        (b'source,shop\n"erp,s-1\n', "not CSV"),
        (b'source,shop\n"er"p,s-1\n', "not CSV"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(BodyBroken, match=words):
        read(body, BodyForm.TABLE)


def test_a_row_with_other_cells_than_the_header_is_at_fault_alone() -> None:
    few, many, good = documents(b"source,shop\nerp\nerp,s,t\nerp,s\n", BodyForm.TABLE)
    assert isinstance(few, Unfit)
    assert isinstance(many, Unfit)
    assert (few.code, many.code) == ("cells_unequal", "cells_unequal")
    assert good == {"source": "erp", "shop": "s"}


@pytest.mark.parametrize(
    "line", [b"{", b"{} {}", b"nothing", b"[" * 100_000, b'{"a": 01}', b"{'a': 1}"]
)
def test_a_broken_line_is_at_fault_alone(line: bytes) -> None:
    broken, good = documents(line + b"\n{}\n", BodyForm.LINES)
    assert isinstance(broken, Unfit)
    assert broken.code == "unreadable"
    assert good == {}


def test_what_no_field_can_hold_is_marked_and_the_rest_of_the_row_read() -> None:
    row = read_row(
        '{"a": NaN, "b": 1e999, "c": -Infinity, "d": 1.50, "e": 7, "f": ' + "9" * 4301 + "}"
    )
    assert row == {
        "a": "NaN", "b": Decimal("1E+999"), "c": "-Infinity", "d": Decimal("1.50"), "e": 7,
        "f": "9" * 4301,
    }  # fmt: skip
    assert isinstance(row, dict)
    assert [type(row[name]) for name in "acf"] == [Odd, Odd, Odd]


def test_doubled_names_are_marked() -> None:
    assert type(read_row('{"a": 1, "a": 1}')) is Doubled
    assert type(read_row('{"a": 1, "b": 1}')) is dict


def test_bytes_that_are_not_utf8_are_at_fault_alone() -> None:
    assert documents(b'{"a": "\xff"}\n{}', BodyForm.LINES) == [{"a": "\udcff"}, {}]
    assert documents(b'[{"a": "\xff"}, {}]', BodyForm.ARRAY) == [{"a": "\udcff"}, {}]


@pytest.mark.parametrize("form", [BodyForm.ARRAY, BodyForm.LINES])
def test_the_longest_row_is_taken_and_one_letter_more_is_not(form: BodyForm) -> None:
    longest = json.dumps({"a": "x" * (ROW_LIMIT - len('{"a": ""}'))}).encode()
    wrapped = (b"[%s]", b"[{}, %s]") if form is BodyForm.ARRAY else (b"%s\n", b"{}\n%s\n")
    for body in wrapped:
        assert len(read(body % longest, form)[-1].body) == ROW_LIMIT
        with pytest.raises(RowTooLong):
            read(body % longest.replace(b"xx", b"xxx", 1), form)


@pytest.mark.parametrize("form", BodyForm)
def test_an_endless_row_is_refused_before_it_is_held(form: BodyForm) -> None:
    starts = {BodyForm.ARRAY: b'["', BodyForm.LINES: b'"', BodyForm.TABLE: b'source\n"'}
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        yield starts[form]
        while True:
            taken += 1
            yield b"x" * (1 << 18)

    with pytest.raises(RowTooLong):
        list(read_rows(FactKind.STOCK, form, endless()))
    assert taken == 4


def test_cells_are_kept_as_they_were_written() -> None:
    """Numbers of a list too, and a name in it that stands twice."""
    lines = '[{"sku":"A", "sku":"B", "quantity":1e3, "amount":1.10}]'
    table = f'id,paid_amount,lines\n"1 ",１.50,"{lines.replace(chr(34), chr(34) * 2)}"\n'
    (row,) = read_rows(FactKind.ORDERS, BodyForm.TABLE, [table.encode()])
    assert row.body == f'{{"id": "1 ", "paid_amount": "１.50", "lines": {lines}}}'
    assert row.kept() == row.body
