"""How the pay of a scheme is written (`api.md`, section 4): read into shapes, and back."""

from decimal import Decimal

from services.api.core.documents import plain_or_null
from services.api.core.fields import FORMULA_CODE, VALUE_DIGITS, Fields
from services.schema.money import AMOUNT_PLACES, plain
from services.schema.shapes.schemes import Band, Pay
from services.schema.words import CoefficientOf, PayPlan

RATE_PLACES = 6
"""Decimals of a rate or a coefficient of pay."""
MOST_BANDS = 100

_LATER = (PayPlan.LEADER_MEAN, PayPlan.LEADER_CAPACITY, PayPlan.LEVEL_ALLOWANCE, PayPlan.ADJUSTMENT)


def read_pay(fields: Fields) -> Pay:
    plan = fields.needed_word("plan", PayPlan)
    if plan in _LATER:
        fields.fault("plan", "plan_not_supported", "This version does not pay by this plan yet.")
        fields.skip_rest()
        return Pay(plan)
    if plan is PayPlan.GRADE_BONUS:
        base = fields.needed_decimal("base", AMOUNT_PLACES, digits=VALUE_DIGITS)
        return Pay(plan, base=base, coefficient=CoefficientOf.GRADE)
    fields.one_of(("rate", "bands"))
    rate = fields.decimal("rate", RATE_PLACES)
    bands = tuple(_read_band(part) for part in fields.parts("bands", most=MOST_BANDS))
    return Pay(
        plan,
        indicator=fields.needed_code("indicator", FORMULA_CODE),
        bands=bands if rate is None else (Band(Decimal(0), rate),),
        coefficient=fields.word("coefficient", CoefficientOf),
    )


def _read_band(fields: Fields) -> Band:
    return Band(
        fields.needed_decimal("from", AMOUNT_PLACES, digits=VALUE_DIGITS),
        fields.needed_decimal("rate", RATE_PLACES),
    )


def pay_to_wire(pay: Pay) -> dict[str, object]:
    if pay.plan is PayPlan.GRADE_BONUS:
        return {"plan": pay.plan, "base": plain_or_null(pay.base)}
    return {
        "plan": pay.plan,
        "indicator": pay.indicator,
        "bands": [{"from": plain(band.start), "rate": plain(band.rate)} for band in pay.bands],
        "coefficient": pay.coefficient,
    }
