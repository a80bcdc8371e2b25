"""Reports that were written, and who has to write them. Append-only."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Table
from sqlalchemy.dialects.postgresql import JSONB

from services.schema.tables.base import day, instant, key, metadata, one_of, tenant_column, text
from services.schema.words import SubjectKind

reports = Table(
    "reports",
    metadata,
    tenant_column(),
    key("subject_kind"),
    key("subject"),
    key("period"),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    day("starts_on"),
    text("remark"),
    text("plan", null=True),
    Column("is_on_time", Boolean, nullable=True),
    text("person"),
    text("author"),
    instant("written_at"),
    one_of("subject_kind", SubjectKind),
    CheckConstraint("revision > 0", name="revision"),
    Index("ix_reports_starts_on", "tenant_id", "starts_on"),
)

report_duties = Table(
    "report_duties",
    metadata,
    tenant_column(),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("positions", JSONB, nullable=False),
    Column("weekdays", JSONB, nullable=False),
    Column("due_hours", Integer, nullable=False),
    day("starts_on"),
    text("author"),
    instant("put_at"),
    CheckConstraint("version > 0", name="version"),
    CheckConstraint("due_hours BETWEEN 0 AND 168", name="due_hours"),
)
