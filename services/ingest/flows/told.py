"""Days that a marketplace tells: of two sources that state the same day the first is taken."""

from collections.abc import Mapping
from datetime import date

from services.ingest.core.records import Record
from services.ingest.store.sources import read_told, read_tools
from services.schema.db import WriteSession
from services.schema.errors import Fault
from services.schema.words import FactKind


class ToldDays:
    """Who has told of the days of shops whose marketplace is asked; the lane must be held."""

    def __init__(self, kind: FactKind, pulled: Mapping[str, frozenset[str]]) -> None:
        """`pulled` are by shop the sources that a worker asks."""
        self._kind = kind
        self._pulled = pulled
        self._tools: dict[str, set[str]] | None = None

    async def refuse(
        self, session: WriteSession, records: Mapping[int, Record]
    ) -> dict[int, Fault]:
        """Those of some rows of such shops, by number, that would count a day twice, and why."""
        tools = await self._tools_of(session)
        for record in records.values():
            tools.setdefault(record.shop, set()).add(record.source)
        shops = {record.shop for record in records.values() if len(tools[record.shop]) > 1}
        asked = {number: record for number, record in records.items() if record.shop in shops}
        if not asked:
            return {}
        days = [date.fromisoformat(record.day) for record in asked.values()]
        told = await read_told(
            session,
            self._kind,
            shops=sorted(shops),
            sources=sorted(set().union(*(tools[shop] for shop in shops))),
            first=min(days),
            last=max(days),
        )
        found = {}
        for number in sorted(asked):
            record = asked[number]
            sources = told.setdefault((record.shop, record.day), set())
            pulled = self._pulled[record.shop]
            others = sources if record.source in pulled else sources & pulled
            if others and record.source not in sources:
                found[number] = _fault(record, min(others))
            else:
                sources.add(record.source)
        return found

    async def _tools_of(self, session: WriteSession) -> dict[str, set[str]]:
        """The sources of each such shop: of one alone nothing is looked up."""
        if self._tools is None:
            self._tools = await read_tools(session, self._kind, sorted(self._pulled))
        return self._tools


def _fault(record: Record, other: str) -> Fault:
    detail = (
        f"{other} has told of this shop's {record.day} already: from {record.source} as well it "
        "would count twice. State what stands with 0 first."
    )
    return Fault("/source", "counted_twice", detail)
