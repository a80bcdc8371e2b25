"""A spreadsheet as rows of cells: XLSX read row by row, bounded before anything is unpacked."""

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

from openpyxl import load_workbook

from services.door.problems import TooLarge
from services.ingest.core.bodies import BodyBroken, RowTooLong
from services.ingest.rest.cell_words import cell_words
from services.ingest.rest.old_sheets import XLS_HEAD, read_old_sheet

UNPACKED_LIMIT = 256 << 20
"""Bytes of all parts of a file together, as its directory states them; no part yields more."""
TEXTS_LIMIT = 24 << 20
"""Bytes of the table of texts, which is held whole."""
RATIO_LIMIT = 100
MEMBERS_LIMIT = 2000
WIDTH_LIMIT = 1000
# What a package that is put together wrongly makes of a reader that believes it.
_BROKEN = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, OSError, SyntaxError, TypeError),
    *(ValueError, zipfile.BadZipFile, zlib.error),
)
_HEAD = 4096
_SHARED = "xl/sharedstrings.xml"


def read_sheet(file: IO[bytes], sheet: str | None) -> Iterator[tuple[int, list[str]]]:
    """The rows of a sheet with their numbers, from 1; the first sheet unless one is named."""
    file.seek(0)
    is_old = file.read(len(XLS_HEAD)) == XLS_HEAD
    file.seek(0)
    if is_old:
        yield from read_old_sheet(file, sheet)
        return
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


def _check_package(file: IO[bytes]) -> None:
    """Refuse what would unpack to too much, by its directory: a part never yields more than that.

    XML that declares entities of its own is refused too: no spreadsheet has any.
    """
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
