"""No address that somebody writes or a name leads to makes us connect anywhere inside."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from services.ingest.sources.client import Answer, Client, Pace
from services.ingest.sources.errors import SourceError
from tests.figures import Figures, Wrong

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
OWN = "eco.example.com"
LED_TO = [
    "127.0.0.1", "127.9.9.9", "10.0.0.8", "172.16.0.1", "192.168.1.1", "100.64.0.1", "0.0.0.0",  # noqa: S104 - refused
    "169.254.169.254", "224.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "fc00::1", "fe80::1", "fec0::1", "ff0e::1",
]  # fmt: skip


def body_of(answer: Answer) -> bytes:
    return answer.body


class Inside:
    """Two servers of this machine: the sandbox sends everybody on to the other."""

    def __init__(self) -> None:
        self.sandbox = self.other = 0
        self.calls = {"sandbox": 0, "other": 0}

    async def send_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls["sandbox"] += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{self.other}/\r\n"
            "Content-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()

    async def take(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls["other"] += 1
        writer.close()


@asynccontextmanager
async def listening() -> AsyncIterator[Inside]:
    inside = Inside()
    async with (
        await asyncio.start_server(inside.send_on, "127.0.0.1", 0) as sandbox,
        await asyncio.start_server(inside.take, "127.0.0.1", 0) as other,
    ):
        inside.sandbox = sandbox.sockets[0].getsockname()[1]
        inside.other = other.sockets[0].getsockname()[1]
        yield inside


def addresses_of(port: int) -> list[str]:
    """What an owner, or a marketplace's answer, might name instead of the marketplace."""
    return [
        *(f"{scheme}://{host}:{port}/" for scheme in ("http", "https")
          for host in ("127.0.0.1", "localhost", "[::1]", "127.1", "0x7f.1", "2130706433")),
        f"http://{OWN}/", f"https://{OWN}:{port}/", f"https://user@{OWN}/", f"https://a:b@{OWN}/",
        f"https://{OWN}@127.0.0.1:{port}/", f"https://127.0.0.1:{port}\\@{OWN}/",
        f"https://{OWN}.evil.example/", f"https://{OWN}%2f@127.0.0.1:{port}/",
        "https://10.0.0.8/", "https://169.254.169.254/latest/meta-data/", "https://[fd00::1]/",
        "http://[::1", "https://[::1", "file:///etc/passwd",
        f"gopher://127.0.0.1:{port}/", f"ftp://{OWN}/", f"//{OWN}/", "/", "",
    ]  # fmt: skip


async def test_scenario_x01_no_connection_is_made_inside(
    monkeypatch: pytest.MonkeyPatch, figure: Figures
) -> None:
    made: list[tuple[object, object]] = []
    loop = asyncio.get_running_loop()
    connect = loop.create_connection

    async def note(*arguments: object, **named: object) -> object:
        made.append((arguments[1], arguments[2]))
        return await connect(*arguments, **named)  # type: ignore[call-overload]  # handed on

    monkeypatch.setattr(loop, "create_connection", note)
    async with listening() as inside:
        client = Client([OWN], Pace(1000), now=lambda: NOW, sandbox=[f"127.0.0.1:{inside.sandbox}"])
        urls = addresses_of(inside.other)
        for url in urls:
            with pytest.raises(SourceError, match="not one of the marketplace's own"):
                await client.post_form(url, dict, body_of)

        for address in LED_TO:

            async def lookup(
                *_: object, address: str = address, **__: object
            ) -> list[tuple[object, ...]]:
                return [(2, 1, 6, "", (address, 443))]

            with monkeypatch.context() as led:
                led.setattr(loop, "getaddrinfo", lookup)
                with pytest.raises(SourceError, match="not public"):
                    await client.post_form(f"https://{OWN}/", dict, body_of)
        assert made == []
        assert inside.calls == {"sandbox": 0, "other": 0}

        # The sandbox may be called, for it was named; where it sends us on may not.
        with pytest.raises(SourceError, match="HTTP status 302"):
            await client.post_form(f"http://127.0.0.1:{inside.sandbox}/", dict, body_of)
        await client.close()
        assert set(made) == {("127.0.0.1", inside.sandbox)}
        assert inside.calls["sandbox"] == len(made) > 0
        assert inside.calls["other"] == 0
    of = "addresses of marketplaces, names and a redirect that lead inside"
    figure("X01", Wrong.CALLS, inside.calls["other"], tried=len(urls) + len(LED_TO) + 1, of=of)
