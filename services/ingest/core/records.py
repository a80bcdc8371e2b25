"""A fact as the line of text that PostgreSQL's COPY reads, with the digest of what it states."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from services.ingest.core.buyers import Seal
from services.ingest.core.facts import key_of
from services.ingest.core.fields import Unfit
from services.ingest.core.measures import day_in, placed_at, skus, tag_amounts, units_sold
from services.schema.money import AMOUNT_DIGITS, AMOUNT_PLACES, plain
from services.schema.shapes.facts import (
    LINE_TAGS,
    Campaign,
    Chat,
    Fact,
    Order,
    OrderLine,
    PostedMeasure,
    Rating,
    Refund,
    Stock,
    Traffic,
    tells,
)
from services.schema.words import FactKind

_NULL = "\\N"
_BACKSLASH = "\\"
_Made = tuple[str, str]
"""The line and the day."""
UNTAGGED = "\t".join("0" for _ in LINE_TAGS)
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fact counts: the zone of its days and the currency of its amounts."""

    zone: ZoneInfo
    currency: str


class Record(NamedTuple):
    """A fact ready to be staged."""

    source: str
    shop: str
    """Empty where it belongs to none."""
    known_by: str
    """What its source knows it by."""
    day: str
    """The local day on which it counts first."""
    line: str
    """The columns of its kind in COPY's text form, without an end."""
    tells: bool = False
    """Whether a marketplace that is asked may tell the same, so that both would count."""


# The columns of each kind's lines, in their order.
COLUMNS: dict[FactKind, tuple[str, ...]] = {
    FactKind.ORDERS: (
        *("source", "id", "modified_at", "content", "shop", "status"),
        *("created_at", "paid_at", "shipped_at", "completed_at", "buyer", "salesperson"),
        *("channel", "campaign", "payment_method"),
        *("paid_amount", "discount_amount", "cost_amount", "exclusion", "lines"),
        *("currency", "created_on", "paid_on", "shipped_on", "completed_on"),
        *("units_sold", "skus"),
        *(f"{tag}_amount" for tag in LINE_TAGS),
    ),
    FactKind.REFUNDS: (
        *("source", "id", "modified_at", "content", "shop", "status", "order_id", "kind"),
        *("amount", "requested_at", "refunded_at"),
        *("currency", "requested_on", "refunded_on"),
        *("salesperson", "channel", "campaign", "counts"),
    ),
    FactKind.RATINGS: (
        *("source", "id", "modified_at", "content", "shop", "order_id", "employee"),
        *("score", "scale", "comment", "rated_at", "rated_on"),
    ),
    FactKind.CHATS: (
        *("source", "id", "modified_at", "content", "shop", "employee", "buyer", "started_at"),
        *("first_response_seconds", "response_seconds", "responses", "answered", "inquiry"),
        *("order_id", "satisfied", "complaint", "started_on", "totals"),
    ),
    FactKind.TRAFFIC: (
        *("source", "shop", "day", "channel", "campaign", "modified_at", "content"),
        *("visitors", "new_visitors", "page_views", "bounces", "dwell_seconds", "impressions"),
        *("clicks", "ad_cost", "favourites", "carts", "currency"),
    ),
    FactKind.STOCK: (
        *("source", "shop", "day", "modified_at", "content", "skus", "skus_out", "skus_new"),
        *("skus_dead", "stock_value", "demanded_units", "supplied_units", "currency"),
    ),
    FactKind.CAMPAIGNS: (
        *("source", "id", "modified_at", "content", "shop", "name", "starts_on", "ends_on"),
        *("target_amount", "cost_amount", "currency"),
    ),
    FactKind.MEASURES: (
        *("measure", "day", "source", "shop", "unit", "employee", "channel", "campaign"),
        *("modified_at", "content", "amount", "currency"),
    ),
}


def record_of(kind: FactKind, fact: Fact, place: Place, seal: Seal) -> Record:
    """A fact's record; raises Unfit for what no column could keep as it is."""
    line, day = _MAKERS[type(fact)](fact, place, seal)
    if "\0" in line:
        raise Unfit("text_invalid", "U+0000 cannot be kept.")
    return Record(fact.source, fact.shop or "", key_of(kind, fact), day, line, tells(fact))


def joined(known_by: str, modified_at: str, stated: str, derived: str, also: str = "") -> str:
    """A line from its parts. Content is the digest of what is stated, however it was spelt.

    `also` is stated among the derived: what few rows state leaves the digests of all others alone.
    """
    try:
        content = hashlib.sha256(f"{stated}{also}".encode()).hexdigest()
    except UnicodeEncodeError as error:
        raise Unfit("text_invalid", "Lone surrogates cannot be kept.") from error
    line = f"{known_by}\t{modified_at}\t\\\\x{content}\t{stated}"
    return f"{line}\t{derived}" if derived else line


