"""Marks on scorecards whose inputs have changed since they were computed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import (
    ColumnElement,
    Date,
    Text,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.api.store.people import among
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.live import Mark, Reached, Waiting
from services.schema.tables.cycles import cycles
from services.schema.tables.late_facts import late_facts
from services.schema.tables.measures import touched_days
from services.schema.tables.scorecards import scorecard_reach, scorecards
from services.schema.words import CycleStatus, SubjectKind

CHANNEL = "kaohe_touched"
_SETTLING = 0x6B61
"""The first half of the advisory lock under which a tenant's marks are settled: "ka"."""


async def mark_cards_stale(
    session: WriteSession, *, employees: Collection[str] | None, at: datetime
) -> None:
    """Mark the cards of these people in open cycles, null: every card and the populations too.

    The first mark stands. Cards are locked in the order of their ids, as everywhere.
    """
    where = _current_cards(session, cycles.c.status == CycleStatus.OPEN)
    if employees is None:
        await session.execute(
            update(cycles)
            .where(cycles.c.tenant_id == session.tenant, cycles.c.status == CycleStatus.OPEN)
            .values(stale_since=func.coalesce(cycles.c.stale_since, at))
        )
    else:
        where.append(scorecards.c.subject_kind == SubjectKind.EMPLOYEE)
        where.append(among(scorecards.c.subject, employees))
    await _mark(session, where, at=at)


async def mark_card_stale(session: WriteSession, card_id: str, *, at: datetime) -> None:
    """Mark one card."""
    where = [scorecards.c.tenant_id == session.tenant, scorecards.c.id == card_id]
    await _mark(session, where, at=at)


async def mark_cards_of(session: WriteSession, cycle: str, revision: int, *, at: datetime) -> None:
    """Mark every card of a cycle's revision."""
    where = [
        scorecards.c.tenant_id == session.tenant,
        scorecards.c.cycle == cycle,
        scorecards.c.revision == revision,
    ]
    await _mark(session, where, at=at)


async def mark_cards_beside(
    session: WriteSession, cycle: Cycle, members: Collection[str], *, at: datetime
) -> None:
    """Mark the cards of these people, and their cycles, that lie beside one that begins to score.

    It may hold its members last, and says by which scheme their earlier segments are scored; to
    nobody else does it matter.
    """
    beside = _current_cards(
        session,
        cycles.c.status == CycleStatus.OPEN,
        cycles.c.starts_on == cycle.period.start,
        cycles.c.ends_on == cycle.period.end,
        cycles.c.code != cycle.code,
    )
    theirs = (
        *beside,
        scorecards.c.subject_kind == SubjectKind.EMPLOYEE,
        among(scorecards.c.subject, members),
    )
    await session.execute(
        update(cycles)
        .where(
            cycles.c.tenant_id == session.tenant,
            cycles.c.code.in_(select(scorecards.c.cycle).where(*theirs)),
        )
        .values(stale_since=func.coalesce(cycles.c.stale_since, at))
    )
    await _mark(session, theirs, at=at)


async def mark_due_looks(session: WriteSession, *, at: datetime) -> None:
    """Mark the live cards whose coverage may be otherwise by now."""
    await _mark(session, _due_looks(session, at), at=at)


async def has_due_looks(session: ReadSession, *, at: datetime) -> bool:
    """Whether there are any such cards."""
    return bool(await session.scalar(select(exists().where(*_due_looks(session, at)))))


async def wake_worker(session: WriteSession) -> None:
    """Tell whoever recomputes that this tenant has marks; heard after the commit."""
    notify = text("SELECT pg_notify(:channel, :tenant)")
    await session.execute(notify, {"channel": CHANNEL, "tenant": str(session.tenant)})


async def is_pending(session: ReadSession) -> bool:
    """Whether a live card may show less than has been written."""
    stale_cards = exists().where(
        scorecards.c.stale_since.is_not(None),
        *_current_cards(session, cycles.c.status == CycleStatus.OPEN),
    )
    stale_cycles = exists().where(
        cycles.c.tenant_id == session.tenant,
        cycles.c.status == CycleStatus.OPEN,
        cycles.c.stale_since.is_not(None),
    )
    marks = exists().where(touched_days.c.tenant_id == session.tenant)
    late = exists().where(late_facts.c.tenant_id == session.tenant, late_facts.c.came_at.is_(None))
    return bool(await session.scalar(select(or_(marks, late, stale_cycles, stale_cards))))


async def read_oldest_waiting(session: ReadSession) -> Waiting | None:
    """What has waited longest to be shown on a live card; null where nothing waits."""
    marks = (
        select(touched_days)
        .where(touched_days.c.tenant_id == session.tenant)
        .order_by(touched_days.c.touched_at, touched_days.c.day)
        .limit(1)
    )
    cards = (
        select(scorecards.c.id, scorecards.c.stale_since)
        .where(
            scorecards.c.stale_since.is_not(None),
            *_current_cards(session, cycles.c.status == CycleStatus.OPEN),
        )
        .order_by(scorecards.c.stale_since, scorecards.c.id)
        .limit(1)
    )
    found = []
    if (mark := (await session.execute(marks)).one_or_none()) is not None:
        place = " ".join(part for part in (mark.shop, mark.unit, mark.employee) if part)
        found.append(Waiting(mark.touched_at, mark.day, place))
    if (card := (await session.execute(cards)).one_or_none()) is not None:
        found.append(Waiting(card.stale_since, None, card.id))
    return min(found, key=lambda each: each.since, default=None)


async def lock_settling(session: WriteSession) -> None:
    """One at a time settles a tenant's marks; the lock ends with the transaction."""
    statement = text("SELECT pg_advisory_xact_lock(:settling, :tenant)")
    await session.execute(statement, {"settling": _SETTLING, "tenant": session.tenant})


