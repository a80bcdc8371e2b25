"""What makes a posted row a fact: its fields, those required, and what must not contradict."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from services.ingest.core.chats import (
    EVENT_FIELDS,
    EVENT_REQUIRED,
    MOST_EVENTS,
    read_event,
    with_events,
)
from services.ingest.core.fields import (
    Field,
    Fields,
    Unfit,
    amount,
    choice,
    code,
    comment,
    count,
    currency,
    day,
    flag,
    instant,
    items,
    measure_code,
    read_object,
    readers_of,
    source,
    text,
    word,
)
from services.schema.shapes.facts import (
    SHAPE_OF,
    Campaign,
    Chat,
    ChatTotals,
    Fact,
    Order,
    OrderLine,
    PostedMeasure,
    Rating,
    Refund,
)
from services.schema.words import Exclusion, FactKind, OrderStatus, RefundKind, RefundStatus

MOST_LINES = 5000
MOST_TAGS = 32
MOST_PIECES = 10**9
"""Pieces of one article in one order; also the responses of one chat."""

LINE_FIELDS: Fields = {
    "id": text(),
    "sku": text(),
    "quantity": count(MOST_PIECES),
    "amount": amount(negative=True),
    "tags": items(text().read, text().schema, most=MOST_TAGS),
}
_LINE_READERS = readers_of(LINE_FIELDS)
_LINE_REQUIRED = ("id", "sku", "quantity", "amount")


def _read_line(value: object) -> OrderLine:
    values = read_object(value, _LINE_READERS)
    _require(values, _LINE_REQUIRED)
    return OrderLine(**values)


def _schema_of(fields: Fields, required: tuple[str, ...]) -> dict[str, Any]:
    """The JSON schema of a row: what is not required may be null."""
    properties = {
        name: field.schema if name in required else {"anyOf": [field.schema, {"type": "null"}]}
        for name, field in fields.items()
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


_LINE_SCHEMA = _schema_of(LINE_FIELDS, _LINE_REQUIRED)

TOTALS_FIELDS: Fields = {
    name: count(MOST_PIECES)
    for name in (
        *("chats", "answered", "inquiries", "inquiry_orders", "first_responses"),
        *("satisfaction_answers", "satisfied_answers", "complaints"),
    )
}
_TOTALS_READERS = readers_of(TOTALS_FIELDS)
_TOTALS_REQUIRED = ("chats", "answered")


def _read_totals(value: object) -> ChatTotals:
    values = read_object(value, _TOTALS_READERS)
    _require(values, _TOTALS_REQUIRED)
    return ChatTotals(**values)


# The fields of `api.md`, section 2.
FIELDS: dict[FactKind, Fields] = {
    FactKind.ORDERS: {
        "source": source(),
        "id": text(),
        "shop": code(),
        "status": word(OrderStatus),
        "modified_at": instant(),
        "created_at": instant(),
        "paid_at": instant(),
        "shipped_at": instant(),
        "completed_at": instant(),
        "buyer": text(),
        "salesperson": code(),
        "channel": text(),
        "campaign": text(),
        "payment_method": text(),
        "currency": currency(),
        "paid_amount": amount(),
        "discount_amount": amount(),
        "cost_amount": amount(),
        "exclusion": word(Exclusion),
        "lines": items(_read_line, _LINE_SCHEMA, most=MOST_LINES),
    },
    FactKind.REFUNDS: {
        "source": source(),
        "id": text(),
        "order": text(),
        "shop": code(),
        "status": word(RefundStatus),
        "kind": word(RefundKind),
        "amount": amount(),
        "requested_at": instant(),
        "refunded_at": instant(),
        "modified_at": instant(),
    },
    FactKind.RATINGS: {
        "source": source(),
        "id": text(),
        "shop": code(),
        "order": text(),
        "employee": code(),
        "score": amount(),
        "scale": choice(5, 10, 100),
        "comment": comment(),
        "rated_at": instant(),
        "modified_at": instant(),
    },
    FactKind.CHATS: {
        "source": source(),
        "id": text(),
        "shop": code(),
        "employee": code(),
        "buyer": text(),
        "started_at": instant(),
        "first_response_seconds": amount(),
        "response_seconds": amount(),
        "responses": count(MOST_PIECES),
        "answered": flag(),
        "inquiry": flag(),
        "order": text(),
        "satisfied": flag(),
        "complaint": flag(),
        "totals": Field(_read_totals, _schema_of(TOTALS_FIELDS, _TOTALS_REQUIRED)),
        "modified_at": instant(),
    },
    FactKind.TRAFFIC: {
        "source": source(),
        "shop": code(),
        "day": day(),
        "channel": text(),
        "campaign": text(),
        "visitors": count(),
        "new_visitors": count(),
        "page_views": count(),
        "bounces": count(),
        "dwell_seconds": amount(),
        "impressions": count(),
        "clicks": count(),
        "ad_cost": amount(),
        "favourites": count(),
        "carts": count(),
        "modified_at": instant(),
    },
    FactKind.STOCK: {
        "source": source(),
        "shop": code(),
        "day": day(),
        "skus": count(),
        "skus_out": count(),
        "skus_new": count(),
        "skus_dead": count(),
        # Books run below zero before they are put right.
        "stock_value": amount(negative=True),
        "demanded_units": amount(),
        "supplied_units": amount(),
        "modified_at": instant(),
    },
    FactKind.CAMPAIGNS: {
        "source": source(),
        "id": text(),
        "shop": code(),
        "name": text(),
        "starts_on": day(),
        "ends_on": day(),
        "target_amount": amount(),
        "cost_amount": amount(),
        "modified_at": instant(),
    },
    FactKind.MEASURES: {
        "source": source(),
        "day": day(),
        "measure": measure_code(),
        "amount": amount(negative=True),
        "shop": code(),
        "unit": code(),
        "employee": code(),
        "channel": text(),
        "campaign": text(),
        "modified_at": instant(),
    },
}

# What a row may state in place of fields that are read off it.
_EVENTS: Fields = {
    "events": items(read_event, _schema_of(EVENT_FIELDS, EVENT_REQUIRED), most=MOST_EVENTS)
}
INNER: dict[str, Fields] = {"lines": LINE_FIELDS, "events": EVENT_FIELDS}
"""The fields of what stands in a row's lists."""


