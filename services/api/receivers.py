"""How the receiver of a webhook is called: one POST to a public address, and the answer's head.

What is answered beyond the head is never read, and nobody is followed anywhere.
"""

import asyncio
import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

from services.api.core.webhooks import Told
from services.door.outgoing import AddressRefused, NameUnknown, PublicTransport, is_public

CONNECT_SECONDS = 10
TOTAL_SECONDS = 30
MOST_AT_ONCE = 20
LONGEST_URL = 2000

_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,253}")
_SECONDS = re.compile(r"[0-9]{1,7}")


class Receivers:
    """Whom we may call: anybody's public https address, and in development more."""

    def __init__(self, *, plain: bool = False, loopback: bool = False) -> None:
        """`plain` also allows http, and `loopback` this machine itself."""
        self._plain = plain
        self._loopback = loopback
        self._client = httpx.AsyncClient(
            # No connection is kept: a receiver that goes on talking is not listened to.
            transport=PublicTransport(
                also_loopback=loopback, connections=MOST_AT_ONCE, keeps_alive=False
            ),
            headers={"User-Agent": "kaohe", "Content-Type": "application/json"},
            timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
        )

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
        status = wait = None
        # Rules may have become stricter since the webhook was made.
        error = self.refusal_of(url)
        if error is None:
            try:
                async with asyncio.timeout(TOTAL_SECONDS):
                    status, wait = await self._exchange(url, headers, body)
            except TimeoutError:
                error = f"no answer within {TOTAL_SECONDS} seconds"
            except (AddressRefused, NameUnknown) as refusal:
                error = str(refusal)
            except (httpx.TransportError, httpx.InvalidURL) as failure:
                why = str(failure) or type(failure).__name__
                error = f"the connection failed: {why}"[:200]
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
        """The status, and for how many seconds the receiver asks to be left alone."""
        async with self._client.stream("POST", url, headers=headers, content=body) as response:
            wait = response.headers.get("Retry-After", "")
            return response.status_code, int(wait) if _SECONDS.fullmatch(wait) else None
