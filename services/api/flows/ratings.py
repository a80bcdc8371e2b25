"""People rate, invite raters, reward and penalise; the card follows, also where data are closed."""

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from services.api.core.outcomes import own_mark_of
from services.api.core.raters import NAMED, Relation, rater_of
from services.api.core.statements import (
    check_count,
    check_mark,
    check_points,
    check_takes,
    counterpart_of,
)
from services.api.core.told_cards import segments_of
from services.api.flows.rescoring import rescore
from services.api.flows.reviews import is_own_card
from services.api.flows.schemes import scheme_of
from services.api.store.audit import append_entry
from services.api.store.cycles import lock_cycle
from services.api.store.live import mark_card_stale, wake_worker
from services.api.store.people import read_employees
from services.api.store.ratings import (
    insert_adjustment,
    insert_invitation,
    insert_rating,
    read_adjustments,
    read_invitations,
    read_ratings,
)
from services.api.store.schemes import read_versions
from services.api.store.scorecards import read_card
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict, Fault, Forbidden, NotFound
from services.schema.ids import IdKind, new_id
from services.schema.money import plain
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.people import Caller, Subject
from services.schema.shapes.ratings import Invitation, KeptAdjustment, KeptRating, StatedMark
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import Mark, Scorecard
from services.schema.shapes.views import Reach, View
from services.schema.words import CycleStatus, RaterRole, SubjectKind


async def state_rating(
    session: WriteSession,
    card_id: str,
    stated: StatedMark,
    *,
    view: View,
    reach: Reach | None,
    caller: Caller,
    at: datetime,
) -> KeptRating:
    """Append a mark of an item; what the same rater stated before in that role no longer holds."""
    card = await _card(session, card_id)
    relation = await relation_to(session, card, view=view, reach=reach, caller=caller)
    rater = rater_of(stated, caller, relation)
    cycle = await _hold(session, card)
    schemes = await _schemes_of(session, card)
    about = (card.cycle, card.subject)
    earlier = (await read_ratings(session, [about]))[about]
    mark = Mark(
        item=stated.item,
        role=stated.role,
        rater=rater,
        mark=stated.mark,
        level=stated.level,
        behaviours=stated.behaviours,
        comment=stated.comment,
        stated_at=at,
    )
    items = [
        (item, own_mark_of(item, scheme))
        for scheme in schemes
        for section in scheme.sections
        for item in section.items
        if item.code == stated.item
    ]
    check_mark(items, mark, earlier=len(earlier))
    kept = KeptRating(new_id(IdKind.RATING), len(earlier) + 1, mark, caller.name)
    await insert_rating(session, about, kept)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="scorecard.rate",
        subject=f"scorecard:{card.id}",
        # The audit says that somebody rated, not what: marks of peers stay with HR.
        detail={"id": kept.id, "item": mark.item, "role": mark.role},
    )
    await _follow(session, cycle, card, at=at)
    return kept


async def invite_rater(
    session: WriteSession,
    card_id: str,
    *,
    role: RaterRole,
    employee: str,
    view: View,
    caller: Caller,
    at: datetime,
) -> Invitation:
    """Ask somebody to rate a card in a role; asked once more nothing changes."""
    card = await _card(session, card_id)
    if not view.sees(card.subject):
        raise NotFound("scorecard")
    if await is_own_card(session, card.subject, caller):
        raise Forbidden("own_card", "Nobody chooses who rates them.")
    if role in NAMED:
        raise _refused("/role", "role_not_invited", f"A {role} rates without being asked.")
    if not await read_employees(session, {employee}):
        raise _refused("/employee", "unknown_employee", f"There is no employee {employee}.")
    if Subject(SubjectKind.EMPLOYEE, employee) == card.subject:
        raise _refused("/employee", "own_card", "Nobody is asked to rate themselves as another.")
    check_takes(await _lock(session, card))
    about = (card.cycle, card.subject)
    invited = Invitation(role, employee, caller.name, at)
    if not await insert_invitation(session, about, invited):
        known = (await read_invitations(session, [about]))[about]
        return next(each for each in known if (each.role, each.employee) == (role, employee))
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="scorecard.invite",
        subject=f"scorecard:{card.id}",
        detail={"role": role, "employee": employee},
    )
    return invited