async def read_marks(session: ReadSession) -> list[Mark]:
    """What ingest has touched and nobody has settled yet."""
    statement = select(touched_days).where(touched_days.c.tenant_id == session.tenant)
    return [
        Mark(row.day, row.shop, row.unit, row.employee, row.touched_at)
        for row in await session.execute(statement)
    ]


async def drop_marks(session: WriteSession, marks: Sequence[Mark]) -> None:
    """Take away marks that are still as they were read; one that is renewed stays for later."""
    key = (
        touched_days.c.day,
        touched_days.c.shop,
        touched_days.c.unit,
        touched_days.c.employee,
        touched_days.c.touched_at,
    )
    listed = func.unnest(
        literal([mark.day for mark in marks], ARRAY(Date)),
        literal([mark.shop for mark in marks], ARRAY(Text)),
        literal([mark.unit for mark in marks], ARRAY(Text)),
        literal([mark.employee for mark in marks], ARRAY(Text)),
        literal([mark.touched_at for mark in marks], ARRAY(touched_days.c.touched_at.type)),
    ).table_valued("day", "shop", "unit", "employee", "touched_at")
    seen = select(*listed.render_derived().c)
    free = (
        select(*key)
        .where(touched_days.c.tenant_id == session.tenant, tuple_(*key).in_(seen))
        .with_for_update(skip_locked=True)
        .cte("free")
    )
    await session.execute(
        delete(touched_days).where(
            touched_days.c.tenant_id == session.tenant, tuple_(*key).in_(select(*free.c))
        )
    )


async def mark_reached(
    session: WriteSession, touched: Iterable[tuple[str, date]], *, at: datetime
) -> None:
    """Mark the cards that are made of facts of these subjects and days, whatever their cycle.

    Cards of cycles that are closed keep the mark: it says that facts came after the close.
    """
    listed = sorted(set(touched))
    marks = (
        func.unnest(
            literal([subject for subject, _ in listed], ARRAY(Text)),
            literal([day for _, day in listed], ARRAY(Date)),
        )
        .table_valued("subject", "day")
        .render_derived()
    )
    reached = select(scorecard_reach.c.scorecard).where(
        scorecard_reach.c.tenant_id == session.tenant,
        scorecard_reach.c.reached == marks.c.subject,
        or_(scorecard_reach.c.starts_on.is_(None), scorecard_reach.c.starts_on <= marks.c.day),
        scorecard_reach.c.ends_on > marks.c.day,
    )
    where = [
        scorecards.c.tenant_id == session.tenant,
        scorecards.c.id.in_(reached),
    ]
    await _mark(session, where, at=at)


async def read_reach(session: ReadSession, cards: Collection[str]) -> dict[str, frozenset[Reached]]:
    """Whose facts of which days each of these cards is made of."""
    statement = select(scorecard_reach).where(
        scorecard_reach.c.tenant_id == session.tenant, among(scorecard_reach.c.scorecard, cards)
    )
    found: dict[str, set[Reached]] = {card: set() for card in cards}
    for row in await session.execute(statement):
        found[row.scorecard].add(Reached(row.reached, row.starts_on, row.ends_on))
    return {card: frozenset(reached) for card, reached in found.items()}


async def replace_reach(session: WriteSession, reach: Mapping[str, Collection[Reached]]) -> None:
    """Say anew what these cards are made of."""
    await forget_reach(session, reach)
    await add_reach(session, reach)


async def add_reach(session: WriteSession, reach: Mapping[str, Collection[Reached]]) -> None:
    """Say what else these cards are made of; what is known stays."""
    rows = [
        {
            "tenant_id": session.tenant,
            "reached": reached.subject,
            "scorecard": card,
            "starts_on": reached.start,
            "ends_on": reached.end,
        }
        for card in sorted(reach)
        for reached in sorted(reach[card], key=lambda each: each.subject)
    ]
    await session.execute_many(insert(scorecard_reach).on_conflict_do_nothing(), rows)


async def forget_reach(session: WriteSession, cards: Collection[str]) -> None:
    """Let no fact mark these cards any more."""
    await session.execute(
        delete(scorecard_reach).where(
            scorecard_reach.c.tenant_id == session.tenant,
            among(scorecard_reach.c.scorecard, cards),
        )
    )


async def _mark(
    session: WriteSession, where: Sequence[ColumnElement[bool]], *, at: datetime
) -> None:
    """Whether a card is marked already is asked under its lock: a pass that cannot see what this
    transaction writes may be about to take the mark away.
    """
    chosen = (
        select(scorecards.c.id, scorecards.c.stale_since)
        .where(*where)
        .order_by(scorecards.c.id)
        .with_for_update()
        .cte("chosen")
    )
    fresh = select(chosen.c.id).where(chosen.c.stale_since.is_(None))
    await session.execute(
        update(scorecards)
        .where(scorecards.c.tenant_id == session.tenant, scorecards.c.id.in_(fresh))
        .values(stale_since=at)
    )


def _due_looks(session: ReadSession, at: datetime) -> list[ColumnElement[bool]]:
    return [
        scorecards.c.look_again_at <= at,
        scorecards.c.stale_since.is_(None),
        *_current_cards(session, cycles.c.status == CycleStatus.OPEN),
    ]


def _current_cards(session: ReadSession, *which: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    """The cards of the current revision of some cycles: what was published before is left alone."""
    current = select(cycles.c.code, cycles.c.revision).where(
        cycles.c.tenant_id == session.tenant, *which
    )
    key = tuple_(scorecards.c.cycle, scorecards.c.revision)
    return [scorecards.c.tenant_id == session.tenant, key.in_(current)]
