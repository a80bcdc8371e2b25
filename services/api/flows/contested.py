"""What a card of closed data comes to with something of it upheld; nothing is written.

A dispute is weighed and carried out by the same arithmetic, so that what is owed once it is upheld
is what was shown. The card keeps the facts, targets and weights that it had.
"""

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from services.api.core.calibrated import keep_calibrated
from services.api.core.candidates import tie_breakers_wanted
from services.api.core.cards import CardPlan, Setting, write_card
from services.api.core.changed_values import move_basis, move_card, move_value
from services.api.core.coverage import told_coverage
from services.api.core.disputes import fact_contested
from services.api.core.held import restate_basis
from services.api.core.late_facts import accepted_of, asked_by, explanation_kept
from services.api.core.pay_bases import basis_document
from services.api.core.told_cards import ToldCard, inputs_with, read_told
from services.api.flows.anew import Anew, Paid, basis_of, pay_cards, scheme_in, score_anew
from services.api.flows.card_values import read_card_values
from services.api.flows.held import held_of, out_since
from services.api.flows.payouts import read_bases
from services.api.flows.results import payouts_of
from services.api.flows.scorecards import read_setting
from services.api.flows.told_cards import read_schemes_of
from services.api.store.calibrations import read_tie_breakers
from services.api.store.changed_facts import came_late
from services.api.store.late_facts import read_decisions
from services.schema.db import ReadSession
from services.schema.errors import Conflict
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.disputes import StatedDispute
from services.schema.shapes.indicators import Value
from services.schema.shapes.payouts import PayBasis
from services.schema.shapes.scorecards import Scorecard, Stated
from services.schema.words import CycleStatus


@dataclass(frozen=True, slots=True)
class Contested:
    """A card before and with what is upheld of it, and what then tells it apart from equals."""

    anew: Anew
    tie_breakers: tuple[Decimal | None, ...] | None
    """Null where they are as they were."""


async def read_standing(session: ReadSession, cycle: Cycle, card: Scorecard) -> Scorecard:
    """A card of closed data as it stands: published, with what was accepted and upheld since."""
    decided = (await read_decisions(session, [card.id])).get(card.id, ())
    taken = accepted_of(cycle, decided)
    if taken is None:
        return card
    assert taken.bases is not None, "what was accepted kept the bases"
    explanation = explanation_kept(taken.bases)
    if explanation is None:
        # Decided before that was kept: it took all the facts that there were.
        anew = (await score_anew(session, cycle, [card], at=taken.decided_at))[card.id]
        document, bases = anew.now.document, basis_document(anew.basis)
        explanation = anew.now.explanation
    else:
        document, bases = taken.scorecard_document or card.document, taken.bases
    return replace(card, document=document, explanation=explanation, bases=bases)


async def score_upheld(
    session: ReadSession,
    cycle: Cycle,
    card: Scorecard,
    before: Stated,
    after: Stated,
    *,
    at: datetime,
) -> Contested:
    """A card with what is stated for it `after` something is upheld, and what it is paid by.

    A grade that calibration gave stays, unless a gate bites now: nobody is ranked again.
    """
    setting = await read_setting(session, [cycle])
    standing = await read_standing(session, cycle, card)
    explanation = json.loads(standing.explanation)
    schemes = await read_schemes_of(session, [explanation])
    told, basis = read_told(explanation, schemes), basis_of(standing)
    segments = tuple(each.segment for each in told.segments)
    plan = CardPlan(standing, cycle, segments, after)
    tie_breakers = None
    if before.facts != after.facts:
        told, basis, tie_breakers = await _change_facts(
            session, told, basis, replace(plan, stated=before), plan, setting
        )
    elif before.values != after.values:
        asked = asked_by(told, card.subject, cycle)
        basis = restate_basis(basis, told, asked, plan, schemes)
    scored = await asyncio.to_thread(
        write_card, plan, inputs_with(told, after.marks), told_coverage(explanation), at=at
    )
    now = keep_calibrated(scored, card, scheme_in(cycle, setting), schemes)
    return Contested(Anew(before=standing, now=now, basis=basis, apart=None), tie_breakers)


async def is_late(
    session: ReadSession, cycle: Cycle, card: Scorecard, stated: StatedDispute
) -> bool:
    """Whether a fact that is contested has changed since the card took its facts.

    What difference it makes to the card cannot be told then: how it counted there is not known.
    """
    if stated.change is None:
        return False
    decided = (await read_decisions(session, [card.id])).get(card.id, ())
    held = (await held_of(session, cycle, [card])).get(card.id)
    since = out_since(cycle, decided, held)
    return await came_late(session, fact_contested(stated), since=since)


async def pay_upheld(session: ReadSession, cycle: Cycle, anew: Anew, *, at: datetime) -> Paid:
    """What the card pays then; null where nobody can say yet, as of a leader before the members."""
    if anew.now.total is None:
        return None
    if cycle.status is CycleStatus.PUBLISHED:
        return (await pay_cards(session, cycle, {anew.now.id: (anew.now, anew.basis)}))[anew.now.id]
    scored = replace(anew.now, bases=basis_document(anew.basis))
    scheme = scheme_in(cycle, await read_setting(session, [cycle]))
    try:
        return await payouts_of(session, cycle, scored, scheme, at=at)
    except Conflict as refusal:
        return refusal


async def _change_facts(
    session: ReadSession,
    told: ToldCard,
    basis: PayBasis,
    before: CardPlan,
    after: CardPlan,
    setting: Setting,
) -> tuple[ToldCard, PayBasis, tuple[Decimal | None, ...] | None]:
    """Figures, bases and tie-breakers moved by what a fact makes of a difference."""
    card, cycle = after.card, after.cycle
    asked = asked_by(told, card.subject, cycle)
    distribution = scheme_in(cycle, setting).distribution
    apart = [] if distribution is None else tie_breakers_wanted(after, distribution, setting)
    wanted = {card.id: {*asked.values(), *apart}}
    read = [
        await read_card_values(session, [plan], wanted, tenant=setting.tenant)
        for plan in (before, after)
    ]
    without, now = (each.of[card.id] for each in read)
    bases = [(await read_bases(session, [plan], setting))[card.id] for plan in (before, after)]
    stood = (await read_tie_breakers(session, cycle.code, card.revision)).get(card.id)
    moved = None
    if stood is not None:
        moved = tuple(
            move_value(
                setting.indicators[one.indicator],
                Value(value, without[one].value.reason if value is None else None),
                without=without[one].value,
                now=now[one].value,
            ).value
            for one, value in zip(apart, stood, strict=True)
        )
    return (
        replace(told, segments=move_card(told, asked, without=without, now=now)),
        move_basis(basis, setting.indicators, without=bases[0], now=bases[1]),
        moved,
    )
