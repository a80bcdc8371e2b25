"""A publication is one transaction: whatever breaks in the middle of it leaves nothing."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import pytest
from sqlalchemy import CursorResult, text
from sqlalchemy.exc import DBAPIError

from services.api.flows.cycles import move_cycle
from services.schema.db import Database, WriteSession
from services.schema.errors import Conflict, Unavailable
from services.schema.shapes.people import Caller
from services.schema.words import CycleStatus, Role
from tests.api.appraisals import (
    digest,
    found,
    move,
    open_cycle,
    publish_scheme,
    scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale
from tests.api.flows.test_leaders import CAPACITY, MEAN, RATE, led_by
from tests.databases import TestDatabase
from tests.figures import Figures, Wrong

AT = datetime(2026, 6, 1, tzinfo=UTC)


class Crashed(Exception):
    """The process dies here."""


@pytest.fixture
async def approved(company: Company) -> Company:
    return await approve(company)


async def approve(company: Company) -> Company:
    """January is approved for the first time."""
    await found(company, ["e-1", "e-2"])
    await publish_scheme(company)
    await set_targets(company, {"e-1": "1000", "e-2": "500"})
    await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1500.5"))
    await open_cycle(company)
    await move(company, "jan", "closed", "review", "approved")
    return company


async def publish(company: Company) -> None:
    async with publishing(company):
        pass


@asynccontextmanager
async def publishing(company: Company) -> AsyncIterator[WriteSession]:
    """A publication in which all but the commit is done."""
    database: Database = company.app.state.database
    caller = Caller(company.number, Role.HR, None, "key:test")
    async with database.write(company.number) as session:
        await move_cycle(session, "jan", CycleStatus.PUBLISHED, reason=None, caller=caller, at=AT)
        yield session


class Wire:
    """Dies at a statement, before or after it is made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 0
        self.dies_after = False
        execute, execute_many = WriteSession.execute, WriteSession.execute_many

        async def dying(session: WriteSession, *arguments: Any) -> CursorResult[Any]:
            self._reach(after=False)
            result = await execute(session, *arguments)
            self._reach(after=True)
            return result

        async def dying_many(session: WriteSession, *arguments: Any) -> None:
            self._reach(after=False)
            await execute_many(session, *arguments)
            self._reach(after=True)

        monkeypatch.setattr(WriteSession, "execute", dying)
        monkeypatch.setattr(WriteSession, "execute_many", dying_many)

    def _reach(self, *, after: bool) -> None:
        self.left -= after is self.dies_after
        if self.left < 0:
            raise Crashed


@pytest.mark.parametrize("dies_after", [False, True])
async def test_scenario_p03_a_crash_at_any_statement_of_a_publication_leaves_nothing(
    approved: Company, monkeypatch: pytest.MonkeyPatch, figure: Figures, *, dies_after: bool
) -> None:
    """Each statement is the last one once."""
    crashes, torn = await crash_everywhere(approved, monkeypatch, dies_after=dies_after)
    figure("P03", Wrong.TORN, torn, tried=crashes, of="crashes, at each statement of a publication")
    assert [entry["seq"] for entry in await feed_of(approved)] == [1, 2, 3, 4]


async def crash_everywhere(
    company: Company, monkeypatch: pytest.MonkeyPatch, *, dies_after: bool
) -> tuple[int, list[str]]:
    """How often a publication died, and where that left anything; in the end it is published."""
    before, torn = await digest(company), []
    with monkeypatch.context() as patched:
        wire = Wire(patched)
        wire.dies_after = dies_after
        crashes = 0
        while True:
            wire.left = crashes
            try:
                await publish(company)
            except Crashed:
                crashes += 1
            else:
                break
            wire.left = 1_000
            if await digest(company) != before:
                torn.append(f"statement {crashes}")
    assert crashes > 15
    return crashes, torn


@pytest.fixture
async def revised(company: Company) -> Company:
    return await revise(company)


async def revise(company: Company) -> Company:
    """January was published, and its leader's pay after it; it is approved once more, otherwise."""
    await found(company, ["e-1", "e-2"])
    await publish_scheme(company, document=scheme(pay=[RATE]))
    await publish_scheme(company, "lead", led_by(MEAN, CAPACITY))
    await set_targets(company, {"e-1": "1000", "e-2": "500"})
    await sell(
        company,
        Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1000"),
        Sale(paid_on=date(2026, 1, 6), salesperson="e-2", amount="500"),
    )
    await open_cycle(company)
    await open_cycle(company, "boss", scheme="lead", population={"position": "boss"})
    for cycle in ("jan", "boss"):
        await move(company, cycle, "closed", "review", "approved", "published")
    await move(company, "jan", "open", reason="an order was missing")
    await sell(company, Sale(paid_on=date(2026, 1, 7), salesperson="e-1", amount="250"))
    await move(company, "jan", "closed", "review", "approved")
    return company


