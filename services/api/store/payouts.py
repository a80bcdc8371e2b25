"""The payroll feed as it is kept: numbered entries that are appended and never change."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.dialects.postgresql import insert

from services.api.store.people import among
from services.schema.days import Period
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.payouts import Entry, MemberPay
from services.schema.tables.cycles import cycles
from services.schema.tables.payouts import payouts, payroll_acknowledgements
from services.schema.tables.results import results
from services.schema.tables.scorecards import scorecards
from services.schema.words import EntryKind, PayPlan, SubjectKind

PAYROLL = "payroll"
"""The counter of `seq`; whoever publishes holds it until the commit, so that no number is lost."""

# What no copy of a database shares with its original: the cluster and, after it went on from a
# backup, its timeline; and the table itself, which a dump makes anew. A tenant that was put back
# from a file of its own says when: this is null, and not counted, for all others.
_EPOCH = text("""
SELECT concat_ws(
    '/',
    (SELECT system_identifier FROM pg_control_system()),
    (SELECT timeline_id FROM pg_control_checkpoint()),
    (SELECT oid FROM pg_database WHERE datname = current_database()),
    'payouts'::regclass::oid,
    (SELECT value FROM counters WHERE tenant_id = :tenant AND name = 'imported')
)
""")


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry with what is kept beside its document."""

    entry: Entry
    sha256: bytes
    result: str
    number: int
    inputs: bytes
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Stated:
    """What payroll has heard already of one plan of a subject's result."""

    original: str
    """The id of the first entry, which every correction names."""
    plan: PayPlan | None
    amounts: tuple[Decimal, ...]
    """The original's, and those of its corrections."""
    currency: str
    result: str
    next_place: int
    """Of one more entry among those of the result."""
    fingerprint: str
    latest: bytes
    """The document of the newest of these entries."""


async def insert_entries(session: WriteSession, made: Sequence[NewEntry]) -> None:
    """Append entries to the feed."""
    await session.execute_many(insert(payouts), [_entry_to_row(session, each) for each in made])


async def read_entries(session: ReadSession, *, after: int, limit: int) -> list[Entry]:
    """The entries that follow a number, oldest first."""
    statement = (
        select(payouts)
        .where(payouts.c.tenant_id == session.tenant, payouts.c.seq > after)
        .order_by(payouts.c.seq)
        .limit(limit)
    )
    return [_entry_from_row(row) for row in await session.execute(statement)]


async def read_entries_of_cycle(
    session: ReadSession, cycle: str, *, after: int, limit: int
) -> list[Entry]:
    """The entries of a cycle that follow a number, oldest first."""
    statement = (
        select(payouts)
        .where(
            payouts.c.tenant_id == session.tenant,
            payouts.c.cycle == cycle,
            payouts.c.seq > after,
        )
        .order_by(payouts.c.seq)
        .limit(limit)
    )
    return [_entry_from_row(row) for row in await session.execute(statement)]


async def read_stated(session: ReadSession, cycle: str) -> dict[str, dict[int, Stated]]:
    """What the feed says already of people in a cycle, by employee and place of the plan."""
    statement = (
        select(payouts, results.c.fingerprint)
        .join(results, _is_result)
        .where(payouts.c.tenant_id == session.tenant, payouts.c.cycle == cycle)
        .order_by(payouts.c.seq)
    )
    rows = (await session.execute(statement)).all()
    places: dict[str, int] = {}
    corrections: dict[str, list[Decimal]] = defaultdict(list)
    latest: dict[str, bytes] = {}
    for row in rows:
        places[row.result] = max(places.get(row.result, 0), row.number + 1)
        latest[row.corrects or row.id] = row.document
        if row.corrects is not None:
            corrections[row.corrects].append(row.amount)
    found: dict[str, dict[int, Stated]] = defaultdict(dict)
    for row in rows:
        if row.corrects is None:
            found[row.employee][row.number] = Stated(
                original=row.id,
                plan=None if row.plan is None else PayPlan(row.plan),
                amounts=(row.amount, *corrections[row.id]),
                currency=row.currency,
                result=row.result,
                next_place=places[row.result],
                fingerprint=row.fingerprint,
                latest=latest[row.id],
            )
            places[row.result] += 1
    return dict(found)


