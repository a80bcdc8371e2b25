"""REST of diagnosis: the change of sales between two periods, split into its factors."""

from typing import Annotated, Literal

from fastapi import Query, Request, Response
from pydantic import ConfigDict

from services.api.flows.sales_changes import sales_change, sales_scope
from services.api.rest.indicators import period_of, seen_subject
from services.api.rest.scheme_documents import NameDocument
from services.api.store.people import read_tenant
from services.door.etags import tagged
from services.door.routes import Asking, Reading, new_router
from services.door.wire import Currency, DecimalText, Model, PeriodCode, SubjectText
from services.schema.days import previous
from services.schema.shapes.sales_changes import Factor
from services.schema.words import Scope

router = new_router()


class SalesQuery(Model):
    """Whose sales of which period, against which other one."""

    # A query is text: its words are read from it.
    model_config = ConfigDict(strict=False)

    subject: SubjectText
    period: PeriodCode
    against: PeriodCode | None = None
    """The period before unless stated."""
    scope: Literal["own", "shops"] | None = None


class SalesThenDocument(Model):
    """What was counted in one of the periods; null where there is no data."""

    period: PeriodCode
    sales: DecimalText | None
    """What was paid, brushed and test orders left out, refunds not taken off."""
    orders: DecimalText | None
    visitors: DecimalText | None


class FactorDocument(Model):
    """A factor then and now, and what it did to the sales."""

    factor: Factor
    before: DecimalText | None
    after: DecimalText | None
    part: DecimalText


class SalesChangeDocument(Model):
    """The change of sales; the parts of its factors sum to it exactly."""

    subject: SubjectText
    scope: Scope
    currency: Currency
    before: SalesThenDocument
    after: SalesThenDocument
    change: DecimalText | None
    reason: Literal["no_data", "no_product"] | None
    """Why there are no parts: a period without data, or sales without an order."""
    parts: list[FactorDocument]
    """Visitors, conversion (orders per visitor) and order value; where visitors are not counted,
    orders and order value."""
    words: NameDocument


@router.get("/v1/diagnosis/sales", response_model=SalesChangeDocument)
async def get_sales_change(
    request: Request,
    caller: Asking,
    session: Reading,
    asked: Annotated[SalesQuery, Query()],
) -> Response:
    """Why sales changed: the parts of visitors, conversion and order value.

    Each part is the mean of what the factor does over every order in which the factors can go from
    then to now. Without a scope a person has the sales of the shops, shared as they are.
    """
    subject = await seen_subject(session, asked.subject, caller)
    tenant = await read_tenant(session)
    period = period_of(asked.period, tenant.calendar)
    against = (
        previous(period, tenant.calendar)
        if asked.against is None
        else period_of(asked.against, tenant.calendar, "?against")
    )
    scope = sales_scope(subject) if asked.scope is None else Scope(asked.scope)
    document = await sales_change(
        session, subject, scope, period=period, against=against, tenant=tenant
    )
    return tagged(request, document)