async def feed_of(company: Company, limit: int = 1000) -> list[Json]:
    """The whole feed in pages, of which each third answer is lost and asked for again."""
    items: list[Json] = []
    for asked in itertools.count(1):
        after = items[-1]["seq"] if items else 0
        path = f"/v1/payroll/entries?after={after}&limit={limit}"
        page = (await company.get(path)).json()["items"]
        if asked % 3 == 0:
            continue
        if not page:
            return items
        items += page
    raise AssertionError


async def test_scenario_p03_a_crash_after_any_statement_of_a_correction_leaves_nothing(
    revised: Company, monkeypatch: pytest.MonkeyPatch, figure: Figures
) -> None:
    """Of a second revision, which pays a leader otherwise in a cycle that stays published."""
    crashes, torn = await crash_everywhere(revised, monkeypatch, dies_after=True)
    of = "crashes, at each statement of a second revision that corrects a leader"
    figure("P03", Wrong.TORN, torn, tried=crashes, of=of)
    new = (await feed_of(revised))[4:]
    assert [(each["employee"], each["plan"], each["kind"], each["amount"]) for each in new] == [
        ("e-1", "commission", "correction", "10.00"),
        ("e-boss", "leader_mean", "correction", "7.50"),
    ]


@pytest.mark.parametrize(("prepare", "entries"), [(approve, 4), (revise, 2)])
async def test_scenario_p03_a_publication_whose_commit_is_cut_is_there_whole_or_not_at_all(
    company: Company,
    figure: Figures,
    prepare: Callable[[Company], Awaitable[Company]],
    entries: int,
) -> None:
    """Killed before the commit, by the database in it, or once it was made and nobody heard."""
    await prepare(company)
    before, stood = await digest(company), await feed_of(company)
    torn = []
    with pytest.raises(Crashed):
        await die_before_commit(company)
    if await digest(company) != before:
        torn.append("dies before the commit")
    with pytest.raises(Unavailable):
        await lose_the_connection(company)
    if await digest(company) != before:
        torn.append("its connection is cut as it commits")
    with pytest.raises(Crashed):
        await die_after_commit(company)
    whole, new = await digest(company), (await feed_of(company))[len(stood) :]
    if len(new) != entries:
        torn.append("dies after the commit")
    # Who heard nothing asks again, and is told that it is done.
    with pytest.raises(Conflict) as refusal:
        await publish(company)
    assert refusal.value.code == "move_not_allowed"
    if await digest(company) != whole or await feed_of(company) != [*stood, *new]:
        torn.append("asked again")
    of = "cuts of a publication: before its commit, in it, after it, and asked again"
    figure("P03", Wrong.TORN, torn, tried=4, of=of)


async def die_before_commit(company: Company) -> None:
    async with publishing(company):
        raise Crashed


async def die_after_commit(company: Company) -> None:
    await publish(company)
    raise Crashed


async def lose_the_connection(company: Company) -> None:
    async with publishing(company) as session:
        process = await session.scalar(text("SELECT pg_backend_pid()"))
        kill = text("SELECT pg_terminate_backend(:process)")
        database: Database = company.app.state.database
        async with database.read(company.number) as beside:
            assert await beside.scalar(kill, {"process": process})


async def test_scenario_p02_whoever_reads_while_a_publication_is_open_sees_nothing_of_it(
    revised: Company, monkeypatch: pytest.MonkeyPatch, figure: Figures
) -> None:
    """After each of its statements, between the first row and the last; and numbers have no gap."""
    stood = await feed_of(revised)
    reads, wrong = 0, 0
    watched = False
    sizes = itertools.cycle((1, 7, 1000))
    execute, execute_many = WriteSession.execute, WriteSession.execute_many

    async def look() -> None:
        nonlocal reads, wrong, watched
        if watched:
            watched = False
            reads += 1
            wrong += await feed_of(revised, next(sizes)) != stood
            watched = True

    async def watching(session: WriteSession, *arguments: Any) -> CursorResult[Any]:
        result = await execute(session, *arguments)
        await look()
        return result

    async def watching_many(session: WriteSession, *arguments: Any) -> None:
        await execute_many(session, *arguments)
        await look()

    with monkeypatch.context() as patched:
        patched.setattr(WriteSession, "execute", watching)
        patched.setattr(WriteSession, "execute_many", watching_many)
        watched = True
        await publish(revised)
        watched = False
    told = [await feed_of(revised, limit) for limit in (1, 7, 1000)]
    assert told[0] == told[1] == told[2]
    assert told[0][: len(stood)] == stood
    assert [each["seq"] for each in told[0]] == list(range(1, len(stood) + 3))
    of = "pulls in pages of 1, 7 or 1,000 at each statement of a publication, each third cut"
    figure("P02", Wrong.PULLS, wrong, tried=reads, of=of)


