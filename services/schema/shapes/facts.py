"""Facts as their source last stated them: orders, refunds, ratings, chats, traffic, stock ...

Field names are those of `api.md`, section 2; decoding a row of JSON gives the shape itself.
Amounts are in the fact's currency with up to four decimals. Texts are null where not stated.
"""

from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from services.schema.words import Exclusion, FactKind, OrderStatus, RefundKind, RefundStatus

LINE_TAGS = ("new", "profit", "hit", "core", "member", "vip", "partner", "group_buy", "exclusive")
"""The tags of order lines whose amounts are measures of their own: `<tag>_amount`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One article of an order."""

    id: str
    sku: str
    quantity: int
    amount: Decimal
    tags: tuple[str, ...] = ()
    """What the article is to the seller: `new`, `profit`, `hit`, `core`, `member` ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A sale; it counts on the day it was paid, whatever its status becomes."""

    source: str
    id: str
    shop: str
    status: OrderStatus
    modified_at: datetime
    created_at: datetime | None = None
    paid_at: datetime | None = None
    shipped_at: datetime | None = None
    completed_at: datetime | None = None
    buyer: str | None = None
    salesperson: str | None = None
    channel: str | None = None
    campaign: str | None = None
    payment_method: str | None = None
    currency: str | None = None
    """The shop's unless stated."""
    paid_amount: Decimal | None = None
    discount_amount: Decimal | None = None
    cost_amount: Decimal | None = None
    exclusion: Exclusion | None = None
    lines: tuple[OrderLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money or goods back; it counts on the day it succeeded, for the people of its order."""

    source: str
    id: str
    shop: str
    status: RefundStatus
    modified_at: datetime
    order: str | None = None
    kind: RefundKind = RefundKind.REFUND
    amount: Decimal | None = None
    requested_at: datetime | None = None
    refunded_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What a buyer thought, on a scale of 5, 10 or 100."""

    source: str
    id: str
    shop: str
    score: Decimal
    rated_at: datetime
    modified_at: datetime
    scale: int = 5
    order: str | None = None
    employee: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatTotals:
    """How many sessions of an agent's day a tool counts that does not tell them one by one."""

    chats: int
    answered: int
    inquiries: int | None = None
    inquiry_orders: int | None = None
    first_responses: int | None = None
    satisfaction_answers: int | None = None
    satisfied_answers: int | None = None
    complaints: int | None = None

    def stated(self) -> dict[str, int]:
        """Those that are stated, in the order of the fields."""
        counts = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: count for name, count in counts if count is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A session of a buyer with a service agent; with totals, all of an agent's day."""

    source: str
    id: str
    shop: str
    started_at: datetime
    modified_at: datetime
    employee: str | None = None
    buyer: str | None = None
    first_response_seconds: Decimal | None = None
    response_seconds: Decimal | None = None
    """The sum over all responses of the session."""
    responses: int | None = None
    answered: bool = True
    inquiry: bool = False
    order: str | None = None
    satisfied: bool | None = None
    complaint: bool = False
    totals: ChatTotals | None = None


class TrafficForm(Enum):
    """How a source states the visitors of a shop's day. Those of its parts overlap."""

    WHOLE = "whole"
    PARTS = "parts"
    """By channel, by campaign, or both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """A shop's visitors of a day by channel and campaign, as the marketplace states them."""

    source: str
    shop: str
    day: date
    modified_at: datetime
    channel: str | None = None
    campaign: str | None = None
    visitors: int | None = None
    new_visitors: int | None = None
    page_views: int | None = None
    bounces: int | None = None
    dwell_seconds: Decimal | None = None
    """The sum over all visits of the day."""
    impressions: int | None = None
    clicks: int | None = None
    ad_cost: Decimal | None = None
    favourites: int | None = None
    carts: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """A shop's stock at the end of a day."""

    source: str
    shop: str
    day: date
    modified_at: datetime
    skus: int | None = None
    skus_out: int | None = None
    skus_new: int | None = None
    skus_dead: int | None = None
    stock_value: Decimal | None = None
    demanded_units: Decimal | None = None
    supplied_units: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A promotion of a shop with its budgeted figures; it counts on its first day."""

    source: str
    id: str
    shop: str
    name: str
    starts_on: date
    ends_on: date
    modified_at: datetime
    target_amount: Decimal | None = None
    cost_amount: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedMeasure:
    """A daily amount that no fact gives, of one shop, unit or employee."""

    source: str
    day: date
    measure: str
    amount: Decimal
    modified_at: datetime
    shop: str | None = None
    unit: str | None = None
    employee: str | None = None
    channel: str | None = None
    campaign: str | None = None


Fact = Order | Refund | Rating | Chat | Traffic | Stock | Campaign | PostedMeasure

TOLD: dict[FactKind, tuple[str, ...]] = {
    FactKind.CHATS: (),
    FactKind.TRAFFIC: ("visitors", "new_visitors", "page_views", "bounces", "dwell_seconds"),
    FactKind.STOCK: ("skus", "skus_out", "stock_value"),
    FactKind.MEASURES: ("feedback", "negative_feedback"),
}
"""What marketplaces tell of a shop's day and sources are added up: of two that state it each would
count. Of chats all; beside the others stands what only a seller knows: its costs, what is dead. Of
posted measures it is these; all others may come from many."""


def tells(fact: Fact) -> bool:
    """Whether a fact states, not as nothing, what a marketplace may tell of the same day."""
    if isinstance(fact, Chat):
        return fact.totals is None or fact.totals.chats > 0
    if isinstance(fact, PostedMeasure):
        return fact.measure in TOLD[FactKind.MEASURES] and fact.amount != 0
    if isinstance(fact, Traffic | Stock):
        kind = FactKind.TRAFFIC if isinstance(fact, Traffic) else FactKind.STOCK
        return any(getattr(fact, name) for name in TOLD[kind])
    return False


SHAPE_OF: dict[FactKind, type[Fact]] = {
    FactKind.ORDERS: Order,
    FactKind.REFUNDS: Refund,
    FactKind.RATINGS: Rating,
    FactKind.CHATS: Chat,
    FactKind.TRAFFIC: Traffic,
    FactKind.STOCK: Stock,
    FactKind.CAMPAIGNS: Campaign,
    FactKind.MEASURES: PostedMeasure,
}


@dataclass(frozen=True, slots=True)
class Feed:
    """What one source sends of one kind for one shop, and how complete it is."""

    id: str
    shop: str
    kind: FactKind
    source: str
    last_success: datetime | None
    cursor: str | None
    """Up to which instant of the source everything has been read; null where it posts to us."""
    accepted: int
    applied: int
    rejected: int
    waiting: int
    gaps: tuple[date, ...] = field(default=())
    maturity_seconds: int = 0
    """How long after its end a day may still fill in."""
    problem: str | None = None
    """Why the last attempt to read it failed; null where it did not, or the source posts to us."""

    def lag_seconds(self, at: datetime) -> int | None:
        """Since the cursor, or since the last batch; null where nothing has come."""
        reached = datetime.fromisoformat(self.cursor) if self.cursor else self.last_success
        return None if reached is None else max(0, int((at - reached).total_seconds()))
