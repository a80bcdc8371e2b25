"""How the receiver of a webhook is called: a POST to a public address, and the answer's head.

No library of HTTP is needed for that, and none that could follow a redirect, obey a proxy of the
environment or look a name up twice. What is answered beyond the head is never read.
"""

import asyncio
import re
import ssl
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from services.api.core.webhooks import Told
from services.door.outgoing import AddressRefused, NameUnknown, is_public, resolve_once

CONNECT_SECONDS = 10
TOTAL_SECONDS = 30
HEAD_BYTES = 16_384
LONGEST_URL = 2000
MOST_INTERIM = 5
"""Heads of 1xx that may come before the answer."""

_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,253}")
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: .*)?")
_RETRY_AFTER = re.compile(rb"retry-after:[ \t]*([0-9]{1,7})[ \t]*", re.IGNORECASE)


class Receivers:
    """Whom we may call: anybody's public https address, and in development more."""

    def __init__(self, *, plain: bool = False, loopback: bool = False) -> None:
        """`plain` also allows http, and `loopback` this machine itself."""
        self._plain = plain
        self._loopback = loopback

    def refusal_of(self, url: str) -> str | None:
        """Why a webhook may not have this address; null where it may. Nobody is asked."""
        if len(url) > LONGEST_URL or not _PRINTABLE.fullmatch(url):
            return f"An address is at most {LONGEST_URL} printable ASCII characters."
        try:
            parts = urlsplit(url)
            host = parts.hostname if parts.port != 0 else None
        except ValueError:
            host, parts = None, urlsplit("")
        if not host:
            return "The address cannot be read."
        if parts.scheme != "https" and not (self._plain and parts.scheme == "http"):
            return "The address begins with https://."
        if "@" in parts.netloc or parts.fragment:
            return "The address names no user and no fragment."
        return self._refusal_of_host(host)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Told:
        """Call a receiver once; whatever goes wrong is told, never raised."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        status = error = wait = None
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                status, wait = await self._exchange(url, headers, body)
        except TimeoutError:
            error = f"no answer within {TOTAL_SECONDS} seconds"
        except (AddressRefused, NameUnknown, _Unreadable) as refusal:
            error = str(refusal)
        except ssl.SSLError as failure:
            error = f"no safe connection: {(failure.reason or 'TLS failed')[:100]}"
        except (OSError, EOFError) as failure:
            error = f"the connection failed: {type(failure).__name__}"
        return Told(status, error, round((clock() - begun) * 1000), wait)

    def _refusal_of_host(self, host: str) -> str | None:
        """A number is judged at once, a name when it is looked up."""
        try:
            ip_address(host)
        except ValueError:
            return None if _NAME.fullmatch(host) else "The host's name cannot be read."
        good = is_public(host, also_loopback=self._loopback)
        return None if good else "The address is not a public one."

    async def _exchange(
        self, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, int | None]:
        # Rules may have become stricter since the webhook was made.
        if (refusal := self.refusal_of(url)) is not None:
            raise _Unreadable(refusal)
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        host, port = parts.hostname or "", parts.port or (443 if secure else 80)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                address = await resolve_once(host, port, also_loopback=self._loopback)
                # The certificate is checked against the name, whatever the address.
                reader, writer = await asyncio.open_connection(
                    address,
                    port,
                    limit=HEAD_BYTES,
                    ssl=_certificates() if secure else None,
                    server_hostname=host if secure else None,
                )
        except TimeoutError as error:
            raise _Unreadable(f"no connection within {CONNECT_SECONDS} seconds") from error
        try:
            writer.write(_head(parts, headers, len(body)) + body)
            await writer.drain()
            return await _read_head(reader)
        finally:
            # At once: a receiver that goes on talking is not listened to.
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()


class _Unreadable(Exception):
    """What is there is no receiver of ours."""


def _head(parts: SplitResult, headers: Mapping[str, str], length: int) -> bytes:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    stated = {
        "Host": parts.netloc,
        "User-Agent": "kaohe",
        "Accept": "*/*",
        "Connection": "close",
        "Content-Type": "application/json",
        "Content-Length": str(length),
        **headers,
    }
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in stated.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, int | None]:
    """The status of the answer, and for how many seconds the receiver asks to be left alone."""
    for _ in range(MOST_INTERIM + 1):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError as error:
            raise _Unreadable(f"the answer's head has more than {HEAD_BYTES} bytes") from error
        lines = head.split(b"\r\n")
        match = _STATUS.fullmatch(lines[0])
        if match is None:
            raise _Unreadable("the answer is not of HTTP/1.1")
        if (status := int(match[1])) >= 200:
            waits = (found for line in lines[1:] if (found := _RETRY_AFTER.fullmatch(line)))
            wait = next(waits, None)
            return status, None if wait is None else int(wait[1])
    raise _Unreadable("the answer never comes")


@cache
def _certificates() -> ssl.SSLContext:
    """Loaded once: it takes a good part of a second."""
    return ssl.create_default_context()
