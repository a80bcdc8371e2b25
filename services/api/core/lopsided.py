"""What makes a scheme lopsided: told as it is published, and no reason to refuse it.

`domain.md`, section 7, document control. What people rate is no indicator, and of a tenant's own
nobody said to which family it belongs or whether it leads: a scheme with one is not warned of that.
"""

from collections.abc import Iterator
from decimal import Decimal

from services.api.core.indicators import built_in_indicators
from services.api.core.outcomes import indicators_of
from services.schema.money import SCORE_PLACES, round_half_up
from services.schema.shapes.schemes import Item, Lopsided, Scheme, SchemeWarning

HALF = Decimal(50)
"""Of the whole, in percent."""
MOST_ITEMS = 8


def warnings_of(scheme: Scheme) -> tuple[SchemeWarning, ...]:
    """All that makes a scheme lopsided, a draft too; one without items is not begun."""
    return (*_of_each(scheme), *_of_all([item for each in scheme.sections for item in each.items]))


def _of_each(scheme: Scheme) -> Iterator[SchemeWarning]:
    for section in scheme.sections:
        for item in section.items:
            # Exact: whether it is above half is asked before it is rounded.
            weight = section.weight * item.weight / 100
            if weight > HALF:
                figure = round_half_up(weight, SCORE_PLACES)
                yield SchemeWarning(Lopsided.ITEM_ABOVE_HALF, item.code, None, figure)


def _of_all(items: list[Item]) -> Iterator[SchemeWarning]:
    if not items:
        return
    if len(items) > MOST_ITEMS:
        yield SchemeWarning(Lopsided.MANY_ITEMS, None, None, Decimal(len(items)))
    codes = sorted({code for item in items for code in indicators_of(item)})
    known = built_in_indicators()
    if not all(code in known for code in codes):
        return
    families = {known[code].family for code in codes}
    if len(families) == 1:
        yield SchemeWarning(Lopsided.ONE_FAMILY, None, families.pop(), Decimal(len(codes)))
    if not any(known[code].leading for code in codes):
        yield SchemeWarning(Lopsided.NO_LEADING_INDICATOR, None, None, Decimal(0))
