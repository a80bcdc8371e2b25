"""XLSX as rows of cells: what each kind of cell reads as, and which packages are refused."""

import io
import re
import tracemalloc
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from openpyxl import Workbook

from services.door.problems import TooLarge
from services.ingest.core.bodies import BodyBroken, RowTooLong
from services.ingest.core.cells import Doubtful
from services.ingest.rest.cell_words import cell_words
from services.ingest.rest.sheets import read_sheet
from tests.figures import Figures, Most, Wrong
from tests.ingest.sheets import workbook

local = datetime.fromisoformat


def rows(body: bytes, sheet: str | None = None) -> list[tuple[int, list[str]]]:
    return list(read_sheet(io.BytesIO(body), sheet))


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (None, "General", ""), ("1,234", "General", "1,234"), (True, "General", "true"),
        (1234, "#,##0", "1234"), (0.1, "0.00", "0.1"), (1234.5678, "General", "1234.5678"),
        (-0.0, "General", "0"), (100.0, "General", "100"), (1e15 - 1, "0", "999999999999999"),
        (0.4123, "0.00%", "41.23%"), (0.041234, "0.00%", "4.1234%"), (1, "0%", "100%"),
        (local("2026-11-03"), "yyyy-mm-dd", "2026-11-03 00:00:00"),
        (local("2026-11-03 09:12:58"), "General", "2026-11-03 09:12:58"),
        (date(2026, 11, 3), "General", "2026-11-03"), (time(0, 2, 23), "h:mm:ss", "00:02:23"),
        (timedelta(hours=27, seconds=1), "[h]:mm:ss", "27:00:01"), ("#REF!", "General", "#REF!"),
    ],
)  # fmt: skip
def test_what_stands_in_a_cell(value: Any, number_format: str, text: str) -> None:
    words = cell_words(value, number_format)
    assert words == text
    assert not isinstance(words, Doubtful)


@pytest.mark.parametrize(
    ("value", "number_format"),
    [
        (0.12345, "General"), (0.1 + 0.2, "General"), (1e15, "General"), (2511000011112222333, "0"),
        (0.0412345, "0.00%"), (2.511e18, "General"), (float("inf"), "General"),
    ],
)  # fmt: skip
def test_a_double_that_may_not_be_what_was_meant_is_told_apart(
    value: Any, number_format: str
) -> None:
    """The shortest notation to four decimals and fifteen digits; a percentage as it is shown."""
    assert isinstance(cell_words(value, number_format), Doubtful)


def test_rows_keep_the_sheet_s_own_numbers() -> None:
    body = workbook(["日期", "访客数"], [], [local("2026-11-03"), 5], ["2026年11月4日", "1,234"])
    assert rows(body) == [
        (1, ["日期", "访客数"]),
        (2, []),
        (3, ["2026-11-03 00:00:00", "5"]),
        (4, ["2026年11月4日", "1,234"]),
    ]


def test_a_sheet_is_the_first_or_the_one_that_is_named() -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(["first"])
    book.create_sheet("明细").append(["second"])
    file = io.BytesIO()
    book.save(file)
    assert rows(file.getvalue()) == [(1, ["first"])]
    assert rows(file.getvalue(), "明细") == [(1, ["second"])]
    with pytest.raises(BodyBroken, match="no sheet"):
        rows(file.getvalue(), "nothing")


def repacked(body: bytes, change: dict[str, bytes]) -> bytes:
    """The package with some parts other than they were, or new."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(body)) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in dict.fromkeys([*old.namelist(), *change]):
            new.writestr(name, change[name] if name in change else old.read(name))
    return file.getvalue()


def test_what_a_sheet_says_of_its_size_is_not_believed() -> None:
    body = workbook(["a", "b"], [1, 2])
    with zipfile.ZipFile(io.BytesIO(body)) as package:
        sheet = package.read("xl/worksheets/sheet1.xml")
    lying = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1"', sheet)
    assert lying != sheet
    assert rows(repacked(body, {"xl/worksheets/sheet1.xml": lying})) == rows(body)


def test_scenario_s13_a_bomb_is_refused_before_it_is_unpacked(figure: Figures) -> None:
    """By the whole of its parts, by their ratio, and by the table of texts that is held whole."""
    body = workbook(["a"])
    dense = repacked(body, {"xl/media/image.bin": b"\0" * (32 << 20)})
    texts = repacked(body, {"xl/sharedStrings.xml": b"<sst>" + bytes(range(256)) * (100 << 10)})
    whole = repacked(body, {"a": b"\0" * (200 << 20), "b": bytes(range(256)) * (300 << 10)})
    tracemalloc.start()
    for bomb in (dense, texts, whole):
        with pytest.raises(TooLarge):
            rows(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    figure("S13", Wrong.ACCEPTED, 0, tried=3, of="workbooks that are bombs")
    figure.most("S13", Most.MEMORY, peak / (1 << 20), limit=8)


def test_other_packages_are_refused_with_a_reason() -> None:
    body = workbook(["a"])
    entity = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><sst/>'
    for bad, says in (
        (b"", "no XLSX"),
        (b"day,visitors\n", "no XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 100, "no XLS that can be read"),
        (body[: len(body) // 2], "no XLSX"),
        (repacked(body, {"xl/sharedStrings.xml": entity}), "entities"),
        (repacked(body, {"xl/worksheets/sheet1.xml": b"<worksheet"}), "no XLSX"),
        (repacked(body, {f"x{number}": b"" for number in range(2001)}), "too many parts"),
        (repacked(b"PK\x05\x06" + bytes(18), {"a": b"b"}), "no XLSX"),
    ):
        with pytest.raises(BodyBroken, match=says):
            rows(bad)


def test_a_row_too_wide_is_refused() -> None:
    assert len(rows(workbook(list(range(1000))))[0][1]) == 1000
    with pytest.raises(RowTooLong):
        rows(workbook(list(range(1001))))