def posted_fields(kind: FactKind) -> Fields:
    """What a row may state: the fields of its fact, and of a chat its events."""
    return {**FIELDS[kind], **_EVENTS} if kind is FactKind.CHATS else FIELDS[kind]


_READERS = {kind: readers_of(posted_fields(kind)) for kind in FIELDS}

REQUIRED: dict[FactKind, tuple[str, ...]] = {
    FactKind.ORDERS: ("source", "id", "shop", "status", "modified_at"),
    FactKind.REFUNDS: ("source", "id", "shop", "status", "modified_at"),
    FactKind.RATINGS: ("source", "id", "shop", "score", "rated_at", "modified_at"),
    FactKind.CHATS: ("source", "id", "shop", "started_at", "modified_at"),
    FactKind.TRAFFIC: ("source", "shop", "day", "modified_at"),
    FactKind.STOCK: ("source", "shop", "day", "modified_at"),
    FactKind.CAMPAIGNS: ("source", "id", "shop", "name", "starts_on", "ends_on", "modified_at"),
    FactKind.MEASURES: ("source", "day", "measure", "amount", "modified_at"),
}

# In the order of the tables' keys.
KNOWN_BY: dict[FactKind, tuple[str, ...]] = {
    FactKind.ORDERS: ("id",),
    FactKind.REFUNDS: ("id",),
    FactKind.RATINGS: ("id",),
    FactKind.CHATS: ("id",),
    FactKind.TRAFFIC: ("shop", "day", "channel", "campaign"),
    FactKind.STOCK: ("shop", "day"),
    FactKind.CAMPAIGNS: ("id",),
    FactKind.MEASURES: ("measure", "day", "shop", "unit", "employee", "channel", "campaign"),
}

# What a status says has happened, and so must be stated.
_HAPPENED_TO_ORDER = {
    OrderStatus.UNPAID: (),
    OrderStatus.PAID: ("paid_at", "paid_amount"),
    OrderStatus.SHIPPED: ("paid_at", "paid_amount", "shipped_at"),
    OrderStatus.COMPLETED: ("paid_at", "paid_amount", "completed_at"),
    OrderStatus.CANCELLED: (),
    OrderStatus.REFUNDED: ("paid_at", "paid_amount"),
}
_HAPPENED_TO_REFUND = {
    RefundStatus.REQUESTED: ("requested_at", "amount"),
    RefundStatus.SUCCEEDED: ("refunded_at", "amount"),
    RefundStatus.CLOSED: (),
}


