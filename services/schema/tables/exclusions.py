"""Exclusions: orders that people took out of the sums, and their undoings. Append-only."""

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Table, UniqueConstraint

from services.schema.tables.base import instant, key, metadata, one_of, tenant_column, text
from services.schema.words import Exclusion

# A row excludes an order for a reason, or undoes the row that did; both name the order.
exclusions = Table(
    "exclusions",
    metadata,
    tenant_column(),
    key("id"),
    text("source"),
    text("order_id"),
    text("reason", null=True),
    text("note"),
    text("rule", null=True),
    text("author"),
    instant("stated_at"),
    text("undoes", null=True),
    UniqueConstraint("tenant_id", "undoes"),
    ForeignKeyConstraint(["tenant_id", "undoes"], ["exclusions.tenant_id", "exclusions.id"]),
    one_of("reason", Exclusion),
    CheckConstraint("(reason IS NULL) = (undoes IS NOT NULL)", name="undoes"),
    Index("ix_exclusions_order_id", "tenant_id", "source", "order_id"),
)
