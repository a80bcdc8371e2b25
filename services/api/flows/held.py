"""Which cards are held because late facts were rejected, and the figures that they keep."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.api.core.cards import CardPlan, Setting
from services.api.core.held import (
    Rejected,
    basis_held,
    held_as_of,
    rejected_of,
    values_held,
)
from services.api.core.late_facts import Asked, asked_by, explanation_kept
from services.api.core.pay_bases import read_basis
from services.api.core.told_cards import ToldCard, segments_of
from services.api.core.told_cards import read_told as told_card
from services.api.flows.card_values import CardValues
from services.api.flows.schemes import scheme_of
from services.api.store.late_facts import read_decision_heads, read_decisions_by_id
from services.api.store.schemes import read_versions
from services.api.store.scorecards import read_cards
from services.schema.db import ReadSession
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.indicators import Explained, Wanted
from services.schema.shapes.payouts import PayBasis
from services.schema.shapes.ratings import About


@dataclass(frozen=True, slots=True)
class Held:
    """How a card stands since late facts were rejected."""

    scorecard: str
    """Of the revision in which they were."""
    told: ToldCard
    asked: Asked
    explanation: bytes
    basis: PayBasis
    rejected: Rejected
    rejected_at: datetime

    def values(self) -> Mapping[Wanted, Explained]:
        """What facts gave the card, and give it still."""
        return values_held(self.told, self.asked)


async def read_held(
    session: ReadSession, cycles: Mapping[str, Cycle], abouts: Collection[About]
) -> dict[About, Held]:
    """Those of these cards that are held: of few, and where nobody was rejected one statement."""
    heads = await read_decision_heads(session, abouts)
    held = {about: as_of for about, own in heads.items() if (as_of := held_as_of(own)) is not None}
    if not held:
        return {}
    decided = await read_decisions_by_id(session, {each for own in held.values() for each in own})
    cards = await read_cards(session, {each.scorecard for each in decided.values()})
    found = {}
    for about, (rejection, last) in held.items():
        if not (rejected := rejected_of(decided[rejection])).holds:
            continue
        stood, card = decided[last], cards[decided[last].scorecard]
        # A rejection of which nothing was kept left the card as it was published.
        kept = None if stood.bases is None else explanation_kept(stood.bases)
        explanation, bases = (card.explanation, card.bases) if kept is None else (kept, stood.bases)
        if bases is None:
            # And one that was opened again before that: what it had is not known.
            continue
        told = await read_told(session, explanation)
        found[about] = Held(
            scorecard=card.id,
            told=told,
            asked=asked_by(told, card.subject, cycles[about[0]]),
            explanation=explanation,
            basis=read_basis(bases),
            rejected=rejected,
            rejected_at=decided[rejection].decided_at,
        )
    return found


async def hold_values(
    session: ReadSession, plans: Sequence[CardPlan], read: CardValues
) -> CardValues:
    """Values in which cards that are held keep what they had."""
    held = await _held_of(session, plans)
    own = {card: {**read.of[card], **each.values()} for card, each in held.items()}
    return CardValues({**read.of, **own}, read.prepared) if own else read


async def hold_bases(
    session: ReadSession,
    plans: Sequence[CardPlan],
    bases: Mapping[str, PayBasis],
    setting: Setting,
) -> dict[str, PayBasis]:
    """Bases in which cards that are held keep what they had, but for members and levels."""
    held = await _held_of(session, plans)
    return {
        plan.card.id: basis_held(
            each.basis, bases[plan.card.id], each.told, each.asked, plan, setting.schemes
        )
        if (each := held.get(plan.card.id)) is not None
        else bases[plan.card.id]
        for plan in plans
    }


async def held_in(session: ReadSession, plans: Sequence[CardPlan]) -> dict[str, str]:
    """The cards that are held, each with the one, of whatever revision, by which it stands."""
    return {card: each.scorecard for card, each in (await _held_of(session, plans)).items()}


async def _held_of(session: ReadSession, plans: Sequence[CardPlan]) -> dict[str, Held]:
    abouts = {plan.card.id: (plan.card.cycle, plan.card.subject) for plan in plans}
    cycles = {plan.cycle.code: plan.cycle for plan in plans}
    held = await read_held(session, cycles, set(abouts.values()))
    return {card: held[about] for card, about in abouts.items() if about in held}


async def read_told(session: ReadSession, explanation: bytes) -> ToldCard:
    """A card read back from how it came about."""
    document = json.loads(explanation)
    keys = {(each.scheme, each.scheme_version) for each in segments_of(document)}
    versions = await read_versions(session, keys)
    return told_card(document, {key: scheme_of(each.document) for key, each in versions.items()})
