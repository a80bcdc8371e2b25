"""Prefixed ids: the prefix says what kind of thing it is, the rest sorts by time of making."""

import os
import time
from enum import StrEnum

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 26


class IdKind(StrEnum):
    """The prefixes of the ids that we make; what callers name themselves has a code instead."""

    BATCH = "bat"
    REJECTED = "rej"
    FEED = "feed"
    PAGE = "pag"
    JOB = "job"
    KEY = "key"
    SCORECARD = "sc"
    RESULT = "res"
    PAYOUT = "pay"
    PAY_ADJUSTMENT = "padj"
    RATING = "rat"
    ADJUSTMENT = "adj"
    EXCLUSION = "exc"
    DISPUTE = "dsp"
    LATE_DECISION = "late"
    LATE_PROPOSAL = "prop"
    DRIFT = "drift"
    ALERT = "alt"
    WEBHOOK = "whk"
    DELIVERY = "dlv"
    SURVEY_ANSWER = "ans"
    CASE = "case"


def new_id(kind: IdKind) -> str:
    """A new id: 48 bits of milliseconds and 80 random ones, as 26 letters that sort by time."""
    return encode_id(kind, time.time_ns() // 1_000_000, os.urandom(10))


def encode_id(kind: IdKind, milliseconds: int, randomness: bytes) -> str:
    """The id made of a moment and ten bytes of randomness."""
    assert len(randomness) == 10, "an id holds ten random bytes"
    number = (milliseconds << 80) | int.from_bytes(randomness)
    letters = [_ALPHABET[(number >> (5 * place)) & 31] for place in range(_LENGTH)]
    return f"{kind}_{''.join(reversed(letters))}"


def is_id(kind: IdKind, text: str) -> bool:
    """Whether a text has the form of an id of this kind."""
    prefix, _, rest = text.partition("_")
    return prefix == kind and len(rest) == _LENGTH and all(letter in _ALPHABET for letter in rest)
