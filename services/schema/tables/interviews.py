"""Interviews after a result: the form as each side left it, with signatures. Append-only."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKeyConstraint, Integer, Table
from sqlalchemy.dialects.postgresql import JSONB

from services.schema.tables.base import instant, key, metadata, one_of, tenant_column, text
from services.schema.words import InterviewPart, SubjectKind

interviews = Table(
    "interviews",
    metadata,
    tenant_column(),
    key("cycle"),
    key("subject_kind"),
    key("subject"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    text("part"),
    # An employee's code, or a key's name.
    text("person"),
    text("author"),
    # The whole form as it then stood, so that a signature is of all of it.
    Column("answers", JSONB, nullable=False),
    Column("signed", Boolean, nullable=False),
    instant("stated_at"),
    ForeignKeyConstraint(["tenant_id", "cycle"], ["cycles.tenant_id", "cycles.code"]),
    one_of("subject_kind", SubjectKind),
    one_of("part", InterviewPart),
    CheckConstraint("number > 0", name="number"),
)
