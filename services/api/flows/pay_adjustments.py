"""Rewards and penalties in money are stated for a card, and withdrawn by one more."""

from datetime import datetime
from decimal import Decimal

from services.api.core.pay_adjustments import (
    check_amount,
    check_open,
    counterpart_of,
    plan_of_adjustments,
)
from services.api.flows.schemes import scheme_of
from services.api.store.audit import append_entry
from services.api.store.cycles import lock_cycle
from services.api.store.pay_adjustments import insert_pay_adjustment, read_pay_adjustments
from services.api.store.people import read_tenant
from services.api.store.schemes import read_published
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Forbidden, NotFound
from services.schema.ids import IdKind, new_id
from services.schema.money import plain
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.pay_plans import MoneyAdjustments
from services.schema.shapes.payouts import PayAdjustment
from services.schema.shapes.people import Caller
from services.schema.shapes.scorecards import Scorecard
from services.schema.words import SubjectKind


async def state_adjustment(
    session: WriteSession,
    card: Scorecard,
    *,
    amount: Decimal | None,
    withdraws: str | None,
    reason: str,
    caller: Caller,
    at: datetime,
) -> PayAdjustment:
    """Append a reward or a penalty of somebody's card, or with no amount take one back."""
    if card.subject.kind is not SubjectKind.EMPLOYEE:
        raise NotFound("scorecard of a person")
    if card.subject.code == caller.employee:
        raise Forbidden("own_pay", "Nobody states rewards or penalties of their own.")
    cycle = await lock_cycle(session, card.cycle)
    if cycle is None or cycle.revision != card.revision:
        raise NotFound("scorecard")
    check_open(cycle)
    plan = await _plan_of(session, cycle)
    earlier = (await read_pay_adjustments(session, cycle.code, card.subject.code)).get(
        card.subject.code, []
    )
    if withdraws is not None:
        amount = counterpart_of(withdraws, earlier)
    assert amount is not None, "what withdraws nothing states an amount"
    check_amount(amount, earlier, plan, (await read_tenant(session)).currency)
    stated = PayAdjustment(
        id=new_id(IdKind.PAY_ADJUSTMENT),
        amount=amount,
        reason=reason,
        author=caller.name,
        stated_at=at,
        withdraws=withdraws,
    )
    await insert_pay_adjustment(session, cycle.code, card.subject.code, stated)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="payout.adjust",
        subject=f"scorecard:{card.id}",
        detail={
            "id": stated.id,
            "amount": plain(amount),
            "reason": reason,
            "withdraws": withdraws,
        },
    )
    return stated


async def _plan_of(session: ReadSession, cycle: Cycle) -> MoneyAdjustments:
    assert cycle.scheme_version is not None, "a cycle that was opened has a version"
    published = await read_published(session, cycle.scheme, cycle.scheme_version)
    assert published is not None, "a version that was published stays"
    return plan_of_adjustments(scheme_of(published.document))
