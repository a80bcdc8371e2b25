"""A spreadsheet as rows of cells: XLSX read row by row, bounded before anything is unpacked.

A number in XLSX is a binary double. It is read as its shortest notation, if that has at most four
decimals and fifteen digits; whatever else was meant cannot be told, and the cell says so.
"""

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import IO, Any

from openpyxl import load_workbook

from services.door.problems import TooLarge
from services.ingest.core.bodies import BodyBroken, RowTooLong
from services.ingest.core.cells import Doubtful
from services.schema.money import AMOUNT_PLACES, places_of, plain

UNPACKED_LIMIT = 256 << 20
"""Bytes of all parts of a file together, as its directory states them; no part yields more."""
TEXTS_LIMIT = 24 << 20
"""Bytes of the table of texts, which is held whole."""
RATIO_LIMIT = 100
MEMBERS_LIMIT = 2000
WIDTH_LIMIT = 1000
DIGITS = 15
"""Digits that a double keeps."""
# What a package that is put together wrongly makes of a reader that believes it.
_BROKEN = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, OSError, SyntaxError, TypeError),
    *(ValueError, zipfile.BadZipFile, zlib.error),
)
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_HEAD = 4096
_SHARED = "xl/sharedstrings.xml"


def read_sheet(file: IO[bytes], sheet: str | None) -> Iterator[tuple[int, list[str]]]:
    """The rows of a sheet with their numbers, from 1; the first sheet unless one is named."""
    _check_package(file)
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that nobody asks for
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except _BROKEN as error:
        raise BodyBroken("The file is no XLSX that can be read.") from error
    try:
        yield from _rows(_sheet_of(book, sheet))
    except _BROKEN as error:
        raise BodyBroken("The file is no XLSX that can be read to its end.") from error
    finally:
        book.close()


def cell_words(value: object, number_format: str) -> str:
    """What stands in a cell, as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(Decimal(repr(value)), percent="%" in number_format)
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, timedelta):
        return _clock(value)
    # A date and a time of day as they are told; a text, or the name of an error, as it is.
    return str(value)


def _number(number: Decimal, *, percent: bool) -> str:
    """What has more decimals or digits than are sure to be kept is told apart."""
    shown = number * 100 if percent else number
    if not shown.is_finite() or places_of(shown) > AMOUNT_PLACES:
        return Doubtful(number)
    text = plain(shown)
    if len(text.replace(".", "").lstrip("-0")) > DIGITS:
        return Doubtful(text)
    return f"{text}%" if percent else text


def _clock(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _check_package(file: IO[bytes]) -> None:
    """Refuse what would unpack to too much, by its directory: a part never yields more than that.

    XML that declares entities of its own is refused too: no spreadsheet has any.
    """
    file.seek(0)
    if file.read(4) == _OLD_EXCEL:
        raise BodyBroken("The file is an old Excel file (.xls): save it as .xlsx or CSV.")
    try:
        with zipfile.ZipFile(file) as package:
            members = package.infolist()
            unpacked = sum(member.file_size for member in members)
            packed = sum(member.compress_size for member in members)
            texts = sum(m.file_size for m in members if m.filename.lower() == _SHARED)
            too_dense = unpacked > RATIO_LIMIT * max(packed, 1 << 16)
            if unpacked > UNPACKED_LIMIT or texts > TEXTS_LIMIT or too_dense:
                raise TooLarge(UNPACKED_LIMIT)
            if len(members) > MEMBERS_LIMIT:
                raise BodyBroken("The file is no XLSX: it has too many parts.")
            for member in members:
                if member.filename.lower().endswith((".xml", ".rels")):
                    with package.open(member) as part:
                        if b"<!DOCTYPE" in part.read(_HEAD):
                            raise BodyBroken("The file is no XLSX: a part declares entities.")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise BodyBroken("The file is no XLSX that can be read.") from error


def _sheet_of(book: Any, name: str | None) -> Any:
    names = [sheet.title for sheet in book.worksheets]
    if not names:
        raise BodyBroken("The file has no sheet.")
    if name is not None and name not in names:
        raise BodyBroken(f"The file has no sheet {name[:64]!a}.")
    return book[name or names[0]]


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Some programs state a size of one cell, so what a sheet says of its size is not believed."""
    sheet.reset_dimensions()
    for line, cells in enumerate(sheet.iter_rows(), 1):
        if len(cells) > WIDTH_LIMIT:
            raise RowTooLong(line)
        yield (
            line,
            [
                cell_words(cell.value, cell.number_format if cell.value is not None else "")
                for cell in cells
            ],
        )
