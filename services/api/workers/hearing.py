"""Workers are woken at the commit of what concerns them: the payload names the tenant."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from services.schema.db import Database
from services.schema.errors import Unavailable

RETRY_SECONDS = 1

_log = structlog.get_logger("kaohe.workers")


async def hear_of_tenants(
    database: Database, channel: str, act: Callable[[int], Awaitable[None]]
) -> None:
    """Act on every tenant that a channel names, one after another, until cancelled.

    A notification is lost where the connection is: what nobody heard of, a sweep finds.
    """
    while True:
        try:
            async with database.listen(channel) as heard:
                while (payload := await heard.get()) is not None:
                    if payload.isdecimal():
                        await act(int(payload))
        except (Unavailable, OSError) as error:
            _log.warning("worker.unheard", channel=channel, detail=str(error))
        await asyncio.sleep(RETRY_SECONDS)
