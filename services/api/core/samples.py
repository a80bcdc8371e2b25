"""Samples of chat sessions: drawn by a recorded seed, and what an indicator comes to over them.

`domain.md`, section 6.7: a sampled indicator is computed from a random, recorded sample. Whoever
knows the seed draws the same sessions again: each has a rank that nothing but the seed and its own
source and id decide, and the lowest ranks are the sample.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from services.api.core.computed import computed
from services.api.core.formulas import SAME, Formula, Leaf
from services.schema.shapes.facts import Chat
from services.schema.shapes.indicators import Value
from services.schema.shapes.levels import Sample
from services.schema.shapes.measures import Measure
from services.schema.words import FactKind, NoValue

# What a session adds to each measure of chats: what ingest adds up by the day, a test compares.
_ADDS: Mapping[str, Callable[[Chat], Decimal | int | bool | None]] = {
    "chats": lambda _: 1,
    "answered_chats": lambda chat: chat.answered,
    "unanswered_chats": lambda chat: not chat.answered,
    "inquiries": lambda chat: chat.inquiry,
    "inquiry_orders": lambda chat: chat.inquiry and chat.order is not None,
    "first_response_seconds": lambda chat: chat.first_response_seconds,
    "first_responses": lambda chat: chat.first_response_seconds is not None,
    "response_seconds": lambda chat: chat.response_seconds,
    "responses": lambda chat: chat.responses,
    "satisfaction_answers": lambda chat: chat.satisfied is not None,
    "satisfied_answers": lambda chat: chat.satisfied,
    "complaints": lambda chat: chat.complaint,
}


def rank_of(seed: str, source: str, session: str) -> bytes:
    """Where a session stands in the order that a seed gives: SHA-256 over the three."""
    return hashlib.sha256(f"{seed}\x1f{source}\x1f{session}".encode()).digest()


def draw(sessions: Iterable[Chat], *, seed: str, size: int) -> tuple[Chat, ...]:
    """So many sessions of the lowest rank; all of them where there are fewer."""

    def rank(chat: Chat) -> bytes:
        return rank_of(seed, chat.source, chat.id)

    return tuple(sorted(sessions, key=rank)[:size])


def record_of(drawn: Sequence[Chat], *, seed: str, asked: int, of: int) -> Sample:
    """What is kept of a sample, whatever order it was drawn in."""
    assert len(drawn) == min(asked, of), "a sample is as large as was asked, or all there is"
    return Sample(seed, asked, of, tuple(sorted((chat.source, chat.id) for chat in drawn)))


def can_be_sampled(formula: Formula, measures: Mapping[str, Measure]) -> bool:
    """Whether single sessions give an indicator: plain measures of chats and nothing else."""
    return not formula.calendars and all(
        measures[amount.measure].kind is FactKind.CHATS
        and not amount.conditions
        and amount.span == SAME
        for amount in formula.amounts
    )


def value_of_sample(formula: Formula, drawn: Sequence[Chat]) -> Value:
    """The indicator over these sessions alone; without any there is no value."""
    if not drawn:
        return Value(None, NoValue.NO_ROWS)
    values: dict[Leaf, Fraction] = {
        amount: sum((_added(amount.measure, chat) for chat in drawn), Fraction(0))
        for amount in formula.amounts
    }
    return computed(formula, values)


def _added(measure: str, chat: Chat) -> Fraction:
    return Fraction(_ADDS[measure](chat) or 0)
