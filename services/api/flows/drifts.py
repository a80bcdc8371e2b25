"""Published cards are computed again; where one differs, both values are put down, and no more."""

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
    basis_differences,
    differences,
    drift_document,
)
from services.api.core.late_facts import accepted_of
from services.api.core.pay_bases import basis_document
from services.api.flows.payouts import read_bases
from services.api.flows.scorecards import AT_ONCE, read_setting, read_targets_of, with_stated
from services.api.flows.values import read_values
from services.api.store.audit import append_entry
from services.api.store.drifts import insert_drifts, read_results_of_cycle
from services.api.store.late_facts import read_decisions
from services.api.store.scorecards import read_cards_of_cycle
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Unavailable
from services.schema.ids import IdKind, new_id
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.late_facts import Decided, Drift
from services.schema.shapes.people import Caller
from services.schema.shapes.scorecards import Scorecard

MISSING = Difference("/population", "member", None)
"""Of somebody who by today's assignments would have no card at all."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a computation of a cycle's cards came to."""

    cards: int
    """That could be computed."""
    drifts: int
    """That were not known."""
    unreadable: tuple[str, ...]
    """The cards that could not, each with why."""


async def find_drifts(
    session: WriteSession, cycle: Cycle, *, caller: Caller, at: datetime
) -> Found:
    """Compute a published cycle's cards as everything is now: facts, targets, people, definitions.

    A card is held against what was published, with the late facts that were accepted since. One
    that cannot be read is named, and keeps no other from being computed.
    """
    setting = await read_setting(session, [cycle])
    cards = await read_cards_of_cycle(session, cycle.code, cycle.revision)
    results = await read_results_of_cycle(session, cycle.code, cycle.revision)
    made: list[Drift] = []
    unreadable: list[str] = []
    for first in range(0, len(cards), AT_ONCE):
        some = cards[first : first + AT_ONCE]
        found, wrong = await _read_apart(session, cycle, some, setting, at=at)
        unreadable += wrong
        for card in some:
            if found.get(card.id) and (result := results.get(card.subject)) is not None:
                made.append(_drift(card, cycle, result, found[card.id], at=at))
            elif found.get(card.id):
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
    return Found(len(cards) - len(unreadable), len(new), tuple(unreadable))


async def _read_apart(
    session: WriteSession,
    cycle: Cycle,
    cards: Sequence[Scorecard],
    setting: Setting,
    *,
    at: datetime,
) -> tuple[dict[str, tuple[Difference, ...]], list[str]]:
    """The differences of cards, and those that cannot be read: looked for half by half."""
    try:
        # What fails in SQL ends in the savepoint, and not with the transaction.
        async with session.savepoint():
            return await _differences_of(session, cycle, cards, setting, at=at), []
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001  whatever it is, it is told, and the others go on
        if len(cards) == 1:
            return {}, [f"{cards[0].id} of {cards[0].subject}: {type(error).__name__}: {error}"]
    found: dict[str, tuple[Difference, ...]] = {}
    unreadable: list[str] = []
    middle = len(cards) // 2
    for half in (cards[:middle], cards[middle:]):
        read, wrong = await _read_apart(session, cycle, half, setting, at=at)
        found |= read
        unreadable += wrong
    return found, unreadable


async def _differences_of(
    session: ReadSession,
    cycle: Cycle,
    cards: Sequence[Scorecard],
    setting: Setting,
    *,
    at: datetime,
) -> dict[str, tuple[Difference, ...]]:
    drawn = [plan for card in cards if (plan := plan_card(card, cycle, setting)) is not None]
    plans = await with_stated(session, drawn)
    wanted = {one for plan in plans for one in wanted_by(plan, setting)}
    values = await read_values(session, wanted, tenant=setting.tenant)
    targets = await read_targets_of(session, plans, setting)

    def compute_all() -> list[CardPlan]:
        return [
            replace(plan, card=compute_card(plan, setting, values, targets, told, at=at))
            for plan in plans
            for told in [told_coverage(json.loads(plan.card.explanation))]
        ]

    computed = await asyncio.to_thread(compute_all)
    bases = await read_bases(session, computed, setting)
    decided = await read_decisions(session, [card.id for card in cards])
    now = {plan.card.id: plan.card for plan in computed}
    return {
        card.id: _compare(
            card,
            now[card.id],
            accepted_of(cycle, decided.get(card.id, ())),
            basis_document(bases[card.id]),
        )
        if card.id in now
        else (MISSING,)
        for card in cards
    }


def _compare(
    card: Scorecard, now: Scorecard, taken: Decided | None, bases: bytes
) -> tuple[Difference, ...]:
    published = card.document if taken is None else taken.scorecard_document
    paid_by = card.bases if taken is None else taken.bases
    assert published is not None, "what was accepted kept the card"
    shown = json.loads(published)
    # A grade that calibration gave hangs on everybody, and is no figure of this card.
    grades = shown.get("grade_origin") is None
    return (
        *differences(shown, json.loads(now.document), grades=grades),
        *basis_differences(paid_by, bases),
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
