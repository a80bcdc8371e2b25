"""The heads of all audits are put outside once a day: into a folder, or as lines of the log.

Who can rewrite the whole database cannot reach back to what stands elsewhere already.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path

import structlog

from services.api.core.audit import digest_text, head_line
from services.api.flows.audit import heads_of_all
from services.schema.db import Database
from services.schema.errors import Unavailable

LOOK_SECONDS = 300
"""How often it is looked whether a day has begun, in UTC, or the folder can be written again."""

_log = structlog.get_logger("kaohe.audit")


class AuditWorker:
    """Writes the heads of a day as soon as it has begun; of several processes one does."""

    def __init__(self, database: Database, folder: Path | None) -> None:
        self._database = database
        self._folder = folder
        self._said: date | None = None

    async def put_outside(self, *, at: datetime) -> int:
        """Write the day's heads if that was not done; gives of how many tenants it was."""
        if self._said == at.date() or (self._folder and _file(self._folder, at).exists()):
            return 0
        heads = await heads_of_all(self._database)
        if self._folder is None:
            for tenant, code, head in heads:
                told = {"tenant": tenant, "code": code, "entries": head.number}
                _log.info("audit.head", **told, head=digest_text(head.digest))
        else:
            lines = [head_line(tenant, code, head, at=at) for tenant, code, head in heads]
            await asyncio.to_thread(_write_once, _file(self._folder, at), "".join(lines))
        self._said = at.date()
        return len(heads)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work in the background for as long as the block lasts."""
        task = asyncio.create_task(self._work())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            try:
                await self.put_outside(at=datetime.now(UTC))
            except (Unavailable, OSError) as error:
                _log.error("audit.head_unwritten", cause=str(error)[:200])
            except Exception:  # noqa: BLE001  the worker outlives a mistake, which is noted
                _log.exception("audit.failed")
            await asyncio.sleep(LOOK_SECONDS)


def _file(folder: Path, at: datetime) -> Path:
    return folder / f"audit-heads-{at.astimezone(UTC):%Y-%m-%d}.ndjson"


def _write_once(path: Path, text: str) -> None:
    """Make the file with this text, whole or not at all; one that is there stays as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(draft, "w", encoding="utf-8") as file:
        file.write(text)
    with suppress(FileExistsError):
        os.link(name, path)
    Path(name).unlink()
