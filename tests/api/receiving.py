"""A receiver of webhooks on this machine: it answers as it is told, and remembers what it got."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


def answer(status: int, *headers: str) -> bytes:
    """The head of an answer."""
    return "\r\n".join([f"HTTP/1.1 {status} Said so", *headers, "", ""]).encode()


@dataclass
class Receiver:
    """What it answers, oldest first, the last for ever; and what it was asked."""

    port: int = 0
    answers: list[bytes] = field(default_factory=lambda: [OK])
    connections: int = 0
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    silent: bool = False
    """Whether it takes all and never answers."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?of=kaohe"

    @property
    def headers(self) -> list[dict[str, str]]:
        """Of each request, by names in lower case."""
        return [
            {
                name.lower(): value
                for name, _, value in (line.partition(": ") for line in head.split("\r\n")[1:])
            }
            for head in self.heads
        ]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().removesuffix("\r\n\r\n")
            self.heads.append(head)
            length = int(self.headers[-1]["content-length"])
            self.bodies.append(await reader.readexactly(length))
            if self.silent:
                await reader.read()
            else:
                writer.write(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
                await writer.drain()
        except (OSError, EOFError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving(*answers: bytes) -> AsyncIterator[Receiver]:
    """A receiver for as long as the block lasts."""
    receiver = Receiver(answers=list(answers) or [OK])
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await server.wait_closed()
