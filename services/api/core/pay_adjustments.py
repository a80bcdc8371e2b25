"""Whether a reward or a penalty in money may be stated, and what takes one back."""

from collections.abc import Sequence
from decimal import Decimal

from services.schema.errors import Conflict, Fault, Invalid
from services.schema.money import minor_places, places_of, plain
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.pay_plans import MoneyAdjustments
from services.schema.shapes.payouts import PayAdjustment
from services.schema.shapes.schemes import Scheme
from services.schema.words import CycleStatus

MOST_ADJUSTMENTS = 100
"""Of one card, counterparts among them: a result names each."""

_TAKES = frozenset(
    {CycleStatus.OPEN, CycleStatus.CLOSED, CycleStatus.REVIEW, CycleStatus.CALIBRATION}
)


def plan_of_adjustments(scheme: Scheme) -> MoneyAdjustments:
    """The plan under which a scheme pays rewards and takes penalties; refuses where it has none."""
    for plan in scheme.pay:
        if isinstance(plan, MoneyAdjustments):
            return plan
    detail = "The scheme of this cycle has no plan for rewards and penalties in money."
    raise Conflict("plan_missing", detail)


def check_open(cycle: Cycle) -> None:
    """Pay is stated until a cycle is approved, and anew once it is opened again."""
    if cycle.status not in _TAKES:
        detail = f"{cycle.code} is {cycle.status}; pay is stated from opening to approval."
        raise Conflict("cycle_not_open", detail)


def check_amount(
    amount: Decimal, earlier: Sequence[PayAdjustment], plan: MoneyAdjustments, currency: str
) -> None:
    """An amount in the currency's own unit that keeps the sum of all within its bounds."""
    places = minor_places(currency)
    if not amount:
        raise _malformed("amount_zero", "A reward is above 0, a penalty below.")
    if places_of(amount) > places:
        raise _malformed("too_many_decimals", f"{currency} has {places} decimals.")
    if len(earlier) >= MOST_ADJUSTMENTS:
        detail = f"A card has at most {MOST_ADJUSTMENTS} rewards and penalties."
        raise Conflict("too_many_adjustments", detail)
    whole = sum((each.amount for each in earlier), amount)
    low, high = plan.minimum, plan.maximum
    if (low is not None and whole < low) or (high is not None and whole > high):
        detail = f"Rewards and penalties would come to {plain(whole)}, outside of their bounds."
        fault = Fault("/amount", "adjustments_out_of_bounds", detail)
        raise Conflict(fault.code, detail, [fault])


def counterpart_of(withdrawn: str, earlier: Sequence[PayAdjustment]) -> Decimal:
    """The amount that takes one of a card back, once."""
    found = next((each for each in earlier if each.id == withdrawn), None)
    if found is None or found.withdraws is not None:
        detail = "There is no such reward or penalty on this card."
        raise Conflict("unknown_adjustment", detail, [_fault(detail)])
    if any(each.withdraws == withdrawn for each in earlier):
        detail = "It was withdrawn before."
        raise Conflict("already_withdrawn", detail, [_fault(detail, "already_withdrawn")])
    return -found.amount


def _malformed(code: str, detail: str) -> Invalid:
    return Invalid("malformed", detail, [Fault("/amount", code, detail)])


def _fault(detail: str, code: str = "unknown_adjustment") -> Fault:
    return Fault("/withdraws", code, detail)
