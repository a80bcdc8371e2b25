"""Back-tests as jobs, and what they compare with: the cards of a period and what was paid."""

import json
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, func, literal, select, text, update

from services.api.store.cycles import cycle_from_row, population_from_row, population_to_row
from services.api.store.people import among
from services.schema.days import Period
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.back_tests import BackTest, PastCard, PlanPaid
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.jobs import JobKind
from services.schema.shapes.people import Subject
from services.schema.tables.cycles import cycles
from services.schema.tables.payouts import payouts
from services.schema.tables.people import jobs
from services.schema.tables.scorecards import scorecards
from services.schema.words import JobStatus, PayPlan, ScorecardStatus, SubjectKind

KIND = JobKind.BACK_TEST
CHANNEL = "kaohe_back_tests"
_ASKING = 0x6261
"""The first half of the advisory lock under which a tenant asks for a back-test: "ba"."""
_RUNNING = 0x6262
"""Of the one that whoever runs a tenant's back-test holds; it ends with its connection."""


async def lock_asking(session: WriteSession) -> None:
    """One at a time asks for a tenant's back-test; the lock ends with the transaction."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(:lock, :tenant)"),
        {"lock": _ASKING, "tenant": session.tenant},
    )


async def takes_turn(session: ReadSession) -> bool:
    """Whether this transaction is the one that runs the tenant's back-test, until it ends."""
    took: bool = await session.scalar(
        text("SELECT pg_try_advisory_xact_lock(:lock, :tenant)"),
        {"lock": _RUNNING, "tenant": session.tenant},
    )
    return took


async def wake_back_tests(session: WriteSession) -> None:
    """Tell whoever runs back-tests that this tenant has one; heard after the commit."""
    await session.execute(
        text("SELECT pg_notify(:channel, :tenant)"),
        {"channel": CHANNEL, "tenant": str(session.tenant)},
    )


async def read_running(session: ReadSession) -> BackTest | None:
    """The back-test of the tenant that is not finished; the oldest, should there be several."""
    statement = (
        select(jobs.c.id, jobs.c.request)
        .where(
            jobs.c.tenant_id == session.tenant,
            jobs.c.kind == KIND,
            jobs.c.status == JobStatus.RUNNING,
        )
        .order_by(jobs.c.id)
        .limit(1)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else _back_test_from_row(row)


async def count_attempt(session: WriteSession, asked: BackTest) -> bool:
    """Put down that a back-test is begun once more, from the start; false where it is over."""
    begun = await session.execute(
        update(jobs)
        .where(
            jobs.c.tenant_id == session.tenant,
            jobs.c.id == asked.job,
            jobs.c.status == JobStatus.RUNNING,
        )
        .values(request=json.dumps(request_of(asked, asked.attempts + 1)), progress=Decimal(0))
    )
    return begun.rowcount == 1


def request_of(asked: BackTest, attempts: int) -> dict[str, object]:
    """What a job keeps of a back-test."""
    named = asked.population
    return {
        "scheme": asked.scheme,
        "document": asked.document,
        "periods": list(asked.periods),
        "population": None if named is None else population_to_row(named),
        "attempts": attempts,
    }


async def read_cycles_of_scheme(session: ReadSession, scheme: str) -> list[Cycle]:
    """All cycles of a scheme, the one of the newest period last."""
    statement = (
        select(cycles)
        .where(cycles.c.tenant_id == session.tenant, cycles.c.scheme == scheme)
        .order_by(cycles.c.ends_on, cycles.c.starts_on, cycles.c.code)
    )
    return [cycle_from_row(row) for row in await session.execute(statement)]


async def read_past_cards(
    session: ReadSession, period: Period, *, scheme: str
) -> dict[Subject, PastCard]:
    """The current card of each subject in a period; of several the scheme's, else the first."""
    current = (
        (cycles.c.tenant_id == scorecards.c.tenant_id)
        & (cycles.c.code == scorecards.c.cycle)
        & (cycles.c.revision == scorecards.c.revision)
    )
    statement = (
        select(
            scorecards.c.cycle,
            scorecards.c.subject_kind,
            scorecards.c.subject,
            scorecards.c.status,
            scorecards.c.total,
            scorecards.c.grade,
            cycles.c.scheme,
            cycles.c.scheme_version,
        )
        .join(cycles, current)
        .where(
            scorecards.c.tenant_id == session.tenant,
            cycles.c.starts_on == period.start,
            cycles.c.ends_on == period.end,
            cycles.c.scheme_version.is_not(None),
        )
        .order_by((cycles.c.scheme == literal(scheme)).desc(), scorecards.c.cycle)
    )
    found: dict[Subject, PastCard] = {}
    for row in await session.execute(statement):
        card = _past_card_from_row(row)
        found.setdefault(card.subject, card)
    return found


async def read_paid(
    session: ReadSession, codes: Collection[str]
) -> dict[tuple[str, str], Mapping[PlanPaid, Decimal]]:
    """What payroll has heard of people in cycles, by cycle and employee: corrections included."""
    key = (payouts.c.cycle, payouts.c.employee, payouts.c.plan, payouts.c.currency)
    statement = (
        select(*key, func.sum(payouts.c.amount).label("amount"))
        .where(payouts.c.tenant_id == session.tenant, among(payouts.c.cycle, codes))
        .group_by(*key)
    )
    found: dict[tuple[str, str], dict[PlanPaid, Decimal]] = {}
    for row in await session.execute(statement):
        plan = None if row.plan is None else PayPlan(row.plan)
        found.setdefault((row.cycle, row.employee), {})[plan, row.currency] = row.amount
    return dict(found)


def _back_test_from_row(row: Row[Any]) -> BackTest:
    kept = json.loads(row.request)
    named = kept["population"]
    return BackTest(
        job=row.id,
        scheme=kept["scheme"],
        document=kept["document"],
        periods=tuple(kept["periods"]),
        population=None if named is None else population_from_row(named),
        attempts=kept["attempts"],
    )


def _past_card_from_row(row: Row[Any]) -> PastCard:
    return PastCard(
        cycle=row.cycle,
        subject=Subject(SubjectKind(row.subject_kind), row.subject),
        scheme=row.scheme,
        scheme_version=row.scheme_version,
        status=ScorecardStatus(row.status),
        total=row.total,
        grade=row.grade,
    )
