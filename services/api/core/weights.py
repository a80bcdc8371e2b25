"""What each line weighs in the whole, and what becomes of the weight of a line that has no data."""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

from services.schema.money import SCORE_PLACES, share_out
from services.schema.shapes.schemes import Scheme

Weights = tuple[tuple[Decimal, ...], ...]
"""Of each section, the weight of each of its lines, in percent of the whole."""


def line_weights(scheme: Scheme) -> Weights:
    """Section weight x item weight / 100 at 4 decimals; a section's lines sum to its weight."""
    return _shared_out(
        tuple(
            (section.weight, tuple(item.weight for item in section.items))
            for section in scheme.sections
        )
    )


@lru_cache(maxsize=1000)
def _shared_out(stated: tuple[tuple[Decimal, tuple[Decimal, ...]], ...]) -> Weights:
    """Kept, because all cards of a scheme ask for the same."""
    return tuple(share_out(weight, items, SCORE_PLACES) for weight, items in stated)


def redistribute(weights: Weights, keeps: Sequence[Sequence[bool]]) -> Weights:
    """The weights once those of the lines that keep none are shared out; the whole stays.

    Pro rata over the section's lines that keep theirs; a section of which none does gives its own
    to the other sections, pro rata. Nothing is shared where no line is left at all.
    """
    if all(all(flags) for flags in keeps):
        return weights
    kept = [
        [weight if keep else Decimal(0) for weight, keep in zip(lines, flags, strict=True)]
        for lines, flags in zip(weights, keeps, strict=True)
    ]
    sections = [sum(lines, Decimal(0)) for lines in weights]
    alive = [
        weight if any(lines) else Decimal(0) for weight, lines in zip(sections, kept, strict=True)
    ]
    if not any(alive):
        return tuple(tuple(lines) for lines in kept)
    shares = share_out(sum(sections, Decimal(0)), alive, SCORE_PLACES)
    return tuple(
        share_out(share, lines, SCORE_PLACES) if share else tuple(lines)
        for share, lines in zip(shares, kept, strict=True)
    )
