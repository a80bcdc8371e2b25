"""Results: what was published of a scorecard, as bytes that never change. Append-only."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Table,
    UniqueConstraint,
)

from services.schema.tables.base import instant, key, metadata, one_of, tenant_column, text
from services.schema.words import SubjectKind

results = Table(
    "results",
    metadata,
    tenant_column(),
    key("id"),
    text("cycle"),
    text("period"),
    text("subject_kind"),
    text("subject"),
    Column("revision", Integer, nullable=False),
    text("unit"),
    text("scorecard"),
    text("scheme"),
    Column("scheme_version", Integer, nullable=False),
    Column("total", Numeric(9, 2), nullable=False),
    text("grade", null=True),
    Column("document", LargeBinary, nullable=False),
    Column("document_sha256", LargeBinary, nullable=False),
    # The scorecard's own document and explanation at that moment.
    Column("scorecard_document", LargeBinary, nullable=False),
    Column("explanation", LargeBinary, nullable=False),
    text("fingerprint"),
    instant("published_at"),
    UniqueConstraint("tenant_id", "cycle", "subject_kind", "subject", "revision"),
    one_of("subject_kind", SubjectKind),
    CheckConstraint("document_sha256 = sha256(document)", name="document_sha256"),
    Index("ix_results_subject", "tenant_id", "subject_kind", "subject"),
)
