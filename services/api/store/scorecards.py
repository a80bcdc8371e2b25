"""Scorecards as they are kept: written when they change, served as they lie."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Row,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.api.store.abouts import among_abouts
from services.api.store.changes import announce_cards
from services.api.store.deliveries import tell_webhooks
from services.api.store.people import among
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.people import Subject
from services.schema.shapes.ratings import About
from services.schema.shapes.scorecards import Scorecard
from services.schema.shapes.webhooks import WebhookEvent
from services.schema.tables.cycles import cycles
from services.schema.tables.scorecards import scorecards
from services.schema.words import CycleStatus, ScorecardStatus, SubjectKind


class Sort(StrEnum):
    """The orders of a list of scorecards; cards without a total come last."""

    SUBJECT = "subject"
    SUBJECT_DOWN = "-subject"
    TOTAL = "total"
    TOTAL_DOWN = "-total"


@dataclass(frozen=True, slots=True)
class CardFilter:
    """Which scorecards a list shows; null is any."""

    subjects: Collection[Subject] | None
    """Those that the caller may see."""
    cycle: str | None = None
    units: Collection[str] | None = None
    position: str | None = None
    employee: str | None = None
    grade: str | None = None
    status: ScorecardStatus | None = None


@dataclass(frozen=True, slots=True)
class ShownCard:
    """What a list needs of a card."""

    id: str
    subject: Subject
    total: Decimal | None
    document: bytes

    def place(self, sort: Sort) -> list[str]:
        """Where the card stands in an order."""
        if sort in {Sort.SUBJECT, Sort.SUBJECT_DOWN}:
            return [self.subject.kind.value, self.subject.code, self.id]
        return ["" if self.total is None else str(self.total), self.id, ""]


async def read_card(session: ReadSession, card_id: str) -> Scorecard | None:
    """A scorecard by its id, whatever its revision."""
    where = (scorecards.c.tenant_id == session.tenant, scorecards.c.id == card_id)
    row = (await session.execute(select(scorecards).where(*where))).one_or_none()
    return None if row is None else _card_from_row(row)


async def read_cards(session: ReadSession, ids: Collection[str]) -> dict[str, Scorecard]:
    """Scorecards by their ids."""
    listed = literal(sorted(ids), ARRAY(Text))
    statement = select(scorecards).where(
        scorecards.c.tenant_id == session.tenant, scorecards.c.id == any_(listed)
    )
    return {card.id: card for card in await _read(session, statement)}


async def read_revisions(
    session: ReadSession, abouts: Collection[About]
) -> dict[About, list[Scorecard]]:
    """All revisions of these subjects' cards in their cycles, first to last."""
    statement = (
        select(scorecards)
        .where(scorecards.c.tenant_id == session.tenant, among_abouts(scorecards, abouts))
        .order_by(scorecards.c.revision)
    )
    found: dict[About, list[Scorecard]] = {about: [] for about in abouts}
    for card in await _read(session, statement):
        found[card.cycle, card.subject].append(card)
    return found


async def read_cards_of_cycle(session: ReadSession, cycle: str, revision: int) -> list[Scorecard]:
    """The cards of a cycle's revision in the order of subjects."""
    return await _read(session, _of_cycle(session, cycle, revision))


async def lock_cards_of_cycle(session: WriteSession, cycle: str, revision: int) -> list[Scorecard]:
    """The same, kept from being marked or computed by others; locked in the order of ids."""
    by_id = _of_cycle(session, cycle, revision).order_by(None).order_by(scorecards.c.id)
    cards = await _read(session, by_id.with_for_update())
    return sorted(cards, key=lambda card: card.subject)


async def lock_cards(session: WriteSession, ids: Collection[str]) -> list[Scorecard]:
    """These cards, kept from being marked or computed by others; locked in the order of ids."""
    statement = (
        select(scorecards)
        .where(scorecards.c.tenant_id == session.tenant, among(scorecards.c.id, ids))
        .order_by(scorecards.c.id)
        .with_for_update()
    )
    return await _read(session, statement)


async def read_totals(
    session: ReadSession, cycle: str, revision: int
) -> dict[str, tuple[Decimal | None, int | None]]:
    """Total and rank of each card of a cycle's revision, by its id."""
    statement = select(scorecards.c.id, scorecards.c.total, scorecards.c.rank).where(
        scorecards.c.tenant_id == session.tenant,
        scorecards.c.cycle == cycle,
        scorecards.c.revision == revision,
    )
    return {row.id: (row.total, row.rank) for row in await session.execute(statement)}