async def read_business_pay(
    session: ReadSession, inside: Period, people: Collection[str], *, without: str | None
) -> list[MemberPay]:
    """What the feed owes people by commission in each cycle within a period that holds them."""
    is_held = (
        (scorecards.c.tenant_id == cycles.c.tenant_id)
        & (scorecards.c.cycle == cycles.c.code)
        & (scorecards.c.revision == cycles.c.revision)
        & (scorecards.c.subject_kind == SubjectKind.EMPLOYEE)
        & (scorecards.c.subject == payouts.c.employee)
    )
    is_cycle = (cycles.c.tenant_id == payouts.c.tenant_id) & (cycles.c.code == payouts.c.cycle)
    key = (payouts.c.employee, payouts.c.cycle)
    statement = (
        select(*key, func.sum(payouts.c.amount).label("amount"))
        .join(cycles, is_cycle)
        .join(scorecards, is_held)
        .where(
            payouts.c.tenant_id == session.tenant,
            payouts.c.plan == PayPlan.COMMISSION,
            among(payouts.c.employee, people),
            cycles.c.starts_on >= inside.start,
            cycles.c.ends_on <= inside.end,
            cycles.c.code != (without or ""),
        )
        .group_by(*key)
        .order_by(*key)
    )
    rows = await session.execute(statement)
    return [MemberPay(row.employee, row.cycle, row.amount) for row in rows]


async def read_last_seq(session: ReadSession) -> int:
    """The number of the newest entry; 0 before the first."""
    statement = select(func.max(payouts.c.seq)).where(payouts.c.tenant_id == session.tenant)
    return int(await session.scalar(statement) or 0)


async def read_newest_moment(session: ReadSession) -> datetime | None:
    """When the newest entry was published."""
    statement = (
        select(payouts.c.published_at)
        .where(payouts.c.tenant_id == session.tenant)
        .order_by(payouts.c.seq.desc())
        .limit(1)
    )
    moment: datetime | None = await session.scalar(statement)
    return moment


async def read_epoch(session: ReadSession) -> str:
    """What tells this feed from the one in a database that a backup was restored to."""
    return str(await session.scalar(_EPOCH, {"tenant": session.tenant}))


async def insert_acknowledgement(
    session: WriteSession, *, through: int, caller: str, at: datetime
) -> None:
    """Put down that payroll has taken the feed up to a number; saying so again changes nothing."""
    await session.execute(
        insert(payroll_acknowledgements)
        .values(tenant_id=session.tenant, through=through, caller=caller, acknowledged_at=at)
        .on_conflict_do_nothing()
    )


async def read_acknowledged(session: ReadSession) -> int:
    """The highest number that payroll has taken; 0 before the first."""
    highest = func.max(payroll_acknowledgements.c.through)
    where = payroll_acknowledgements.c.tenant_id == session.tenant
    return int(await session.scalar(select(highest).where(where)) or 0)


_is_result = (payouts.c.tenant_id == results.c.tenant_id) & (payouts.c.result == results.c.id)


def _entry_from_row(row: Row[Any]) -> Entry:
    return Entry(
        seq=row.seq,
        id=row.id,
        kind=EntryKind(row.kind),
        corrects=row.corrects,
        employee=row.employee,
        cycle=row.cycle,
        plan=None if row.plan is None else PayPlan(row.plan),
        amount=row.amount,
        currency=row.currency,
        document=row.document,
    )


def _entry_to_row(session: ReadSession, made: NewEntry) -> dict[str, object]:
    entry = made.entry
    return {
        "tenant_id": session.tenant,
        "seq": entry.seq,
        "id": entry.id,
        "result": made.result,
        "number": made.number,
        "kind": entry.kind,
        "corrects": entry.corrects,
        "employee": entry.employee,
        "cycle": entry.cycle,
        "plan": entry.plan,
        "amount": entry.amount,
        "currency": entry.currency,
        "document": entry.document,
        "document_sha256": made.sha256,
        "inputs": made.inputs,
        "published_at": made.published_at,
    }
