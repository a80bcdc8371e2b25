"""Disputes as they are kept with their decisions, and what was upheld of a card."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, insert, select

from services.api.store.abouts import about_columns, about_of, among_abouts
from services.schema.db import ReadSession, WriteSession
from services.schema.money import plain
from services.schema.shapes.disputes import (
    ChangedFact,
    ClaimedValue,
    Correction,
    Dispute,
    DisputeDecision,
    FactChange,
    StatedDispute,
)
from services.schema.shapes.payouts import PayChange
from services.schema.shapes.ratings import About
from services.schema.shapes.scorecards import Stated, StatedValue
from services.schema.tables.disputes import dispute_decisions, disputes
from services.schema.tables.late_facts import late_decisions
from services.schema.words import DisputeAbout, FactKind, PayPlan

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
            claims=_claims_to_kept(stated),
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


async def read_upheld(session: ReadSession, abouts: Collection[About]) -> dict[About, Stated]:
    """What was upheld of these cards' lines and facts, first to last; ratings say so themselves."""
    statement = _all(session).where(
        among_abouts(disputes, abouts),
        disputes.c.about.in_([DisputeAbout.LINE, DisputeAbout.FACT]),
        dispute_decisions.c.uphold,
    )
    found: dict[About, Stated] = {}
    by_decision = statement.order_by(dispute_decisions.c.decided_at, disputes.c.id)
    for row in await session.execute(by_decision):
        about = about_of(row)
        stated = found.get(about, Stated())
        found[about] = replace(
            stated,
            values=(*stated.values, *_values_of(row)),
            facts=(*stated.facts, *_facts_of(row)),
        )
    return found


def _values_of(row: Row[Any]) -> Iterator[StatedValue]:
    if row.about == DisputeAbout.LINE:
        yield StatedValue(row.named, row.segment, row.value, row.id)
        return
    for each in _claims(row.claims):
        if each.holds:
            yield StatedValue(each.item, each.segment, each.value, row.id)


def _facts_of(row: Row[Any]) -> Iterator[ChangedFact]:
    change = _change(row.claims)
    if row.about == DisputeAbout.FACT and change is not None:
        kind, source, fact = row.named.split("/", 2)
        amount = change.amount if row.value is None else row.value
        yield ChangedFact(FactKind(kind), source, fact, replace(change, amount=amount), row.id)


def _all(session: ReadSession) -> Select[Any]:
    decided = dispute_decisions.c
    join = (decided.tenant_id == disputes.c.tenant_id) & (decided.dispute == disputes.c.id)
    carried_out = (late_decisions.c.tenant_id == disputes.c.tenant_id) & (
        late_decisions.c.id == disputes.c.id
    )
    return (
        select(
            disputes,
            *(decided[name] for name in _DECIDED),
            decided.reason.label("decided_reason"),
            decided.person.label("decided_person"),
            decided.author.label("decided_author"),
            late_decisions.c.document.label("carried_out"),
        )
        .outerjoin(dispute_decisions, join)
        .outerjoin(late_decisions, carried_out)
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
            change=_change(row.claims),
        ),
        person=row.person,
        author=row.author,
        filed_at=row.filed_at,
        decision=decision,
        correction=None if row.carried_out is None else _correction(json.loads(row.carried_out)),
    )


def _correction(kept: Mapping[str, Any]) -> Correction | None:
    """Null where nothing was published yet that could be corrected."""
    if kept["pay"] is None:
        return None
    return Correction(
        total=Decimal(kept["total"]),
        grade=kept["grade"],
        pay=tuple(
            PayChange(
                place=each["place"],
                plan=None if each["plan"] is None else PayPlan(each["plan"]),
                before=Decimal(each["before"]),
                after=Decimal(each["after"]),
                currency=each["currency"],
            )
            for each in kept["pay"]
        ),
        entries=tuple(kept["entries"]),
    )


def _claims_to_kept(stated: StatedDispute) -> list[dict[str, object]]:
    """What is claimed of lines, or of the fact itself."""
    if (change := stated.change) is not None:
        kept = {
            "exclude": change.exclude,
            "amount": None if change.amount is None else plain(change.amount),
            "salesperson": change.salesperson,
        }
        return [{"change": kept}]
    return [
        {"item": each.item, "segment": each.segment, "value": plain(each.value), "holds": True}
        for each in stated.claims
    ]


def _claims(kept: Sequence[Mapping[str, Any]]) -> tuple[ClaimedValue, ...]:
    return tuple(
        ClaimedValue(
            each["item"], each["segment"], Decimal(each["value"]), each.get("holds", False)
        )
        for each in kept
        if "item" in each
    )


def _change(kept: Sequence[Mapping[str, Any]]) -> FactChange | None:
    for each in kept:
        if (change := each.get("change")) is not None:
            amount = change["amount"]
            return FactChange(
                change["exclude"],
                None if amount is None else Decimal(amount),
                change["salesperson"],
            )
    return None