async def lock_stale_cards(session: WriteSession, *, limit: int) -> list[Scorecard]:
    """Some cards of open cycles that have to be computed anew, oldest mark first."""
    join = (
        (cycles.c.tenant_id == scorecards.c.tenant_id)
        & (cycles.c.code == scorecards.c.cycle)
        & (cycles.c.revision == scorecards.c.revision)
    )
    statement = (
        select(scorecards)
        .join(cycles, join)
        .where(
            scorecards.c.tenant_id == session.tenant,
            scorecards.c.stale_since.is_not(None),
            cycles.c.status == CycleStatus.OPEN,
        )
        .order_by(scorecards.c.stale_since, scorecards.c.id)
        .limit(limit)
        .with_for_update(of=scorecards, skip_locked=True)
    )
    return sorted(await _read(session, statement), key=lambda card: card.id)


async def write_cards(session: WriteSession, cards: Sequence[Scorecard]) -> None:
    """Add these cards or replace them, whole; who follows them is told at the commit."""
    rows = [_card_to_row(session, card) for card in sorted(cards, key=lambda card: card.id)]
    statement = insert(scorecards)
    kept = {
        "tenant_id", "id", "cycle", "subject_kind", "subject", "revision", "version",
        "tie_breakers",
    }  # fmt: skip
    replaced: dict[str, Any] = {
        column.name: statement.excluded[column.name]
        for column in scorecards.columns
        if column.name not in kept
    }
    await session.execute_many(
        statement.on_conflict_do_update(
            index_elements=[scorecards.c.tenant_id, scorecards.c.id],
            set_={**replaced, "version": scorecards.c.version + 1},
        ),
        rows,
    )
    await announce_cards(session, cards)
    things = [
        {"scorecard": card.id, "cycle": card.cycle, "subject": str(card.subject)} for card in cards
    ]
    await tell_webhooks(session, WebhookEvent.SCORECARD_CHANGED, things)


async def write_bases(session: WriteSession, bases: Mapping[str, bytes]) -> None:
    """Keep beside each card what its commissions will be paid on."""
    of_card = scorecards.c.id == bindparam("card_id", type_=Text)
    await session.execute_many(
        update(scorecards)
        .where(scorecards.c.tenant_id == session.tenant, of_card)
        .values(bases=bindparam("frozen", type_=LargeBinary)),
        [{"card_id": card, "frozen": bases[card]} for card in sorted(bases)],
    )


async def delete_cards(session: WriteSession, ids: Collection[str]) -> None:
    """Take away the cards of subjects that no longer belong to an open cycle."""
    await session.execute(
        delete(scorecards).where(
            scorecards.c.tenant_id == session.tenant, among(scorecards.c.id, ids)
        )
    )


async def settle_cards(session: WriteSession, looks: Mapping[str, datetime | None]) -> None:
    """Take the marks from cards whose documents turned out to be right as they were.

    Each is given with when to look at it again.
    """
    listed = func.unnest(
        literal(list(looks), ARRAY(Text)),
        literal(list(looks.values()), ARRAY(scorecards.c.look_again_at.type)),
    )
    own = listed.table_valued("card", "look").render_derived()
    await session.execute(
        update(scorecards)
        .where(scorecards.c.tenant_id == session.tenant, scorecards.c.id == own.c.card)
        .values(stale_since=None, look_again_at=own.c.look)
    )


async def read_page_of_cards(
    session: ReadSession,
    wanted: CardFilter,
    *,
    sort: Sort,
    after: Sequence[str] | None,
    limit: int,
) -> tuple[list[ShownCard], int]:
    """A list's next page, and how many cards it has: of each cycle its current revision."""
    where = _where(session, wanted)
    current = (
        (cycles.c.tenant_id == scorecards.c.tenant_id)
        & (cycles.c.code == scorecards.c.cycle)
        & (cycles.c.revision == scorecards.c.revision)
    )
    counted = select(func.count()).select_from(scorecards).join(cycles, current).where(*where)
    total = await session.scalar(counted)
    statement = select(
        scorecards.c.id,
        scorecards.c.subject_kind,
        scorecards.c.subject,
        scorecards.c.total,
        scorecards.c.document,
    ).join(cycles, current)
    if after is not None:
        where.append(_follows(sort, after))
    page = statement.where(*where).order_by(*_order(sort)).limit(limit)
    shown = [
        ShownCard(
            row.id, Subject(SubjectKind(row.subject_kind), row.subject), row.total, row.document
        )
        for row in await session.execute(page)
    ]
    return shown, int(total)


