"""Reconciliations over REST: a shop's day as another tool states it, held against ours."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Self

from fastapi import Body, Query, Request
from pydantic import Field, model_validator

from services.door.pages import LIMIT, Cursor, Limit, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import (
    AmountIn,
    Code,
    Currency,
    Day,
    DecimalText,
    Instant,
    Model,
    Text,
    Timezone,
)
from services.ingest.flows.reconciliations import reconcile_days, state_days
from services.ingest.rest.documents import money
from services.ingest.store.people import read_shops
from services.ingest.store.reconciliations import read_statements
from services.schema.errors import Fault, Invalid
from services.schema.shapes.people import Shop
from services.schema.shapes.reconciliations import (
    Basis,
    DayStatement,
    DifferenceCause,
    Named,
    Part,
    Reconciliation,
    StatusCount,
)

router = new_router()

MOST_DAYS = 400
MOST_ROWS = 100_000
"""Orders that one statement may name."""
MOST_NAMED = 100
"""Orders that one cause names in an answer."""
Count = Annotated[int, Field(ge=0, le=10**12)]


class StatedOrderIn(Model):
    """An order as the tool has it."""

    id: Text
    amount: AmountIn


class DayStatementIn(Model):
    """What a tool says of a shop's day; the last word of a tool on a day and basis stands."""

    source: Code
    """The tool: `sycm`, `zendesk` ..."""
    shop: Code
    day: Day
    basis: Annotated[Basis, Field(strict=False)] = Basis.PAID
    timezone: Timezone | None = None
    """By whose midnight it cuts days; the shop's unless stated."""
    stated_at: Instant | None = None
    """When it was asked: what happened later it cannot know. Now, unless stated."""
    orders: Count | None = None
    amount: AmountIn | None = None
    """In the shop's currency."""
    net_of_refunds: bool = False
    """Whether what was paid back on the day is taken off."""
    with_excluded: bool = True
    """Whether orders count that are excluded here."""
    rows: Annotated[list[StatedOrderIn], Field(max_length=MOST_ROWS)] | None = None
    """Its orders, where it names them; totals that are left out are their sums."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.orders is None and self.amount is None and self.rows is None:
            raise ValueError("orders, amount or rows are stated")
        if self.rows is not None and len({row.id for row in self.rows}) < len(self.rows):
            raise ValueError("an order is named twice")
        return self

    def to_shape(self, shop: Shop | None, at: datetime) -> DayStatement:
        rows = None if self.rows is None else {row.id: row.amount for row in self.rows}
        orders, amount = self.orders, self.amount
        if rows is not None:
            orders = len(rows) if orders is None else orders
            amount = sum(rows.values(), Decimal(0)) if amount is None else amount
        zone = self.timezone or (shop.timezone if shop else "UTC")
        return DayStatement(
            source=self.source,
            shop=self.shop,
            day=self.day,
            basis=self.basis,
            timezone=zone,
            stated_at=min(self.stated_at or at, at),
            orders=orders,
            amount=amount,
            net_of_refunds=self.net_of_refunds,
            with_excluded=self.with_excluded,
            rows=rows,
        )


class DayTotalsDocument(Model):
    """A day's total; null is not stated."""

    orders: int | None
    amount: DecimalText | None


class NamedOrderDocument(Model):
    """What one order adds to the difference; null where no order is known to."""

    order: str | None
    orders: int
    amount: DecimalText

    @classmethod
    def from_shape(cls, named: Named, currency: str) -> "NamedOrderDocument":
        return cls(order=named.id, orders=named.orders, amount=money(named.amount, currency))


class DifferencePartDocument(Model):
    """What one cause adds to the difference."""

    cause: DifferenceCause
    orders: int
    amount: DecimalText
    named: list[NamedOrderDocument]
    """The first hundred orders."""

    @classmethod
    def from_shape(cls, part: Part, currency: str) -> "DifferencePartDocument":
        return cls(
            cause=part.cause,
            orders=part.orders,
            amount=money(part.amount, currency),
            named=[
                NamedOrderDocument.from_shape(each, currency) for each in part.named[:MOST_NAMED]
            ],
        )


