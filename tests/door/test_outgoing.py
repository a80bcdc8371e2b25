"""Only public addresses are called, and the one that was judged is the one that is given."""

import asyncio
import sys

import httpx
import pytest

from services.door.outgoing import (
    AddressRefused,
    NameUnknown,
    PublicTransport,
    is_public,
    resolve_once,
)
from services.local.processes import free_port

PUBLIC = [
    "93.184.216.34",
    "1.1.1.1",
    "223.255.255.254",
    "172.15.255.255",
    "172.32.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "2606:4700::1111",
    "64:ff9b::5db8:d822",  # 93.184.216.34 behind a translator
]
INSIDE = [
    "0.0.0.0",  # noqa: S104 - refused here, bound to nowhere
    "10.0.0.8",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.2.7",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:93.184.216.34",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2001:0:53aa:64c:0:5efe:80ff:ff",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:5db8:d822::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "",
    "example.com",
    "127.1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_somebodys_own_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", INSIDE)
def test_any_other_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("1.1.1.1", True),
        ("10.0.0.8", False),
        ("169.254.169.254", False),
        ("fe80::1", False),
    ],
)
def test_loopback_is_allowed_by_saying_so_and_nothing_else(address: str, *, allowed: bool) -> None:
    assert is_public(address, also_loopback=True) is allowed


def lead(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Every name leads there; gives the names that are looked up."""
    asked: list[str] = []

    async def lookup(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(2, 1, 6, "", (address, 443)) for address in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)
    return asked


async def test_a_name_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = lead(monkeypatch, "93.184.216.34", "2606:4700::1111")
    assert await resolve_once("eco.example.com", 443) == "93.184.216.34"
    assert asked == ["eco.example.com"]


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "::1", "ff0e::1"])
async def test_one_address_inside_refuses_the_name(
    inside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead(monkeypatch, "93.184.216.34", inside)
    with pytest.raises(AddressRefused, match="not public"):
        await resolve_once("eco.example.com", 443)


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "::1"]
)
async def test_oddly_written_numbers_are_judged_as_what_they_mean(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system reads all of these as this machine."""
    if host not in {"localhost", "127.0.0.1", "::1"}:
        # The tests' own guard of the network knows no such number: as the system reads it.
        lead(monkeypatch, "127.0.0.1")
    with pytest.raises(AddressRefused):
        await resolve_once(host, 443)
    assert await resolve_once(host, 443, also_loopback=True) in {"127.0.0.1", "::1"}


async def test_a_name_without_an_address_may_have_one_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lead(monkeypatch)
    with pytest.raises(NameUnknown, match="no address"):
        await resolve_once("eco.example.com", 443)

    async def fail(*_: object, **__: object) -> list[tuple[object, ...]]:
        raise OSError("Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail)
    with pytest.raises(NameUnknown, match="unknown"):
        await resolve_once("eco.example.com", 443)


async def test_a_name_that_cannot_be_written_is_unknown() -> None:
    with pytest.raises(NameUnknown):
        await resolve_once("a" * 64 + ".example", 443)


async def test_a_call_looks_for_no_module(monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"127.0.0.1:{free_port()}"
    async with httpx.AsyncClient(transport=PublicTransport(unchecked=[address])) as client:

        async def call() -> None:
            with pytest.raises(httpx.ConnectError):
                await client.get(f"http://{address}")

        await call()
        looked_for = []

        class Finder:
            def find_spec(self, name: str, *_: object) -> None:
                looked_for.append(name)

        monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
        await call()
    assert looked_for == []
