"""Facts that came after data were closed, the cards that wait for them, and what was decided."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Subquery,
    and_,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, distinct_on, insert

from services.api.store.abouts import about_of, among_abouts
from services.api.store.people import among
from services.schema.db import ReadSession, WriteSession
from services.schema.ids import IdKind
from services.schema.shapes.late_facts import Decided, LateFact, LateMark
from services.schema.shapes.live import Mark
from services.schema.shapes.ratings import About
from services.schema.tables.cycles import cycles
from services.schema.tables.late_facts import late_decisions, late_facts
from services.schema.tables.people import tenant_settings
from services.schema.tables.scorecards import scorecard_reach, scorecards
from services.schema.words import CycleStatus, FactKind, LateBasis, LateDecision

MOST_FACTS = 100
"""Facts that are named of one card; all are counted."""
_CLOSED = tuple(
    status for status in CycleStatus if status not in {CycleStatus.DRAFT, CycleStatus.OPEN}
)
# What no closed cycle holds is not late, since an open one takes it: but where late facts were
# rejected, cards may be held and take nothing. The clock is the database's own, as where data
# are closed, so that whether a fact came before or after does not hang on two clocks.
_TAKE = text("""
WITH free AS MATERIALIZED (
    SELECT kind, source, fact, day, shop, unit, employee, basis FROM late_facts
    WHERE tenant_id = :tenant AND came_at IS NULL
    FOR UPDATE SKIP LOCKED
),
judged AS MATERIALIZED (
    SELECT f.*, EXISTS (
        SELECT FROM cycles AS c
        WHERE c.tenant_id = :tenant AND c.ends_on > f.day AND (
            c.status NOT IN ('draft', 'open') OR EXISTS (
                SELECT FROM late_decisions AS d
                WHERE d.tenant_id = :tenant AND d.cycle = c.code AND d.decision = 'rejected'
            )
        )
    ) AS is_late
    FROM free AS f
),
gone AS (
    DELETE FROM late_facts AS l USING judged AS j
    WHERE l.tenant_id = :tenant AND NOT j.is_late
        AND (l.kind, l.source, l.fact, l.day, l.shop, l.unit, l.employee, l.basis)
            = (j.kind, j.source, j.fact, j.day, j.shop, j.unit, j.employee, j.basis)
),
came AS (
    UPDATE late_facts AS l SET came_at = clock_timestamp() FROM judged AS j
    WHERE l.tenant_id = :tenant AND j.is_late
        AND (l.kind, l.source, l.fact, l.day, l.shop, l.unit, l.employee, l.basis)
            = (j.kind, j.source, j.fact, j.day, j.shop, j.unit, j.employee, j.basis)
)
SELECT DISTINCT day, shop, unit, employee, clock_timestamp() AS touched_at
FROM judged WHERE basis = 'pay'
""")


async def take_late(session: WriteSession) -> list[Mark]:
    """See which of the facts that landed for periods that are over came after a close.

    Gives the days of orders that were refunded since, which no measure of their own day tells.
    """
    rows = await session.execute(_TAKE, {"tenant": session.tenant})
    return [Mark(row.day, row.shop, row.unit, row.employee, row.touched_at) for row in rows]


async def read_clock(session: ReadSession) -> datetime:
    """The database's own time."""
    moment: datetime = await session.scalar(select(func.clock_timestamp()))
    return moment


async def read_most_periods(session: ReadSession) -> int | None:
    """How many periods back late facts are still taken; null is however many."""
    most: int | None = await session.scalar(
        select(tenant_settings.c.correction_periods).where(
            tenant_settings.c.tenant_id == session.tenant
        )
    )
    return most


async def save_most_periods(session: WriteSession, most: int | None) -> None:
    """Say anew how many periods back late facts are still taken."""
    await session.execute(
        update(tenant_settings)
        .where(tenant_settings.c.tenant_id == session.tenant)
        .values(correction_periods=most)
    )


