"""The keys that an issuer of tokens publishes: read from a file or its address, and read again.

Keys change while we run. The set is read again once it is old, and once more for a key that is
not in it; if that fails the old set stands. Nobody makes us ask more often than now and then.
"""

import asyncio
import json
import time
import urllib.request
from collections.abc import Callable
from http.client import HTTPMessage
from pathlib import Path
from typing import IO, Never
from urllib.error import HTTPError
from urllib.parse import urlsplit

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

FRESH_SECONDS = 600
"""After so long the set is read again: a key taken out of it opens nothing any more."""
PAUSE_SECONDS = 30
"""Between two readings, whatever keys tokens name."""
WAIT_SECONDS = 5
SIZE_LIMIT = 1 << 18
KEYS_LIMIT = 100

_ASYMMETRIC = frozenset({"RSA", "EC", "OKP"})
_log = structlog.get_logger("kaohe.key_sets")

Fetch = Callable[[str], bytes]


class KeySets:
    """One issuer's public keys by their ids."""

    def __init__(self, place: str, *, fetch: Fetch | None = None) -> None:
        self._place = place
        self._fetch = fetch or read_place
        self._keys: dict[str | None, Key] = {}
        self._read_at: float | None = None
        self._tried_at: float | None = None
        self._turn = asyncio.Lock()

    @property
    def known(self) -> bool:
        """Whether any key is known."""
        return bool(self._keys)

    def find(self, key_id: str | None) -> Key | None:
        """A key by its id; a token that names none means the only one there is."""
        if key_id is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(key_id)

    async def look_for(self, key_id: str | None) -> None:
        """Read the set again where it is old, or lacks a key; gives up quietly."""
        if not self._wants(key_id):
            return
        async with self._turn:
            if self._wants(key_id):
                self._tried_at = time.monotonic()
                await self._read()

    def _wants(self, key_id: str | None) -> bool:
        now = time.monotonic()
        if self._tried_at is not None and now - self._tried_at < PAUSE_SECONDS:
            return False
        old = self._read_at is None or now - self._read_at >= FRESH_SECONDS
        return old or self.find(key_id) is None

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(2 * WAIT_SECONDS):
                body = await asyncio.to_thread(self._fetch, self._place)
            self._keys = read_key_set(body)
            self._read_at = time.monotonic()
        except (OSError, ValueError, TimeoutError) as error:
            _log.warning("key_set.unread", place=self._place, cause=str(error)[:200])


def read_key_set(body: bytes) -> dict[str | None, Key]:
    """The public keys of a published set; secrets and what we do not know are left out."""
    document = json.loads(body)
    stated = document.get("keys") if isinstance(document, dict) else None
    keys: dict[str | None, Key] = {}
    for each in stated[:KEYS_LIMIT] if isinstance(stated, list) else ():
        if not isinstance(each, dict) or each.get("kty") not in _ASYMMETRIC:
            continue
        try:
            key = JWKRegistry.import_key(each)
        except (JoseError, ValueError):
            continue
        keys[each["kid"] if isinstance(each.get("kid"), str) else None] = key
    if not keys:
        raise ValueError("a key set without a key that can be used")
    return keys


def is_place(place: str) -> bool:
    """Whether keys may be read there: a file, or an address that nobody can stand in for."""
    parts = urlsplit(place)
    if parts.scheme in {"", "file"}:
        return bool(parts.path) and not parts.netloc
    here = parts.hostname in {"127.0.0.1", "::1", "localhost"}
    return parts.scheme == "https" or (parts.scheme == "http" and here)


def read_place(place: str) -> bytes:
    """The bytes of a key set; follows nobody elsewhere and reads no more than a set can be."""
    if urlsplit(place).scheme in {"", "file"}:
        with Path(urlsplit(place).path).open("rb") as file:
            body = file.read(SIZE_LIMIT + 1)
    else:
        opener = urllib.request.build_opener(_NoRedirect)
        with opener.open(place, timeout=WAIT_SECONDS) as answer:
            body = answer.read(SIZE_LIMIT + 1)
    if len(body) > SIZE_LIMIT:
        raise ValueError(f"a key set has at most {SIZE_LIMIT} bytes")
    return bytes(body)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,  # noqa: ARG002  the library's own arguments
        headers: HTTPMessage,
        newurl: str,  # noqa: ARG002  the same
    ) -> Never:
        raise HTTPError(req.full_url, code, "a key set is not somewhere else", headers, fp)