async def adjust_score(
    session: WriteSession,
    card_id: str,
    *,
    points: Decimal | None,
    withdraws: str | None,
    reason: str,
    view: View,
    caller: Caller,
    at: datetime,
) -> KeptAdjustment:
    """Append a reward or a penalty in points, or with none take one back."""
    card = await _card(session, card_id)
    if not view.sees(card.subject):
        raise NotFound("scorecard")
    if await is_own_card(session, card.subject, caller):
        raise Forbidden("own_card", "Nobody rewards or penalises themselves.")
    cycle = await _hold(session, card)
    about = (card.cycle, card.subject)
    earlier = (await read_adjustments(session, [about]))[about]
    if withdraws is not None:
        points = counterpart_of(withdraws, earlier)
        check_count(earlier)
    else:
        assert points is not None, "what withdraws nothing states points"
        schemes = await _schemes_of(session, card)
        check_points(points, schemes[-1].adjustments, earlier)
    kept = KeptAdjustment(
        id=new_id(IdKind.ADJUSTMENT),
        number=len(earlier) + 1,
        points=points,
        reason=reason,
        author=caller.name,
        stated_at=at,
        withdraws=withdraws,
    )
    await insert_adjustment(session, about, kept)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="scorecard.adjust",
        subject=f"scorecard:{card.id}",
        detail={
            "id": kept.id,
            "points": plain(points),
            "reason": reason,
            "withdraws": withdraws,
        },
    )
    await _follow(session, cycle, card, at=at)
    return kept


async def relation_to(
    session: ReadSession, card: Scorecard, *, view: View, reach: Reach | None, caller: Caller
) -> Relation:
    """How a caller stands to whom a card is about."""
    is_own = await is_own_card(session, card.subject, caller)
    is_seen = view.sees(card.subject)
    if reach is None:
        return Relation(is_seen, is_own, is_below=False, invited=frozenset())
    below = {
        *(Subject(SubjectKind.UNIT, code) for code in reach.units),
        *(Subject(SubjectKind.EMPLOYEE, code) for code in reach.members | reach.managed),
    }
    about = (card.cycle, card.subject)
    invited = (await read_invitations(session, [about]))[about]
    return Relation(
        is_seen=is_seen,
        is_own=is_own,
        is_below=is_seen and not is_own and card.subject in below,
        invited=frozenset(each.role for each in invited if each.employee == caller.employee),
    )


async def _card(session: ReadSession, card_id: str) -> Scorecard:
    card = await read_card(session, card_id)
    if card is None:
        raise NotFound("scorecard")
    return card


async def _hold(session: WriteSession, card: Scorecard) -> Cycle:
    """The card's cycle, kept from moving; refuses one that takes nothing any more."""
    cycle = await _lock(session, card)
    check_takes(cycle)
    return cycle


async def _lock(session: WriteSession, card: Scorecard) -> Cycle:
    cycle = await lock_cycle(session, card.cycle)
    if cycle is None or cycle.revision != card.revision:
        raise NotFound("scorecard")
    return cycle


async def _schemes_of(session: ReadSession, card: Scorecard) -> Sequence[Scheme]:
    """What the card's segments are scored by, first to last."""
    keys = [(each.scheme, each.scheme_version) for each in segments_of(json.loads(card.document))]
    versions = await read_versions(session, set(keys))
    return [scheme_of(versions[key].document) for key in keys]


async def _follow(session: WriteSession, cycle: Cycle, card: Scorecard, *, at: datetime) -> None:
    """Have the card show what was stated: at once where data are closed, else a moment later."""
    if cycle.status is CycleStatus.OPEN:
        await mark_card_stale(session, card.id, at=at)
        await wake_worker(session)
    else:
        await rescore(session, cycle, card.id, at=at)


def _refused(pointer: str, code: str, detail: str) -> Conflict:
    return Conflict(code, detail, [Fault(pointer, code, detail)])
