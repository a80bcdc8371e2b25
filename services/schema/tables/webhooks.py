"""Webhooks with their sealed secrets, and their deliveries: the outbox that is also the log."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY

from services.schema.shapes.webhooks import DeliveryStatus, WebhookEvent
from services.schema.tables.base import instant, key, metadata, one_of, tenant_column, text

webhooks = Table(
    "webhooks",
    metadata,
    tenant_column(),
    key("id"),
    text("url"),
    Column("events", ARRAY(Text), nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("previous_secret", LargeBinary, nullable=True),
    instant("previous_until", null=True),
    instant("created_at"),
    instant("failing_since", null=True),
    instant("disabled_at", null=True),
    text("disabled_reason", null=True),
    CheckConstraint("cardinality(events) > 0", name="events"),
    CheckConstraint("(previous_secret IS NULL) = (previous_until IS NULL)", name="previous_until"),
    CheckConstraint("(disabled_at IS NULL) = (disabled_reason IS NULL)", name="disabled_reason"),
)

UNTRIED = "event = 'scorecard.changed' AND status = 'waiting' AND attempts = 0"
"""A card that changes again before anybody was told of it is told of once."""

deliveries = Table(
    "deliveries",
    metadata,
    tenant_column(),
    key("id"),
    text("webhook"),
    text("event"),
    text("data"),
    instant("happened_at"),
    text("status"),
    instant("due_at"),
    instant("finished_at", null=True),
    Column("attempts", Integer, nullable=False),
    Column("tries", SmallInteger, nullable=False),
    one_of("event", WebhookEvent),
    one_of("status", DeliveryStatus),
    CheckConstraint("(status = 'waiting') = (finished_at IS NULL)", name="finished_at"),
    ForeignKeyConstraint(
        ["tenant_id", "webhook"], ["webhooks.tenant_id", "webhooks.id"], ondelete="CASCADE"
    ),
    Index("ix_deliveries_webhook", "tenant_id", "webhook", "id"),
    Index(
        "ix_deliveries_due",
        "tenant_id",
        "webhook",
        "due_at",
        postgresql_where=sql("status = 'waiting'"),
    ),
    Index(
        "ix_deliveries_untried",
        "tenant_id",
        "webhook",
        "data",
        unique=True,
        postgresql_where=sql(UNTRIED),
    ),
)

delivery_attempts = Table(
    "delivery_attempts",
    metadata,
    tenant_column(),
    key("delivery"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    instant("at"),
    Column("milliseconds", Integer, nullable=False),
    Column("status", SmallInteger, nullable=True),
    text("error", null=True),
    CheckConstraint("(status IS NULL) = (error IS NOT NULL)", name="status"),
    ForeignKeyConstraint(
        ["tenant_id", "delivery"], ["deliveries.tenant_id", "deliveries.id"], ondelete="CASCADE"
    ),
)
