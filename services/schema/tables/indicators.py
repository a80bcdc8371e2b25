"""A tenant's own measures and indicators, every version of a definition, and posted values."""

from sqlalchemy import CheckConstraint, Column, Integer, Numeric, Table

from services.schema.tables.base import (
    instant,
    key,
    metadata,
    numbers,
    one_of,
    tenant_column,
    text,
)
from services.schema.words import Better, IndicatorUnit, SubjectKind

own_measures = Table(
    "own_measures",
    metadata,
    tenant_column(),
    key("code"),
    text("zh"),
    text("en"),
    text("unit"),
    instant("created_at"),
    one_of("unit", IndicatorUnit),
)

# The highest version of a code is in force; older ones explain what was computed with them.
own_indicators = Table(
    "own_indicators",
    metadata,
    tenant_column(),
    key("code"),
    Column("version", Integer, primary_key=True, autoincrement=False),
    text("zh"),
    text("en"),
    text("formula", null=True),
    text("unit"),
    text("better"),
    instant("created_at"),
    one_of("unit", IndicatorUnit),
    one_of("better", Better),
    CheckConstraint("version > 0", name="version"),
)

# The highest revision holds, for exactly its subject and period.
indicator_values = Table(
    "indicator_values",
    metadata,
    tenant_column(),
    key("indicator"),
    key("subject_kind"),
    key("subject"),
    key("period"),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("value", Numeric(26, 6), nullable=False),
    text("source"),
    text("note", null=True),
    text("author"),
    instant("posted_at"),
    one_of("subject_kind", SubjectKind),
    numbers("value"),
    CheckConstraint("revision > 0", name="revision"),
)
