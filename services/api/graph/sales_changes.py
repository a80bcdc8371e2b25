"""Graph of diagnosis: the change of sales between two periods, as REST tells it."""

import strawberry

from services.api.flows.indicators import known_subjects
from services.api.flows.sales_changes import sales_change as read_sales_change
from services.api.flows.sales_changes import sales_scope
from services.api.graph.arguments import subject_of
from services.api.graph.context import Asked
from services.api.graph.documents import parse, read_document
from services.api.graph.indicators import ValueScope
from services.api.graph.scalars import DecimalText
from services.api.graph.schemes import Name
from services.schema.days import parse_period, previous
from services.schema.errors import NotFound
from services.schema.shapes.sales_changes import Factor
from services.schema.words import Scope

strawberry.enum(Factor, name="SalesFactor", description=Factor.__doc__)


@strawberry.type(description="What was counted in one of the periods.")
class SalesThen:
    period: str
    sales: DecimalText | None
    orders: DecimalText | None
    visitors: DecimalText | None


@strawberry.type(description="A factor then and now, and what it did to the sales.")
class SalesPart:
    factor: Factor
    before: DecimalText | None
    after: DecimalText | None
    part: DecimalText


@strawberry.type(description="A change of sales; the parts of its factors sum to it exactly.")
class SalesChange:
    subject: str
    scope: Scope
    currency: str
    before: SalesThen
    after: SalesThen
    change: DecimalText | None
    reason: str | None
    parts: list[SalesPart]
    words: Name


async def sales_change(
    info: Asked,
    *,
    subject: str,
    period: str,
    against: str | None = None,
    scope: ValueScope | None = None,
) -> SalesChange:
    """Why sales changed: the parts of visitors, conversion and order value.

    Against the period before unless another is named.
    """
    context = info.context
    context.authorize("REST GET /v1/diagnosis/sales")
    stated, tenant = subject_of(subject), await context.tenant()
    now = parse_period(period, tenant.calendar)
    then = (
        previous(now, tenant.calendar)
        if against is None
        else parse_period(against, tenant.calendar)
    )
    seen = (await context.view()).sees(stated)
    async with context.read() as session:
        if not seen or stated not in await known_subjects(session, [stated]):
            raise NotFound("subject")
        document = await read_sales_change(
            session,
            stated,
            scope.value if scope else sales_scope(stated),
            period=now,
            against=then,
            tenant=tenant,
        )
    return read_document(SalesChange, parse(document))
