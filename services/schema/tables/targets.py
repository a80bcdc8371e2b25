"""Targets with their whole history: the highest revision holds; and what days weigh."""

from sqlalchemy import CheckConstraint, Column, Integer, Numeric, Table

from services.schema.tables.base import (
    day,
    instant,
    key,
    metadata,
    numbers,
    one_of,
    tenant_column,
    text,
)
from services.schema.words import SubjectKind, TargetLevel

targets = Table(
    "targets",
    metadata,
    tenant_column(),
    key("subject_kind"),
    key("subject"),
    key("indicator"),
    key("period"),
    key("level"),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("value", Numeric(26, 6), nullable=False),
    text("reason", null=True),
    text("author"),
    instant("set_at"),
    one_of("subject_kind", SubjectKind),
    one_of("level", TargetLevel),
    numbers("value"),
    CheckConstraint("revision > 0", name="revision"),
)

# The target calendar, replaced whole; the audit keeps what was.
weighed_days = Table(
    "weighed_days",
    metadata,
    tenant_column(),
    day("starts_on", primary_key=True),
    day("ends_on"),
    Column("weight", Numeric(10, 4), nullable=False),
    text("note", null=True),
    numbers("weight"),
    CheckConstraint("weight > 0", name="weight"),
    CheckConstraint("starts_on < ends_on", name="days"),
)
