"""The change of sales between two periods, split into visitors x conversion x order value.

A factor's part is what going from then to now does to the product, as the mean over every order
in which the factors can go (their Shapley values): no factor is favoured by coming first, nothing
is left over, and no logarithm meets a zero. The exact parts are brought to the currency's smallest
unit by largest remainder, so they sum to the change of the sales that are shown.

Where a factor has no value (a conversion without visitors, an order value without an order) it is
taken as it is in the other period, so that it did nothing. Where visitors are not counted, or
there were orders without any, orders stand in place of visitors x conversion.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations
from math import prod

from services.schema.days import Period
from services.schema.money import round_half_up, split_signed
from services.schema.shapes.indicators import Explained
from services.schema.shapes.sales_changes import Factor, SalesChange, SalesThen

ORDER_VALUE, VISITORS = "average_order_value", "visitors"
"""The indicators whose measures say what was paid, for how many orders, by how many visitors."""
_WHOLE = (Factor.VISITORS, Factor.CONVERSION, Factor.ORDER_VALUE)
_WITHOUT_VISITORS = (Factor.ORDERS, Factor.ORDER_VALUE)


def sales_then(
    period: Period, order_value: Explained, visitors: Explained, *, places: int
) -> SalesThen:
    """What the explanations of the two indicators say of a period."""
    paid = {each.measure: each.amount for each in order_value.measures}
    sales, orders = paid["paid_amount"], paid["paid_orders"]
    return SalesThen(
        period=period,
        sales=None if sales is None else round_half_up(sales, places),
        orders=orders,
        visitors=visitors.value.value,
    )


def split_sales(before: SalesThen, after: SalesThen, *, places: int) -> SalesChange:
    """The change of sales and the part of each factor."""
    if before.sales is None or after.sales is None:
        return SalesChange(before, after, None, ())
    change = after.sales - before.sales
    factors = _factors_of(before, after)
    if factors is None:
        return SalesChange(before, after, change, ())
    then = [_known(before.factor(each), after.factor(each)) for each in factors]
    now = [_known(after.factor(each), before.factor(each)) for each in factors]
    parts = split_signed(change, shapley(then, now), places)
    return SalesChange(before, after, change, tuple(zip(factors, parts, strict=True)))


def shapley(then: Sequence[Fraction], now: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """What each factor does to a product, as the mean over all orders of going over."""
    parts = [Fraction(0)] * len(then)
    orders = list(permutations(range(len(then))))
    for order in orders:
        standing = list(then)
        product = prod(standing, start=Fraction(1))
        for at in order:
            standing[at] = now[at]
            following = prod(standing, start=Fraction(1))
            parts[at] += following - product
            product = following
    return tuple(part / len(orders) for part in parts)


def _factors_of(before: SalesThen, after: SalesThen) -> tuple[Factor, ...] | None:
    """The factors whose product the sales of both periods are; null where no product gives them."""
    if any(each.orders is None or (each.sales and not each.orders) for each in (before, after)):
        return None
    unseen = any(
        each.visitors is None or (each.orders and not each.visitors) for each in (before, after)
    )
    return _WITHOUT_VISITORS if unseen else _WHOLE


def _known(own: Fraction | None, other: Fraction | None) -> Fraction:
    return own if own is not None else other if other is not None else Fraction(0)
