"""What each line weighs in the whole, and who has the weight of a line that gives up its own."""

from collections.abc import Sequence
from fractions import Fraction

from services.verify.arithmetic import divided, total
from services.verify.rules import SCORES

Weights = list[list[Fraction]]
"""Of each section, those of its lines."""


def weights_of(
    sections: Sequence[Fraction],
    items: Sequence[Sequence[Fraction]],
    leaving: Sequence[Sequence[bool]],
) -> Weights:
    """The shares of the whole, once those of the lines that leave are given to the others."""
    weights = [divided(section, own, SCORES) for section, own in zip(sections, items, strict=True)]
    if not any(any(own) for own in leaving):
        return weights
    staying = [
        [Fraction(0) if leaves else weight for weight, leaves in zip(own, left, strict=True)]
        for own, left in zip(weights, leaving, strict=True)
    ]
    # A section of which no line stays gives to those that have one.
    heirs = [
        section if any(own) else Fraction(0) for section, own in zip(sections, staying, strict=True)
    ]
    shares = divided(total(sections), heirs, SCORES)
    return [divided(share, own, SCORES) for share, own in zip(shares, staying, strict=True)]
