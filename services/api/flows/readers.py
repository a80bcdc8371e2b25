"""Who was shown which scorecard is noted as it happens, and put down behind the readings.

A reading waits for no write: what was noted stands in memory for some seconds, and is lost with a
process that is killed meanwhile; one that is stopped puts it down.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Mapping
from datetime import datetime

import structlog

from services.api.store.readers import insert_readers
from services.schema.db import Database
from services.schema.errors import NotFound, Unavailable
from services.schema.shapes.people import Caller, Subject
from services.schema.shapes.readers import Reader
from services.schema.words import SubjectKind

MOST_WAITING = 200_000
"""Of all tenants: a reading more is not put down, and that is logged."""
MOST_REMEMBERED = 50_000
"""Rows known to be written already, so that they are not written again each time."""

_log = structlog.get_logger("kaohe.readers")
_Row = tuple[int, str, str, str, object]


class Seen:
    """What was shown to whom and is not put down yet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[int, dict[_Row, Reader]] = defaultdict(dict)
        self._written: OrderedDict[_Row, None] = OrderedDict()

    def note(
        self, caller: Caller, shown: Mapping[str, Subject], route: str, *, at: datetime
    ) -> None:
        """Scorecards by their ids, shown to a caller; one's own needs no note."""
        waiting = self._waiting[caller.tenant]
        room = MOST_WAITING - sum(map(len, self._waiting.values()))
        for card, subject in shown.items():
            own = subject.kind is SubjectKind.EMPLOYEE and subject.code == caller.employee
            row = (caller.tenant, card, caller.name, route, at.date())
            if own or row in self._written or row in waiting:
                continue
            room -= 1
            if room < 0:
                _log.error("readers.dropped", tenant=caller.tenant)
                return
            waiting[row] = Reader(
                scorecard=card,
                day=at.date(),
                reader=caller.name,
                route=route,
                role=caller.role,
                employee=caller.employee,
                read_at=at,
            )

    async def put_down(self, tenant: int) -> None:
        """Write what waits of a tenant; kept for the next time if it cannot be."""
        waiting = self._waiting.pop(tenant, {})
        if not waiting:
            return
        rows = sorted(waiting.values(), key=lambda each: (each.scorecard, each.reader, each.route))
        try:
            async with self._database.write(tenant) as session:
                await insert_readers(session, rows)
        except NotFound:
            return  # a company that was deleted meanwhile leaves no row behind
        except Unavailable as error:
            self._waiting[tenant] = {**waiting, **self._waiting[tenant]}
            _log.warning("readers.waiting", tenant=tenant, rows=len(rows), detail=error.detail)
            return
        self._written |= dict.fromkeys(waiting)
        while len(self._written) > MOST_REMEMBERED:
            self._written.popitem(last=False)

    async def put_all_down(self) -> None:
        for tenant in list(self._waiting):
            await self.put_down(tenant)
