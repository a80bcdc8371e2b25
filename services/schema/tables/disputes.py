"""Disputes of scorecards, and what was decided of them. Append-only.

What was upheld holds for a subject in a cycle: it counts whenever the card is computed, in every
revision.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Numeric,
    SmallInteger,
    Table,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.schema.tables.base import (
    instant,
    key,
    metadata,
    numbers,
    one_of,
    tenant_column,
    text,
)
from services.schema.words import DisputeAbout, SubjectKind

disputes = Table(
    "disputes",
    metadata,
    tenant_column(),
    key("id"),
    text("scorecard"),
    text("cycle"),
    text("subject_kind"),
    text("subject"),
    text("about"),
    text("named"),
    Column("segment", SmallInteger, nullable=True),
    Column("claims", JSONB, nullable=False),
    text("reason"),
    text("person"),
    text("author"),
    instant("filed_at"),
    ForeignKeyConstraint(["tenant_id", "cycle"], ["cycles.tenant_id", "cycles.code"]),
    one_of("subject_kind", SubjectKind),
    one_of("about", DisputeAbout),
    Index("ix_disputes_subject", "tenant_id", "cycle", "subject_kind", "subject"),
)

# One each: what was decided is not decided again.
dispute_decisions = Table(
    "dispute_decisions",
    metadata,
    tenant_column(),
    key("dispute"),
    Column("uphold", Boolean, nullable=False),
    text("reason"),
    Column("value", Numeric(20, 6), nullable=True),
    text("person"),
    text("author"),
    instant("decided_at"),
    ForeignKeyConstraint(["tenant_id", "dispute"], ["disputes.tenant_id", "disputes.id"]),
    numbers("value"),
    CheckConstraint("uphold OR value IS NULL", name="value"),
)
