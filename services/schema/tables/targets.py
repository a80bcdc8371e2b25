"""Targets and their plans with their whole history, and what days weigh."""

from sqlalchemy import CheckConstraint, Column, Integer, Numeric, Table
from sqlalchemy.dialects.postgresql import JSONB

from services.schema.shapes.target_plans import PlanMode
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

target_plans = Table(
    "target_plans",
    metadata,
    tenant_column(),
    key("subject_kind"),
    key("subject"),
    key("indicator"),
    key("period"),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    text("mode"),
    # All actions as they then stood, so that a revision is of all of them.
    Column("actions", JSONB, nullable=False),
    text("reason", null=True),
    text("author"),
    instant("set_at"),
    one_of("subject_kind", SubjectKind),
    one_of("mode", PlanMode),
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
