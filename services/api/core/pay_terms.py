"""What each pay plan comes to (`domain.md`, section 8), exactly, and the terms it is stated by."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from services.api.core.documents import instant_text, plain_or_null
from services.api.core.pay_documents import RATE_PLACES
from services.schema.errors import Conflict
from services.schema.money import (
    AMOUNT_DIGITS,
    TOTAL_PLACES,
    VALUE_PLACES,
    Exact,
    fixed,
    minor_places,
    plain,
    round_half_up,
    share_out,
)
from services.schema.shapes.indicators import Value
from services.schema.shapes.levels import LevelInForce
from services.schema.shapes.pay_plans import (
    Band,
    Commission,
    Factor,
    GradeBonus,
    LeaderCapacity,
    LeaderMean,
    LevelAllowance,
)
from services.schema.shapes.payouts import MemberPay, PayAdjustment
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import Score
from services.schema.words import CoefficientOf, NoValue

Terms = dict[str, object]
"""What an amount was computed from, as a document: its decimals are text."""


def commission_of(
    plan: Commission, base: Value, scheme: Scheme, card: Score, currency: str
) -> tuple[Decimal, Terms]:
    """The sum over marginal bands times the coefficient; a base below 0 reaches no band.

    What each band pays is stated too: the parts sum to the whole, leftovers by largest remainder.
    """
    total = _known(plan.indicator, base)
    ends = (*(band.start for band in plan.bands[1:]), None)
    parts = [_part(total, band, end) for band, end in zip(plan.bands, ends, strict=True)]
    factor, coefficient = _coefficient(plan.coefficient, scheme, card)
    amount = _rounded(sum(parts, Fraction(0)) * factor, currency)
    amounts = _shared(amount, parts, currency)
    return amount, {
        "indicator": plan.indicator,
        "base": plain(total),
        "reason": base.reason,
        "bands": [
            _band_terms(total, band, end, part, paid)
            for band, end, part, paid in zip(plan.bands, ends, parts, amounts, strict=True)
        ],
        "coefficient": coefficient,
    }


def leader_mean_of(
    plan: LeaderMean, members: Sequence[MemberPay], scheme: Scheme, card: Score, currency: str
) -> tuple[Decimal, Terms]:
    """The mean over the members who are paid by business, times three coefficients.

    Who has no commission is no part of the mean; a mean of nobody is 0.
    """
    total = sum((member.amount for member in members), Decimal(0))
    count = len({member.employee for member in members})
    mean = Fraction(total) / count if count else Fraction(0)
    factors = {
        name: _factor(factor, scheme, card)
        for name, factor in (
            ("task", plan.task),
            ("business", plan.business),
            ("staffing", plan.staffing),
        )
    }
    exact = mean
    for value, _ in factors.values():
        exact *= value
    places = minor_places(currency)
    return _rounded(exact, currency), {
        "members": [
            {
                "employee": member.employee,
                "cycle": member.cycle,
                "amount": fixed(member.amount, places),
            }
            for member in members
        ],
        "sum": fixed(total, places),
        "count": count,
        "mean": plain(round_half_up(mean, VALUE_PLACES)),
        **{name: stated for name, (_, stated) in factors.items()},
    }


def leader_capacity_of(
    plan: LeaderCapacity, outputs: Mapping[str, Value], scheme: Scheme, card: Score, currency: str
) -> tuple[Decimal, Terms]:
    """The team's total output times the coefficient; an output below 0 pays nothing."""
    parts = {whose: _known(plan.indicator, value) for whose, value in sorted(outputs.items())}
    output = sum(parts.values(), Decimal(0))
    factor, stated = _factor(plan.incentive, scheme, card)
    return _rounded(max(Fraction(0), Fraction(output)) * factor, currency), {
        "indicator": plan.indicator,
        "outputs": [
            {"subject": whose, "value": plain(part), "reason": outputs[whose].reason}
            for whose, part in parts.items()
        ],
        "output": plain(output),
        "incentive": stated,
    }


def grade_bonus_of(
    plan: GradeBonus, scheme: Scheme, card: Score, currency: str
) -> tuple[Decimal, Terms]:
    """The base bonus times the coefficient of the grade."""
    factor, coefficient = _coefficient(CoefficientOf.GRADE, scheme, card)
    amount = _rounded(Fraction(plan.base) * factor, currency)
    return amount, {"base": plain(plan.base), "coefficient": coefficient}


