"""By what people of equal totals are told apart: as it was kept, and as facts have it by now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.api.core.documents import plain_or_null
from services.api.core.drifts import Difference
from services.schema.shapes.indicators import Explained

Kept = tuple[Decimal | None, ...]
"""In the order of a scheme's tie-breakers."""
OfFacts = Mapping[str, Decimal | None]
"""By indicator; of what is posted there is none, since no fact moves it."""


@dataclass(frozen=True, slots=True)
class ToldApart:
    """By what a card is told apart from equals, as it stands and by the facts of now."""

    codes: tuple[str, ...]
    stood: Kept
    now: Kept


def told_by_facts(codes: Sequence[str], values: Sequence[Explained]) -> dict[str, Decimal | None]:
    """What facts give of these tie-breakers."""
    return {
        code: each.value.value
        for code, each in zip(codes, values, strict=True)
        if each.formula is not None
    }


def tell_apart(codes: tuple[str, ...], stood: Kept, facts: OfFacts) -> ToldApart:
    """What is posted stays as it stood."""
    now = tuple(facts.get(code, each) for code, each in zip(codes, stood, strict=True))
    return ToldApart(codes, stood, now)


def apart_differences(told: ToldApart | None) -> tuple[Difference, ...]:
    """Every tie-breaker that facts have otherwise by now."""
    if told is None:
        return ()
    return tuple(
        Difference(f"/tie_breakers/{code}", plain_or_null(before), plain_or_null(after))
        for code, before, after in zip(told.codes, told.stood, told.now, strict=True)
        if before != after
    )
