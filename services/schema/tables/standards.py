"""Standards, every version of each, and the days that are to be held against them anew."""

from sqlalchemy import Boolean, CheckConstraint, Column, Integer, Numeric, Table
from sqlalchemy.dialects.postgresql import JSONB

from services.schema.tables.base import (
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
from services.schema.words import CycleKind, Scope, SubjectKind

standards = Table(
    "standards",
    metadata,
    tenant_column(),
    key("code"),
    Column("version", Integer, primary_key=True, autoincrement=False),
    text("zh"),
    text("en"),
    text("indicator"),
    text("subject_kind"),
    Column("subjects", JSONB(none_as_null=True), nullable=True),
    text("scope"),
    Column("at_least", Numeric(26, 6), nullable=True),
    Column("at_most", Numeric(26, 6), nullable=True),
    Column("days", Integer, nullable=True),
    text("period", null=True),
    text("basis_indicator", null=True),
    Column("basis_at_least", Numeric(26, 6), nullable=True),
    Column("active", Boolean, nullable=False),
    text("author"),
    instant("made_at"),
    one_of("subject_kind", SubjectKind),
    one_of("scope", Scope),
    one_of("period", CycleKind),
    numbers("at_least", "at_most", "basis_at_least"),
    CheckConstraint("version > 0", name="version"),
    CheckConstraint("(at_least IS NULL) <> (at_most IS NULL)", name="one_bound"),
    CheckConstraint("(days IS NULL) <> (period IS NULL)", name="one_stretch"),
    CheckConstraint("(basis_indicator IS NULL) = (basis_at_least IS NULL)", name="basis"),
)

# Days of which something has come in since they were looked at; whoever looks takes them away.
watched_days = Table(
    "watched_days",
    metadata,
    tenant_column(),
    day("day", primary_key=True),
    # How often something came in: what came in while it was looked at is looked at again.
    count("marks", default="1"),
)
