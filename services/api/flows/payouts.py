"""What people are paid by is frozen as data close; payroll says how far it has read."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.api.core.cards import CardPlan, Setting, plan_card
from services.api.core.pay_bases import PayWanted, basis_document, basis_of, pay_wanted
from services.api.core.reach import pay_reach_of
from services.api.flows.levels import levels_at
from services.api.flows.values import ReadValues, read_pay_bases
from services.api.store.audit import append_entry
from services.api.store.live import add_reach
from services.api.store.payouts import (
    insert_acknowledgement,
    read_acknowledged,
    read_last_seq,
)
from services.api.store.scorecards import write_bases
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict, Fault
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.levels import LevelInForce
from services.schema.shapes.payouts import PayBasis
from services.schema.shapes.people import Caller, Subject
from services.schema.shapes.scorecards import Scorecard
from services.schema.words import SubjectKind


async def freeze_bases(
    session: WriteSession, cycle: Cycle, cards: Sequence[Scorecard], setting: Setting
) -> None:
    """Keep what each card will be paid by, as it is now: bases, teams with outputs, levels."""
    plans = [plan for card in cards if (plan := plan_card(card, cycle, setting)) is not None]
    wanted, read = await read_pay_wanted(session, plans, setting)
    bases = await bases_of(session, plans, wanted, read)
    await write_bases(session, {card: basis_document(basis) for card, basis in bases.items()})
    reach = {
        card: pay_reach_of(read.prepared[one] for one in own.values() if one in read.prepared)
        for card, own in wanted.items()
    }
    await add_reach(session, reach)


async def read_bases(
    session: ReadSession, plans: Sequence[CardPlan], setting: Setting
) -> dict[str, PayBasis]:
    """What each card of one period would be paid by, as it is now, by the card's id."""
    wanted, read = await read_pay_wanted(session, plans, setting)
    return await bases_of(session, plans, wanted, read)


async def read_pay_wanted(
    session: ReadSession, plans: Sequence[CardPlan], setting: Setting
) -> tuple[dict[str, PayWanted], ReadValues]:
    """What the pay of each card asks for, by the card's id, and all of its values."""
    wanted = {plan.card.id: pay_wanted(plan, setting) for plan in plans}
    read = await read_pay_bases(
        session, {one for own in wanted.values() for one in own.values()}, tenant=setting.tenant
    )
    return wanted, read


async def bases_of(
    session: ReadSession,
    plans: Sequence[CardPlan],
    wanted: Mapping[str, PayWanted],
    read: ReadValues,
) -> dict[str, PayBasis]:
    """What each card of one period is paid by, once what it asks for is read."""
    values = {one: explained.value for one, explained in read.values.items()}
    climbing = [plan for plan in plans if wanted[plan.card.id].ladders]
    levels = await _read_levels(session, climbing)
    return {
        plan.card.id: basis_of(wanted[plan.card.id], values, levels.get(plan.card.subject, {}))
        for plan in plans
    }


async def _read_levels(
    session: ReadSession, plans: Sequence[CardPlan]
) -> dict[Subject, Mapping[str, LevelInForce]]:
    """The level of each person by ladder as the period ends; a unit has none."""
    periods = {plan.cycle.period for plan in plans}
    people = [plan.card.subject for plan in plans if plan.card.subject.kind is SubjectKind.EMPLOYEE]
    if not people:
        return {}
    (period,) = periods
    levels = await levels_at(session, [subject.code for subject in people], period)
    return {subject: levels[subject.code] for subject in people}


async def acknowledge(session: WriteSession, through: int, *, caller: Caller, at: datetime) -> int:
    """Put down that payroll has taken the feed up to an entry; gives the highest it ever said."""
    last = await read_last_seq(session)
    if through > last:
        detail = f"The last entry is {last}; {through} has not been published."
        raise Conflict("seq_unknown", detail, [Fault("/through", "seq_unknown", detail)])
    before = await read_acknowledged(session)
    if through <= before:
        return before
    await insert_acknowledgement(session, through=through, caller=caller.name, at=at)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="payroll.acknowledge",
        subject="payroll",
        detail={"through": through, "before": before},
    )
    return through
