"""Changes of scores between two cards of one subject, read from how both came about."""

import asyncio
import json
from collections.abc import Sequence

from services.api.core.documents import to_bytes
from services.api.core.score_change_documents import score_change_document
from services.api.flows.told_cards import read_told_cards
from services.api.store.score_changes import find_cards_in_cycles, find_earlier_cards
from services.api.store.scorecards import read_cards
from services.schema.db import ReadSession
from services.schema.errors import Conflict, Fault
from services.schema.ids import IdKind, is_id
from services.schema.shapes.scorecards import Scorecard
from services.schema.shapes.views import View

Pair = tuple[Scorecard, Scorecard]
"""A card and the one that it is held against."""


async def score_change_documents(session: ReadSession, pairs: Sequence[Pair]) -> list[bytes]:
    """The change of each pair in its order; as many statements for one as for a hundred."""
    cards = {card.id: card for pair in pairs for card in pair}
    told = await read_told_cards(session, list(cards.values()))

    def write_all() -> list[bytes]:
        return [
            to_bytes(
                score_change_document(_head(against), told[against.id], _head(card), told[card.id])
            )
            for card, against in pairs
        ]

    return await asyncio.to_thread(write_all)


async def find_against(
    session: ReadSession, asked: Sequence[tuple[Scorecard, str | None]], view: View
) -> list[Scorecard | None]:
    """The card that each is held against: one named by its id or its cycle, else the one before.

    Refuses a card of somebody else; null where there is none, or none in the caller's view.
    """
    earlier = await find_earlier_cards(session, [card for card, named in asked if named is None])
    by_cycle = {
        (card.subject, named)
        for card, named in asked
        if named is not None and not is_id(IdKind.SCORECARD, named)
    }
    in_cycles = await find_cards_in_cycles(session, by_cycle) if by_cycle else {}
    ids = [
        earlier.get(card.id) if named is None else in_cycles.get((card.subject, named), named)
        for card, named in asked
    ]
    found = await read_cards(session, {one for one in ids if one is not None})
    return [
        _of_same(card, None if one is None else found.get(one), view)
        for (card, _), one in zip(asked, ids, strict=True)
    ]


def _of_same(card: Scorecard, other: Scorecard | None, view: View) -> Scorecard | None:
    if other is None or other.subject == card.subject:
        return other
    if not view.sees(other.subject):
        return None
    detail = "A card is held against another one of the same subject."
    raise Conflict("other_subject", detail, [Fault("?against", "other_subject", detail)])


def _head(card: Scorecard) -> dict[str, object]:
    shown = json.loads(card.document)
    return {
        name: shown[name]
        for name in ("id", "cycle", "revision", "status", "scheme", "scheme_version", "total",
                     "grade")
    }  # fmt: skip
