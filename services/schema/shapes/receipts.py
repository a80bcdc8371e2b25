"""Receipts: what is signed of a scorecard, and the signature."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signed:
    """What a receipt is made of: a card's documents, frozen where it was published."""

    card: bytes
    explanation: bytes
    result: str | None
    """What was published of the card; null before."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, and the signature itself, as they are written."""

    algorithm: str
    key: str
    """The key's id: `rk_` and 16 hexadecimal digits."""
    public_key: str
    value: str
