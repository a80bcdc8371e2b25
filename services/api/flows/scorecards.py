"""Scorecards are computed for many subjects at once, and written only where they differ."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from services.api.core.cards import (
    CardPlan,
    Setting,
    compute_card,
    new_card,
    owners_asked,
    plan_card,
    subjects_of,
    wanted_by,
)
from services.api.core.reach import reach_of
from services.api.core.targets import SetTargets
from services.api.core.values import Prepared
from services.api.flows.card_values import read_card_values
from services.api.flows.coverage import read_coverage
from services.api.flows.held import hold_values
from services.api.flows.indicators import known_indicators
from services.api.flows.rescoring import with_stated
from services.api.flows.schemes import scheme_of
from services.api.store.calendars import read_target_calendar
from services.api.store.cycles import read_cycles_of_periods
from services.api.store.live import read_reach, replace_reach
from services.api.store.people import read_employees, read_tenant, read_units
from services.api.store.schemes import read_versions
from services.api.store.scorecards import (
    delete_cards,
    read_cards_of_cycle,
    settle_cards,
    write_cards,
)
from services.api.store.targets import read_targets
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.scorecards import Scorecard

AT_ONCE = 250
"""Cards computed together: enough for few statements, few enough for a modest ledger."""


async def read_setting(
    session: ReadSession, cycles: Iterable[Cycle], people: Collection[str] | None = None
) -> Setting:
    """The company as the cards of these cycles are computed in it; so many statements for any.

    Of `people` alone where their cards alone are computed; null is everyone.
    """
    own = {cycle.code: cycle for cycle in cycles}
    periods = {cycle.period.code for cycle in own.values()}
    beside = {cycle.code: cycle for cycle in await read_cycles_of_periods(session, periods)}
    known = tuple((beside | own).values())
    wanted = {
        (cycle.scheme, cycle.scheme_version) for cycle in known if cycle.scheme_version is not None
    }
    versions = await read_versions(session, wanted)
    return Setting(
        tenant=await read_tenant(session),
        units=await read_units(session),
        employees=await read_employees(session, people),
        cycles=known,
        schemes={key: scheme_of(version.document) for key, version in versions.items()},
        indicators=await known_indicators(session),
        calendar=await read_target_calendar(session),
    )


async def settle_population(
    session: WriteSession, cycle: Cycle, setting: Setting, *, at: datetime
) -> int:
    """Give a card to everyone who joined a cycle's population, take it from who left.

    Gives the number of new cards, computed already.
    """
    held = await read_cards_of_cycle(session, cycle.code, cycle.revision)
    belong = set(subjects_of(cycle, setting))
    await delete_cards(session, [card.id for card in held if card.subject not in belong])
    joined = sorted(belong - {card.subject for card in held})
    made = [new_card(cycle, subject, tenant=session.tenant, at=at) for subject in joined]
    await compute_cards(session, made, {cycle.code: cycle}, setting, at=at)
    return len(made)


async def compute_cards(
    session: WriteSession,
    cards: Collection[Scorecard],
    cycles: Mapping[str, Cycle],
    setting: Setting,
    *,
    at: datetime,
) -> int:
    """Compute cards as the facts are now; gives how many came out different and were written."""
    left = iter(cards)
    written = 0
    while batch := list(islice(left, AT_ONCE)):
        plans = [plan_card(card, cycles[card.cycle], setting) for card in batch]
        found = await with_stated(session, [plan for plan in plans if plan is not None])
        written += await _compute_batch(session, found, setting, at=at)
        # Who no longer belongs keeps the card as it is until the population is settled.
        computed = {plan.card.id for plan in found}
        kept = {card.id: card.look_again_at for card in batch if card.id not in computed}
        await settle_cards(session, kept)
    return written


async def read_targets_of(
    session: ReadSession, plans: Collection[CardPlan], setting: Setting
) -> SetTargets:
    """Every target that these cards may be held against."""
    asked = {pair for plan in plans for pair in owners_asked(plan, setting)}
    return await read_targets(
        session,
        {owner for owner, _ in asked},
        {indicator for _, indicator in asked},
        {plan.cycle.period.code for plan in plans},
    )


async def _compute_batch(
    session: WriteSession, plans: Sequence[CardPlan], setting: Setting, *, at: datetime
) -> int:
    if not plans:
        return 0
    wanted = {plan.card.id: list(wanted_by(plan, setting)) for plan in plans}
    read = await hold_values(
        session,
        plans,
        await read_card_values(session, plans, wanted, tenant=setting.tenant),
    )
    targets = await read_targets_of(session, plans, setting)

    made_of = {
        card: [read.prepared[one] for one in own if one in read.prepared]
        for card, own in wanted.items()
    }
    coverage = await read_coverage(session, made_of, at=at)

    def compute_all() -> list[Scorecard]:
        return [
            compute_card(
                plan, setting, read.of[plan.card.id], targets, coverage[plan.card.id], at=at
            )
            for plan in plans
        ]

    # Off the loop: a thousand cards are a second of arithmetic, and others wait to be answered.
    computed = await asyncio.to_thread(compute_all)
    changed = [
        card for plan, card in zip(plans, computed, strict=True) if _differs(plan.card, card)
    ]
    await write_cards(session, changed)
    written = {card.id for card in changed}
    same = {card.id: card.look_again_at for card in computed if card.id not in written}
    await settle_cards(session, same)
    await _keep_reach(session, made_of)
    return len(changed)


async def _keep_reach(session: WriteSession, made_of: Mapping[str, Collection[Prepared]]) -> None:
    """Put down what each card is made of, where that has changed."""
    reach = {card: reach_of(own) for card, own in made_of.items()}
    known = await read_reach(session, reach)
    await replace_reach(session, {card: own for card, own in reach.items() if own != known[card]})


def _differs(before: Scorecard, after: Scorecard) -> bool:
    """Whether a card has to be written: marks are taken away, and looks put off, without that."""
    return replace(before, stale_since=None, look_again_at=after.look_again_at) != after
