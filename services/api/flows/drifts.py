"""Published cards are computed again; where one differs, both values are put down, and no more.

A late fact is no drift while nobody has accepted it: what it may change is taken as it was counted.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.api.core.cards import CardPlan, Setting, compute_card, plan_card, wanted_by
from services.api.core.coverage import told_coverage
from services.api.core.documents import instant_text
from services.api.core.drifts import (
    Difference,
    as_counted,
    basis_as_counted,
    basis_differences,
    differences,
    drift_document,
)
from services.api.core.late_facts import accepted_of, asked_by
from services.api.core.pay_bases import PayWanted, basis_document, read_basis
from services.api.core.reach import LateMarks, late_by_subject
from services.api.core.told_cards import ToldCard
from services.api.flows.card_values import CardValues, Values, read_card_values
from services.api.flows.held import Held, held_of, hold_bases, hold_values, out_since
from services.api.flows.payouts import bases_of, read_pay_wanted
from services.api.flows.rescoring import with_stated
from services.api.flows.scorecards import AT_ONCE, read_setting, read_targets_of
from services.api.flows.settling import take_marks
from services.api.flows.told_cards import read_told_cards
from services.api.store.audit import append_entry
from services.api.store.drifts import insert_drifts, read_results_of_cycle
from services.api.store.late_facts import read_decisions, read_late_marks
from services.api.store.scorecards import read_cards_of_cycle
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Unavailable
from services.schema.ids import IdKind, new_id
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.indicators import Explained, Wanted
from services.schema.shapes.late_facts import Decided, Drift, LateMark
from services.schema.shapes.payouts import PayBasis
from services.schema.shapes.people import Caller
from services.schema.shapes.scorecards import Scorecard
from services.schema.words import LateBasis

Counted = Mapping[Wanted, Explained] | None
"""Values that late facts may change, as they were counted; null where nobody knows what was."""
MISSING = Difference("/population", "member", None)
"""Of somebody who by today's assignments would have no card at all."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a computation of a cycle's cards came to."""

    cards: int
    """That could be computed."""
    drifts: int
    """That were not known."""
    late: int
    """Cards of which facts came late and were not accepted; these are no drift."""
    unreadable: tuple[str, ...]
    """The cards that could not, each with why."""


@dataclass(frozen=True, slots=True)
class _Compared:
    """Where a card differs from what was published, and whether facts are left out of it."""

    differences: tuple[Difference, ...]
    is_late: bool


@dataclass(frozen=True, slots=True)
class _Stood:
    """A card as it was published, or as it is with what was accepted since."""

    document: bytes
    bases: bytes | None
    is_taken: bool
    """Whether anything was accepted since."""
    late: tuple[LateMarks, LateMarks]
    """What came since, for scores and for pay."""


async def find_drifts(
    session: WriteSession, cycle: Cycle, *, caller: Caller, at: datetime
) -> Found:
    """Compute a published cycle's cards as everything is now: facts, targets, people, definitions.

    A card is held against what was published, with the late facts that were accepted since; values
    of others that came late are taken as the card counted them. One that cannot be read is named,
    and keeps no other from being computed.
    """
    # Before all other locks; what has landed by now has come late, or not.
    await take_marks(session, at=at)
    setting = await read_setting(session, [cycle])
    cards = await read_cards_of_cycle(session, cycle.code, cycle.revision)
    results = await read_results_of_cycle(session, cycle.code, cycle.revision)
    late = await _read_late(session, cycle, cards)
    made: list[Drift] = []
    unreadable: list[str] = []
    held_back = 0
    for first in range(0, len(cards), AT_ONCE):
        some = cards[first : first + AT_ONCE]
        found, wrong = await _read_apart(session, cycle, some, setting, late, at=at)
        unreadable += wrong
        held_back += sum(each.is_late for each in found.values())
        for card in some:
            if card.id not in found or not (differing := found[card.id].differences):
                continue
            if (result := results.get(card.subject)) is not None:
                made.append(_drift(card, cycle, result, differing, at=at))
            else:
                unreadable.append(f"{card.id} of {card.subject}: its result is not there")
    new = await insert_drifts(session, made, at=at)
    if new:
        await append_entry(
            session,
            at=at,
            caller=caller,
            action="result.drift",
            subject=f"cycle:{cycle.code}",
            detail={"cards": len(cards), "drifts": sorted(new)},
        )
    return Found(len(cards) - len(unreadable), len(new), held_back, tuple(unreadable))


class _Late:
    """The facts of a cycle that came late, since a close or since some were accepted."""

    def __init__(self, marks: Sequence[LateMark], held: Mapping[str, Held]) -> None:
        self._marks = marks
        self.held = held
        self._since: dict[datetime, tuple[LateMarks, LateMarks]] = {}

    def since(self, moment: datetime) -> tuple[LateMarks, LateMarks]:
        """Those that came after a moment: what counts for scores, and what counts for pay."""
        if moment not in self._since:
            came = [mark for mark in self._marks if mark.came_at > moment]
            self._since[moment] = (
                late_by_subject(mark for mark in came if mark.basis is not LateBasis.PAY),
                late_by_subject(mark for mark in came if mark.basis is not LateBasis.SCORE),
            )
        return self._since[moment]


async def _read_late(session: ReadSession, cycle: Cycle, cards: Sequence[Scorecard]) -> _Late:
    assert cycle.closed_at is not None, "what is published was closed"
    held = await held_of(session, cycle, cards)
    since = min([cycle.closed_at, *(each.since for each in held.values())])
    return _Late(await read_late_marks(session, since=since, until=cycle.period.end), held)


async def _read_apart(
    session: WriteSession,
    cycle: Cycle,
    cards: Sequence[Scorecard],
    setting: Setting,
    late: _Late,
    *,
    at: datetime,
) -> tuple[dict[str, _Compared], list[str]]:
    """What came of cards, and those that cannot be read: looked for half by half."""
    try:
        # What fails in SQL ends in the savepoint, and not with the transaction.
        async with session.savepoint():
            return await _compare_all(session, cycle, cards, setting, late, at=at), []
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001  whatever it is, it is told, and the others go on
        if len(cards) == 1:
            return {}, [f"{cards[0].id} of {cards[0].subject}: {type(error).__name__}: {error}"]
    found: dict[str, _Compared] = {}
    unreadable: list[str] = []
    middle = len(cards) // 2
    for half in (cards[:middle], cards[middle:]):
        read, wrong = await _read_apart(session, cycle, half, setting, late, at=at)
        found |= read
        unreadable += wrong
    return found, unreadable


async def _compare_all(
    session: ReadSession,
    cycle: Cycle,
    cards: Sequence[Scorecard],
    setting: Setting,
    late: _Late,
    *,
    at: datetime,
) -> dict[str, _Compared]:
    drawn = [plan for card in cards if (plan := plan_card(card, cycle, setting)) is not None]
    plans = await with_stated(session, drawn)
    wanted = {plan.card.id: list(wanted_by(plan, setting)) for plan in plans}
    kept = [plan for plan in plans if _closed_held(cycle, late.held.get(plan.card.id))]
    held = {plan.card.id for plan in kept}
    read = await hold_values(
        session, kept, await read_card_values(session, plans, wanted, tenant=setting.tenant)
    )
    targets = await read_targets_of(session, plans, setting)
    decided = await read_decisions(session, [card.id for card in cards])
    stood = {card.id: _stood(card, cycle, decided.get(card.id, ()), late) for card in cards}
    told = await read_told_cards(session, cards)

    def compute_all() -> tuple[list[CardPlan], dict[str, Counted]]:
        counted = {
            plan.card.id: _counted(plan.card, cycle, told[plan.card.id], read, stood[plan.card.id])
            for plan in plans
        }
        computed = [
            replace(plan, card=compute_card(plan, setting, values, targets, covered, at=at))
            for plan in plans
            for values in [_with_counted(read.of[plan.card.id], counted[plan.card.id])]
            for covered in [told_coverage(json.loads(plan.card.explanation))]
        ]
        return computed, counted

    computed, counted = await asyncio.to_thread(compute_all)
    asked, paid_by = await read_pay_wanted(session, computed, setting)
    bases = await bases_of(session, computed, asked, paid_by, setting)
    bases |= await hold_bases(session, kept, bases, setting)
    now = {plan.card.id: plan.card for plan in computed}
    return {
        card.id: _compare(
            stood[card.id],
            now[card.id],
            counted[card.id],
            _basis(stood[card.id], bases[card.id], asked[card.id], paid_by),
            is_held=card.id in held,
        )
        if card.id in now
        else _Compared((MISSING,), is_late=False)
        for card in cards
    }


def _closed_held(cycle: Cycle, held: Held | None) -> bool:
    """Whether a card had figures as data were closed that facts no longer moved."""
    if held is None or cycle.closed_at is None:
        return False
    return (held.rejected.since or held.rejected_at) < cycle.closed_at


def _stood(card: Scorecard, cycle: Cycle, decided: Sequence[Decided], late: _Late) -> _Stood:
    taken = accepted_of(cycle, decided)
    since = late.since(out_since(cycle, decided, late.held.get(card.id)))
    if taken is None:
        return _Stood(card.document, card.bases, is_taken=False, late=since)
    assert taken.scorecard_document is not None, "what was accepted kept the card"
    return _Stood(taken.scorecard_document, taken.bases, is_taken=True, late=since)


def _counted(
    card: Scorecard, cycle: Cycle, told: ToldCard, read: CardValues, stood: _Stood
) -> Counted:
    return as_counted(
        told,
        asked_by(told, card.subject, cycle),
        read.of[card.id],
        read.prepared,
        stood.late[0],
        taken=json.loads(stood.document) if stood.is_taken else None,
    )


def _with_counted(values: Values, counted: Counted) -> Values:
    return {**values, **counted} if counted else values


def _basis(
    stood: _Stood, now: PayBasis, asked: PayWanted, read: CardValues
) -> tuple[PayBasis, bool]:
    """What the card is paid by without late facts, and whether there are any."""
    if stood.bases is None:
        return now, False
    then = read_basis(stood.bases)
    return basis_as_counted(then, now, asked, read.prepared, stood.late[1])


def _compare(
    stood: _Stood,
    now: Scorecard,
    counted: Counted,
    basis: tuple[PayBasis, bool],
    *,
    is_held: bool,
) -> _Compared:
    if counted is None:
        return _Compared((), is_late=True)
    shown = json.loads(stood.document)
    # A grade that calibration gave hangs on everybody, and is no figure of this card.
    grades = shown.get("grade_origin") is None
    paid_by, is_late = basis
    return _Compared(
        (
            *differences(shown, json.loads(now.document), grades=grades),
            *basis_differences(stood.bases, basis_document(paid_by)),
        ),
        is_late=is_held or bool(counted) or is_late,
    )


def _drift(
    card: Scorecard, cycle: Cycle, result: str, found: Sequence[Difference], *, at: datetime
) -> Drift:
    drift_id = new_id(IdKind.DRIFT)
    head: Mapping[str, object] = {
        "id": drift_id,
        "result": result,
        "scorecard": card.id,
        "cycle": cycle.code,
        "period": cycle.period.code,
        "subject": str(card.subject),
        "revision": card.revision,
    }
    known_by, document = drift_document(head, found, found_at=instant_text(at))
    return Drift(
        id=drift_id,
        result=result,
        cycle=cycle.code,
        subject=card.subject,
        revision=card.revision,
        recomputed=known_by,
        document=document,
    )
