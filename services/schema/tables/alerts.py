"""Alerts: one for each breach, subject and day, with what people made of it."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    Numeric,
    Table,
    UniqueConstraint,
)

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
from services.schema.watch_words import AlertKind
from services.schema.words import SubjectKind

alerts = Table(
    "alerts",
    metadata,
    tenant_column(),
    key("id"),
    text("kind"),
    text("source"),
    text("subject_kind"),
    text("subject"),
    day("day"),
    day("since"),
    text("zh"),
    text("en"),
    text("indicator", null=True),
    Column("version", Integer, nullable=True),
    text("period", null=True),
    Column("value", Numeric(26, 6), nullable=True),
    Column("at_least", Numeric(26, 6), nullable=True),
    Column("at_most", Numeric(26, 6), nullable=True),
    Column("latest", Numeric(26, 6), nullable=True),
    Column("is_broken", Boolean, nullable=False),
    instant("raised_at"),
    instant("checked_at"),
    *(
        column
        for step in ("acknowledged", "closed")
        for column in (
            text(f"{step}_person", null=True),
            text(f"{step}_author", null=True),
            text(f"{step}_note", null=True),
            instant(f"{step}_at", null=True),
        )
    ),
    one_of("kind", AlertKind),
    one_of("subject_kind", SubjectKind),
    numbers("value", "at_least", "at_most", "latest"),
    CheckConstraint("since <= day", name="since"),
    CheckConstraint("kind <> 'standard' OR value IS NOT NULL", name="measured"),
    UniqueConstraint("tenant_id", "kind", "source", "subject_kind", "subject", "day"),
    Index("ix_alerts_day", "tenant_id", "day"),
)
