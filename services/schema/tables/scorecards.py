"""Scorecards: a ready document for each subject in a cycle, and the columns that lists sort by."""

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Table,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from services.schema.tables.base import (
    count,
    day,
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
    # What commissions will be paid on, as it was when data closed; null until then.
    Column("bases", LargeBinary, nullable=True),
    # By what people of equal totals are told apart, as it was when data closed; null until then.
    Column("tie_breakers", JSONB(none_as_null=True), nullable=True),
    text("fingerprint"),
    instant("computed_at"),
    # Since when an input has changed that the document does not show yet.
    instant("stale_since", null=True),
    # When its coverage may be otherwise although nothing has come; null once it is frozen.
    instant("look_again_at", null=True),
    count("version"),
    UniqueConstraint("tenant_id", "cycle", "subject_kind", "subject", "revision"),
    one_of("status", ScorecardStatus),
    one_of("subject_kind", SubjectKind),
    Index("ix_scorecards_subject", "tenant_id", "subject_kind", "subject"),
    Index(
        "ix_scorecards_stale",
        "tenant_id",
        "cycle",
        postgresql_where=sql("stale_since IS NOT NULL"),
    ),
    Index(
        "ix_scorecards_look_again",
        "tenant_id",
        "look_again_at",
        postgresql_where=sql("look_again_at IS NOT NULL"),
    ),
)

# Whose facts of which days a scorecard is made of: a mark on one of these makes it stale.
scorecard_reach = Table(
    "scorecard_reach",
    metadata,
    tenant_column(),
    # A subject: `shop:tm-1`, `employee:e-1`, `unit:u-1` or `company`.
    key("reached"),
    key("scorecard"),
    # Null: however long ago, for indicators that look back without an end.
    day("starts_on", null=True),
    day("ends_on"),
    ForeignKeyConstraint(
        ["tenant_id", "scorecard"],
        ["scorecards.tenant_id", "scorecards.id"],
        ondelete="CASCADE",
    ),
    Index("ix_scorecard_reach_scorecard", "tenant_id", "scorecard"),
)
