"""Measures counted anew from the facts, one fact after another: what the signed sums must equal."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from services.schema.shapes.facts import LINE_TAGS
from services.schema.words import FactKind

Key = tuple[Any, ...]
Sums = dict[str, Decimal]
Added = tuple[date, Mapping[str, Any]]

KEYS = {
    FactKind.ORDERS: ("day", "shop", "employee", "channel", "campaign", "currency"),
    FactKind.REFUNDS: ("day", "shop", "employee", "channel", "campaign", "currency"),
    FactKind.RATINGS: ("day", "shop", "employee"),
    FactKind.CHATS: ("day", "shop", "employee"),
    FactKind.TRAFFIC: ("day", "shop", "channel", "campaign", "currency"),
    FactKind.CAMPAIGNS: ("day", "shop", "campaign", "currency"),
}
DAY = Decimal(86400)


def count_again(kind: FactKind, facts: Iterable[Mapping[str, Any]]) -> dict[Key, Sums]:
    """All measures of a kind, without what is zero."""
    counted: dict[Key, Sums] = defaultdict(lambda: defaultdict(Decimal))
    for fact in facts:
        named = {
            **fact,
            "employee": fact.get("salesperson", fact.get("employee")),
            "campaign": fact["id"] if kind is FactKind.CAMPAIGNS else fact.get("campaign"),
        }
        for day, amounts in _ADDED[kind](fact):
            sums = counted[tuple(({**named, "day": day})[name] for name in KEYS[kind])]
            sums["records"] += 1
            for name, amount in amounts.items():
                sums[name] += Decimal(amount)
    return {
        key: {name: amount for name, amount in sums.items() if amount}
        for key, sums in counted.items()
    }


def _orders(order: Mapping[str, Any]) -> Iterable[Added]:
    if order["exclusion"] is not None:
        if order["paid_on"] is not None:
            amount = order["paid_amount"]
            yield order["paid_on"], {
                "gross_amount": amount, "excluded_orders": 1, "excluded_amount": amount,
            }  # fmt: skip
        return
    yield order["created_on"], {
        "placed_orders": 1, "cancelled_orders": order["status"] == "cancelled",
    }  # fmt: skip
    if order["paid_on"] is not None:
        alipay = order["payment_method"] == "alipay"
        yield (
            order["paid_on"],
            {
                "gross_amount": order["paid_amount"],
                "paid_orders": 1,
                "paid_amount": order["paid_amount"],
                "discount_amount": order["discount_amount"],
                "cost_amount": order["cost_amount"],
                "units_sold": order["units_sold"],
                "multi_sku_orders": order["skus"] >= 2,
                "alipay_orders": alipay,
                "alipay_amount": order["paid_amount"] if alipay else 0,
                **{f"{tag}_amount": order[f"{tag}_amount"] for tag in LINE_TAGS},
            },
        )
    if order["shipped_on"] is not None:
        seconds = _seconds(order["paid_at"], order["shipped_at"])
        yield (
            order["shipped_on"],
            {
                "shipped_orders": 1,
                "shipped_within_24h_orders": seconds <= DAY,
                "processing_seconds": seconds,
            },
        )


def _refunds(refund: Mapping[str, Any]) -> Iterable[Added]:
    if refund["status"] != "succeeded" or not refund["counts"]:
        return
    is_return = refund["kind"] == "return"
    timed = refund["requested_at"] is not None
    yield (
        refund["refunded_on"],
        {
            "refund_amount": refund["amount"],
            "refunds": refund["kind"] != "exchange",
            "returns": is_return,
            "exchanges": refund["kind"] == "exchange",
            "return_amount": refund["amount"] if is_return else 0,
            "refund_seconds": _seconds(refund["requested_at"], refund["refunded_at"]),
            "timed_refunds": timed,
        },
    )


def _ratings(rating: Mapping[str, Any]) -> Iterable[Added]:
    points = rating["score"] * 5 / rating["scale"]
    yield rating["rated_on"], {
        "ratings": 1, "rating_points": points, "good_ratings": points >= 4,
        "bad_ratings": points <= 2,
    }  # fmt: skip


def _chats(chat: Mapping[str, Any]) -> Iterable[Added]:
    if totals := chat["totals"]:
        stated = json.loads(totals) if isinstance(totals, str) else totals
        yield (
            chat["started_on"],
            {
                "chats": stated["chats"],
                "answered_chats": stated["answered"],
                "unanswered_chats": stated["chats"] - stated["answered"],
                "inquiries": stated.get("inquiries", 0),
                "inquiry_orders": stated.get("inquiry_orders", 0),
                "first_response_seconds": chat["first_response_seconds"] or 0,
                "first_responses": stated.get("first_responses", 0),
                "response_seconds": chat["response_seconds"] or 0,
                "responses": chat["responses"] or 0,
                "satisfaction_answers": stated.get("satisfaction_answers", 0),
                "satisfied_answers": stated.get("satisfied_answers", 0),
                "complaints": stated.get("complaints", 0),
            },
        )
        return
    yield (
        chat["started_on"],
        {
            "chats": 1,
            "answered_chats": chat["answered"],
            "unanswered_chats": not chat["answered"],
            "inquiries": chat["inquiry"],
            "inquiry_orders": chat["inquiry"] and chat["order_id"] is not None,
            "first_response_seconds": chat["first_response_seconds"] or 0,
            "first_responses": chat["first_response_seconds"] is not None,
            "response_seconds": chat["response_seconds"] or 0,
            "responses": chat["responses"] or 0,
            "satisfaction_answers": chat["satisfied"] is not None,
            "satisfied_answers": chat["satisfied"] is True,
            "complaints": chat["complaint"],
        },
    )


def _traffic(traffic: Mapping[str, Any]) -> Iterable[Added]:
    names = (
        "visitors", "new_visitors", "page_views", "bounces", "dwell_seconds", "impressions",
        "clicks", "ad_cost", "favourites", "carts",
    )  # fmt: skip
    yield traffic["day"], {name: traffic[name] or 0 for name in names}


def _campaigns(campaign: Mapping[str, Any]) -> Iterable[Added]:
    yield (
        campaign["starts_on"],
        {
            "campaigns": 1,
            "campaign_target_amount": campaign["target_amount"] or 0,
            "campaign_cost_amount": campaign["cost_amount"] or 0,
        },
    )


def _seconds(start: datetime | None, end: datetime | None) -> Decimal:
    """Whole spans, exact to four decimals; nothing where there is no span."""
    if start is None or end is None or end < start:
        return Decimal(0)
    span = end - start
    return Decimal(span.days) * DAY + span.seconds + Decimal(span.microseconds) / 1_000_000


_ADDED = {
    FactKind.ORDERS: _orders,
    FactKind.REFUNDS: _refunds,
    FactKind.RATINGS: _ratings,
    FactKind.CHATS: _chats,
    FactKind.TRAFFIC: _traffic,
    FactKind.CAMPAIGNS: _campaigns,
}
