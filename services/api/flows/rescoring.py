"""Cards of closed data are scored anew by what people state, on the figures of the close."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.api.core.cards import CardPlan, write_card
from services.api.core.coverage import told_coverage
from services.api.core.distribution import rank_by_total
from services.api.core.frozen import restate
from services.api.core.raters import newest
from services.api.core.statements import in_force
from services.api.core.told_cards import inputs_with, read_told
from services.api.flows.told_cards import read_schemes_of
from services.api.store.disputes import read_upheld
from services.api.store.ratings import read_adjustments, read_ratings
from services.api.store.scorecards import lock_cards, read_card, read_totals, write_cards
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.ratings import About
from services.schema.shapes.scorecards import Scorecard, Stated


async def read_stated(session: ReadSession, abouts: list[About]) -> dict[About, Stated]:
    """What people stated for each of these cards; three statements for any number."""
    ratings = await read_ratings(session, abouts)
    adjustments = await read_adjustments(session, abouts)
    upheld = await read_upheld(session, abouts)
    return {
        about: replace(
            upheld.get(about, Stated()),
            marks=tuple(each.stated for each in newest(ratings.get(about, ()))),
            adjustments=in_force(adjustments.get(about, ())),
        )
        for about in abouts
    }


async def with_stated(session: ReadSession, plans: Sequence[CardPlan]) -> list[CardPlan]:
    """The plans with what people stated for each card."""
    stated = await read_stated(session, [(plan.card.cycle, plan.card.subject) for plan in plans])
    return [replace(plan, stated=stated[plan.card.cycle, plan.card.subject]) for plan in plans]


async def rescore(session: WriteSession, cycle: Cycle, card_id: str, *, at: datetime) -> None:
    """Score one card anew, and give every card of its cycle the rank that it then has.

    No fact is read: values and targets are those of the close. The cycle must be locked.
    """
    card = await read_card(session, card_id)
    assert card is not None, "a card of a closed cycle stays"
    stated = (await read_stated(session, [(card.cycle, card.subject)]))[card.cycle, card.subject]
    await write_ranked(session, cycle, await score_as_stated(session, cycle, card, stated, at=at))


async def write_ranked(session: WriteSession, cycle: Cycle, scored: Scorecard) -> None:
    """Write a card that was scored anew, and every other card whose rank it changes.

    What facts have marked since the close stays marked.
    """
    totals = await read_totals(session, cycle.code, cycle.revision)
    standing = {each: total for each, (total, _) in totals.items()}
    ranks = rank_by_total(standing | {scored.id: scored.total})
    moved = {each for each, (_, rank) in totals.items() if rank != ranks[each]}
    # In the order of ids, as everywhere.
    locked = await lock_cards(session, moved | {scored.id})
    marks = {each.id: each.stale_since for each in locked}
    changed = [scored if each.id == scored.id else each for each in locked]
    await write_cards(
        session,
        [
            replace(
                restate(each, status=cycle.status, rank=ranks[each.id]), stale_since=marks[each.id]
            )
            for each in changed
        ],
    )


async def score_as_stated(
    session: ReadSession, cycle: Cycle, card: Scorecard, stated: Stated, *, at: datetime
) -> Scorecard:
    """The card on its own figures with what is stated for it; nothing is written."""
    explanation = json.loads(card.explanation)
    schemes = await read_schemes_of(session, [explanation])
    segments = inputs_with(read_told(explanation, schemes), stated.marks)
    plan = CardPlan(card, cycle, tuple(each.segment for each in segments), stated)
    return write_card(plan, segments, told_coverage(explanation), at=at)
