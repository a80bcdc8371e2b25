"""How a body becomes rows: a JSON array, NDJSON or CSV, read block by block in bounded memory.

A row that cannot be read is a row at fault wherever the next one can still be found; where it
cannot, the whole body is refused.
"""

import codecs
import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, NamedTuple

from services.ingest.core.facts import posted_fields
from services.ingest.core.fields import Doubled, Odd, Unfit
from services.schema.words import FactKind

ROW_LIMIT = 1 << 20
"""Characters of one row."""
NUMBER_LIMIT = 64
"""Characters of one JSON number."""
_SPACE = " \t\r\n"
_spaces = re.compile(f"[{_SPACE}]*").match
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_PLAIN = frozenset({str, int, bool})
_FLAGS = {"true": True, "false": False}

# A module of C keeps one limit for the process; ours is the row's.
csv.field_size_limit(ROW_LIMIT)


class BodyForm(StrEnum):
    """In which form rows are posted."""

    ARRAY = "application/json"
    LINES = "application/x-ndjson"
    TABLE = "text/csv"


class BodyBroken(Exception):
    """The body cannot be read to its end."""


class RowTooLong(BodyBroken):
    """A row is longer than any row may be."""

    def __init__(self, number: int) -> None:
        super().__init__(f"Row or line {number} is longer than {ROW_LIMIT} characters.")


class Posted(NamedTuple):
    """A row as it was posted."""

    number: int
    """Counted from 1; the header of a table is none."""
    body: str
    """As it came; a row of a table as the JSON object it stands for."""
    known: object = None
    """Its document, where finding the row has shown it."""

    came: Callable[[], str] | None = None
    """What it came as, where that is more than the body says."""

    def kept(self) -> str:
        """What is kept of it if it is refused."""
        return self.body if self.came is None else self.came()

    def document(self) -> object:
        """Its JSON value, or an Unfit that says why it has none."""
        return read_row(self.body) if self.known is None else self.known


def read_rows(kind: FactKind, form: BodyForm, blocks: Iterable[bytes]) -> Iterator[Posted]:
    """The rows of a body; raises BodyBroken where it cannot be read on."""
    if form is BodyForm.ARRAY:
        return _read_array(blocks)
    if form is BodyForm.LINES:
        return _read_lines(blocks)
    return _read_table(kind, blocks)


def read_row(text: str) -> object:
    """The JSON value of one row, or an Unfit."""
    try:
        value, end = scan_value(text, past_space(text, 0))
    except ValueError as error:
        return Unfit("unreadable", f"The row is not JSON: {_reason(error)}.")
    except RecursionError:
        return Unfit("unreadable", "The row is nested too deep.")
    if past_space(text, end) != len(text):
        return Unfit("unreadable", "The row goes on after its JSON value.")
    return value


def _read_array(blocks: Iterable[bytes]) -> Iterator[Posted]:
    pieces = _decoded(blocks)
    text, at = _more(pieces, "", 0)
    if text[at : at + 1] != "[":
        raise BodyBroken("The body is not a JSON array of rows.")
    number, at, ended = 0, at + 1, False
    while True:
        at = past_space(text, at)
        if at == len(text):
            text, at = _more(pieces, text, at)
        if text[at : at + 1] == "]" and (ended or number == 0):
            break
        if ended:
            at = _past_comma(text, at, number)
            ended = False
            continue
        number += 1
        start = at
        value, text, start, at = _scan_on(pieces, text, start, number)
        yield Posted(number, text[start:at], value)
        ended = True
    text, at = _more(pieces, text, at + 1)
    if at != len(text):
        raise BodyBroken("The body goes on after its JSON array.")


def _scan_on(
    pieces: Iterator[str], text: str, start: int, number: int
) -> tuple[object, str, int, int]:
    """The value that starts here, reading on while it is cut off by the end of a block."""
    while True:
        error: ValueError
        try:
            value, end = scan_value(text, start)
        except ValueError as broken:
            error = broken
        except RecursionError as deep:
            raise BodyBroken(f"Row {number} is nested too deep.") from deep
        else:
            if end - start > ROW_LIMIT:
                raise RowTooLong(number)
            # A number at the end of a block may go on in the next one; an object cannot.
            if end < len(text) or isinstance(value, dict):
                return value, text, start, end
            error = ValueError("the array is cut off")
        if len(text) - start > ROW_LIMIT:
            raise RowTooLong(number) from error
        piece = next(pieces, None)
        if piece is None:
            raise BodyBroken(f"Row {number} is not JSON: {_reason(error)}.") from error
        text, start = text[start:] + piece, 0


def _read_lines(blocks: Iterable[bytes]) -> Iterator[Posted]:
    number = 0
    for line in lines_of(_decoded(blocks)):
        text = line.strip(_SPACE)
        if text:
            number += 1
            yield Posted(number, text)


