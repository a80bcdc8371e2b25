"""Who listens is told of written cards at the commit, and of nothing that is undone."""

import asyncio
from datetime import UTC, datetime

from services.api.core.cards import new_card
from services.api.store.changes import CHANNEL, announce_cards
from services.schema.days import parse_period
from services.schema.db import Database
from services.schema.errors import Conflict
from services.schema.shapes.cycles import Cycle, Population
from services.schema.shapes.live import CardChange
from services.schema.shapes.scorecards import Scorecard
from services.schema.words import CycleStatus
from tests.api.facts import person, tenant
from tests.databases import TestDatabase

TENANT = 911


def card(code: str) -> Scorecard:
    cycle = Cycle(
        code="jan",
        scheme="sales",
        scheme_version=1,
        period=parse_period("2026-01", tenant(TENANT).calendar),
        population=Population(position="agent"),
        timezone="Asia/Shanghai",
        grace_days=0,
        status=CycleStatus.OPEN,
        revision=1,
        version=1,
        closed_at=None,
        published_at=None,
    )
    return new_card(cycle, person(code), tenant=TENANT, at=datetime(2026, 2, 1, tzinfo=UTC))


async def test_changes_are_told_at_the_commit_and_only_then(database: TestDatabase) -> None:
    api = Database(database.dsn("kaohe_api"), application="test")
    one, two, undone = card("e-1"), card("e-2"), card("e-3")
    async with api.listen(CHANNEL) as heard:
        try:
            async with api.write(TENANT) as session:
                await announce_cards(session, [undone])
                raise Conflict("no", "Undone.")
        except Conflict:
            pass
        async with api.write(TENANT) as session:
            await announce_cards(session, [one, two])
            await announce_cards(session, [])
            assert heard.empty()
        async with asyncio.timeout(5):
            told = [CardChange.from_text(await heard.get() or "") for _ in range(2)]
    assert told == [CardChange(TENANT, "jan", each.subject, each.id) for each in (one, two)]
    await api.close()
