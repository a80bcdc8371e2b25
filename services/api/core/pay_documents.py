"""How the pay of a scheme is written (`api.md`, section 4): read into shapes, and back."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from services.api.core.documents import plain_or_null
from services.api.core.fields import CODE, FORMULA_CODE, VALUE_DIGITS, Fields
from services.schema.money import AMOUNT_PLACES, plain
from services.schema.shapes.pay_plans import (
    Band,
    Commission,
    Factor,
    GradeBonus,
    LeaderCapacity,
    LeaderMean,
    LevelAllowance,
    LevelAmount,
    MoneyAdjustments,
    Pay,
)
from services.schema.words import CoefficientOf, PayPlan

RATE_PLACES = 6
"""Decimals of a rate or a coefficient of pay."""
MOST_BANDS = 100
MOST_LEVELS = 20

_ONE = Decimal(1)


def read_pay(fields: Fields) -> Pay:
    """A plan with its terms; which terms there are depends on the plan."""
    plan = fields.needed_word("plan", PayPlan)
    if fields.peek("plan") != plan:
        # Of a plan that is none, nobody can say which terms it should have.
        fields.skip_rest()
        return MoneyAdjustments()
    return _READERS[plan](fields)


def pay_to_wire(pay: Pay) -> dict[str, object]:
    """The document that states a plan; reading it gives the same plan again."""
    return {"plan": pay.plan, **_terms_to_wire(pay)}


def _terms_to_wire(pay: Pay) -> dict[str, object]:
    match pay:
        case Commission():
            bands = [{"from": plain(band.start), "rate": plain(band.rate)} for band in pay.bands]
            return {"indicator": pay.indicator, "bands": bands, "coefficient": pay.coefficient}
        case LeaderMean():
            factors = {"task": pay.task, "business": pay.business, "staffing": pay.staffing}
            return {name: factor_to_wire(factor) for name, factor in factors.items()}
        case LeaderCapacity():
            return {"indicator": pay.indicator, "incentive": factor_to_wire(pay.incentive)}
        case GradeBonus():
            return {"base": plain(pay.base)}
        case LevelAllowance():
            amounts = [{"level": each.level, "amount": plain(each.amount)} for each in pay.amounts]
            return {"ladder": pay.ladder, "amounts": amounts}
        case MoneyAdjustments():
            bounds = {"minimum": pay.minimum, "maximum": pay.maximum}
            return {name: plain_or_null(bound) for name, bound in bounds.items()}


def factor_to_wire(factor: Factor) -> dict[str, object]:
    """A coefficient by the one member that it states."""
    if factor.number is not None:
        return {"number": plain(factor.number)}
    return {"of": factor.of} if factor.item is None else {"item": factor.item}


def _read_commission(fields: Fields) -> Commission:
    fields.one_of(("rate", "bands"))
    rate = fields.decimal("rate", RATE_PLACES)
    bands = tuple(_read_band(part) for part in fields.parts("bands", most=MOST_BANDS))
    return Commission(
        indicator=fields.needed_code("indicator", FORMULA_CODE),
        bands=bands if rate is None else (Band(Decimal(0), rate),),
        coefficient=fields.word("coefficient", CoefficientOf),
    )


def _read_band(fields: Fields) -> Band:
    return Band(_needed_amount(fields, "from"), fields.needed_decimal("rate", RATE_PLACES))


def _read_leader_mean(fields: Fields) -> LeaderMean:
    return LeaderMean(
        task=_read_factor(fields, "task"),
        business=_read_factor(fields, "business"),
        staffing=_read_factor(fields, "staffing"),
    )


def _read_leader_capacity(fields: Fields) -> LeaderCapacity:
    indicator = fields.needed_code("indicator", FORMULA_CODE)
    return LeaderCapacity(indicator, _read_factor(fields, "incentive"))


def _read_factor(fields: Fields, name: str) -> Factor:
    """A number may stand by itself; a coefficient that is left out is 1."""
    if not isinstance(fields.peek(name), dict):
        number = fields.decimal(name, RATE_PLACES)
        return Factor(number=_ONE if number is None else number)
    stated = fields.needed_part(name)
    stated.one_of(("number", "of", "item"))
    return Factor(
        number=stated.decimal("number", RATE_PLACES),
        of=stated.word("of", CoefficientOf),
        item=stated.code("item"),
    )


def _read_grade_bonus(fields: Fields) -> GradeBonus:
    return GradeBonus(_needed_amount(fields, "base"))


def _read_level_allowance(fields: Fields) -> LevelAllowance:
    amounts = tuple(
        LevelAmount(part.needed_code("level", CODE), _needed_amount(part, "amount"))
        for part in fields.parts("amounts", most=MOST_LEVELS)
    )
    return LevelAllowance(fields.needed_code("ladder", CODE), amounts)


def _read_adjustments(fields: Fields) -> MoneyAdjustments:
    return MoneyAdjustments(
        fields.decimal("minimum", AMOUNT_PLACES, digits=VALUE_DIGITS),
        fields.decimal("maximum", AMOUNT_PLACES, digits=VALUE_DIGITS),
    )


def _needed_amount(fields: Fields, name: str) -> Decimal:
    return fields.needed_decimal(name, AMOUNT_PLACES, digits=VALUE_DIGITS)


_READERS: Mapping[PayPlan, Callable[[Fields], Pay]] = {
    PayPlan.COMMISSION: _read_commission,
    PayPlan.LEADER_MEAN: _read_leader_mean,
    PayPlan.LEADER_CAPACITY: _read_leader_capacity,
    PayPlan.GRADE_BONUS: _read_grade_bonus,
    PayPlan.LEVEL_ALLOWANCE: _read_level_allowance,
    PayPlan.ADJUSTMENT: _read_adjustments,
}
