"""How the bytes of a text file become rows of cells: its encoding, its delimiter, its quotes."""

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator

from services.ingest.core.bodies import BodyBroken, RowTooLong, lines_of

UTF_8, GB18030 = "utf-8", "gb18030"
ENCODINGS = (UTF_8, GB18030)
DELIMITERS = (",", "\t", ";", "|")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

Blocks = Callable[[], Iterable[bytes]]
"""The bytes from the start, as often as they are asked for."""


def encoding_of(blocks: Blocks) -> str:
    """UTF-8 if the whole file is, otherwise GB18030; a file that is neither is refused."""
    for encoding in ENCODINGS:
        try:
            for _ in _decoded(blocks(), encoding):
                pass
        except UnicodeDecodeError:
            continue
        return encoding
    raise BodyBroken("The file is neither UTF-8 nor GB18030.")


def read_cells(blocks: Blocks, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Its rows with their numbers, from 1; empty ones count, as a spreadsheet counts them."""
    pieces = _decoded(blocks(), encoding)
    reader = csv.reader(
        (f"{line}\n" for line in lines_of(pieces)), delimiter=delimiter, strict=True
    )
    line = 0
    try:
        for line, cells in enumerate(reader, 1):
            yield line, cells
    except UnicodeDecodeError as error:
        raise BodyBroken(f"The file is not {encoding} after row {line}.") from error
    except csv.Error as error:
        if "larger than field limit" in str(error):
            raise RowTooLong(line + 1) from error
        raise BodyBroken(f"Row {line + 1} is not CSV: {error}.") from error


def _decoded(blocks: Iterable[bytes], encoding: str) -> Iterator[str]:
    """Text without its byte-order mark."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    first = True
    for block in blocks:
        if first and block.startswith(_UTF_16):
            raise BodyBroken("The file is UTF-16: save it as UTF-8, GB18030 or XLSX.")
        piece = decoder.decode(block)
        if first and piece:
            piece, first = piece.removeprefix("\ufeff"), False
        if piece:
            yield piece
    if rest := decoder.decode(b"", final=True):
        yield rest
