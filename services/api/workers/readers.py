"""Who was shown which scorecard is put down every few seconds, and the rest at the end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from services.api.flows.readers import Seen

PUT_DOWN_SECONDS = 5

_log = structlog.get_logger("kaohe.readers")


class ReadersWorker:
    """Puts down every few seconds who was shown which scorecard, and the rest at the end."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work in the background for as long as the block lasts."""
        task = asyncio.create_task(self._work())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._seen.put_all_down()

    async def _work(self) -> None:
        while True:
            await asyncio.sleep(PUT_DOWN_SECONDS)
            try:
                await self._seen.put_all_down()
            except Exception:  # noqa: BLE001  the worker outlives a mistake, which is noted
                _log.exception("readers.failed")
