"""Scorecards: a ready document for each subject in a cycle, and the columns that lists sort by."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Numeric, Table, UniqueConstraint
from sqlalchemy import text as sql

from services.schema.tables.base import (
    count,
    instant,
    key,
    metadata,
    one_of,
    tenant_column,
    text,
)
from services.schema.words import ScorecardStatus, SubjectKind

scorecards = Table(
    "scorecards",
    metadata,
    tenant_column(),
    key("id"),
    text("cycle"),
    text("subject_kind"),
    text("subject"),
    Column("revision", Integer, nullable=False),
    text("position"),
    text("unit"),
    text("status"),
    Column("total", Numeric(9, 2), nullable=True),
    text("grade", null=True),
    Column("rank", Integer, nullable=True),
    # The document of `GET /v1/scorecards/{id}`, served as it lies here.
    Column("document", LargeBinary, nullable=False),
    # What an explanation needs beyond it: inputs, formulas, sums, record counts.
    Column("explanation", LargeBinary, nullable=False),
    text("fingerprint"),
    instant("computed_at"),
    # Since when an input has changed that the document does not show yet.
    instant("stale_since", null=True),
    count("version"),
    UniqueConstraint("tenant_id", "cycle", "subject_kind", "subject", "revision"),
    one_of("status", ScorecardStatus),
    one_of("subject_kind", SubjectKind),
    Index("ix_scorecards_subject", "tenant_id", "subject_kind", "subject"),
    Index(
        "ix_scorecards_stale",
        "tenant_id",
        "stale_since",
        postgresql_where=sql("stale_since IS NOT NULL"),
    ),
)
