"""Days of shops as marketplaces and tools state them, for ours to be held against."""

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Table
from sqlalchemy.dialects.postgresql import JSONB

from services.schema.shapes.reconciliations import Basis
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

# The newest statement of a tool stands.
day_statements = Table(
    "day_statements",
    metadata,
    tenant_column(),
    key("shop"),
    day("day", primary_key=True),
    key("source"),
    key("basis"),
    text("timezone"),
    instant("stated_at"),
    count("orders", null=True),
    amount("amount", null=True),
    Column("net_of_refunds", Boolean, nullable=False),
    Column("with_excluded", Boolean, nullable=False),
    # Amounts by order number, as text: a number in JSON would lose its last digit.
    Column("rows", JSONB(none_as_null=True), nullable=True),
    Column("statuses", JSONB(none_as_null=True), nullable=True),
    ForeignKeyConstraint(["tenant_id", "shop"], ["shops.tenant_id", "shops.code"]),
    one_of("basis", Basis),
    numbers("amount"),
)
