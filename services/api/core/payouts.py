"""How a result becomes money, and what payroll hears of it (`domain.md`, section 8)."""

import json
from collections.abc import Sequence
from decimal import Decimal

from services.api.core.documents import instant_text, to_bytes
from services.api.core.pay_terms import (
    Terms,
    adjustments_of,
    commission_of,
    grade_bonus_of,
    leader_capacity_of,
    leader_mean_of,
    level_allowance_of,
)
from services.schema.money import TOTAL_PLACES, fixed, minor_places
from services.schema.shapes.pay_plans import (
    Commission,
    GradeBonus,
    LeaderCapacity,
    LeaderMean,
    LevelAllowance,
    MoneyAdjustments,
    Pay,
)
from services.schema.shapes.payouts import (
    EntryContent,
    MemberPay,
    Owed,
    PayAdjustment,
    PayBasis,
    Payout,
)
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import Score
from services.schema.words import EntryKind


def pay(
    scheme: Scheme,
    card: Score,
    basis: PayBasis,
    *,
    currency: str,
    members: Sequence[MemberPay],
    adjustments: Sequence[PayAdjustment],
) -> tuple[Payout, ...]:
    """The payouts of a complete card by each plan of its cycle's scheme.

    What commissions are paid on has each refund in the period of its order. Without any fact it is
    0; without a rate of exchange nothing can be paid. `members` are those of a leader.
    """
    assert card.total is not None, "only a complete card is paid"

    def amount_by(plan: Pay) -> tuple[Decimal, Terms]:
        match plan:
            case Commission():
                base = basis.bases[plan.indicator]
                return commission_of(plan, base, scheme, card, currency)
            case LeaderMean():
                return leader_mean_of(plan, members, scheme, card, currency)
            case LeaderCapacity():
                outputs = basis.outputs[plan.indicator]
                return leader_capacity_of(plan, outputs, scheme, card, currency)
            case GradeBonus():
                return grade_bonus_of(plan, scheme, card, currency)
            case LevelAllowance():
                return level_allowance_of(plan, basis.levels.get(plan.ladder), currency)
            case MoneyAdjustments():
                return adjustments_of(adjustments, currency)

    amounts = [(plan, *amount_by(plan)) for plan in scheme.pay]
    return tuple(Payout(plan.plan, amount, currency, terms) for plan, amount, terms in amounts)


def business_pay(scheme: Scheme, card: Score, basis: PayBasis, *, currency: str) -> Decimal | None:
    """What a card earns by commissions, on which its leader's pay may rest; null without any."""
    plans = [plan for plan in scheme.pay if isinstance(plan, Commission)]
    if not plans:
        return None
    earned = (
        commission_of(plan, basis.bases[plan.indicator], scheme, card, currency) for plan in plans
    )
    return sum((amount for amount, _ in earned), Decimal(0))


def leader_payouts(
    scheme: Scheme, card: Score, members: Sequence[MemberPay], *, currency: str
) -> dict[int, Payout]:
    """The payouts that rest on the pay of others, by the place of the plan in its scheme."""
    payouts = {}
    for number, plan in enumerate(scheme.pay):
        if isinstance(plan, LeaderMean):
            amount, terms = leader_mean_of(plan, members, scheme, card, currency)
            payouts[number] = Payout(plan.plan, amount, currency, terms)
    return payouts


def owed_by(payouts: Sequence[Payout], currency: str) -> tuple[Owed, ...]:
    """What payroll hears of a result: each payout, also of 0, or one entry without a plan."""
    if not payouts:
        return (Owed(0, None, Decimal(0), currency),)
    return tuple(
        Owed(number, payout.plan, payout.amount, payout.currency)
        for number, payout in enumerate(payouts)
    )


def correction(new: Decimal, stated: Sequence[Decimal]) -> Decimal:
    """The new amount less the original and its earlier corrections."""
    return new - sum(stated, Decimal(0))


def is_news(amount: Decimal, grade: str | None, total: Decimal, *, latest: bytes) -> bool:
    """Whether a correction tells payroll anything that the newest entry before it did not."""
    told = json.loads(latest)
    return bool(amount) or (told["grade"], told["total"]) != (grade, fixed(total, TOTAL_PLACES))


def inputs_document(payout: Payout) -> bytes:
    """What an amount was computed from."""
    return to_bytes(payout.inputs)


def entry_document(entry: EntryContent) -> bytes:
    """An entry of the payroll feed, in the order of `api.md`, section 6."""
    owed = entry.owed
    kind = EntryKind.RESULT if entry.corrects is None else EntryKind.CORRECTION
    return to_bytes(
        {
            "seq": entry.seq,
            "id": entry.id,
            "kind": kind,
            "corrects": entry.corrects,
            "employee": entry.employee,
            "cycle": entry.cycle,
            "period": entry.period,
            "plan": owed.plan,
            "amount": fixed(owed.amount, minor_places(owed.currency)),
            "currency": owed.currency,
            "grade": entry.grade,
            "total": fixed(entry.total, TOTAL_PLACES),
            "reason": entry.reason,
            "fingerprint": entry.fingerprint,
            "published_at": instant_text(entry.published_at),
        }
    )
