"""Rewards and penalties in money as they are kept: appended for a card, never changed."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, Text, func, insert, literal, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.payouts import PayAdjustment
from services.schema.shapes.people import Subject
from services.schema.shapes.ratings import About
from services.schema.tables.payouts import pay_adjustments
from services.schema.words import SubjectKind


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


async def read_pay_adjustments_of(
    session: ReadSession, abouts: Collection[About]
) -> dict[About, list[PayAdjustment]]:
    """All of these cards, of each first to last; a unit's has none."""
    listed = sorted(abouts)
    cycles = literal([cycle for cycle, _ in listed], ARRAY(Text))
    codes = literal([subject.code for _, subject in listed], ARRAY(Text))
    asked = func.unnest(cycles, codes).table_valued("cycle", "code").render_derived()
    key = tuple_(pay_adjustments.c.cycle, pay_adjustments.c.employee)
    statement = (
        select(pay_adjustments)
        .where(
            pay_adjustments.c.tenant_id == session.tenant,
            key.in_(select(asked.c.cycle, asked.c.code)),
        )
        .order_by(pay_adjustments.c.stated_at, pay_adjustments.c.id)
    )
    found: dict[About, list[PayAdjustment]] = {about: [] for about in abouts}
    for row in await session.execute(statement):
        about = (row.cycle, Subject(SubjectKind.EMPLOYEE, row.employee))
        if about in found:
            found[about].append(_adjustment_from_row(row))
    return found


def _adjustment_from_row(row: Row[Any]) -> PayAdjustment:
    return PayAdjustment(
        id=row.id,
        amount=row.amount,
        reason=row.reason,
        author=row.author,
        stated_at=row.stated_at,
        withdraws=row.withdraws,
    )
