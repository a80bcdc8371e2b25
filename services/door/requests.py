"""Bodies read strictly: bounded, numbers exact, no doubled names, no text that cannot be kept."""

import asyncio
import json
import re
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from fastapi import Request

from services.door.problems import TooLarge, Unreadable
from services.schema.errors import Fault, Invalid

BODY_LIMIT = 1 << 20
"""Bytes of a body, before and after decompression; batches of facts have a limit of their own."""
GZIP_RATIO_LIMIT = 100
DEPTH_LIMIT = 32
NUMBER_LIMIT = 64
"""Characters of a JSON number."""
READ_AT_ONCE = 1 << 16
"""Bytes of a body that are read while all others wait: some milliseconds."""

# One that is not closed goes on to the end: what was looked through is never looked through again.
_STRINGS = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_BRACKETS = re.compile(r"[\[\]{}]")
_ODD_ESCAPES = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")


class StrictRequest(Request):
    """A request whose body is bounded, unpacked, and read as exact JSON."""

    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            chunks = [chunk async for chunk in unpacked(self, limit=BODY_LIMIT)]
            self._body = b"".join(chunks)
        return self._body

    async def json(self) -> object:
        return await read_json(await self.body())


async def unpacked(request: Request, *, limit: int) -> AsyncIterator[bytes]:
    """The body's bytes as they come in, gzip undone, counted before and after."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip"}:
        raise Unreadable(f"A body packed as {encoding!r} cannot be read; use gzip or none.")
    declared = request.headers.get("content-length", "0")
    if declared.isascii() and declared.isdigit() and int(declared) > limit:
        raise TooLarge(limit)
    packed = unpacked_size = 0
    gunzip = _Gunzip() if encoding == "gzip" else None
    async for chunk in request.stream():
        packed += len(chunk)
        if packed > limit:
            raise TooLarge(limit)
        for piece in gunzip.feed(chunk) if gunzip else (chunk,):
            unpacked_size += len(piece)
            if unpacked_size > limit:
                raise TooLarge(limit)
            if gunzip and unpacked_size > GZIP_RATIO_LIMIT * max(packed, 1024):
                raise TooLarge(limit)
            yield piece
    if gunzip:
        gunzip.finish(empty=packed == 0)


class _Gunzip:
    """Undoes gzip piece by piece, never holding more than a piece; members may follow members."""

    _PIECE = 1 << 16

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        rest = chunk
        while rest:
            if self._member.eof:
                self._member = zlib.decompressobj(wbits=31)
            try:
                piece = self._member.decompress(rest, self._PIECE)
            except zlib.error as error:
                raise Unreadable("The body is not gzip.") from error
            rest = self._member.unconsumed_tail or self._member.unused_data
            if piece:
                yield piece

    def finish(self, *, empty: bool) -> None:
        if not empty and not self._member.eof:
            raise Unreadable("The gzip body is cut off.")


async def read_json(body: bytes) -> object:
    """As `parse_json`, beside the loop where it takes its time."""
    if len(body) <= READ_AT_ONCE:
        return parse_json(body)
    return await asyncio.to_thread(parse_json, body)


def parse_json(body: bytes) -> object:
    """JSON with numbers as int or Decimal; refuses what json.loads would let pass."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(f"The body is not UTF-8 at byte {error.start}.") from error
    _check_depth(text)
    try:
        value: object = json.loads(
            text,
            parse_float=_exact,
            parse_int=_whole,
            parse_constant=_refuse_constant,
            object_pairs_hook=_without_doubles,
        )
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error
    if _ODD_ESCAPES.search(text):
        _check_texts(value, "")
    return value


def _check_depth(text: str) -> None:
    depth = 0
    for bracket in _BRACKETS.finditer(_STRINGS.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > DEPTH_LIMIT:
            raise Unreadable(f"The body is nested more than {DEPTH_LIMIT} deep.")


def _exact(digits: str) -> Decimal:
    if len(digits) <= NUMBER_LIMIT:
        try:
            return Decimal(digits)
        except InvalidOperation:
            pass
    raise Unreadable("A number of the body is too long or too large.")


def _whole(digits: str) -> int:
    if len(digits) > NUMBER_LIMIT:
        raise Unreadable("A number of the body is too long or too large.")
    return int(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise Unreadable(f"{name} is not a JSON number.")


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        ((doubled, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise Unreadable(f"The name {doubled[:64]!r} stands twice in one object.")
    return made


def _check_texts(value: object, pointer: str) -> None:
    """Refuse the characters that PostgreSQL and UTF-8 cannot keep, naming the place."""
    if isinstance(value, str) and _UNKEEPABLE.search(value):
        fault = Fault(pointer, "text_invalid", "U+0000 and lone surrogates cannot be kept.")
        raise Invalid("invalid", "A text holds a character that cannot be kept.", [fault])
    if isinstance(value, dict):
        for name, member in value.items():
            _check_texts(name, pointer)
            _check_texts(member, f"{pointer}/{name}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            _check_texts(member, f"{pointer}/{index}")
