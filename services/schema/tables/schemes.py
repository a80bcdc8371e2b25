"""Schemes: one draft of each, who reviewed it, and the versions that never change."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Integer, Table

from services.schema.tables.base import count, day, instant, key, metadata, tenant_column, text

schemes = Table(
    "schemes",
    metadata,
    tenant_column(),
    key("code"),
    text("draft"),
    count("draft_version"),
    Column("latest_version", Integer, nullable=True),
    text("template", null=True),
    instant("created_at"),
    instant("changed_at"),
    # Who changed it last; null of drafts from before that was kept, as in versions.
    text("writer", null=True),
)

# Who looked at a draft as it stood; another edit is another draft.
scheme_reviews = Table(
    "scheme_reviews",
    metadata,
    tenant_column(),
    key("code"),
    Column("draft_version", BigInteger, primary_key=True, autoincrement=False),
    key("reviewer"),
    text("comment", null=True),
    instant("reviewed_at"),
    ForeignKeyConstraint(["tenant_id", "code"], ["schemes.tenant_id", "schemes.code"]),
)

# The document is text, not jsonb: it is kept as it was published.
scheme_versions = Table(
    "scheme_versions",
    metadata,
    tenant_column(),
    key("code"),
    Column("version", Integer, primary_key=True, autoincrement=False),
    text("document"),
    text("fingerprint"),
    text("author"),
    instant("published_at"),
    Column("draft_version", BigInteger, nullable=True),
    text("writer", null=True),
    instant("written_at", null=True),
    # The first day of periods that it may score; null: any.
    day("in_force_from", null=True),
    CheckConstraint("version > 0", name="version"),
)
