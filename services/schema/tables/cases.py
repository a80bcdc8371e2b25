"""Cases as they stand, and every step that they took."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
)

from services.schema.tables.base import day, instant, key, metadata, one_of, tenant_column, text
from services.schema.watch_words import CaseState, CaseStep
from services.schema.words import SubjectKind

cases = Table(
    "cases",
    metadata,
    tenant_column(),
    key("id"),
    text("finding"),
    text("subject_kind"),
    text("subject"),
    text("owner"),
    day("due_on"),
    text("survey", null=True),
    text("respondent", null=True),
    text("state"),
    Column("is_told", Boolean, nullable=False),
    one_of("subject_kind", SubjectKind),
    one_of("state", CaseState),
    ForeignKeyConstraint(["tenant_id", "owner"], ["employees.tenant_id", "employees.code"]),
    ForeignKeyConstraint(["tenant_id", "survey"], ["surveys.tenant_id", "surveys.code"]),
    Index("ix_cases_owner", "tenant_id", "owner"),
    Index("ix_cases_due_on", "tenant_id", "state", "due_on"),
)

case_steps = Table(
    "case_steps",
    metadata,
    tenant_column(),
    key("case"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    text("step"),
    text("owner"),
    day("due_on"),
    text("note", null=True),
    text("person"),
    text("author"),
    instant("at"),
    one_of("step", CaseStep),
    CheckConstraint("number > 0", name="number"),
    ForeignKeyConstraint(["tenant_id", "case"], ["cases.tenant_id", "cases.id"]),
)
