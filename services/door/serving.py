"""How an app of ours is served: bounded, quiet, and stopped with time to finish."""

from typing import Protocol

import uvicorn
from fastapi import FastAPI

from services.door.logs import server_logs

CONCURRENCY = 200
KEEP_ALIVE_SECONDS = 5
GRACE_SECONDS = 20
MESSAGE_BYTES = 1 << 16
"""Of a websocket: a subscription is a short text."""


class Place(Protocol):
    """Where to listen."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...


def serve(app: FastAPI, place: Place) -> None:
    """Serve until told to stop."""
    uvicorn.run(
        app,
        host=place.host,
        port=place.port,
        access_log=False,  # the door writes a line for each request
        log_config=server_logs(),
        server_header=False,
        proxy_headers=False,  # nothing here depends on what a caller may claim to be
        limit_concurrency=CONCURRENCY,
        ws_max_size=MESSAGE_BYTES,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
