"""What is stored already of the facts that a marketplace's page states again."""

from collections.abc import Sequence

from sqlalchemy import Table, Text, any_, cast, select
from sqlalchemy.dialects.postgresql import ARRAY

from services.schema.db import ReadSession
from services.schema.shapes.feeds import Known, PaidOrder
from services.schema.tables.facts import order_facts, rating_facts, refund_facts, rejected_rows
from services.schema.words import FactKind

_TABLES: dict[FactKind, Table] = {
    FactKind.ORDERS: order_facts,
    FactKind.REFUNDS: refund_facts,
    FactKind.RATINGS: rating_facts,
}


async def read_known(
    session: ReadSession, kind: FactKind, source: str, numbers: Sequence[str]
) -> Known:
    """One probe of the primary key for each number."""
    table = _TABLES[kind]
    statement = select(table).where(
        table.c.tenant_id == session.tenant,
        table.c.source == source,
        table.c.id == any_(cast(list(numbers), ARRAY(Text))),
    )
    rows = list(await session.execute(statement))
    orders, refunds = {}, {}
    for row in rows:
        if kind is FactKind.ORDERS and row.paid_at is not None:
            orders[row.id] = PaidOrder(
                paid_amount=row.paid_amount,
                cost_amount=row.cost_amount,
                campaign=row.campaign or None,
                tags={line["id"]: tuple(line["tags"]) for line in row.lines},
            )
        elif kind is FactKind.REFUNDS and row.refunded_at is not None:
            refunds[row.id] = row.refunded_at
    return Known({row.id: row.modified_at for row in rows}, orders, refunds)


async def read_refused(
    session: ReadSession, kind: FactKind, source: str, numbers: Sequence[str]
) -> frozenset[str]:
    """The rows of some numbers that are kept already because they were refused, as they came."""
    statement = select(rejected_rows.c.body).where(
        rejected_rows.c.tenant_id == session.tenant,
        rejected_rows.c.kind == kind.value,
        rejected_rows.c.source == source,
        rejected_rows.c.fact == any_(cast(list(numbers), ARRAY(Text))),
    )
    return frozenset((await session.execute(statement)).scalars())
