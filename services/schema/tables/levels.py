"""Ladders of levels, what people observed, and the levels assessed; all append-only."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
)

from services.schema.tables.base import instant, key, metadata, tenant_column, text

# The document is text, not jsonb: it is kept as it was put.
ladders = Table(
    "ladders",
    metadata,
    tenant_column(),
    key("code"),
    Column("version", Integer, primary_key=True, autoincrement=False),
    text("document"),
    text("fingerprint"),
    text("template", null=True),
    text("author"),
    instant("made_at"),
    CheckConstraint("version > 0", name="version"),
)

level_observations = Table(
    "level_observations",
    metadata,
    tenant_column(),
    key("ladder"),
    key("employee"),
    key("behaviour"),
    key("month"),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("holds", Boolean, nullable=False),
    text("comment", null=True),
    text("observer", null=True),
    text("author"),
    instant("observed_at"),
    CheckConstraint("revision > 0", name="revision"),
    ForeignKeyConstraint(["tenant_id", "employee"], ["employees.tenant_id", "employees.code"]),
)

level_assessments = Table(
    "level_assessments",
    metadata,
    tenant_column(),
    key("ladder"),
    key("employee"),
    key("month"),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("ladder_version", Integer, nullable=False),
    # Null: the person has not reached the lowest level.
    text("level", null=True),
    # Null where nothing was sampled.
    text("seed", null=True),
    Column("document", LargeBinary, nullable=False),
    Column("document_sha256", LargeBinary, nullable=False),
    text("fingerprint"),
    instant("assessed_at"),
    CheckConstraint("revision > 0", name="revision"),
    CheckConstraint("document_sha256 = sha256(document)", name="document_sha256"),
    ForeignKeyConstraint(
        ["tenant_id", "ladder", "ladder_version"],
        ["ladders.tenant_id", "ladders.code", "ladders.version"],
    ),
    ForeignKeyConstraint(["tenant_id", "employee"], ["employees.tenant_id", "employees.code"]),
    Index("ix_level_assessments_employee", "tenant_id", "employee", "month"),
)
