"""What commissions are paid on is frozen as data close; payroll says how far it has read."""

from collections.abc import Sequence
from datetime import datetime

from services.api.core.cards import Setting, bases_wanted, plan_card
from services.api.core.frozen import bases_document
from services.api.flows.values import read_pay_bases
from services.api.store.audit import append_entry
from services.api.store.payouts import (
    insert_acknowledgement,
    read_acknowledged,
    read_last_seq,
)
from services.api.store.scorecards import write_bases
from services.schema.db import WriteSession
from services.schema.errors import Conflict, Fault
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.people import Caller
from services.schema.shapes.scorecards import Scorecard


async def freeze_bases(
    session: WriteSession, cycle: Cycle, cards: Sequence[Scorecard], setting: Setting
) -> None:
    """Keep what each card's commissions will be paid on, as it is now."""
    plans = [plan for card in cards if (plan := plan_card(card, cycle, setting)) is not None]
    wanted = {plan.card.id: bases_wanted(plan, setting) for plan in plans}
    read = await read_pay_bases(
        session, {one for own in wanted.values() for one in own.values()}, tenant=setting.tenant
    )
    bases = {
        card: bases_document({code: read[one] for code, one in own.items()})
        for card, own in wanted.items()
    }
    await write_bases(session, bases)


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
