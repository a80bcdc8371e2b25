"""Disputes as they are kept with their decisions, and what was upheld of a card."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, insert, select

from services.api.store.abouts import about_columns, about_of, among_abouts
from services.schema.db import ReadSession, WriteSession
from services.schema.money import plain
from services.schema.shapes.disputes import (
    ClaimedValue,
    Dispute,
    DisputeDecision,
    StatedDispute,
)
from services.schema.shapes.ratings import About
from services.schema.shapes.scorecards import StatedValue
from services.schema.tables.disputes import dispute_decisions, disputes
from services.schema.words import DisputeAbout

_DECIDED = ("uphold", "value", "decided_at")


async def insert_dispute(session: WriteSession, dispute: Dispute) -> None:
    """Append a dispute."""
    stated = dispute.stated
    await session.execute(
        insert(disputes).values(
            **about_columns(session, (dispute.cycle, dispute.subject)),
            id=dispute.id,
            scorecard=dispute.scorecard,
            about=stated.about,
            named=stated.named,
            segment=stated.segment,
            claims=[
                {"item": each.item, "segment": each.segment, "value": plain(each.value)}
                for each in stated.claims
            ],
            reason=stated.reason,
            person=dispute.person,
            author=dispute.author,
            filed_at=dispute.filed_at,
        )
    )


async def insert_dispute_decision(
    session: WriteSession, dispute: str, decided: DisputeDecision
) -> None:
    """Append what was decided of a dispute."""
    await session.execute(
        insert(dispute_decisions).values(
            tenant_id=session.tenant,
            dispute=dispute,
            uphold=decided.uphold,
            reason=decided.reason,
            value=decided.value,
            person=decided.person,
            author=decided.author,
            decided_at=decided.decided_at,
        )
    )


async def find_dispute(session: ReadSession, id: str) -> Dispute | None:
    """A dispute by its id."""
    statement = _all(session).where(disputes.c.id == id)
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else _dispute_from_row(row)


async def read_disputes(
    session: ReadSession, abouts: Collection[About]
) -> dict[About, tuple[Dispute, ...]]:
    """All disputes of these cards, first to last; each of them is there."""
    statement = _all(session).where(among_abouts(disputes, abouts)).order_by(disputes.c.id)
    found: dict[About, list[Dispute]] = defaultdict(list)
    for row in await session.execute(statement):
        found[about_of(row)].append(_dispute_from_row(row))
    return {about: tuple(found.get(about, ())) for about in abouts}


async def read_open_disputes(session: ReadSession, cycle: str) -> list[Dispute]:
    """The disputes of a cycle that wait for a decision, first to last."""
    statement = _all(session).where(
        disputes.c.cycle == cycle, dispute_decisions.c.dispute.is_(None)
    )
    return [
        _dispute_from_row(row) for row in await session.execute(statement.order_by(disputes.c.id))
    ]


async def read_stated_values(
    session: ReadSession, abouts: Collection[About]
) -> dict[About, tuple[StatedValue, ...]]:
    """What HR stated of contested lines of these cards, first to last."""
    statement = _all(session).where(
        among_abouts(disputes, abouts),
        disputes.c.about == DisputeAbout.LINE,
        dispute_decisions.c.uphold,
    )
    found: dict[About, list[StatedValue]] = defaultdict(list)
    by_decision = statement.order_by(dispute_decisions.c.decided_at, disputes.c.id)
    for row in await session.execute(by_decision):
        found[about_of(row)].append(StatedValue(row.named, row.segment, row.value, row.id))
    return {about: tuple(values) for about, values in found.items()}


def _all(session: ReadSession) -> Select[Any]:
    decided = dispute_decisions.c
    join = (decided.tenant_id == disputes.c.tenant_id) & (decided.dispute == disputes.c.id)
    return (
        select(
            disputes,
            *(decided[name] for name in _DECIDED),
            decided.reason.label("decided_reason"),
            decided.person.label("decided_person"),
            decided.author.label("decided_author"),
        )
        .outerjoin(dispute_decisions, join)
        .where(disputes.c.tenant_id == session.tenant)
    )


def _dispute_from_row(row: Row[Any]) -> Dispute:
    cycle, subject = about_of(row)
    decision = None
    if row.uphold is not None:
        decision = DisputeDecision(
            uphold=row.uphold,
            reason=row.decided_reason,
            value=row.value,
            person=row.decided_person,
            author=row.decided_author,
            decided_at=row.decided_at,
        )
    return Dispute(
        id=row.id,
        scorecard=row.scorecard,
        cycle=cycle,
        subject=subject,
        stated=StatedDispute(
            about=DisputeAbout(row.about),
            named=row.named,
            segment=row.segment,
            claims=_claims(row.claims),
            reason=row.reason,
        ),
        person=row.person,
        author=row.author,
        filed_at=row.filed_at,
        decision=decision,
    )


def _claims(kept: Sequence[Mapping[str, Any]]) -> tuple[ClaimedValue, ...]:
    return tuple(
        ClaimedValue(each["item"], each["segment"], Decimal(each["value"])) for each in kept
    )