def _order(order: Order, place: Place, seal: Seal) -> _Made:
    buyer = None if order.buyer is None else seal(order.source, order.buyer)
    stated = "\t".join(
        (
            order.shop,
            order.status,
            _maybe_instant(order.created_at),
            _maybe_instant(order.paid_at),
            _maybe_instant(order.shipped_at),
            _maybe_instant(order.completed_at),
            buyer or _NULL,
            _key(order.salesperson),
            _key(order.channel),
            _key(order.campaign),
            _maybe_text(order.payment_method),
            amount_text(order.paid_amount),
            amount_text(order.discount_amount),
            amount_text(order.cost_amount),
            order.exclusion or _NULL,
            _lines(order.lines),
            order.currency or place.currency,
        )
    )
    placed_on = day_in(place.zone, placed_at(order)).isoformat()
    paid_on = _maybe_day_of(order.paid_at, place)
    derived = "\t".join(
        (
            placed_on,
            paid_on,
            _maybe_day_of(order.shipped_at, place),
            _maybe_day_of(order.completed_at, place),
            str(units_sold(order.lines)),
            str(skus(order.lines)),
            _tag_amounts(order.lines),
        )
    )
    known_by = f"{order.source}\t{_text(order.id)}"
    day = placed_on if paid_on == _NULL else paid_on
    return joined(known_by, _instant(order.modified_at), stated, derived), day


def _refund(refund: Refund, place: Place, _seal: Seal) -> _Made:
    """Its people, and whether it counts, are its order's; they are filled in from there."""
    stated = "\t".join(
        (
            refund.shop,
            refund.status,
            _maybe_text(refund.order),
            refund.kind,
            amount_text(refund.amount),
            _maybe_instant(refund.requested_at),
            _maybe_instant(refund.refunded_at),
        )
    )
    refunded_on = _maybe_day_of(refund.refunded_at, place)
    derived = (
        f"{place.currency}\t{_maybe_day_of(refund.requested_at, place)}\t{refunded_on}\t\t\t\tt"
    )
    known_by = f"{refund.source}\t{_text(refund.id)}"
    heard_on = day_in(place.zone, refund.modified_at).isoformat()
    day = heard_on if refunded_on == _NULL else refunded_on
    return joined(known_by, _instant(refund.modified_at), stated, derived), day


def _rating(rating: Rating, place: Place, _seal: Seal) -> _Made:
    stated = "\t".join(
        (
            rating.shop,
            _maybe_text(rating.order),
            _key(rating.employee),
            amount_text(rating.score),
            str(rating.scale),
            _maybe_text(rating.comment),
            _instant(rating.rated_at),
        )
    )
    day = day_in(place.zone, rating.rated_at).isoformat()
    known_by = f"{rating.source}\t{_text(rating.id)}"
    return joined(known_by, _instant(rating.modified_at), stated, day), day


def _chat(chat: Chat, place: Place, seal: Seal) -> _Made:
    stated = "\t".join(
        (
            chat.shop,
            _key(chat.employee),
            _NULL if chat.buyer is None else seal(chat.source, chat.buyer),
            _instant(chat.started_at),
            _maybe_amount(chat.first_response_seconds),
            _maybe_amount(chat.response_seconds),
            _maybe_count(chat.responses),
            _flag(chat.answered),
            _flag(chat.inquiry),
            _maybe_text(chat.order),
            _NULL if chat.satisfied is None else _flag(chat.satisfied),
            _flag(chat.complaint),
        )
    )
    day = day_in(place.zone, chat.started_at).isoformat()
    known_by = f"{chat.source}\t{_text(chat.id)}"
    totals = "" if chat.totals is None else json.dumps(chat.totals.stated())
    derived = f"{day}\t{totals or _NULL}"
    return joined(known_by, _instant(chat.modified_at), stated, derived, totals), day


def _traffic(traffic: Traffic, place: Place, _seal: Seal) -> _Made:
    stated = "\t".join(
        (
            _maybe_count(traffic.visitors),
            _maybe_count(traffic.new_visitors),
            _maybe_count(traffic.page_views),
            _maybe_count(traffic.bounces),
            _maybe_amount(traffic.dwell_seconds),
            _maybe_count(traffic.impressions),
            _maybe_count(traffic.clicks),
            _maybe_amount(traffic.ad_cost),
            _maybe_count(traffic.favourites),
            _maybe_count(traffic.carts),
            place.currency,
        )
    )
    day = traffic.day.isoformat()
    known_by = "\t".join(
        (traffic.source, traffic.shop, day, _key(traffic.channel), _key(traffic.campaign))
    )
    return joined(known_by, _instant(traffic.modified_at), stated, ""), day


