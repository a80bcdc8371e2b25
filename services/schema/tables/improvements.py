"""How improvements that interviews agreed are followed up. Append-only."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Integer, Table

from services.schema.tables.base import instant, key, metadata, one_of, tenant_column, text
from services.schema.watch_words import ImprovementState
from services.schema.words import SubjectKind

improvements = Table(
    "improvements",
    metadata,
    tenant_column(),
    key("cycle"),
    key("subject_kind"),
    key("subject"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    text("state"),
    text("owner", null=True),
    text("note", null=True),
    text("followed_in"),
    text("person"),
    text("author"),
    instant("stated_at"),
    ForeignKeyConstraint(["tenant_id", "cycle"], ["cycles.tenant_id", "cycles.code"]),
    ForeignKeyConstraint(["tenant_id", "followed_in"], ["cycles.tenant_id", "cycles.code"]),
    one_of("subject_kind", SubjectKind),
    one_of("state", ImprovementState),
    CheckConstraint("number > 0", name="number"),
    CheckConstraint("revision > 0", name="revision"),
)
