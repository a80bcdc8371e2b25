"""Which cards are held because late facts were rejected, and the figures that they keep."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from services.api.core.cards import CardPlan, Setting
from services.api.core.held import (
    Rejected,
    basis_held,
    held_as_of,
    rejected_of,
    values_held,
)
from services.api.core.late_facts import Asked, asked_by, explanation_kept, waits_since
from services.api.core.pay_bases import read_basis
from services.api.core.tie_breakers import Kept
from services.api.core.told_cards import ToldCard
from services.api.flows.card_values import CardValues
from services.api.flows.told_cards import read_back
from services.api.store.calibrations import read_tie_breakers_of
from services.api.store.late_facts import read_decision_heads, read_decisions_by_id
from services.api.store.scorecards import read_cards
from services.schema.db import ReadSession
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.indicators import Explained, Wanted
from services.schema.shapes.late_facts import Decided
from services.schema.shapes.payouts import PayBasis
from services.schema.shapes.ratings import About
from services.schema.shapes.scorecards import Scorecard

_NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Held:
    """How a card stands since late facts were rejected."""

    told: ToldCard
    asked: Asked
    explanation: bytes
    basis: PayBasis
    rejected: Rejected
    rejected_at: datetime
    tie_breakers: Kept | None
    """By what it is told apart from equals still; null where that follows the facts."""

    @property
    def since(self) -> datetime:
        """Since when facts stay out of the card; where that was not kept, all may have."""
        return self.rejected.since or _NEVER

    def values(self) -> Mapping[Wanted, Explained]:
        """What facts gave the card, and give it still."""
        return values_held(self.told, self.asked)


async def read_held(
    session: ReadSession, cycles: Mapping[str, Cycle], abouts: Collection[About]
) -> dict[About, Held]:
    """Those of these cards that are held: of few, and where nothing was rejected one statement."""
    found = await _read_rejected(session, cycles, abouts)
    return {about: each for about, each in found.items() if each.rejected.holds}


async def held_of(
    session: ReadSession, cycle: Cycle, cards: Collection[Scorecard]
) -> dict[str, Held]:
    """The same of the cards of one cycle, by their ids."""
    abouts = {card.id: (card.cycle, card.subject) for card in cards}
    held = await read_held(session, {cycle.code: cycle}, set(abouts.values()))
    return {card: held[about] for card, about in abouts.items() if about in held}


def out_since(cycle: Cycle, decided: Sequence[Decided], held: Held | None) -> datetime:
    """Since when facts are in a card of closed data by nobody's decision."""
    return waits_since(cycle, decided) if held is None else held.since


async def _read_rejected(
    session: ReadSession, cycles: Mapping[str, Cycle], abouts: Collection[About]
) -> dict[About, Held]:
    """Those of which late facts were rejected last, whether or not that changes anything."""
    heads = await read_decision_heads(session, abouts)
    held = {about: as_of for about, own in heads.items() if (as_of := held_as_of(own)) is not None}
    if not held:
        return {}
    decided = await read_decisions_by_id(session, {each for own in held.values() for each in own})
    cards = await read_cards(session, {each.scorecard for each in decided.values()})
    told_apart = await read_tie_breakers_of(session, cards)
    found = {}
    for about, (rejection, last) in held.items():
        stood, card = decided[last], cards[decided[last].scorecard]
        # A rejection of which nothing was kept left the card as it was published.
        kept = None if stood.bases is None else explanation_kept(stood.bases)
        explanation, bases = (card.explanation, card.bases) if kept is None else (kept, stood.bases)
        if bases is None:
            # And one that was opened again before that: what it had is not known.
            continue
        told, rejected = await read_back(session, explanation), rejected_of(decided[rejection])
        # Of what held no card these were kept before they were a part of what is looked at.
        keeps = rejected.holds or rejected.tie_breakers is not None
        found[about] = Held(
            told=told,
            asked=asked_by(told, card.subject, cycles[about[0]]),
            explanation=explanation,
            basis=read_basis(bases),
            rejected=rejected,
            rejected_at=decided[rejection].decided_at,
            tie_breakers=told_apart.get(card.id, rejected.tie_breakers) if keeps else None,
        )
    return found


async def hold_values(
    session: ReadSession, plans: Sequence[CardPlan], read: CardValues
) -> CardValues:
    """Values in which cards that are held keep what they had; what is posted now is followed."""
    held = await _held_of(session, plans)
    own = {
        card: {
            **read.of[card],
            **{
                wanted: value
                for wanted, value in each.values().items()
                if (now := read.of[card].get(wanted)) is not None and now.formula is not None
            },
        }
        for card, each in held.items()
    }
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


async def hold_tie_breakers(
    session: ReadSession,
    plans: Sequence[CardPlan],
    wanted: Mapping[str, Sequence[Wanted]],
    read: CardValues,
) -> dict[str, list[Decimal | None]]:
    """By what cards are told apart from equals: where late facts were rejected, as it was.

    What is posted is followed.
    """
    found = await _read_rejected(session, _cycles_of(plans), {_about(plan) for plan in plans})
    of = {plan.card.id: found[_about(plan)] for plan in plans if _about(plan) in found}

    def told(card: str, explained: Sequence[Explained]) -> list[Decimal | None]:
        now = [each.value.value for each in explained]
        held = of.get(card)
        before = None if held is None else held.tie_breakers
        if before is None or len(before) != len(now):
            return now
        return [
            new if each.formula is None else old
            for each, old, new in zip(explained, before, now, strict=True)
        ]

    return {card: told(card, [read.of[card][one] for one in own]) for card, own in wanted.items()}


async def _held_of(session: ReadSession, plans: Sequence[CardPlan]) -> dict[str, Held]:
    held = await read_held(session, _cycles_of(plans), {_about(plan) for plan in plans})
    return {plan.card.id: held[_about(plan)] for plan in plans if _about(plan) in held}


def _about(plan: CardPlan) -> About:
    return plan.card.cycle, plan.card.subject


def _cycles_of(plans: Sequence[CardPlan]) -> dict[str, Cycle]:
    return {plan.cycle.code: plan.cycle for plan in plans}
