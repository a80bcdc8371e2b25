"""A bare ASGI app that always says the same: the limit of what the server can do without work."""

import asyncio
import sys

import uvicorn
from starlette.types import Receive, Scope, Send


class Constant:
    """Answers every request with so many bytes."""

    def __init__(self, size: int) -> None:
        self._body = b"x" * size
        self._head = [
            (b"content-type", b"application/json"),
            (b"content-length", str(size).encode()),
        ]

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": 200, "headers": self._head})
        await send({"type": "http.response.body", "body": self._body})


def main() -> None:
    port, size = (int(argument) for argument in sys.argv[1:])
    config = uvicorn.Config(
        Constant(size), port=port, lifespan="off", access_log=False, log_level="warning"
    )
    asyncio.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main()
