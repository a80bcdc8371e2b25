"""What people are paid by is frozen as data close; payroll says how far it has read."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.api.core.cards import CardPlan, Setting, plan_card
from services.api.core.pay_bases import (
    PayWanted,
    basis_document,
    basis_of,
    lines_paid_on,
    paid_as_stated,
    pay_wanted,
)
from services.api.core.reach import pay_reach_of
from services.api.flows.card_values import CardValues, read_card_values
from services.api.flows.held import hold_bases
from services.api.flows.levels import levels_at
from services.api.flows.rescoring import with_stated
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
    drawn = [plan for card in cards if (plan := plan_card(card, cycle, setting)) is not None]
    plans = await with_stated(session, drawn)
    wanted, read = await read_pay_wanted(session, plans, setting)
    bases = await hold_bases(
        session, plans, await bases_of(session, plans, wanted, read, setting), setting
    )
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
    return await bases_of(session, plans, wanted, read, setting)


async def read_pay_wanted(
    session: ReadSession, plans: Sequence[CardPlan], setting: Setting
) -> tuple[dict[str, PayWanted], CardValues]:
    """What the pay of each card asks for, by the card's id, and all of its values."""
    wanted = {plan.card.id: pay_wanted(plan, setting) for plan in plans}
    read = await read_card_values(
        session,
        plans,
        {card: list(own.values()) for card, own in wanted.items()},
        tenant=setting.tenant,
        refunds_by_order=True,
    )
    return wanted, read


async def bases_of(
    session: ReadSession,
    plans: Sequence[CardPlan],
    wanted: Mapping[str, PayWanted],
    read: CardValues,
    setting: Setting,
) -> dict[str, PayBasis]:
    """What each card of one period is paid by, once what it asks for is read."""
    climbing = [plan for plan in plans if wanted[plan.card.id].ladders]
    levels = await _read_levels(session, climbing)
    bases = {
        plan.card.id: basis_of(
            wanted[plan.card.id],
            {one: each.value for one, each in read.of[plan.card.id].items()},
            levels.get(plan.card.subject, {}),
        )
        for plan in plans
    }
    return bases | await _read_stated(session, plans, bases, setting)


async def _read_stated(
    session: ReadSession,
    plans: Sequence[CardPlan],
    bases: Mapping[str, PayBasis],
    setting: Setting,
) -> dict[str, PayBasis]:
    """The bases of those for whose lines HR stated values: of few."""
    lines = {
        plan.card.id: own
        for plan in plans
        if plan.stated.values and (own := lines_paid_on(plan, setting.schemes))
    }
    if not lines:
        return {}
    wanted = {
        card: [one for each in own.values() for one, _ in each] for card, own in lines.items()
    }
    concerned = [plan for plan in plans if plan.card.id in lines]
    read = await read_card_values(session, concerned, wanted, tenant=setting.tenant)
    return {
        card: paid_as_stated(
            bases[card],
            {
                code: [(read.of[card][one].value, stated) for one, stated in each]
                for code, each in own.items()
            },
        )
        for card, own in lines.items()
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
