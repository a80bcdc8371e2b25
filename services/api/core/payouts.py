"""How a result becomes money (`domain.md`, section 8), to the currency's own unit, half up."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from services.api.core.documents import instant_text, plain_or_null, to_bytes
from services.api.core.pay_documents import RATE_PLACES
from services.schema.errors import Conflict
from services.schema.money import (
    TOTAL_PLACES,
    VALUE_PLACES,
    fixed,
    minor_places,
    plain,
    round_half_up,
)
from services.schema.shapes.indicators import Value
from services.schema.shapes.payouts import EntryContent, Owed, Payout
from services.schema.shapes.schemes import Band, Pay, Scheme
from services.schema.shapes.scorecards import Score
from services.schema.words import CoefficientOf, EntryKind, NoValue, PayPlan


def pay(
    scheme: Scheme, card: Score, *, currency: str, bases: Mapping[str, Value]
) -> tuple[Payout, ...]:
    """The payouts of a complete card by each plan of its cycle's scheme.

    The bases are by indicator: what commissions are paid on, in the tenant's currency, with each
    refund counted against the period of its order. Without any fact a base is 0; without a rate of
    exchange nothing can be paid.
    """
    assert card.total is not None, "only a complete card is paid"
    return tuple(_payout(plan, scheme, card, currency, bases) for plan in scheme.pay)


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


def _payout(
    plan: Pay, scheme: Scheme, card: Score, currency: str, bases: Mapping[str, Value]
) -> Payout:
    factor, coefficient = _coefficient(plan.coefficient, scheme, card)
    match plan.plan:
        case PayPlan.GRADE_BONUS:
            assert plan.base is not None, "a published grade bonus has a base"
            exact: Fraction = Fraction(plan.base)
            terms: dict[str, object] = {"base": plain(plan.base)}
        case PayPlan.COMMISSION:
            assert plan.indicator is not None, "a published commission has an indicator"
            exact, terms = _commission(plan, bases[plan.indicator])
        case _:
            raise AssertionError(f"no scheme can be published with the plan {plan.plan}")
    amount = round_half_up(exact * factor, minor_places(currency))
    return Payout(plan.plan, amount, currency, {**terms, "coefficient": coefficient})


def _coefficient(
    of: CoefficientOf | None, scheme: Scheme, card: Score
) -> tuple[Fraction, dict[str, object]]:
    """What the plan multiplies by, exactly, and how it is stated."""
    match of:
        case None:
            return Fraction(1), {"of": None, "value": "1"}
        case CoefficientOf.GRADE:
            assert card.coefficient is not None, "a plan by grade is published with grades only"
            value = plain(card.coefficient)
            return Fraction(card.coefficient), {"of": of, "grade": card.grade, "value": value}
        case CoefficientOf.SCORE:
            assert card.total is not None, "only a complete card is paid"
            factor = Fraction(card.total) / Fraction(scheme.full_mark)
            total = fixed(card.total, TOTAL_PLACES)
            return factor, {"of": of, "total": total, "full_mark": plain(scheme.full_mark)}


def _commission(plan: Pay, base: Value) -> tuple[Fraction, dict[str, object]]:
    """The sum over marginal bands, before any coefficient; a base below 0 reaches no band."""
    if base.value is None and base.reason is not NoValue.NO_ROWS:
        detail = f"{plan.indicator} has no value to pay a commission on: {base.reason}."
        raise Conflict("pay_base_missing", detail)
    amount = base.value or Decimal(0)
    ends = (*(band.start for band in plan.bands[1:]), None)
    parts = [_part(amount, band, end) for band, end in zip(plan.bands, ends, strict=True)]
    terms: dict[str, object] = {
        "indicator": plan.indicator,
        "base": plain(amount),
        "reason": base.reason,
        "bands": [stated for _, stated in parts],
    }
    return sum((part for part, _ in parts), Fraction(0)), terms


def _part(amount: Decimal, band: Band, end: Decimal | None) -> tuple[Fraction, dict[str, object]]:
    """What one band pays: the rate on so much of the amount as lies in it."""
    top = amount if end is None else min(amount, end)
    inside = max(Fraction(0), Fraction(top) - Fraction(band.start))
    part = inside * Fraction(band.rate)
    return part, {
        "from": plain(band.start),
        "to": plain_or_null(end),
        "inside": plain(round_half_up(inside, VALUE_PLACES)),
        "rate": plain(band.rate),
        "part": plain(round_half_up(part, VALUE_PLACES + RATE_PLACES)),
    }
