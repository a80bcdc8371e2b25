"""Uses of results: rules over past grades with their history, and what people decided."""

from sqlalchemy import Boolean, CheckConstraint, Column, Integer, Table
from sqlalchemy.dialects.postgresql import JSONB

from services.schema.tables.base import instant, key, metadata, tenant_column, text

# The highest revision of a code is in force. Append-only.
use_rules = Table(
    "use_rules",
    metadata,
    tenant_column(),
    key("code"),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("rule", JSONB, nullable=False),
    text("author"),
    instant("set_at"),
    CheckConstraint("revision > 0", name="revision"),
)

# One decision of a proposal, which is kept as it then was. Append-only.
use_decisions = Table(
    "use_decisions",
    metadata,
    tenant_column(),
    key("rule"),
    key("employee"),
    key("result"),
    Column("proposal", JSONB, nullable=False),
    Column("accepted", Boolean, nullable=False),
    text("reason"),
    text("author"),
    instant("decided_at"),
)
