"""Rewards and penalties in money as they are kept: appended for a card, never changed."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Row, insert, select

from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.payouts import PayAdjustment
from services.schema.tables.payouts import pay_adjustments


async def insert_pay_adjustment(
    session: WriteSession, cycle: str, employee: str, stated: PayAdjustment
) -> None:
    """Append one for somebody's card in a cycle."""
    await session.execute(
        insert(pay_adjustments).values(
            tenant_id=session.tenant,
            id=stated.id,
            cycle=cycle,
            employee=employee,
            amount=stated.amount,
            reason=stated.reason,
            author=stated.author,
            stated_at=stated.stated_at,
            withdraws=stated.withdraws,
        )
    )


async def read_pay_adjustments(
    session: ReadSession, cycle: str, employee: str | None = None
) -> dict[str, list[PayAdjustment]]:
    """All of a cycle, or of somebody in it, by employee, first to last."""
    statement = (
        select(pay_adjustments)
        .where(pay_adjustments.c.tenant_id == session.tenant, pay_adjustments.c.cycle == cycle)
        .order_by(pay_adjustments.c.employee, pay_adjustments.c.stated_at, pay_adjustments.c.id)
    )
    if employee is not None:
        statement = statement.where(pay_adjustments.c.employee == employee)
    found: dict[str, list[PayAdjustment]] = defaultdict(list)
    for row in await session.execute(statement):
        found[row.employee].append(_adjustment_from_row(row))
    return dict(found)


def _adjustment_from_row(row: Row[Any]) -> PayAdjustment:
    return PayAdjustment(
        id=row.id,
        amount=row.amount,
        reason=row.reason,
        author=row.author,
        stated_at=row.stated_at,
        withdraws=row.withdraws,
    )
