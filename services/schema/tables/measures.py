"""Measures: daily sums of each kind of fact, by shop, employee, channel, campaign and currency.

Texts that a fact leaves out are empty in a key. `records` counts the events of facts that are
added up in a row; a row whose last fact leaves is deleted. Posted measures are `measure_facts`
themselves, and stock levels `stock_facts`.
"""

from typing import Any

from sqlalchemy import Column, Numeric, Table

from services.schema.shapes.facts import LINE_TAGS
from services.schema.tables.base import day, instant, key, metadata, tally, tenant_column, total

SALES_KEY = ("day", "shop", "employee", "channel", "campaign", "currency")
SERVICE_KEY = ("day", "shop", "employee")


def _sales_key() -> tuple[Column[Any], ...]:
    return (day("day", primary_key=True), *(key(name) for name in SALES_KEY[1:]))


# An order is placed, paid and shipped on days of its own; each event adds to that day's row.
order_measures = Table(
    "order_measures",
    metadata,
    tenant_column(),
    *_sales_key(),
    tally("records"),
    tally("placed_orders"),
    tally("cancelled_orders"),
    total("gross_amount"),
    tally("excluded_orders"),
    total("excluded_amount"),
    tally("paid_orders"),
    total("paid_amount"),
    total("discount_amount"),
    total("cost_amount"),
    tally("units_sold"),
    tally("multi_sku_orders"),
    tally("alipay_orders"),
    total("alipay_amount"),
    *(total(f"{tag}_amount") for tag in LINE_TAGS),
    tally("shipped_orders"),
    tally("shipped_within_24h_orders"),
    total("processing_seconds"),
)

refund_measures = Table(
    "refund_measures",
    metadata,
    tenant_column(),
    *_sales_key(),
    tally("records"),
    total("refund_amount"),
    tally("refunds"),
    tally("returns"),
    tally("exchanges"),
    total("return_amount"),
    total("refund_seconds"),
    tally("timed_refunds"),
)

rating_measures = Table(
    "rating_measures",
    metadata,
    tenant_column(),
    day("day", primary_key=True),
    *(key(name) for name in SERVICE_KEY[1:]),
    tally("records"),
    tally("ratings"),
    Column("rating_points", Numeric(26, 6), nullable=False, server_default="0"),
    tally("good_ratings"),
    tally("bad_ratings"),
)

chat_measures = Table(
    "chat_measures",
    metadata,
    tenant_column(),
    day("day", primary_key=True),
    *(key(name) for name in SERVICE_KEY[1:]),
    tally("records"),
    tally("chats"),
    tally("answered_chats"),
    tally("unanswered_chats"),
    tally("inquiries"),
    tally("inquiry_orders"),
    total("first_response_seconds"),
    tally("first_responses"),
    total("response_seconds"),
    tally("responses"),
    tally("satisfaction_answers"),
    tally("satisfied_answers"),
    tally("complaints"),
)

traffic_measures = Table(
    "traffic_measures",
    metadata,
    tenant_column(),
    day("day", primary_key=True),
    key("shop"),
    key("channel"),
    key("campaign"),
    key("currency"),
    tally("records"),
    tally("visitors"),
    tally("new_visitors"),
    tally("page_views"),
    tally("bounces"),
    total("dwell_seconds"),
    tally("impressions"),
    tally("clicks"),
    total("ad_cost"),
    tally("favourites"),
    tally("carts"),
)

campaign_measures = Table(
    "campaign_measures",
    metadata,
    tenant_column(),
    day("day", primary_key=True),
    key("shop"),
    key("campaign"),
    key("currency"),
    tally("records"),
    tally("campaigns"),
    total("campaign_target_amount"),
    total("campaign_cost_amount"),
)

# What changed since the scorecards were last computed; the api takes these marks away.
touched_days = Table(
    "touched_days",
    metadata,
    tenant_column(),
    day("day", primary_key=True),
    key("shop"),
    key("unit"),
    key("employee"),
    instant("touched_at"),
)