async def read_page_of_waiting(
    session: ReadSession, cycle: str | None, *, after: str | None, limit: int
) -> tuple[list[str], int]:
    """The ids of cards for which facts came after the close, and how many cards these are.

    Live cards are among them of which late facts were rejected before their cycle was opened again.
    """
    current = (
        (cycles.c.tenant_id == scorecards.c.tenant_id)
        & (cycles.c.code == scorecards.c.cycle)
        & (cycles.c.revision == scorecards.c.revision)
    )
    last = _last_decided(session)
    held = exists().where(
        last.c.decision == LateDecision.REJECTED,
        func.coalesce(last.c.holds, literal(value=True)),
        *(last.c[name] == scorecards.c[name] for name in _ABOUT),
    )
    where: list[ColumnElement[bool]] = [
        scorecards.c.tenant_id == session.tenant,
        or_(
            and_(cycles.c.status.in_(_CLOSED), scorecards.c.stale_since.is_not(None)),
            and_(cycles.c.status == CycleStatus.OPEN, held),
        ),
    ]
    if cycle is not None:
        where.append(scorecards.c.cycle == cycle)
    waiting = select(scorecards.c.id).join(cycles, current)
    total = await session.scalar(select(func.count()).select_from(waiting.where(*where).subquery()))
    if after is not None:
        where.append(scorecards.c.id > after)
    page = waiting.where(*where).order_by(scorecards.c.id).limit(limit)
    return list((await session.execute(page)).scalars()), int(total)


async def read_late_facts(
    session: ReadSession, card: str, *, since: datetime
) -> tuple[list[LateFact], int]:
    """The first facts that a card is made of and that came since, and how many there are."""
    fact, reach = late_facts.c, scorecard_reach.c
    subjects = [
        literal("company"),
        literal("shop:").concat(fact.shop),
        literal("unit:").concat(fact.unit),
        literal("employee:").concat(fact.employee),
    ]
    touches = or_(
        and_(fact.basis != LateBasis.PAY, reach.reached.in_(subjects)),
        and_(
            fact.basis != LateBasis.SCORE,
            reach.reached.in_([literal("pay/").concat(subject) for subject in subjects]),
        ),
    )
    reached = exists().where(
        reach.tenant_id == session.tenant,
        reach.scorecard == card,
        or_(reach.starts_on.is_(None), reach.starts_on <= fact.day),
        reach.ends_on > fact.day,
        touches,
    )
    where = (fact.tenant_id == session.tenant, fact.came_at > since, reached)
    total = await session.scalar(select(func.count()).select_from(late_facts).where(*where))
    key = (fact.came_at, *(fact[name] for name in _KEY))
    statement = select(late_facts).where(*where).order_by(*key).limit(MOST_FACTS)
    return [_fact_from_row(row) for row in await session.execute(statement)], int(total)


async def read_late_marks(session: ReadSession, *, since: datetime, until: date) -> list[LateMark]:
    """For which days, names and kinds facts came since, of days before `until`."""
    fact = late_facts.c
    named = (fact.kind, fact.day, fact.shop, fact.unit, fact.employee, fact.basis)
    statement = (
        select(*named, func.max(fact.came_at).label("came_at"))
        .where(fact.tenant_id == session.tenant, fact.came_at > since, fact.day < until)
        .group_by(*named)
        .order_by(*named)
    )
    return [
        LateMark(
            kind=FactKind(row.kind),
            day=row.day,
            shop=row.shop,
            unit=row.unit,
            employee=row.employee,
            basis=LateBasis(row.basis),
            came_at=row.came_at,
        )
        for row in await session.execute(statement)
    ]


async def insert_decision(session: WriteSession, decided: Decided) -> None:
    """Append a decision, or what somebody proposes."""
    values = {
        "tenant_id": session.tenant,
        "id": decided.id,
        "scorecard": decided.scorecard,
        "cycle": decided.cycle,
        "decision": decided.decision,
        "reason": decided.reason,
        "author": decided.author,
        "decided_at": decided.decided_at,
        "document": decided.document,
        "scorecard_document": decided.scorecard_document,
        "bases": decided.bases,
    }
    await session.execute(insert(late_decisions).values(**values))


async def read_decisions(session: ReadSession, cards: Collection[str]) -> dict[str, list[Decided]]:
    """What was decided of these cards, first to last, disputes that were upheld among it."""
    statement = (
        select(late_decisions)
        .where(
            late_decisions.c.tenant_id == session.tenant,
            among(late_decisions.c.scorecard, cards),
            ~_is_proposal,
        )
        .order_by(late_decisions.c.decided_at)
    )
    found: dict[str, list[Decided]] = defaultdict(list)
    for row in await session.execute(statement):
        found[row.scorecard].append(_decided_from_row(row))
    return found


