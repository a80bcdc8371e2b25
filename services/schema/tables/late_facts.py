"""Facts that came after data were closed, what was decided of them, and drifts of results.

`late_facts` is written as facts land for periods that are over, under each day and name that they
count under; the api says when they came, and drops what a close still took. The others only grow.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
)
from sqlalchemy import text as sql

from services.schema.tables.base import day, instant, key, metadata, one_of, tenant_column, text
from services.schema.words import FactKind, LateBasis, LateDecision, SubjectKind

late_facts = Table(
    "late_facts",
    metadata,
    tenant_column(),
    key("kind"),
    key("source"),
    # The id, or of a daily kind its key as one text.
    key("fact"),
    day("day", primary_key=True),
    key("shop"),
    key("unit"),
    key("employee"),
    key("basis"),
    instant("modified_at"),
    # Null until the api has seen whether a close still took it.
    instant("came_at", null=True),
    one_of("kind", FactKind),
    one_of("basis", LateBasis),
    Index("ix_late_facts_new", "tenant_id", postgresql_where=sql("came_at IS NULL")),
    Index("ix_late_facts_came_at", "tenant_id", "came_at"),
)

# Of late facts, and under a dispute's id of what was upheld of a card whose data were closed.
late_decisions = Table(
    "late_decisions",
    metadata,
    tenant_column(),
    key("id"),
    text("scorecard"),
    text("cycle"),
    text("decision"),
    text("reason"),
    text("author"),
    instant("decided_at"),
    # What HR saw: the facts, and what they change.
    Column("document", LargeBinary, nullable=False),
    # The card as it is with what was accepted, and the bases of its pay with how it came about.
    Column("scorecard_document", LargeBinary, nullable=True),
    Column("bases", LargeBinary, nullable=True),
    one_of("decision", LateDecision),
    CheckConstraint(
        "(decision = 'accepted') = (scorecard_document IS NOT NULL)", name="scorecard_document"
    ),
    ForeignKeyConstraint(["tenant_id", "cycle"], ["cycles.tenant_id", "cycles.code"]),
    Index("ix_late_decisions_scorecard", "tenant_id", "scorecard"),
    Index("ix_late_decisions_cycle", "tenant_id", "cycle"),
)

drifts = Table(
    "drifts",
    metadata,
    tenant_column(),
    key("id"),
    text("result"),
    text("cycle"),
    text("subject_kind"),
    text("subject"),
    Column("revision", Integer, nullable=False),
    # What the recomputed figures are known by: found again, they are the same drift.
    text("recomputed"),
    instant("found_at"),
    Column("document", LargeBinary, nullable=False),
    one_of("subject_kind", SubjectKind),
    UniqueConstraint("tenant_id", "result", "recomputed"),
    ForeignKeyConstraint(["tenant_id", "result"], ["results.tenant_id", "results.id"]),
    Index("ix_drifts_cycle", "tenant_id", "cycle"),
)