def _stock(stock: Stock, place: Place, _seal: Seal) -> _Made:
    stated = "\t".join(
        (
            _maybe_count(stock.skus),
            _maybe_count(stock.skus_out),
            _maybe_count(stock.skus_new),
            _maybe_count(stock.skus_dead),
            _maybe_amount(stock.stock_value),
            _maybe_amount(stock.demanded_units),
            _maybe_amount(stock.supplied_units),
            place.currency,
        )
    )
    day = stock.day.isoformat()
    known_by = f"{stock.source}\t{stock.shop}\t{day}"
    return joined(known_by, _instant(stock.modified_at), stated, ""), day


def _campaign(campaign: Campaign, place: Place, _seal: Seal) -> _Made:
    day = campaign.starts_on.isoformat()
    stated = "\t".join(
        (
            campaign.shop,
            _text(campaign.name),
            day,
            campaign.ends_on.isoformat(),
            _maybe_amount(campaign.target_amount),
            _maybe_amount(campaign.cost_amount),
            place.currency,
        )
    )
    known_by = f"{campaign.source}\t{_text(campaign.id)}"
    return joined(known_by, _instant(campaign.modified_at), stated, ""), day


def _measure(measure: PostedMeasure, place: Place, _seal: Seal) -> _Made:
    day = measure.day.isoformat()
    known_by = "\t".join(
        (
            measure.measure,
            day,
            measure.source,
            _key(measure.shop),
            _key(measure.unit),
            _key(measure.employee),
            _key(measure.channel),
            _key(measure.campaign),
        )
    )
    stated = f"{amount_text(measure.amount)}\t{place.currency}"
    return joined(known_by, _instant(measure.modified_at), stated, ""), day


_MAKERS: dict[type[Fact], Callable[[Any, Place, Seal], _Made]] = {
    Order: _order,
    Refund: _refund,
    Rating: _rating,
    Chat: _chat,
    Traffic: _traffic,
    Stock: _stock,
    Campaign: _campaign,
    PostedMeasure: _measure,
}


def _text(value: str) -> str:
    if value.isprintable() and _BACKSLASH not in value:
        return value
    return value.translate(_ESCAPES)


def _maybe_text(value: str | None) -> str:
    return _NULL if value is None else _text(value)


def _key(value: str | None) -> str:
    """Texts that a fact leaves out are empty in a key."""
    return "" if value is None else _text(value)


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


def _maybe_instant(value: datetime | None) -> str:
    return _NULL if value is None else value.astimezone(UTC).isoformat()


def _maybe_day_of(value: datetime | None, place: Place) -> str:
    return _NULL if value is None else day_in(place.zone, value).isoformat()


def amount_text(value: Decimal | None) -> str:
    """An amount that is not stated is nothing."""
    if not value:
        return "0"
    written = str(value)
    if "E" in written:
        written = plain(value)
    elif "." in written:
        written = written.rstrip("0").rstrip(".")
    if len(written) > AMOUNT_PLACES + 1:
        whole, _, places = written.partition(".")
        if len(places) > AMOUNT_PLACES:
            raise Unfit("too_many_decimals", f"At most {AMOUNT_PLACES} decimals are kept.")
        if len(whole.removeprefix("-")) > AMOUNT_DIGITS:
            raise Unfit("amount_too_large", f"At most {AMOUNT_DIGITS} digits are kept.")
    return written


def _tag_amounts(lines: tuple[OrderLine, ...]) -> str:
    if not any(line.tags for line in lines):
        return UNTAGGED
    return "\t".join(map(amount_text, tag_amounts(lines)))


def _maybe_amount(value: Decimal | None) -> str:
    return _NULL if value is None else amount_text(value)


def _maybe_count(value: int | None) -> str:
    return _NULL if value is None else str(value)


def _flag(value: bool) -> str:  # noqa: FBT001  a value, not a switch
    return "t" if value else "f"


def _lines(lines: tuple[OrderLine, ...]) -> str:
    """A JSON array, written by hand: the encoder takes longer to set up than to write."""
    quoted = encode_basestring
    documents = ",".join(
        f'{{"id":{quoted(line.id)},"sku":{quoted(line.sku)},"quantity":{line.quantity},'
        f'"amount":"{amount_text(line.amount)}",'
        f'"tags":[{",".join(map(quoted, sorted(set(line.tags))))}]}}'
        for line in lines
    )
    return f"[{documents.translate(_ESCAPES) if _BACKSLASH in documents else documents}]"
