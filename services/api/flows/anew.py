"""Cards of closed data are scored anew from the facts of now, and paid by what comes of it."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.api.core.calibrated import keep_calibrated
from services.api.core.cards import CardPlan, Setting, write_card
from services.api.core.coverage import told_coverage
from services.api.core.frozen import read_score
from services.api.core.late_facts import Asked, asked_by, with_values
from services.api.core.pay_bases import read_basis
from services.api.core.payouts import pay
from services.api.core.tie_breakers import ToldApart
from services.api.core.told_cards import ToldCard, inputs_with, read_told
from services.api.flows.card_values import read_card_values
from services.api.flows.payouts import read_bases
from services.api.flows.rescoring import read_stated
from services.api.flows.scorecards import read_setting
from services.api.flows.tie_breakers import read_apart
from services.api.flows.told_cards import read_schemes_of
from services.api.store.pay_adjustments import read_pay_adjustments
from services.api.store.payouts import read_business_pay
from services.schema.db import ReadSession
from services.schema.errors import Conflict
from services.schema.shapes.coverage import Coverage
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.indicators import Explained, Wanted
from services.schema.shapes.pay_plans import LeaderMean
from services.schema.shapes.payouts import PayBasis, Payout
from services.schema.shapes.ratings import About
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import Scorecard, Stated
from services.schema.words import CycleStatus, SubjectKind

Paid = tuple[Payout, ...] | Conflict | None
Schemes = Mapping[tuple[str, int], Scheme]


@dataclass(frozen=True, slots=True)
class Anew:
    """A card as it was closed, and as it is with all facts that there are."""

    before: Scorecard
    now: Scorecard
    basis: PayBasis
    """What it is paid by now; whom the person led and which level was held stay as they were."""
    apart: ToldApart | None
    """By what it is told apart from equals; null where by nothing, or where nobody asks."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What cards were scored from, and what people stated of them."""

    cards: Mapping[str, ToldCard]
    asked: Mapping[str, Asked]
    schemes: Schemes
    stated: Mapping[About, Stated]
    coverage: Mapping[str, Coverage]
    """As it was when they were scored last."""


async def score_anew(
    session: ReadSession, cycle: Cycle, cards: Sequence[Scorecard], *, at: datetime
) -> dict[str, Anew]:
    """What the cards of a closed cycle come to by the facts of now; nothing is written.

    Targets, weights, segments and what was posted stay as they were at the close. As many
    statements for one card as for hundreds.
    """
    setting = await read_setting(session, [cycle])
    told = await _read_told(session, cycle, cards)
    asked = {card: list(own.values()) for card, own in told.asked.items()}
    drawn = [_plan_of(card, cycle, told) for card in cards]
    values = await read_card_values(session, drawn, asked, tenant=setting.tenant)

    def score_all() -> list[CardPlan]:
        return [_scored(plan, told, values.of[plan.card.id], at=at) for plan in drawn]

    # Off the loop, as all arithmetic on many cards.
    plans = await asyncio.to_thread(score_all)
    bases = await read_bases(session, plans, setting)
    apart = await read_apart(session, cycle, plans, setting)
    scheme = scheme_in(cycle, setting)
    return {
        card.id: Anew(
            before=card,
            now=keep_calibrated(plan.card, card, scheme, told.schemes),
            basis=replace(
                basis_of(card), bases=bases[card.id].bases, outputs=bases[card.id].outputs
            ),
            apart=apart.get(card.id),
        )
        for card, plan in zip(cards, plans, strict=True)
    }


async def pay_cards(
    session: ReadSession, cycle: Cycle, paid_by: Mapping[str, tuple[Scorecard, PayBasis]]
) -> dict[str, Paid]:
    """What each card pays by a basis, as payroll has heard of members and adjustments.

    Null for units, without a total, and for leaders while members wait; a refusal where it is one.
    """
    setting = await read_setting(session, [cycle])
    scheme, currency = scheme_in(cycle, setting), setting.tenant.currency
    adjusted = await read_pay_adjustments(session, cycle.code)
    is_published = cycle.status is CycleStatus.PUBLISHED
    everyone = {code for _, basis in paid_by.values() for code in basis.members}
    earned = (
        await read_business_pay(session, cycle.period, everyone, without=None)
        if everyone and is_published
        else []
    )
    waits = not is_published and any(isinstance(plan, LeaderMean) for plan in scheme.pay)

    def pay_of(card: Scorecard, basis: PayBasis) -> Paid:
        if card.total is None or waits or card.subject.kind is not SubjectKind.EMPLOYEE:
            return None
        try:
            return pay(
                scheme,
                read_score(card.document),
                basis,
                currency=currency,
                members=[one for one in earned if one.employee in basis.members],
                adjustments=adjusted.get(card.subject.code, ()),
            )
        except Conflict as refusal:
            return refusal

    return {key: pay_of(card, basis) for key, (card, basis) in paid_by.items()}


def scheme_in(cycle: Cycle, setting: Setting) -> Scheme:
    """The version that scores a cycle that was opened."""
    assert cycle.scheme_version is not None, "a cycle that was opened has a version"
    return setting.schemes[cycle.scheme, cycle.scheme_version]


async def _read_told(session: ReadSession, cycle: Cycle, cards: Sequence[Scorecard]) -> _Told:
    explanations: dict[str, Any] = {card.id: json.loads(card.explanation) for card in cards}
    schemes = await read_schemes_of(session, explanations.values())
    read = {card: read_told(told, schemes) for card, told in explanations.items()}
    return _Told(
        cards=read,
        asked={card.id: asked_by(read[card.id], card.subject, cycle) for card in cards},
        schemes=schemes,
        stated=await read_stated(session, [(card.cycle, card.subject) for card in cards]),
        coverage={card: told_coverage(told) for card, told in explanations.items()},
    )


def _plan_of(card: Scorecard, cycle: Cycle, told: _Told) -> CardPlan:
    segments = tuple(each.segment for each in told.cards[card.id].segments)
    return CardPlan(card, cycle, segments, told.stated[card.cycle, card.subject])


def _scored(
    plan: CardPlan, told: _Told, values: Mapping[Wanted, Explained], *, at: datetime
) -> CardPlan:
    """The plan of a card, which holds the card as it is scored now."""
    card = plan.card.id
    own = told.cards[card]
    given = replace(own, segments=with_values(own, told.asked[card], values))
    segments = inputs_with(given, plan.stated.marks)
    return replace(plan, card=write_card(plan, segments, told.coverage[card], at=at))


def basis_of(card: Scorecard) -> PayBasis:
    """What a card is paid by, as it was when data closed."""
    assert card.bases is not None, "the bases of pay were frozen as data closed"
    return read_basis(card.bases)
