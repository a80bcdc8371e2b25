"""XLS as rows of cells: as XLSX would have them, bounded before it is read."""

import io
import random
import tracemalloc
from datetime import date, datetime, time
from typing import Any

import pytest
import xlwt  # type: ignore[import-untyped]

from services.door.problems import TooLarge
from services.ingest.core.bodies import BodyBroken
from services.ingest.core.cells import Doubtful
from services.ingest.rest import old_sheets
from services.ingest.rest.sheets import read_sheet
from tests.figures import Figures, Most, Wrong
from tests.ingest.sheets import old_workbook, workbook

local = datetime.fromisoformat


def rows(body: bytes, sheet: str | None = None) -> list[tuple[int, list[str]]]:
    return list(read_sheet(io.BytesIO(body), sheet))


@pytest.mark.parametrize(
    ("value", "number_format"),
    [
        ("1,234", "General"), ("2511000011112222333", "General"), (True, "General"),
        (1234, "#,##0"), (0.1, "0.00"), (1234.5678, "General"), (100.0, "General"),
        (1e15 - 1, "0"), (0.4123, "0.00%"), (1, "0%"), (2511000011112222333, "0"),
        (0.12345, "General"), (0.0412345, "0.00%"), (-12.5, "General"),
        (local("2026-11-03"), "yyyy-mm-dd"), (local("2026-11-03 09:12:58"), "yyyy-mm-dd hh:mm:ss"),
        (date(2026, 2, 28), "yyyy/m/d"), (date(2028, 2, 29), "yyyy年m月d日"),
        (time(0, 2, 23), "h:mm:ss"), (time(23, 59, 59), "h:mm:ss"),
    ],
)  # fmt: skip
def test_a_cell_says_what_it_says_in_xlsx(value: Any, number_format: str) -> None:
    formats = {"B": number_format}
    ((_, [_, old]),) = rows(old_workbook(["x", value], formats=formats))
    ((_, [_, new]),) = rows(workbook(["x", value], formats=formats))
    assert (old, isinstance(old, Doubtful)) == (new, isinstance(new, Doubtful))


def test_hours_beyond_a_day_errors_and_gaps() -> None:
    body = old_workbook(
        ["停留", None, 1.125], [], [None, "b"], formats={"C": "[h]:mm:ss", "A": "General"}
    )
    assert rows(body) == [(1, ["停留", "", "27:00:00"]), (2, []), (3, ["", "b"])]


@pytest.mark.parametrize("value", [-1, -0.5, 1e9])
def test_a_day_that_is_none_is_told_by_its_cell_and_not_of_the_file(value: float) -> None:
    body = old_workbook(["x", value], ["y", 1], formats={"B": "yyyy-mm-dd"})
    (_, [_, cell]), (_, [_, good]) = rows(body)
    assert isinstance(cell, Doubtful)
    assert good == "1900-01-01 00:00:00"


def test_a_sheet_is_the_first_or_the_one_that_is_named() -> None:
    book = xlwt.Workbook()
    for name in ("first", "明细"):
        book.add_sheet(name).write(0, 0, name)
    file = io.BytesIO()
    book.save(file)
    assert rows(file.getvalue()) == [(1, ["first"])]
    assert rows(file.getvalue(), "明细") == [(1, ["明细"])]
    with pytest.raises(BodyBroken, match="no sheet"):
        rows(file.getvalue(), "nothing")


def test_scenario_s13_what_would_not_fit_is_refused_before_it_is_read(figure: Figures) -> None:
    """By its bytes, and by the cells it comes to: one far out makes a whole row of them."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("a")
    for line in range(0, 65_536, 8):
        sheet.write(line, 255, 1)
    file = io.BytesIO()
    book.save(file)
    sparse = file.getvalue()
    assert len(sparse) < 1 << 20
    tracemalloc.start()
    with pytest.raises(BodyBroken, match="more than 2000000 cells"):
        rows(sparse)
    with pytest.raises(TooLarge):
        rows(old_workbook(["a"]) + bytes(old_sheets.SIZE_LIMIT))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    figure("S13", Wrong.ACCEPTED, 0, tried=2, of="old workbooks that are bombs")
    figure.most("S13", Most.MEMORY, peak / (1 << 20), limit=32)


def test_a_broken_file_is_refused_whatever_is_wrong_with_it() -> None:
    body = old_workbook(["日期", "访客数"], *([f"2026-11-{day}", day] for day in range(10, 30)))
    chance, read = random.Random(7), 0
    for _ in range(300):
        broken = bytearray(body[: chance.choice((len(body), chance.randrange(600, len(body))))])
        for _ in range(chance.randint(1, 30)):
            broken[chance.randrange(8, len(broken))] = chance.randrange(256)
        try:
            read += len(rows(bytes(broken))) > 0
        except (BodyBroken, TooLarge):
            continue
    assert read < 300