async def read_decision_heads(
    session: ReadSession, abouts: Collection[About]
) -> dict[About, list[tuple[str, LateDecision]]]:
    """The ids and outcomes of what was decided of these people's cards, of all revisions."""
    same = (scorecards.c.tenant_id == late_decisions.c.tenant_id) & (
        scorecards.c.id == late_decisions.c.scorecard
    )
    statement = (
        select(
            late_decisions.c.id,
            late_decisions.c.decision,
            scorecards.c.cycle,
            scorecards.c.subject_kind,
            scorecards.c.subject,
        )
        .join(scorecards, same)
        .where(
            late_decisions.c.tenant_id == session.tenant,
            among(late_decisions.c.cycle, {cycle for cycle, _ in abouts}),
            among_abouts(scorecards, abouts),
            ~_is_proposal,
        )
        .order_by(late_decisions.c.decided_at)
    )
    found: dict[About, list[tuple[str, LateDecision]]] = defaultdict(list)
    for row in await session.execute(statement):
        found[about_of(row)].append((row.id, LateDecision(row.decision)))
    return found


async def read_decisions_by_id(session: ReadSession, ids: Collection[str]) -> dict[str, Decided]:
    """Decisions by their ids."""
    statement = select(late_decisions).where(
        late_decisions.c.tenant_id == session.tenant, among(late_decisions.c.id, ids)
    )
    return {row.id: _decided_from_row(row) for row in await session.execute(statement)}


async def read_proposals(session: ReadSession, cards: Collection[str]) -> dict[str, bytes]:
    """The last case of each of these cards that somebody would accept, as it was then."""
    statement = (
        select(late_decisions.c.scorecard, late_decisions.c.document)
        .where(
            late_decisions.c.tenant_id == session.tenant,
            among(late_decisions.c.scorecard, cards),
            _is_proposal,
        )
        .order_by(late_decisions.c.decided_at)
    )
    return {row.scorecard: row.document for row in await session.execute(statement)}


async def read_page_of_decisions(
    session: ReadSession, cycle: str | None, *, after: str | None, limit: int
) -> tuple[list[Decided], int]:
    """A page of what was decided of late facts, oldest first, and how many decisions there are."""
    where: list[ColumnElement[bool]] = [
        late_decisions.c.tenant_id == session.tenant,
        _of_late_facts(),
    ]
    if cycle is not None:
        where.append(late_decisions.c.cycle == cycle)
    total = await session.scalar(select(func.count()).select_from(late_decisions).where(*where))
    if after is not None:
        where.append(late_decisions.c.id > after)
    statement = select(late_decisions).where(*where).order_by(late_decisions.c.id).limit(limit)
    rows = await session.execute(statement)
    return [_decided_from_row(row) for row in rows], int(total)


_is_proposal = late_decisions.c.id.startswith(f"{IdKind.LATE_PROPOSAL}_", autoescape=True)
_ABOUT = ("cycle", "subject_kind", "subject")
_KEY = ("kind", "source", "fact", "day", "shop", "unit", "employee", "basis")


def _last_decided(session: ReadSession) -> Subquery:
    """What was decided last of late facts of each person in each cycle, in whatever revision."""
    about = [scorecards.c[name] for name in _ABOUT]
    same = (scorecards.c.tenant_id == late_decisions.c.tenant_id) & (
        scorecards.c.id == late_decisions.c.scorecard
    )
    kept = cast(func.convert_from(late_decisions.c.bases, "UTF8"), JSONB)
    return (
        select(*about, late_decisions.c.decision, kept["holds"].as_boolean().label("holds"))
        .select_from(late_decisions.join(scorecards, same))
        .where(late_decisions.c.tenant_id == session.tenant, _of_late_facts())
        .ext(distinct_on(*about))
        .order_by(*about, late_decisions.c.decided_at.desc())
        .subquery("last_decided")
    )


def _of_late_facts() -> ColumnElement[bool]:
    """Not of a dispute that was upheld."""
    return late_decisions.c.id.startswith(f"{IdKind.LATE_DECISION}_", autoescape=True)


def _fact_from_row(row: Row[Any]) -> LateFact:
    return LateFact(
        kind=FactKind(row.kind),
        source=row.source,
        fact=row.fact,
        day=row.day,
        shop=row.shop,
        unit=row.unit,
        employee=row.employee,
        basis=LateBasis(row.basis),
        modified_at=row.modified_at,
        came_at=row.came_at,
    )


def _decided_from_row(row: Row[Any]) -> Decided:
    return Decided(
        id=row.id,
        scorecard=row.scorecard,
        cycle=row.cycle,
        decision=LateDecision(row.decision),
        reason=row.reason,
        author=row.author,
        decided_at=row.decided_at,
        document=row.document,
        scorecard_document=row.scorecard_document,
        bases=row.bases,
    )
