"""The app on a free port of this machine, for clients that want a real connection."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI

from services.door.serving import MESSAGE_BYTES


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the test run's own."""
        yield


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[int]:
    """The port; the app's life is somebody else's."""
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, ws_max_size=MESSAGE_BYTES)
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task
