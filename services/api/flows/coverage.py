"""Coverage of many cards at once: one statement for any number of them."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime

from services.api.core.coverage import cover, needs_of, span_of
from services.api.core.values import Prepared
from services.api.store.coverage import read_feed_days
from services.schema.db import ReadSession
from services.schema.shapes.coverage import WHOLE, Coverage, FeedDays, Need


async def read_coverage(
    session: ReadSession, prepared: Mapping[str, Collection[Prepared]], *, at: datetime
) -> dict[str, Coverage]:
    """The coverage of each card, by what its values are made of."""
    needs = await asyncio.to_thread(_needs, prepared)
    asked = frozenset().union(*needs.values())
    if not asked:
        return dict.fromkeys(prepared, WHOLE)
    start, end = span_of(asked)
    kinds = {need.kind for need in asked}
    feeds = await read_feed_days(session, kinds, start=start, end=end)
    return await asyncio.to_thread(_cover_all, needs, feeds, at)


def _needs(prepared: Mapping[str, Collection[Prepared]]) -> dict[str, frozenset[Need]]:
    return {card: needs_of(own) for card, own in prepared.items()}


def _cover_all(
    needs: Mapping[str, frozenset[Need]], feeds: Collection[FeedDays], at: datetime
) -> dict[str, Coverage]:
    """People of one shop and one scheme hang on the same days: those are looked at once."""
    known: dict[frozenset[Need], Coverage] = {}
    for own in needs.values():
        if own not in known:
            known[own] = cover(own, feeds, at=at)
    return {card: known[own] for card, own in needs.items()}
