"""A body on disk while it arrives: bounded, unpacked, digested; nothing waits for a slow caller."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import IO

from fastapi import Request

from services.door.requests import unpacked

BODY_LIMIT = 64 << 20
"""Bytes of a body, before and after decompression."""
_BLOCK = 1 << 18
_WRITE = 1 << 20


class Spool:
    """A body that has arrived whole."""

    def __init__(self, file: IO[bytes], sha256: bytes) -> None:
        self._file = file
        self.sha256 = sha256
        """Of the unpacked bytes: packed twice, the same body may differ."""

    @property
    def file(self) -> IO[bytes]:
        """For what must be read from any place; one reader at a time."""
        return self._file

    def blocks(self) -> Iterator[bytes]:
        """Its bytes from the start, block by block."""
        self._file.seek(0)
        while block := self._file.read(_BLOCK):
            yield block


@asynccontextmanager
async def spooled(request: Request) -> AsyncIterator[Spool]:
    """Take a request's body to its end; the file goes when the block does."""
    digest = hashlib.sha256()
    with tempfile.TemporaryFile() as file:

        def write(pieces: list[bytes]) -> None:
            for piece in pieces:
                digest.update(piece)
                file.write(piece)

        pieces: list[bytes] = []
        size = 0
        async for piece in unpacked(request, limit=BODY_LIMIT):
            pieces.append(piece)
            size += len(piece)
            if size >= _WRITE:
                await asyncio.to_thread(write, pieces)
                pieces, size = [], 0
        write(pieces)
        yield Spool(file, digest.digest())
