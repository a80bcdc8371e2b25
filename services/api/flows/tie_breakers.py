"""By what people of equal totals are told apart is kept as data close, and read anew since."""

from collections.abc import Sequence

from services.api.core.candidates import tie_breakers_wanted
from services.api.core.cards import CardPlan, Setting, plan_card
from services.api.core.reach import join_reach, reach_of
from services.api.core.tie_breakers import OfFacts, ToldApart, tell_apart, told_by_facts
from services.api.flows.card_values import read_card_values
from services.api.flows.held import hold_tie_breakers
from services.api.flows.rescoring import with_stated
from services.api.store.calibrations import read_tie_breakers_of, write_tie_breakers
from services.api.store.live import read_reach, replace_reach
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.schemes import Distribution
from services.schema.shapes.scorecards import Scorecard


def codes_of(cycle: Cycle, setting: Setting) -> tuple[str, ...]:
    """The indicators that tell equals of a cycle apart, the first first."""
    stated = _distribution_of(cycle, setting)
    return () if stated is None else stated.tie_breakers


async def freeze_tie_breakers(
    session: WriteSession, cycle: Cycle, cards: Sequence[Scorecard], setting: Setting
) -> None:
    """Keep by what people of equal totals are told apart, as it is now that data close.

    From now on facts of which it is made mark the card, as those of its lines do.
    """
    stated = _distribution_of(cycle, setting)
    if stated is None or not stated.tie_breakers:
        return
    drawn = [plan for card in cards if (plan := plan_card(card, cycle, setting)) is not None]
    plans = await with_stated(session, drawn)
    wanted = {plan.card.id: tie_breakers_wanted(plan, stated, setting) for plan in plans}
    read = await read_card_values(session, plans, wanted, tenant=setting.tenant)
    await write_tie_breakers(session, await hold_tie_breakers(session, plans, wanted, read))
    known = await read_reach(session, wanted)
    reach = {
        card: join_reach(
            known[card], reach_of(read.prepared[one] for one in own if one in read.prepared)
        )
        for card, own in wanted.items()
    }
    await replace_reach(session, {card: own for card, own in reach.items() if own != known[card]})


async def read_apart(
    session: ReadSession, cycle: Cycle, plans: Sequence[CardPlan], setting: Setting
) -> dict[str, ToldApart]:
    """By what cards are told apart, and would be, by their ids; of those of which it was kept."""
    kept = await read_tie_breakers_of(session, [plan.card.id for plan in plans])
    facts = await read_by_facts(
        session, cycle, [plan for plan in plans if plan.card.id in kept], setting
    )
    codes = codes_of(cycle, setting)
    return {card: tell_apart(codes, kept[card], own) for card, own in facts.items()}


async def read_by_facts(
    session: ReadSession, cycle: Cycle, plans: Sequence[CardPlan], setting: Setting
) -> dict[str, OfFacts]:
    """By what facts of now tell each of these cards apart, by the card's id."""
    stated = _distribution_of(cycle, setting)
    if stated is None or not stated.tie_breakers:
        return {plan.card.id: {} for plan in plans}
    wanted = {plan.card.id: tie_breakers_wanted(plan, stated, setting) for plan in plans}
    read = await read_card_values(session, plans, wanted, tenant=setting.tenant)
    return {
        card: told_by_facts(stated.tie_breakers, [read.of[card][one] for one in own])
        for card, own in wanted.items()
    }


async def read_kept(session: ReadSession, cycle: Cycle, card: str, setting: Setting) -> OfFacts:
    """By what facts told a card apart as it stands; empty where nothing was kept."""
    kept = (await read_tie_breakers_of(session, [card])).get(card)
    if kept is None:
        return {}
    return {
        code: each
        for code, each in zip(codes_of(cycle, setting), kept, strict=True)
        if setting.indicators[code].formula is not None
    }


def _distribution_of(cycle: Cycle, setting: Setting) -> Distribution | None:
    assert cycle.scheme_version is not None, "a cycle that was opened has a version"
    return setting.schemes[cycle.scheme, cycle.scheme_version].distribution
