"""Cycles are set up, and moved from stage to stage; each stage does to the cards what it means."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.api.core.cards import Setting, members_of
from services.api.core.changes import change_of
from services.api.core.cycles import is_reopening, move
from services.api.core.disputes import faults_of_open
from services.api.core.distribution import rank_by_total
from services.api.core.frozen import restate
from services.api.core.reviews import asks_nobody
from services.api.flows.altered import check_altered
from services.api.flows.calibrations import begin_calibration, check_quotas
from services.api.flows.late_facts import check_decided
from services.api.flows.payouts import freeze_bases
from services.api.flows.rejected import check_seen
from services.api.flows.results import publish_results
from services.api.flows.reviews import approve_by_moving, check_publishing, check_reviewed
from services.api.flows.schemes import scheme_of
from services.api.flows.scorecards import compute_cards, read_setting, settle_population
from services.api.flows.settling import take_marks
from services.api.flows.tie_breakers import freeze_tie_breakers
from services.api.store.audit import append_entry
from services.api.store.cycles import (
    clear_stale,
    insert_cycle,
    insert_move,
    lock_cycle,
    read_cycle,
    read_moves,
    update_cycle,
)
from services.api.store.deliveries import tell_webhooks
from services.api.store.disputes import read_open_disputes
from services.api.store.late_facts import read_clock
from services.api.store.live import (
    forget_reach,
    lock_settling,
    mark_cards_beside,
    mark_cards_of,
    wake_worker,
)
from services.api.store.people import read_employees, read_units
from services.api.store.schemes import find_version_in_force, read_draft, read_published
from services.api.store.scorecards import lock_cards_of_cycle, write_cards
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict, Fault, NotFound, Unavailable
from services.schema.shapes.cycles import Cycle, Move, Population, Standing, Step
from services.schema.shapes.people import Caller
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import Scorecard
from services.schema.shapes.webhooks import WebhookEvent
from services.schema.words import CycleKind, CycleStatus

MOST_NAMED = 50
"""Cards that a refusal names."""
MOST_ROUNDS = 5
"""How often cards are computed before data close, while facts still come in for them."""
MONTHS = {CycleKind.MONTH: 1, CycleKind.QUARTER: 3, CycleKind.HALF: 6, CycleKind.YEAR: 12}


async def create_cycle(
    session: WriteSession, cycle: Cycle, *, caller: Caller, at: datetime
) -> None:
    """Set a cycle up as a draft: its scheme and whom it names must be there."""
    await _check_scheme(session, cycle)
    await check_population(session, cycle.population)
    if not await insert_cycle(session, cycle, at=at):
        fault = Fault("/code", "cycle_exists", f"There is a cycle {cycle.code} already.")
        raise Conflict(fault.code, fault.detail, [fault])
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="cycle.create",
        subject=f"cycle:{cycle.code}",
        detail=change_of(None, cycle),
    )


async def move_cycle(
    session: WriteSession,
    code: str,
    to: CycleStatus,
    *,
    reason: str | None,
    caller: Caller,
    at: datetime,
) -> Cycle:
    """Take one step, with all that it does to scorecards, results and payouts."""
    # First of all locks: whoever settles marks takes it before those of cycles and cards.
    await lock_settling(session)
    cycle = await lock_cycle(session, code)
    if cycle is None:
        raise NotFound("cycle")
    scheme, version = await _scheme_of(session, cycle)
    cards = await lock_cards_of_cycle(session, code, cycle.revision)
    incomplete = [card for card in cards if card.total is None]
    pending, faults = await _check_people(session, cycle, cards, to, caller=caller, at=at)
    standing = Standing(at, scheme.distribution is not None, len(incomplete), pending)
    try:
        step = move(cycle, to, reason=reason, standing=standing)
    except Conflict as refusal:
        named = {"scorecards_incomplete": _name(incomplete), "approvals_pending": faults}
        if refusal.code in named:
            raise Conflict(refusal.code, refusal.detail, named[refusal.code]) from None
        raise
    if faults:
        raise Conflict(faults[0].code, faults[0].detail, faults)
    if step.from_status is CycleStatus.PUBLISHED:
        await check_decided(session, cycle, at=at)
    if step.from_status is CycleStatus.CALIBRATION and step.to_status is CycleStatus.APPROVED:
        await check_quotas(session, cycle, scheme)
    moved = _after(cycle, step, version, at)
    number = len((await read_moves(session, [code]))[code]) + 1
    if _leaves_review(cycle, to) and asks_nobody(scheme.approval):
        await approve_by_moving(session, cards, caller=caller, at=at)
    detail = await _carry_out(session, moved, step, scheme, cards, number=number, at=at)
    if moved.status is CycleStatus.CLOSED:
        # By the clock that says when facts came: what came before this is in the cards.
        moved = replace(moved, closed_at=await read_clock(session))
    await update_cycle(session, moved)
    taken = Move(number, step.from_status, step.to_status, reason, caller.name, at)
    await insert_move(session, code, taken)
    await tell_webhooks(session, WebhookEvent.CYCLE_MOVED, [{"cycle": code}])
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="cycle.move",
        subject=f"cycle:{code}",
        detail={"from": step.from_status, "to": step.to_status, "reason": reason, **detail},
    )
    moved_now = await read_cycle(session, code)
    assert moved_now is not None, "a cycle that was locked is still there"
    return moved_now


async def _check_people(
    session: WriteSession,
    cycle: Cycle,
    cards: Sequence[Scorecard],
    to: CycleStatus,
    *,
    caller: Caller,
    at: datetime,
) -> tuple[int, list[Fault]]:
    """How many approvals a step waits for, and which cards stand against it at this hand."""
    if _leaves_review(cycle, to):
        pending, faults = await check_reviewed(session, cards, caller=caller, at=at)
        open_disputes = await read_open_disputes(session, cycle.code)
        return pending, faults or faults_of_open(open_disputes)[:MOST_NAMED]
    if cycle.status is CycleStatus.APPROVED and to is CycleStatus.PUBLISHED:
        faults = await check_publishing(session, cards, caller=caller, at=at)
        return 0, faults or await check_altered(session, cycle, cards, caller=caller)
    return 0, []


def _leaves_review(cycle: Cycle, to: CycleStatus) -> bool:
    return cycle.status is CycleStatus.REVIEW and to is not CycleStatus.OPEN


async def _carry_out(
    session: WriteSession,
    cycle: Cycle,
    step: Step,
    scheme: Scheme,
    cards: Sequence[Scorecard],
    *,
    number: int,
    at: datetime,
) -> dict[str, object]:
    """What a step does, and what the audit is to know of it."""
    if step.to_status is CycleStatus.OPEN:
        if is_reopening(step.from_status, step.to_status):
            await _reopen(session, cycle, step, cards, at=at)
        count = await _compute_whole(session, cycle, at=at)
        await wake_worker(session)
        return {"scheme_version": cycle.scheme_version, "scorecards": count}
    if step.to_status is CycleStatus.CLOSED:
        count = await _close(session, cycle, at=at)
        return {"scorecards": count}
    stated = [restate(card, status=step.to_status, rank=card.rank) for card in cards]
    if step.to_status is CycleStatus.CALIBRATION:
        told = await begin_calibration(session, cycle, scheme, stated, number=number, at=at)
        return {"scorecards": len(cards), **told}
    await write_cards(session, stated)
    if step.to_status is CycleStatus.PUBLISHED:
        return await publish_results(session, cycle, scheme, stated, at=at)
    return {"scorecards": len(cards)}


async def _compute_whole(session: WriteSession, cycle: Cycle, *, at: datetime) -> int:
    """Settle the population and compute every card that has yet to be, as the cycle now stands.

    Its members' cards in the cycles beside it may be others from now on.
    """
    setting = await _settle(session, cycle, at=at)
    cards = await lock_cards_of_cycle(session, cycle.code, cycle.revision)
    stale = [card for card in cards if card.stale_since is not None]
    await compute_cards(session, stale, {cycle.code: cycle}, setting, at=at)
    members = await asyncio.to_thread(members_of, cycle, setting)
    await mark_cards_beside(session, cycle, members, at=at)
    return len(cards)


async def _close(session: WriteSession, cycle: Cycle, *, at: datetime) -> int:
    """The last computation: what had come in by now counts, whatever comes later waits.

    Facts may land between two statements of a computation; their marks then say so, and it is
    done again, so that no card mixes two moments.
    """
    setting = await _settle(session, cycle, at=at)
    await mark_cards_of(session, cycle.code, cycle.revision, at=at)
    for _ in range(MOST_ROUNDS):
        await take_marks(session, at=at)
        cards = await lock_cards_of_cycle(session, cycle.code, cycle.revision)
        stale = [card for card in cards if card.stale_since is not None]
        if not stale:
            await check_seen(session, cycle, cards)
            await _rank(session, cycle, cards)
            return len(cards)
        await compute_cards(session, stale, {cycle.code: cycle}, setting, at=at)
        await freeze_bases(session, cycle, stale, setting)
        await freeze_tie_breakers(session, cycle, stale, setting)
    raise Unavailable("Facts of the period keep coming in; close it in a moment.")


async def _settle(session: WriteSession, cycle: Cycle, *, at: datetime) -> Setting:
    setting = await read_setting(session, [cycle])
    await settle_population(session, cycle, setting, at=at)
    await clear_stale(session, [cycle.code])
    return setting


async def _rank(session: WriteSession, cycle: Cycle, cards: Sequence[Scorecard]) -> None:
    ranks = rank_by_total({card.id: card.total for card in cards})
    stated = [restate(card, status=cycle.status, rank=ranks[card.id]) for card in cards]
    await write_cards(session, stated)


async def _reopen(
    session: WriteSession, cycle: Cycle, step: Step, cards: Sequence[Scorecard], *, at: datetime
) -> None:
    """Make cards live again; what was published stays as it is, and new cards begin a revision."""
    if step.from_status is CycleStatus.PUBLISHED:
        await forget_reach(session, [card.id for card in cards])
        return
    await write_cards(session, [replace(card, rank=None, bases=None) for card in cards])
    await mark_cards_of(session, cycle.code, cycle.revision, at=at)


def _after(cycle: Cycle, step: Step, version: int, at: datetime) -> Cycle:
    """The cycle as it stands once a step is taken."""
    moved = replace(cycle, status=step.to_status, revision=step.revision, scheme_version=version)
    match step.to_status:
        case CycleStatus.OPEN:
            return replace(moved, closed_at=None)
        case CycleStatus.CLOSED:
            return replace(moved, closed_at=at)
        case CycleStatus.PUBLISHED:
            return replace(moved, published_at=at)
        case _:
            return moved


async def _scheme_of(session: WriteSession, cycle: Cycle) -> tuple[Scheme, int]:
    """The version that scores a cycle: of a draft the newest in force, pinned as it is opened."""
    if cycle.scheme_version is not None:
        published = await read_published(session, cycle.scheme, cycle.scheme_version)
    else:
        published = await find_version_in_force(session, cycle.scheme, cycle.period.start)
    if published is None:
        since = cycle.period.start.isoformat()
        detail = f"The scheme {cycle.scheme} has no published version in force on {since}."
        raise Conflict("scheme_not_published", detail)
    return scheme_of(published.document), published.version


def _name(incomplete: Sequence[Scorecard]) -> list[Fault]:
    """Each card without a total, and the lines that keep it from one."""
    return [
        Fault(
            f"/scorecards/{card.id}", "scorecard_incomplete", f"{card.subject}: {_missing(card)}."
        )
        for card in incomplete[:MOST_NAMED]
    ]


def _missing(card: Scorecard) -> str:
    lines = json.loads(card.document)["lines"]
    open_lines = [f"{line['item']} {line['status']}" for line in lines if line["status"] != "ok"]
    return ", ".join(open_lines) or "no line is left"


async def _check_scheme(session: ReadSession, cycle: Cycle) -> None:
    draft = await read_draft(session, cycle.scheme)
    if draft is None:
        fault = Fault("/scheme", "unknown_scheme", f"There is no scheme {cycle.scheme}.")
        raise Conflict(fault.code, fault.detail, [fault])
    kind = scheme_of(draft.document).cycle
    if cycle.period.months not in {None, MONTHS[kind]}:
        detail = f"The scheme {cycle.scheme} is for a {kind}, and {cycle.period.code} is none."
        raise Conflict("period_mismatch", detail, [Fault("/period", "period_mismatch", detail)])


async def check_population(session: ReadSession, named: Population) -> None:
    """Whom and what a population names must be there; a position is whatever it is called."""
    units = [
        *([("/population/unit", named.unit)] if named.unit is not None else []),
        *((f"/population/units/{n}", code) for n, code in enumerate(named.units or ())),
    ]
    people = [(f"/population/employees/{n}", code) for n, code in enumerate(named.employees or ())]
    known_units = await read_units(session, {code for _, code in units})
    known_people = await read_employees(session, {code for _, code in people})
    faults = [
        Fault(place, f"unknown_{what}", f"There is no {what} {code}.")
        for what, named_ones, known in (
            ("unit", units, known_units),
            ("employee", people, known_people),
        )
        for place, code in named_ones
        if code not in known
    ]
    if faults:
        raise Conflict(faults[0].code, faults[0].detail, faults[:MOST_NAMED])
