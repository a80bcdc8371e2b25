"""The ledger of exclusions over REST: orders taken out of the sums by people, and given back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from fastapi import Body, Depends, Path, Query, Request
from pydantic import Field

from services.door.authors import Names, read_author_names
from services.door.pages import LIMIT, Cursor, Limit, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Code, Currency, Day, DecimalText, Instant, LongText, Model, Text
from services.ingest.auth import view_of
from services.ingest.flows.exclusions import exclude_order, exclude_orders, undo_exclusion
from services.ingest.rest.documents import money
from services.ingest.store.exclusions import LedgerFilter, read_figures, read_lines
from services.schema.db import ReadSession
from services.schema.errors import Fault, Invalid, NotFound
from services.schema.ids import IdKind, is_id
from services.schema.shapes.exclusions import (
    BothFigures,
    ExcludedPart,
    LedgerLine,
    Sold,
    StatedExclusion,
    Undoing,
)
from services.schema.shapes.people import Caller
from services.schema.words import Exclusion

router = new_router()

MOST_AT_ONCE = 100


class ExclusionIn(Model):
    """An order that is to count in gross sales alone, and why."""

    source: Text
    order: Text
    reason: Annotated[Exclusion, Field(strict=False)]
    note: LongText
    rule: Code | None = None
    """The rule by which it was found, where one did."""

    def to_shape(self) -> StatedExclusion:
        return StatedExclusion(self.source, self.order, self.reason, self.note, self.rule)


class UndoingIn(Model):
    """Why an exclusion is taken back."""

    note: LongText


class UndoingDocument(Model):
    """That an exclusion was taken back."""

    id: str
    note: str
    author: str
    author_name: str | None
    """As of an exclusion."""
    stated_at: Instant

    @classmethod
    def from_shape(cls, undoing: Undoing, names: Names) -> "UndoingDocument":
        return cls(
            id=undoing.id,
            note=undoing.note,
            author=undoing.author,
            author_name=names.get(undoing.author),
            stated_at=undoing.stated_at,
        )


class ExclusionDocument(Model):
    """An entry of the ledger beside its order as that stands now; entries are never edited."""

    id: str
    source: str
    order: str
    shop: str
    salesperson: str | None
    paid_on: Day | None
    paid_amount: DecimalText
    currency: Currency
    reason: Exclusion
    note: str
    rule: str | None
    author: str
    author_name: str | None
    """The person's, or of a key of nobody's its role; null where the reader is not told."""
    stated_at: Instant
    undone: UndoingDocument | None

    @classmethod
    def from_shape(cls, line: LedgerLine, names: Names) -> "ExclusionDocument":
        entry, order = line.entry, line.order
        return cls(
            id=entry.id,
            source=order.source,
            order=order.id,
            shop=order.shop,
            salesperson=order.salesperson or None,
            paid_on=order.paid_on,
            paid_amount=money(order.paid_amount, order.currency),
            currency=order.currency,
            reason=entry.reason,
            note=entry.note,
            rule=entry.rule,
            author=entry.author,
            author_name=names.get(entry.author),
            stated_at=entry.stated_at,
            undone=UndoingDocument.from_shape(entry.undone, names) if entry.undone else None,
        )


class SoldDocument(Model):
    """Orders by the day they were paid, refunds by the day they succeeded, and what is left."""

    orders: int
    sales: DecimalText
    refunds: DecimalText
    net_sales: DecimalText

    @classmethod
    def from_shape(cls, sold: Sold, currency: str) -> "SoldDocument":
        return cls(
            orders=sold.orders,
            sales=money(sold.paid_amount, currency),
            refunds=money(sold.refund_amount, currency),
            net_sales=money(sold.net_amount, currency),
        )


class PartDocument(Model):
    """The excluded orders of one reason, and who says that they are."""

    reason: Exclusion
    stated_by: Literal["ledger", "source"]
    orders: int
    sales: DecimalText

    @classmethod
    def from_shape(cls, part: ExcludedPart, currency: str) -> "PartDocument":
        return cls(
            reason=part.reason,
            stated_by="ledger" if part.by_ledger else "source",
            orders=part.orders,
            sales=money(part.paid_amount, currency),
        )


class FiguresDocument(Model):
    """What a shop sold in a currency: with all excluded orders and their refunds, and without."""

    shop: str
    currency: Currency
    with_excluded: SoldDocument
    without_excluded: SoldDocument
    excluded: list[PartDocument]

    @classmethod
    def from_shape(cls, both: BothFigures) -> "FiguresDocument":
        return cls(
            shop=both.shop,
            currency=both.currency,
            with_excluded=SoldDocument.from_shape(both.whole, both.currency),
            without_excluded=SoldDocument.from_shape(both.counted, both.currency),
            excluded=[PartDocument.from_shape(part, both.currency) for part in both.excluded],
        )


@dataclass(frozen=True, slots=True)
class LedgerQuery:
    """Which entries are wanted."""

    shop: Code | None = None
    employee: Code | None = None
    source: Text | None = None
    order: Text | None = None
    reason: Exclusion | None = None
    undone: bool | None = None

    def to_filter(self) -> LedgerFilter:
        return LedgerFilter(
            self.shop, self.employee, self.source, self.order, self.reason, self.undone
        )


@router.post("/v1/exclusions", status_code=201)
async def post_exclusion(
    stated: ExclusionIn, caller: Asking, session: Writing
) -> ExclusionDocument:
    """Let an order count in gross sales alone, and its refunds nowhere, whatever its source says.

    It stays so however often the order is posted again, until the exclusion is undone.
    """
    at = datetime.now(UTC)
    line = await exclude_order(session, stated.to_shape(), caller=caller, at=at)
    return ExclusionDocument.from_shape(line, await _names(session, [line], caller, at))


@router.post("/v1/exclusions/batch", status_code=201)
async def post_exclusions(
    stated: Annotated[list[ExclusionIn], Body(min_length=1, max_length=MOST_AT_ONCE)],
    caller: Asking,
    session: Writing,
) -> Listed[ExclusionDocument]:
    """The same of many orders, such as a rule found: all of them or, where one is refused, none."""
    at = datetime.now(UTC)
    wanted = [each.to_shape() for each in stated]
    found = await exclude_orders(session, wanted, caller=caller, at=at)
    names = await _names(session, found, caller, at)
    items = [ExclusionDocument.from_shape(line, names) for line in found]
    return Listed(items=items, total=len(items), next_cursor=None)


@router.post("/v1/exclusions/{id}/undo", status_code=201)
async def post_undoing(
    id: Annotated[str, Path(max_length=64)], stated: UndoingIn, caller: Asking, session: Writing
) -> ExclusionDocument:
    """Take an exclusion back: the order counts as its source says of it. The entry stays."""
    if not is_id(IdKind.EXCLUSION, id):
        raise NotFound("exclusion")
    at = datetime.now(UTC)
    line = await undo_exclusion(session, id, note=stated.note, caller=caller, at=at)
    return ExclusionDocument.from_shape(line, await _names(session, [line], caller, at))


@router.get("/v1/exclusions")
async def list_exclusions(
    request: Request,
    query: Annotated[LedgerQuery, Depends()],
    caller: Asking,
    session: Reading,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
) -> Listed[ExclusionDocument]:
    """The ledger, oldest first: who excluded which order, why, and whether it was taken back."""
    last = decode_cursor(request, cursor, 1)
    at = datetime.now(UTC)
    lines, total = await read_lines(
        session,
        query.to_filter(),
        await view_of(session, caller, at),
        after=last[0] if last else None,
        limit=limit + 1,
    )
    names = await _names(session, lines, caller, at)
    return page_of(
        request,
        lines,
        limit=limit,
        total=total,
        key=lambda line: [line.entry.id],
        document=lambda line: ExclusionDocument.from_shape(line, names),
    )


@router.get("/v1/exclusions/figures")
async def list_figures(
    request: Request,
    start: Annotated[Day, Query(alias="from")],
    end: Annotated[Day, Query(alias="to")],
    caller: Asking,
    session: Reading,
    shop: Code | None = None,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
) -> Listed[FiguresDocument]:
    """Both figures of the days from one to before another, by shop and currency.

    The ledger's exclusions and the sources' own are told apart.
    """
    _check_order(start, end)
    view = await view_of(session, caller, datetime.now(UTC))
    figures = await read_figures(session, shop=shop, start=start, end=end, view=view)
    last = decode_cursor(request, cursor, 2)
    left = [each for each in figures if last is None or [each.shop, each.currency] > last]
    return page_of(
        request,
        left,
        limit=limit,
        total=len(figures),
        key=lambda both: [both.shop, both.currency],
        document=FiguresDocument.from_shape,
    )


async def _names(
    session: ReadSession, lines: Sequence[LedgerLine], caller: Caller, at: datetime
) -> Names:
    undoings = (line.entry.undone for line in lines)
    authors = [line.entry.author for line in lines]
    authors += [each.author for each in undoings if each is not None]
    return await read_author_names(session, authors, await view_of(session, caller, at))


def _check_order(start: date, end: date) -> None:
    if end <= start:
        fault = Fault("?to", "period_invalid", "The end lies after the start.")
        raise Invalid("period_invalid", "The days end before they start.", [fault])