def check_row(kind: FactKind, document: object) -> Fact:
    """The fact that a row states; raises Unfit with the first thing wrong and its place."""
    if isinstance(document, Unfit):
        raise document
    values = read_object(document, _READERS[kind])
    _require(values, REQUIRED[kind])
    if kind is FactKind.CHATS:
        if "totals" in values and "events" in values:
            raise _totals_alone()
        values = with_events(values)
    return check_fact(SHAPE_OF[kind](**values))


def check_fact(fact: Fact) -> Fact:
    """The fact itself, if nothing in it contradicts what else it says; raises Unfit otherwise."""
    if type(fact) is Order:
        _check_order(fact)
    elif type(fact) is Refund:
        return _checked_refund(fact)
    elif type(fact) is Rating and fact.score > fact.scale:
        raise Unfit("score_beyond_scale", "The score is above its scale.", "/score")
    elif type(fact) is Chat:
        _check_chat(fact)
    elif type(fact) is Campaign and fact.ends_on < fact.starts_on:
        raise Unfit("ends_before_start", "The campaign ends before it starts.", "/ends_on")
    elif type(fact) is PostedMeasure and [fact.shop, fact.unit, fact.employee].count(None) != 2:
        raise Unfit("one_subject", "Exactly one of shop, unit and employee is expected.")
    return fact


def key_of(kind: FactKind, fact: Fact) -> str:
    """What a source knows a fact by, beside its kind: the id, or the day and dimensions."""
    return join_key(tuple(getattr(fact, name) for name in KNOWN_BY[kind]))


def join_key(parts: tuple[object, ...]) -> str:
    """A key in one text: to show it and to look for it, never to tell two facts apart."""
    return "/".join("" if part is None else str(part) for part in parts)


def row_schema(kind: FactKind) -> dict[str, Any]:
    """The JSON schema of a kind's rows, for the contract."""
    return _schema_of(posted_fields(kind), REQUIRED[kind])


def _require(values: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        if name not in values:
            raise _missing(name)


def _missing(name: str) -> Unfit:
    return Unfit("missing", "This field is required here.", f"/{name}")


def _check_order(order: Order) -> None:
    for name in _HAPPENED_TO_ORDER[order.status]:
        if getattr(order, name) is None:
            raise _missing(name)
    if order.paid_at is None:
        return
    if order.paid_amount is None:
        raise _missing("paid_amount")
    if order.status is OrderStatus.UNPAID:
        raise Unfit("status_contradicts", "An unpaid order has no time of payment.", "/paid_at")


# Of the first there are no more than of the second, and one without the other says a false rate.
_PARTS = (
    ("answered", "chats"),
    ("inquiries", "chats"),
    ("inquiry_orders", "inquiries"),
    ("first_responses", "answered"),
    ("satisfied_answers", "satisfaction_answers"),
    ("complaints", "chats"),
)
_PAIRS = (("inquiries", "inquiry_orders"), ("satisfaction_answers", "satisfied_answers"))


def _totals_alone() -> Unfit:
    return Unfit("totals_alone", "Totals say nothing of a single session.", "/totals")


def _check_chat(chat: Chat) -> None:
    totals = chat.totals
    if totals is None:
        return
    single = (chat.buyer, chat.order, chat.satisfied)
    if single != (None, None, None) or chat.inquiry or chat.complaint:
        raise _totals_alone()
    for part, whole in _PARTS:
        fewer, more = getattr(totals, part), getattr(totals, whole)
        if fewer is not None and more is not None and fewer > more:
            raise Unfit(
                "part_beyond_whole", f"There are more {part} than {whole}.", f"/totals/{part}"
            )
    for one, other in (*_PAIRS, *(pair[::-1] for pair in _PAIRS)):
        if getattr(totals, one) is None and getattr(totals, other) is not None:
            raise _missing(f"totals/{one}")
    if (chat.first_response_seconds is None) is not (totals.first_responses is None):
        raise _missing("totals/first_responses")
    if (chat.response_seconds is None) is not (chat.responses is None):
        raise _missing("responses")


def _checked_refund(refund: Refund) -> Refund:
    """Goods for goods moves no money unless an amount is stated."""
    if refund.kind is RefundKind.EXCHANGE and refund.amount is None:
        refund = replace(refund, amount=Decimal(0))
    for name in _HAPPENED_TO_REFUND[refund.status]:
        if getattr(refund, name) is None:
            raise _missing(name)
    return refund
