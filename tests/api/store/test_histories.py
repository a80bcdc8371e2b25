"""Pages of many people's cards and results, each from the newest, in one statement."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

from sqlalchemy import insert

from services.api.store.histories import Kept, read_card_histories, read_result_histories
from services.schema.db import WriteSession
from services.schema.tables.cycles import cycles
from services.schema.tables.results import results
from services.schema.tables.scorecards import scorecards
from tests.api.facts import undone
from tests.databases import TestDatabase

TENANT = 912
AT = datetime(2026, 3, 1, tzinfo=UTC)


async def add_cycle(session: WriteSession, code: str, start: date, revision: int = 1) -> None:
    await session.execute(
        insert(cycles).values(
            tenant_id=TENANT, code=code, scheme="s", period=code, starts_on=start,
            ends_on=start + timedelta(days=28), population={}, timezone="UTC", grace_days=0,
            status="open", revision=revision, version=1, created_at=AT,
        )
    )  # fmt: skip


async def add_card(session: WriteSession, cycle: str, person: str, revision: int = 1) -> None:
    await session.execute(
        insert(scorecards).values(
            tenant_id=TENANT, id=f"sc_{cycle}_{person}_{revision}", cycle=cycle,
            subject_kind="employee", subject=person, revision=revision, position="p", unit="u",
            status="live", document=f"{cycle} {person} {revision}".encode(), explanation=b"",
            fingerprint="", computed_at=AT, version=1,
        )
    )  # fmt: skip


async def add_result(session: WriteSession, name: str, person: str, minutes: int) -> None:
    document = name.encode()
    await session.execute(
        insert(results).values(
            tenant_id=TENANT, id=name, cycle="jan", period="2026-01", subject_kind="employee",
            subject=person, revision=minutes, unit="u", scorecard="sc", scheme="s",
            scheme_version=1, total=Decimal(1), document=document,
            document_sha256=sha256(document).digest(), scorecard_document=b"", explanation=b"",
            fingerprint="", published_at=AT + timedelta(minutes=minutes),
        )
    )  # fmt: skip


async def test_cards_are_paged_for_each_person_from_the_latest_cycle(
    database: TestDatabase,
) -> None:
    async with undone(database, TENANT) as session:
        for code, start in (("jan", date(2026, 1, 1)), ("mar", date(2026, 3, 1))):
            await add_cycle(session, code, start)
        await add_cycle(session, "feb", date(2026, 2, 1), revision=2)
        for code, person in (("jan", "a"), ("feb", "a"), ("mar", "a"), ("mar", "b")):
            await add_card(session, code, person)
        await add_card(session, "feb", "a", revision=2)
        first = await read_card_histories(session, ["a", "b", "c"], cycle=None, after=None, limit=2)
        shown = {who: (page.total, _documents(page.page)) for who, page in first.items()}
        assert shown == {
            "a": (3, ["mar a 1", "feb a 2"]),
            "b": (1, ["mar b 1"]),
            "c": (0, []),
        }
        after = first["a"].page[-1].place
        rest = await read_card_histories(session, ["a", "b"], cycle=None, after=after, limit=2)
        assert (rest["a"].total, _documents(rest["a"].page)) == (3, ["jan a 1"])
        assert (rest["b"].total, rest["b"].page) == (1, [])
        one = await read_card_histories(session, ["a"], cycle="jan", after=None, limit=9)
        assert (one["a"].total, _documents(one["a"].page)) == (1, ["jan a 1"])


async def test_results_are_paged_from_the_latest_publication(database: TestDatabase) -> None:
    async with undone(database, TENANT) as session:
        for minutes, name in enumerate(("r1", "r2", "r3")):
            await add_result(session, name, "a", minutes)
        await add_result(session, "r4", "b", 1)
        first = await read_result_histories(session, ["a", "b"], cycle="jan", after=None, limit=2)
        assert _documents(first["a"].page) == ["r3", "r2"]
        assert _documents(first["b"].page) == ["r4"]
        after = first["a"].page[-1].place
        rest = await read_result_histories(session, ["a"], cycle=None, after=after, limit=2)
        assert (rest["a"].total, _documents(rest["a"].page)) == (3, ["r1"])
        none = await read_result_histories(session, ["a"], cycle="feb", after=None, limit=2)
        assert (none["a"].total, none["a"].page) == (0, [])


def _documents(page: list[Kept]) -> list[str]:
    return [kept.document.decode() for kept in page]
