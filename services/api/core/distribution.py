"""How the people of a cycle stand to each other by their totals."""

from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import TypeVar

Who = TypeVar("Who", bound=Hashable)


def rank_by_total(totals: Mapping[Who, Decimal | None]) -> dict[Who, int | None]:
    """Standard competition: 90, 85, 85 and 0 are 1, 2, 2 and 4; without a total no rank."""
    ordered = sorted((total for total in totals.values() if total is not None), reverse=True)
    places: dict[Decimal, int] = {}
    for place, total in enumerate(ordered, 1):
        places.setdefault(total, place)
    return {who: None if total is None else places[total] for who, total in totals.items()}
