"""Schemes: one draft of each, and the versions that were published and never change."""

from sqlalchemy import CheckConstraint, Column, Integer, Table

from services.schema.tables.base import count, instant, key, metadata, tenant_column, text

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
    CheckConstraint("version > 0", name="version"),
)