def level_allowance_of(
    plan: LevelAllowance, held: LevelInForce | None, currency: str
) -> tuple[Decimal, Terms]:
    """The amount of the level; without a level, or with one that has no amount, 0.

    The terms name the assessment: without one nobody ever said where the person stands.
    """
    level = None if held is None else held.level
    amounts = {each.level: each.amount for each in plan.amounts}
    amount = Decimal(0) if level is None else amounts.get(level, Decimal(0))
    return _rounded(amount, currency), {
        "ladder": plan.ladder,
        "level": level,
        "assessment": None
        if held is None
        else {
            "ladder_version": held.ladder_version,
            "month": held.month,
            "revision": held.revision,
            "fingerprint": held.fingerprint,
        },
        "amounts": [{"level": name, "amount": plain(each)} for name, each in amounts.items()],
    }


def adjustments_of(adjustments: Sequence[PayAdjustment], currency: str) -> tuple[Decimal, Terms]:
    """The sum of what was stated for the card, what was withdrawn with its counterpart."""
    amount = _rounded(sum((each.amount for each in adjustments), Decimal(0)), currency)
    return amount, {
        "adjustments": [
            {
                "id": each.id,
                "amount": fixed(each.amount, minor_places(currency)),
                "reason": each.reason,
                "author": each.author,
                "stated_at": instant_text(each.stated_at),
                "withdraws": each.withdraws,
            }
            for each in adjustments
        ]
    }


def _known(indicator: str, value: Value) -> Decimal:
    """Without any fact it is 0; what cannot be known is not paid as nothing."""
    if value.value is None and value.reason is not NoValue.NO_ROWS:
        detail = f"{indicator} has no value to pay on: {value.reason}."
        raise Conflict("pay_base_missing", detail)
    return value.value or Decimal(0)


def _part(amount: Decimal, band: Band, end: Decimal | None) -> Fraction:
    """What one band pays: the rate on so much of the amount as lies in it."""
    return _inside(amount, band, end) * Fraction(band.rate)


def _inside(amount: Decimal, band: Band, end: Decimal | None) -> Fraction:
    top = amount if end is None else min(amount, end)
    return max(Fraction(0), Fraction(top) - Fraction(band.start))


def _band_terms(
    amount: Decimal, band: Band, end: Decimal | None, part: Fraction, paid: str
) -> Terms:
    return {
        "from": plain(band.start),
        "to": plain_or_null(end),
        "inside": plain(round_half_up(_inside(amount, band, end), VALUE_PLACES)),
        "rate": plain(band.rate),
        "part": plain(round_half_up(part, VALUE_PLACES + RATE_PLACES)),
        "amount": paid,
    }


def _shared(amount: Decimal, parts: Sequence[Fraction], currency: str) -> list[str]:
    places = minor_places(currency)
    if not any(parts):
        return [fixed(Decimal(0), places) for _ in parts]
    return [fixed(each, places) for each in share_out(amount, parts, places)]


def _factor(factor: Factor, scheme: Scheme, card: Score) -> tuple[Fraction, Terms]:
    """A leader's coefficient, exactly, and how it is stated."""
    if factor.number is not None:
        return Fraction(factor.number), {"of": None, "value": plain(factor.number)}
    if factor.item is None:
        return _coefficient(factor.of, scheme, card)
    attained = max(Decimal(0), _attainment(factor.item, card))
    return Fraction(attained), {"of": "attainment", "item": factor.item, "value": plain(attained)}


def _attainment(item: str, card: Score) -> Decimal:
    """What the item's lines attained: of several segments the mean by days."""
    days, weighted = 0, Fraction(0)
    for each in card.segments:
        for line in each.lines:
            if line.item != item:
                continue
            if line.attainment is None:
                detail = f"{item} has no attainment to pay by."
                raise Conflict("pay_coefficient_missing", detail)
            days += each.segment.days
            weighted += Fraction(line.attainment) * each.segment.days
    assert days, "a plan is published with items of its own scheme, which scores the last segment"
    return round_half_up(weighted / days, VALUE_PLACES)


def _coefficient(of: CoefficientOf | None, scheme: Scheme, card: Score) -> tuple[Fraction, Terms]:
    """What a figure of the card multiplies by, exactly, and how it is stated."""
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


def _rounded(exact: Exact, currency: str) -> Decimal:
    """To the currency's own smallest unit, half up: the one rounding of a payout."""
    rounded = round_half_up(exact, minor_places(currency))
    if rounded.adjusted() >= AMOUNT_DIGITS:
        detail = f"A payout has at most {AMOUNT_DIGITS} digits before the point: this has more."
        raise Conflict("payout_too_large", detail)
    return rounded