def _read_table(kind: FactKind, blocks: Iterable[bytes]) -> Iterator[Posted]:
    reader = csv.reader((f"{line}\n" for line in lines_of(_decoded(blocks))), strict=True)
    number = 0
    try:
        names = _header(kind, next(reader, []))
        for cells in reader:
            if not cells:
                continue
            number += 1
            document = _document_of(kind, names, cells)
            yield Posted(number, _text_of(names, cells, document), document)
    except csv.Error as error:
        if "larger than field limit" in str(error):
            raise RowTooLong(number + 1) from error
        raise BodyBroken(f"Row {number + 1} is not CSV: {error}.") from error


def _header(kind: FactKind, names: list[str]) -> list[str]:
    """The columns of a table; a table that names others is none of this kind."""
    if not names:
        raise BodyBroken("The table has no header row.")
    for name in names:
        if name not in posted_fields(kind):
            raise BodyBroken(f"There is no column {name[:64]!a} in {kind}.")
    if len(set(names)) != len(names):
        raise BodyBroken("The table names a column twice.")
    return names


def _document_of(kind: FactKind, names: list[str], cells: list[str]) -> object:
    """The object that a row of a table stands for: an empty cell is null, a number is a number."""
    if len(cells) != len(names):
        return Unfit("cells_unequal", f"{len(names)} cells are expected, {len(cells)} are there.")
    return {
        name: _cell_value(posted_fields(kind)[name].schema, cell)
        for name, cell in zip(names, cells, strict=True)
        if cell
    }


def _text_of(names: list[str], cells: list[str], document: object) -> str:
    """The same as a JSON text, in which each cell stands as it was written."""
    if not isinstance(document, dict):
        return json.dumps(cells, ensure_ascii=False)
    if all(type(value) in _PLAIN for value in document.values()):
        return json.dumps(document, ensure_ascii=False)
    stated = (
        f"{json.dumps(name)}: {_cell_text(document[name], cell)}"
        for name, cell in zip(names, cells, strict=True)
        if cell
    )
    return f"{{{', '.join(stated)}}}"


def _cell_text(value: object, cell: str) -> str:
    return json.dumps(value, ensure_ascii=False) if type(value) in _PLAIN else cell.strip(_SPACE)


def _cell_value(schema: Any, cell: str) -> object:
    expected = schema.get("type")
    if expected == "integer" and _WHOLE.fullmatch(cell):
        return int(cell)
    if expected == "boolean":
        return _FLAGS.get(cell.lower(), cell)
    if expected in {"array", "object"}:
        value = read_row(cell)
        return cell if isinstance(value, Unfit) else value
    return cell


def lines_of(pieces: Iterable[str]) -> Iterator[str]:
    """Lines without their ends; only a line feed ends one."""
    number, rest = 0, ""
    for piece in pieces:
        *lines, rest = (rest + piece).split("\n")
        for line in lines:
            number += 1
            if len(line) > ROW_LIMIT:
                raise RowTooLong(number)
            yield line
        if len(rest) > ROW_LIMIT:
            raise RowTooLong(number + 1)
    if rest:
        yield rest


def _decoded(blocks: Iterable[bytes]) -> Iterator[str]:
    """Text without its byte-order mark; what is not UTF-8 becomes a lone surrogate, which no field
    takes.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    first = True
    for block in blocks:
        piece = decoder.decode(block)
        if first and piece:
            piece, first = piece.removeprefix("\ufeff"), False
        if piece:
            yield piece
    if rest := decoder.decode(b"", final=True):
        yield rest


def _more(pieces: Iterator[str], text: str, at: int) -> tuple[str, int]:
    """Read on until something stands here that is no space, or the body ends."""
    at = past_space(text, at)
    while at == len(text):
        piece = next(pieces, None)
        if piece is None:
            return "", 0
        text = piece
        at = past_space(text, 0)
    return text, at


def _past_comma(text: str, at: int, number: int) -> int:
    if text[at : at + 1] == ",":
        return at + 1
    what = "ends" if at == len(text) else "has no comma or bracket"
    raise BodyBroken(f"The body {what} after row {number}.")


def past_space(text: str, at: int) -> int:
    """Where the next character stands that is no space."""
    found = _spaces(text, at)
    assert found is not None, "no space is also a space"
    return found.end()


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return error.msg[:1].lower() + error.msg[1:]
    return str(error)


def _exact(digits: str) -> object:
    if len(digits) <= NUMBER_LIMIT:
        try:
            return Decimal(digits)
        except InvalidOperation:
            pass
    return Odd(digits)


def _whole(digits: str) -> object:
    return int(digits) if len(digits) <= NUMBER_LIMIT else Odd(digits)


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    return made if len(made) == len(pairs) else Doubled(made)


# Raw control characters pass, so that they are the fault of one field and not of the whole body.
scan_value = json.JSONDecoder(
    parse_float=_exact,
    parse_int=_whole,
    parse_constant=Odd,
    object_pairs_hook=_pairs,
    strict=False,
).raw_decode