async def test_scenario_p02_of_two_publications_the_later_numbers_are_committed_later(
    revised: Company, figure: Figures
) -> None:
    """Who has read up to a number has missed none below it, also while another takes its own."""
    await set_targets(revised, {"e-2": "500"}, "2026-02")
    await sell(revised, Sale(paid_on=date(2026, 2, 5), salesperson="e-2", amount="500"))
    await open_cycle(revised, "feb", period="2026-02", population={"employees": ["e-2"]})
    await move(revised, "feb", "closed", "review", "approved")
    stood = await feed_of(revised)
    wrong = 0
    async with publishing(revised):
        other = asyncio.create_task(move(revised, "feb", "published"))
        for limit in (1, 7, 1000):
            await asyncio.sleep(0.05)
            wrong += await feed_of(revised, limit) != stood or other.done()
    await other
    whole = await feed_of(revised)
    seqs = [each["seq"] for each in whole]
    cycles = [each["cycle"] for each in whole[len(stood) :]]
    wrong += len({*seqs} ^ {*range(1, len(stood) + 4)})
    assert cycles == ["jan", "boss", "feb"]
    assert whole[: len(stood)] == stood
    of = "pulls while one publication holds the numbers and another waits for them"
    figure("P02", Wrong.PULLS, wrong, tried=4, of=of)


async def told_of(connection: asyncpg.Connection, tenant: int, change: str) -> str:
    """What the database says to a statement for a tenant."""
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL kaohe.tenant = '{tenant:d}'")
            await connection.execute(change)
    except asyncpg.PostgresError as error:
        return str(error)
    return "accepted"


async def test_scenario_p05_what_is_published_refuses_every_change_by_every_role(
    approved: Company, database: TestDatabase, figure: Figures
) -> None:
    await publish(approved)
    before = await digest(approved)
    tried, accepted = 0, []
    for role in ("kaohe_api", "kaohe_ingest", "kaohe_payroll", "kaohe_migrate"):
        connection = await asyncpg.connect(database.dsn(role))
        refusal = "append-only" if role == "kaohe_migrate" else "permission denied"
        for table in ("results", "payouts", "audit", "scheme_versions", "cycle_moves"):
            for change in (
                f"UPDATE {table} SET tenant_id = tenant_id",  # noqa: S608  names of ours
                f"DELETE FROM {table}",  # noqa: S608  names of ours
                f"TRUNCATE {table} CASCADE",
            ):
                tried += 1
                told = await told_of(connection, approved.number, change)
                if refusal not in told:
                    accepted.append(f"{role}: {change}: {told}")
        await connection.close()
    of = "UPDATE, DELETE and TRUNCATE by four roles"
    figure("P05", Wrong.ACCEPTED, accepted, tried=tried, of=of)
    assert tried == 60
    assert await digest(approved) == before


async def test_the_database_keeps_one_result_for_a_revision(approved: Company) -> None:
    """Requirement 23: also against a flow that forgot to ask."""
    await publish(approved)
    again = text(
        "INSERT INTO results SELECT r.tenant_id, r.id || 'x', r.cycle, r.period, r.subject_kind, "
        "r.subject, r.revision, r.unit, r.scorecard, r.scheme, r.scheme_version, r.total, r.grade, "
        "r.document, r.document_sha256, r.scorecard_document, r.explanation, r.fingerprint, "
        "r.published_at FROM results AS r"
    )
    with pytest.raises(DBAPIError, match="uq_results"):
        async with approved.owner.write(approved.number) as session:
            await session.execute(again)


async def test_the_payroll_role_reads_the_feed_and_cannot_read_scores(approved: Company) -> None:
    await publish(approved)
    payroll: Database = approved.app.state.payroll
    async with payroll.read(approved.number) as session:
        assert await session.scalar(text("SELECT count(*) FROM payouts")) == 4
    for table in ("scorecards", "employees", "api_keys", "targets", "cycles", "audit"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with payroll.read(approved.number) as session:
                await session.execute(text(f"SELECT 1 FROM {table}"))  # noqa: S608  names of ours
