"""Figures as they are served against figures as they are true, to the last digit."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.real.queries import rounded

Served = Mapping[str, Mapping[str, Decimal | None]]
"""By indicator and period."""


def differing(
    served: Served, true: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]
) -> list[str]:
    """Each figure served otherwise than it is true; `names` are indicators by the truth's words.

    In a period of which nothing is true nothing is served, or 0.
    """
    wrong = [
        f"{period} {indicator}: {served[indicator][period]} is served, {row[name]} is true"
        for period, row in true.items()
        for name, indicator in names.items()
        if not _is(served[indicator][period], row[name])
    ]
    return wrong + [
        f"{period} {indicator}: {value} is served, nothing is true"
        for indicator in names.values()
        for period, value in served[indicator].items()
        if period not in true and value
    ]


def _is(served: Decimal | None, true: Any) -> bool:
    if served is None or true is None:
        return served is true
    return served == rounded(Decimal(true))
