"""Pulls until stopped: `python -m services.ingest.workers`."""

import asyncio
import signal

import structlog

from services.door.logs import configure_logs
from services.ingest.settings import IngestSettings
from services.ingest.workers.deployment import opened

_log = structlog.get_logger("kaohe.pull")


async def pull(settings: IngestSettings) -> None:
    """Read what falls due; a signal lets what is being read land first."""
    async with opened(settings) as schedule:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, schedule.stop)
        _log.info("worker.started")
        await schedule.run()
        _log.info("worker.stopped")


def main() -> None:
    settings = IngestSettings()  # type: ignore[call-arg]  # the environment gives them
    configure_logs(settings.log_level)
    asyncio.run(pull(settings))


if __name__ == "__main__":
    main()
