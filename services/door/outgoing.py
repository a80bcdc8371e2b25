"""Whom we may call when somebody else has said the name: a public address, looked up once.

Who calls connects to the very address that is given here, with the name kept for the certificate:
a second look might be answered otherwise.
"""

import asyncio
import socket
import ssl
import sys
from collections.abc import Collection
from functools import cache
from importlib.util import find_spec
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx

# httpx and httpcore ask for it several times a call, which does without it; what is not there would
# be looked for in every folder each time.
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # Python's word for what is not there

_UNICAST = IPv6Network("2000::/3")
# Here a network writes an IPv4 address into one of IPv6: it is as public as the one inside.
_TRANSLATED = IPv6Network("64:ff9b::/96")


class NameUnknown(Exception):
    """The name leads nowhere now: it may later."""


class AddressRefused(Exception):
    """The name leads to an address that is not public."""


def is_public(address: str, *, also_loopback: bool = False) -> bool:
    """Whether an address is global unicast: somebody's own on the internet, and nobody's inside.

    `also_loopback` is for a developer who plays the other side on the same machine.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if also_loopback and found.is_loopback:
        return True
    if isinstance(found, IPv6Address):
        if found in _TRANSLATED:
            return is_public(str(IPv4Address(int(found) & 0xFFFFFFFF)))
        # A tunnel's address leads to the IPv4 address in it, which may be one inside.
        tunnelled = found.sixtofour is not None or found.teredo is not None
        return found in _UNICAST and found.is_global and not tunnelled
    return found.is_global and not found.is_multicast


async def resolve_once(host: str, port: int, *, also_loopback: bool = False) -> str:
    """The address to connect to; refused if any that the name leads to is not public.

    A number written oddly (`127.1`, `0x7f000001`) is judged as what the system makes of it.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NameUnknown(f"the name is unknown: {host[:100]!r}") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses:
        raise NameUnknown(f"the name has no address: {host[:100]!r}")
    if not all(is_public(each, also_loopback=also_loopback) for each in addresses):
        raise AddressRefused("the name leads to an address that is not public")
    return addresses[0]


class PublicTransport(httpx.AsyncBaseTransport):
    """Looks a name up once, refuses addresses that are not public, and connects to that one."""

    def __init__(
        self,
        *,
        unchecked: Collection[str] = (),
        also_loopback: bool = False,
        connections: int = 20,
        keeps_alive: bool = True,
    ) -> None:
        """`unchecked` names `host:port` pairs of ours that are called wherever they lead."""
        self._unchecked = frozenset(unchecked)
        self._also_loopback = also_loopback
        kept = connections if keeps_alive else 0
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=kept)
        self._inner = httpx.AsyncHTTPTransport(verify=certificates(), limits=limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises AddressRefused and NameUnknown; anything else as httpx does."""
        host, port = request.url.host, request.url.port
        if f"{host}:{port}" not in self._unchecked:
            usual = 443 if request.url.scheme == "https" else 80
            address = await resolve_once(host, port or usual, also_loopback=self._also_loopback)
            # The certificate is checked against the name, whatever the address.
            request.extensions = {**request.extensions, "sni_hostname": host}
            request.url = request.url.copy_with(host=address)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@cache
def certificates() -> ssl.SSLContext:
    """Loaded once: it takes a good part of a second."""
    return httpx.create_ssl_context()
