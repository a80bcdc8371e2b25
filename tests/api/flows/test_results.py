"""A publication is one transaction: whatever breaks in the middle of it leaves nothing."""

from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import pytest
from sqlalchemy import CursorResult, text
from sqlalchemy.exc import DBAPIError

from services.api.flows.cycles import move_cycle
from services.schema.db import Database, WriteSession
from services.schema.shapes.people import Caller
from services.schema.words import CycleStatus, Role
from tests.api.appraisals import (
    digest,
    found,
    move,
    open_cycle,
    publish_scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company
from tests.api.facts import Sale
from tests.databases import TestDatabase
from tests.figures import Figures, Wrong

AT = datetime(2026, 6, 1, tzinfo=UTC)


class Crashed(Exception):
    """The process dies here."""


@pytest.fixture
async def approved(company: Company) -> Company:
    await found(company, ["e-1", "e-2"])
    await publish_scheme(company)
    await set_targets(company, {"e-1": "1000", "e-2": "500"})
    await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1500.5"))
    await open_cycle(company)
    await move(company, "jan", "closed", "review", "approved")
    return company


async def publish(company: Company) -> None:
    database: Database = company.app.state.database
    caller = Caller(company.number, Role.HR, None, "key:test")
    async with database.write(company.number) as session:
        await move_cycle(session, "jan", CycleStatus.PUBLISHED, reason=None, caller=caller, at=AT)


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
    before, torn = await digest(approved), []
    with monkeypatch.context() as patched:
        wire = Wire(patched)
        wire.dies_after = dies_after
        crashes = 0
        while True:
            wire.left = crashes
            try:
                await publish(approved)
            except Crashed:
                crashes += 1
            else:
                break
            wire.left = 1_000
            if await digest(approved) != before:
                torn.append(f"statement {crashes}")
    figure("P03", Wrong.TORN, torn, tried=crashes, of="crashes, at each statement of a publication")
    assert crashes > 15
    entries = (await approved.get("/v1/payroll/entries")).json()["items"]
    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4]


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