class StatusCountDocument(Model):
    """How many orders stand somewhere."""

    status: str
    theirs: int
    ours: int

    @classmethod
    def from_shape(cls, count: StatusCount) -> "StatusCountDocument":
        return cls(status=count.status, theirs=count.theirs, ours=count.ours)


class ReconciliationDocument(Model):
    """A day's two totals; the parts sum to the difference in each figure that is stated."""

    shop: str
    day: Day
    source: str
    basis: Basis
    timezone: str
    stated_at: Instant
    currency: Currency
    theirs: DayTotalsDocument
    ours: DayTotalsDocument
    difference: DayTotalsDocument
    """Theirs less ours."""
    agrees: bool
    parts: list[DifferencePartDocument]
    statuses: list[StatusCountDocument]
    """Of a marketplace that counts by status."""

    @classmethod
    def from_shape(cls, found: Reconciliation) -> "ReconciliationDocument":
        stated, currency = found.statement, found.currency
        return cls(
            shop=stated.shop,
            day=stated.day,
            source=stated.source,
            basis=stated.basis,
            timezone=stated.timezone,
            stated_at=stated.stated_at,
            currency=currency,
            theirs=_totals(stated.orders, stated.amount, currency),
            ours=_totals(found.orders, found.amount, currency),
            difference=_totals(found.orders_off, found.amount_off, currency),
            agrees=found.agrees,
            parts=[DifferencePartDocument.from_shape(part, currency) for part in found.parts],
            statuses=[StatusCountDocument.from_shape(each) for each in found.statuses],
        )


class ReconciliationsDocument(Model):
    """What the days come to that were just stated."""

    items: list[ReconciliationDocument]


@router.post("/v1/reconciliations")
async def post_statements(
    stated: Annotated[list[DayStatementIn], Body(min_length=1, max_length=MOST_DAYS)],
    caller: Asking,
    session: Writing,
) -> ReconciliationsDocument:
    """Keep what a tool says of some days, all or none, and hold it against ours.

    A statement older than what its tool has said of the day since is left out.
    """
    at = datetime.now(UTC)
    shops: Mapping[str, Shop] = await read_shops(session)
    shapes = [each.to_shape(shops.get(each.shop), at) for each in stated]
    kept = await state_days(session, shapes, caller=caller, at=at)
    found = await reconcile_days(session, kept)
    return ReconciliationsDocument(items=[ReconciliationDocument.from_shape(one) for one in found])


@router.get("/v1/reconciliations")
async def list_reconciliations(
    request: Request,
    session: Reading,
    shop: Code | None = None,
    source: Code | None = None,
    start: Annotated[Day | None, Query(alias="from")] = None,
    end: Annotated[Day | None, Query(alias="to")] = None,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
) -> Listed[ReconciliationDocument]:
    """Days that were stated beside ours as they stand now, by shop, day, tool and basis."""
    _check_days(start, end)
    after = decode_cursor(request, cursor, 4)
    statements, total = await read_statements(
        session, shop=shop, source=source, start=start, end=end, after=after, limit=limit + 1
    )
    return page_of(
        request,
        await reconcile_days(session, statements),
        limit=limit,
        total=total,
        key=lambda found: [
            found.statement.shop,
            found.statement.day.isoformat(),
            found.statement.source,
            found.statement.basis.value,
        ],
        document=ReconciliationDocument.from_shape,
    )


def _check_days(start: date | None, end: date | None) -> None:
    if start is not None and end is not None and end - start < timedelta(days=1):
        fault = Fault("/to", "period_invalid", "The end lies after the start.")
        raise Invalid("period_invalid", fault.detail, [fault])


def _totals(orders: int | None, amount: Decimal | None, currency: str) -> DayTotalsDocument:
    return DayTotalsDocument(
        orders=orders, amount=None if amount is None else money(amount, currency)
    )
