"""Files as exports are: spreadsheets and tables made for a test."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import xlwt  # type: ignore[import-untyped]
from openpyxl import Workbook

XLS = "application/vnd.ms-excel"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(*rows: Sequence[Any], formats: dict[str, str] | None = None) -> bytes:
    """One sheet; `formats` by the letter of a column."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    for letter, number_format in (formats or {}).items():
        for cell in sheet[letter]:
            cell.number_format = number_format
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def table(*rows: Sequence[Any], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def old_workbook(*rows: Sequence[Any], formats: dict[str, str] | None = None) -> bytes:
    """The same as of before 2007."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet")
    for line, row in enumerate(rows):
        for place, value in enumerate(row):
            number_format = (formats or {}).get(chr(ord("A") + place), "General")
            style = xlwt.easyxf(num_format_str=number_format)
            if value is not None:
                sheet.write(line, place, value, style)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
