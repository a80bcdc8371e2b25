"""Workbooks of XLSX that are the same bytes whenever they are written: no part tells of a time."""

import shutil
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.writer.excel import ExcelWriter

_NEVER = (1980, 1, 1, 0, 0, 0)
"""The first instant that an archive can state of a part."""


def write_workbook(book: Workbook, file: IO[bytes]) -> None:
    """Save a workbook as `book.save` does, but for the times of its making."""
    book.properties.created = book.properties.modified = datetime(*_NEVER)  # noqa: DTZ001  zoneless in the format
    with _Undated(file, "w", ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).write_data()


class _Undated(ZipFile):
    """An archive each part of which is of the same time."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *options: Any) -> None:
        super().writestr(_part(zinfo_or_arcname), data, *options)

    def write(self, filename: Any, arcname: Any = None, *_: Any) -> None:
        with Path(filename).open("rb") as source, self.open(_part(arcname), "w") as target:
            shutil.copyfileobj(source, target)


def _part(name: str) -> ZipInfo:
    part = ZipInfo(name, _NEVER)
    part.compress_type = ZIP_DEFLATED
    return part
