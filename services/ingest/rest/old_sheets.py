"""A spreadsheet of before 2007 as rows of cells: XLS, which merchants' desks still hand out.

All of it is read at once, so that it is bounded before: by its bytes, and by the cells that its
records can come to, since one cell far out makes a whole row.
"""

import os
import struct
from collections.abc import Iterator
from datetime import timedelta
from typing import IO

import xlrd
from xlrd.book import Book
from xlrd.compdoc import CompDoc
from xlrd.sheet import Cell
from xlrd.xldate import xldate_as_datetime

from services.door.problems import TooLarge
from services.ingest.core.bodies import BodyBroken
from services.ingest.core.cells import Doubtful
from services.ingest.rest.cell_words import cell_words, clock_words

XLS_HEAD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SIZE_LIMIT = 8 << 20
CELLS_LIMIT = 2_000_000
_STREAMS = ("Workbook", "Book")
_HEADER = struct.Struct("<HH")
_PLACE = struct.Struct("<HH")
_LAST = struct.Struct("<H")
_BEGIN = 0x0809
# Records of one cell, and of several side by side, whose last column stands at their end.
_CELLS = frozenset({0x0006, 0x0206, 0x0406, 0x0201, 0x0203, 0x0204, 0x0205, 0x00D6, 0x00FD, 0x027E})
_ROWS_OF_CELLS = frozenset({0x00BD, 0x00BE})


def read_old_sheet(file: IO[bytes], sheet: str | None) -> Iterator[tuple[int, list[str]]]:
    """The rows of a sheet with their numbers, from 1; the first sheet unless one is named."""
    body = file.read(SIZE_LIMIT + 1)
    if len(body) > SIZE_LIMIT:
        raise TooLarge(SIZE_LIMIT)
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123  what it would print
        try:
            _check_cells(body, nowhere)
            book = xlrd.open_workbook(
                file_contents=body,
                logfile=nowhere,
                formatting_info=True,
                on_demand=True,
                ragged_rows=True,
            )
            names = book.sheet_names()
            if sheet is not None and sheet not in names:
                raise BodyBroken(f"The file has no sheet {sheet[:64]!a}.")
            found = book.sheet_by_name(names[0] if sheet is None else sheet)
            rows = ([_words(book, cell) for cell in found.row(line)] for line in range(found.nrows))
            yield from enumerate(rows, 1)
        except (BodyBroken, TooLarge):
            raise
        except Exception as error:  # a reader that believes a broken file fails in any way
            raise BodyBroken("The file is no XLS that can be read.") from error


def _words(book: Book, cell: Cell) -> str:
    kind, value = cell.ctype, cell.value
    if isinstance(value, str):
        return value
    if kind == xlrd.XL_CELL_BOOLEAN:
        return cell_words(bool(value), "")
    if kind == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(int(value), "#ERROR!"))
    assert cell.xf_index is not None, "the book was opened with its formats"
    number_format = str(book.format_map[book.xf_list[cell.xf_index].format_key].format_str)
    if kind == xlrd.XL_CELL_NUMBER:
        return cell_words(float(value), number_format)
    return _moment(book, value, number_format)


def _moment(book: Book, value: float, number_format: str) -> str:
    """A day or a time; a number that is none is told apart, as Excel itself shows none for it."""
    if "[" in number_format:
        return clock_words(timedelta(seconds=round(value * 86400)))
    try:
        moment = xldate_as_datetime(value, book.datemode)
    except OverflowError:
        return Doubtful(value)
    if value < 0:
        return Doubtful(value)
    return cell_words(moment if value >= 1 else moment.time(), number_format)


def _check_cells(body: bytes, nowhere: IO[str]) -> None:
    """Refuse more cells than can be held, the empty ones before the last of a row among them."""
    package = CompDoc(body, logfile=nowhere)
    for name in _STREAMS:
        stream, start, size = package.locate_named_stream(name)
        if stream is not None:
            break
    else:
        raise BodyBroken("The file is no XLS: it has no workbook.")
    widths: dict[tuple[int, int], int] = {}
    cells = part = 0
    place, end = start, start + size
    while place + 4 <= end:
        kind, length = _HEADER.unpack_from(stream, place)
        if kind == _BEGIN:
            part += 1
        elif kind in _CELLS or kind in _ROWS_OF_CELLS:
            row, column = _PLACE.unpack_from(stream, place + 4)
            if kind in _ROWS_OF_CELLS:
                (column,) = _LAST.unpack_from(stream, place + 2 + length)
            before = widths.get((part, row), 0)
            if column >= before:
                widths[part, row] = column + 1
                cells += column + 1 - before
            if cells > CELLS_LIMIT:
                raise BodyBroken(f"The file has more than {CELLS_LIMIT} cells: save it as CSV.")
        place += 4 + length
