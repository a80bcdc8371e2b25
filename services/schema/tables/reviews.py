"""Reviews of scorecards, step by step. Append-only.

They are about a subject in a cycle, and each names the figures it was of: a cycle that is opened
again keeps what was decided of a card whose figures are the same.
"""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Integer, Table

from services.schema.tables.base import instant, key, metadata, one_of, tenant_column, text
from services.schema.words import Approver, ReviewDecision, SubjectKind

reviews = Table(
    "reviews",
    metadata,
    tenant_column(),
    key("cycle"),
    key("subject_kind"),
    key("subject"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    text("part"),
    text("decision"),
    text("comment", null=True),
    # An employee's code, or a key's name: who it was, whichever key they used.
    text("person"),
    text("author"),
    text("fingerprint"),
    instant("decided_at"),
    ForeignKeyConstraint(["tenant_id", "cycle"], ["cycles.tenant_id", "cycles.code"]),
    one_of("subject_kind", SubjectKind),
    one_of("part", Approver),
    one_of("decision", ReviewDecision),
    CheckConstraint("number > 0", name="number"),
    CheckConstraint("decision <> 'return' OR comment IS NOT NULL", name="reason"),
)