def among_subjects(subjects: Collection[Subject]) -> ColumnElement[bool]:
    """Whether a card is of one of any number of subjects: they travel as two arrays."""
    listed = sorted(subjects)
    kinds = literal([subject.kind.value for subject in listed], ARRAY(Text))
    codes = literal([subject.code for subject in listed], ARRAY(Text))
    pairs = func.unnest(kinds, codes).table_valued("kind", "code").render_derived()
    key = tuple_(scorecards.c.subject_kind, scorecards.c.subject)
    return key.in_(select(pairs.c.kind, pairs.c.code))


def _where(session: ReadSession, wanted: CardFilter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [scorecards.c.tenant_id == session.tenant]
    if wanted.subjects is not None:
        where.append(among_subjects(wanted.subjects))
    if wanted.units is not None:
        where.append(among(scorecards.c.unit, wanted.units))
    if wanted.employee is not None:
        where.append(scorecards.c.subject_kind == SubjectKind.EMPLOYEE)
    for column, value in (
        (scorecards.c.cycle, wanted.cycle),
        (scorecards.c.position, wanted.position),
        (scorecards.c.subject, wanted.employee),
        (scorecards.c.grade, wanted.grade),
        (scorecards.c.status, wanted.status),
    ):
        if value is not None:
            where.append(column == value)
    return where


def _order(sort: Sort) -> tuple[ColumnElement[Any], ...]:
    if sort is Sort.SUBJECT:
        return scorecards.c.subject_kind, scorecards.c.subject, scorecards.c.id
    if sort is Sort.SUBJECT_DOWN:
        return scorecards.c.subject_kind.desc(), scorecards.c.subject.desc(), scorecards.c.id.desc()
    total = scorecards.c.total
    return (total.desc() if sort is Sort.TOTAL_DOWN else total).nulls_last(), scorecards.c.id


def _follows(sort: Sort, after: Sequence[str]) -> ColumnElement[bool]:
    """Whether a card comes after a place in an order."""
    if sort in {Sort.SUBJECT, Sort.SUBJECT_DOWN}:
        key = tuple_(scorecards.c.subject_kind, scorecards.c.subject, scorecards.c.id)
        place = tuple_(*(literal(part) for part in after))
        return key > place if sort is Sort.SUBJECT else key < place
    total, (shown, card_id, _) = scorecards.c.total, after
    later_id = scorecards.c.id > card_id
    if not shown:
        return and_(total.is_(None), later_id)
    last = Decimal(shown)
    beyond = total < last if sort is Sort.TOTAL_DOWN else total > last
    return or_(beyond, and_(total == last, later_id), total.is_(None))


def _of_cycle(session: ReadSession, cycle: str, revision: int) -> Select[Any]:
    return (
        select(scorecards)
        .where(
            scorecards.c.tenant_id == session.tenant,
            scorecards.c.cycle == cycle,
            scorecards.c.revision == revision,
        )
        .order_by(scorecards.c.subject_kind, scorecards.c.subject)
    )


async def _read(session: ReadSession, statement: Select[Any]) -> list[Scorecard]:
    return [_card_from_row(row) for row in await session.execute(statement)]


def _card_from_row(row: Row[Any]) -> Scorecard:
    return Scorecard(
        id=row.id,
        cycle=row.cycle,
        subject=Subject(SubjectKind(row.subject_kind), row.subject),
        revision=row.revision,
        position=row.position,
        unit=row.unit,
        status=ScorecardStatus(row.status),
        total=row.total,
        grade=row.grade,
        rank=row.rank,
        document=row.document,
        explanation=row.explanation,
        bases=row.bases,
        fingerprint=row.fingerprint,
        computed_at=row.computed_at,
        stale_since=row.stale_since,
        version=row.version,
        look_again_at=row.look_again_at,
    )


def _card_to_row(session: ReadSession, card: Scorecard) -> dict[str, object]:
    return {
        "tenant_id": session.tenant,
        "id": card.id,
        "cycle": card.cycle,
        "subject_kind": card.subject.kind,
        "subject": card.subject.code,
        "revision": card.revision,
        "position": card.position,
        "unit": card.unit,
        "status": card.status,
        "total": card.total,
        "grade": card.grade,
        "rank": card.rank,
        "document": card.document,
        "explanation": card.explanation,
        "bases": card.bases,
        "fingerprint": card.fingerprint,
        "computed_at": card.computed_at,
        "stale_since": card.stale_since,
        "version": card.version,
        "look_again_at": card.look_again_at,
    }
