"""Facts as last stated, the batches they came in, and rows refused.

Order facts carry sums of their own lines (`units_sold`, `new_amount` ...) and the local days of
their events, so that measures are signed sums over plain columns. Refund facts carry the people of
their order for the same reason; they follow the order when it changes.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Table,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from services.schema.shapes.facts import LINE_TAGS
from services.schema.tables.base import (
    amount,
    count,
    day,
    instant,
    key,
    metadata,
    numbers,
    one_of,
    tenant_column,
    text,
)
from services.schema.words import (
    Exclusion,
    FactKind,
    OrderStatus,
    RefundKind,
    RefundStatus,
)


def content_column() -> Column[bytes]:
    """SHA-256 of the canonical row as posted: equal content is a duplicate, not a conflict."""
    return Column("content", LargeBinary, nullable=False)


order_facts = Table(
    "order_facts",
    metadata,
    tenant_column(),
    key("source"),
    key("id"),
    instant("modified_at"),
    content_column(),
    text("shop"),
    text("status"),
    instant("created_at", null=True),
    instant("paid_at", null=True),
    instant("shipped_at", null=True),
    instant("completed_at", null=True),
    day("created_on", null=True),
    day("paid_on", null=True),
    day("shipped_on", null=True),
    day("completed_on", null=True),
    text("buyer", null=True),
    text("salesperson"),
    text("channel"),
    text("campaign"),
    text("payment_method", null=True),
    text("currency"),
    amount("paid_amount"),
    amount("discount_amount"),
    amount("cost_amount"),
    # What holds; where the ledger of exclusions says so, what the source states stands beside it.
    text("exclusion", null=True),
    text("stated_exclusion", null=True),
    count("units_sold"),
    Column("skus", Integer, nullable=False),
    *(amount(f"{tag}_amount") for tag in LINE_TAGS),
    Column("lines", JSONB, nullable=False),
    one_of("status", OrderStatus),
    one_of("exclusion", Exclusion),
    numbers("paid_amount", "discount_amount", "cost_amount"),
    # Partial: a table that was analysed while its first rows were not committed looks empty, and
    # the planner would take any index that holds every order for a way to one of them.
    Index(
        "ix_order_facts_buyer",
        "buyer",
        "tenant_id",
        "paid_on",
        postgresql_where=sql("buyer IS NOT NULL"),
    ),
    Index("ix_order_facts_paid_on", "paid_on", postgresql_using="brin"),
)

refund_facts = Table(
    "refund_facts",
    metadata,
    tenant_column(),
    key("source"),
    key("id"),
    instant("modified_at"),
    content_column(),
    text("shop"),
    text("status"),
    text("order_id", null=True),
    text("kind"),
    amount("amount"),
    instant("requested_at", null=True),
    instant("refunded_at", null=True),
    day("requested_on", null=True),
    day("refunded_on", null=True),
    text("currency"),
    text("salesperson"),
    text("channel"),
    text("campaign"),
    Column("counts", Boolean, nullable=False),
    one_of("status", RefundStatus),
    one_of("kind", RefundKind),
    numbers("amount"),
    # Partial for the reason above.
    Index(
        "ix_refund_facts_order_id",
        "order_id",
        "tenant_id",
        "source",
        postgresql_where=sql("order_id IS NOT NULL"),
    ),
)

rating_facts = Table(
    "rating_facts",
    metadata,
    tenant_column(),
    key("source"),
    key("id"),
    instant("modified_at"),
    content_column(),
    text("shop"),
    text("order_id", null=True),
    text("employee"),
    Column("score", Numeric(9, 4), nullable=False),
    Column("scale", SmallInteger, nullable=False),
    text("comment", null=True),
    instant("rated_at"),
    day("rated_on"),
    numbers("score"),
    CheckConstraint("scale IN (5, 10, 100)", name="scale"),
)

chat_facts = Table(
    "chat_facts",
    metadata,
    tenant_column(),
    key("source"),
    key("id"),
    instant("modified_at"),
    content_column(),
    text("shop"),
    text("employee"),
    text("buyer", null=True),
    instant("started_at"),
    day("started_on"),
    amount("first_response_seconds", null=True),
    amount("response_seconds", null=True),
    Column("responses", Integer, nullable=True),
    Column("answered", Boolean, nullable=False),
    Column("inquiry", Boolean, nullable=False),
    text("order_id", null=True),
    Column("satisfied", Boolean, nullable=True),
    Column("complaint", Boolean, nullable=False),
    # Of all sessions of an agent's day, where a tool tells no single ones.
    Column("totals", JSONB(none_as_null=True), nullable=True),
    numbers("first_response_seconds", "response_seconds"),
)

traffic_facts = Table(
    "traffic_facts",
    metadata,
    tenant_column(),
    key("source"),
    key("shop"),
    day("day", primary_key=True),
    key("channel"),
    key("campaign"),
    instant("modified_at"),
    content_column(),
    text("currency"),
    count("visitors", null=True),
    count("new_visitors", null=True),
    count("page_views", null=True),
    count("bounces", null=True),
    amount("dwell_seconds", null=True),
    count("impressions", null=True),
    count("clicks", null=True),
    amount("ad_cost", null=True),
    count("favourites", null=True),
    count("carts", null=True),
    numbers("dwell_seconds", "ad_cost"),
)

stock_facts = Table(
    "stock_facts",
    metadata,
    tenant_column(),
    key("source"),
    key("shop"),
    day("day", primary_key=True),
    instant("modified_at"),
    content_column(),
    text("currency"),
    count("skus", null=True),
    count("skus_out", null=True),
    count("skus_new", null=True),
    count("skus_dead", null=True),
    amount("stock_value", null=True),
    amount("demanded_units", null=True),
    amount("supplied_units", null=True),
    numbers("stock_value", "demanded_units", "supplied_units"),
)

campaign_facts = Table(
    "campaign_facts",
    metadata,
    tenant_column(),
    key("source"),
    key("id"),
    instant("modified_at"),
    content_column(),
    text("shop"),
    text("name"),
    day("starts_on"),
    day("ends_on"),
    text("currency"),
    amount("target_amount", null=True),
    amount("cost_amount", null=True),
    numbers("target_amount", "cost_amount"),
)

# A posted measure is additive already: the fact is its own daily sum.
measure_facts = Table(
    "measure_facts",
    metadata,
    tenant_column(),
    key("measure"),
    day("day", primary_key=True),
    key("source"),
    key("shop"),
    key("unit"),
    key("employee"),
    key("channel"),
    key("campaign"),
    instant("modified_at"),
    content_column(),
    text("currency"),
    amount("amount"),
    numbers("amount"),
    CheckConstraint(
        "(shop <> '')::int + (unit <> '')::int + (employee <> '')::int = 1", name="one_subject"
    ),
)

# The first source that states orders or refunds of a shop owns them.
shop_sources = Table(
    "shop_sources",
    metadata,
    tenant_column(),
    key("shop"),
    text("source"),
    ForeignKeyConstraint(["tenant_id", "shop"], ["shops.tenant_id", "shops.code"]),
)

# One writer at a time holds a lane: the rows it reads as old are the rows it replaces.
lanes = Table(
    "lanes",
    metadata,
    tenant_column(),
    key("name"),
)

batches = Table(
    "batches",
    metadata,
    tenant_column(),
    key("id"),
    text("kind"),
    text("caller"),
    instant("received_at"),
    count("received"),
    count("created"),
    count("updated"),
    count("duplicate"),
    count("stale"),
    count("invalid"),
    count("conflict"),
    one_of("kind", FactKind),
)

# A refused row waits here, as it was posted, until it is retried or replaced by a good one. What it
# held expires; that it was refused, and why, stays: what was accepted must be accounted for.
rejected_rows = Table(
    "rejected_rows",
    metadata,
    tenant_column(),
    key("id"),
    text("batch"),
    count("row"),
    text("kind"),
    text("source"),
    text("shop"),
    text("fact"),
    text("outcome"),
    text("code"),
    text("pointer"),
    text("detail"),
    text("body", null=True),
    instant("received_at"),
    # The local day on which it came first; null of rows from before days were counted.
    day("came_on", null=True),
    one_of("kind", FactKind),
    Index("ix_rejected_rows_fact", "tenant_id", "kind", "source", "fact"),
    Index(
        "ix_rejected_rows_held",
        "tenant_id",
        "received_at",
        postgresql_where=sql("body IS NOT NULL"),
    ),
)
