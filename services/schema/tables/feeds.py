"""Feeds with their leases, the days they have sent and counted, and the pages they came in."""

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
)
from sqlalchemy import text as sql

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
from services.schema.words import FactKind

feeds = Table(
    "feeds",
    metadata,
    tenant_column(),
    key("id"),
    text("shop"),
    text("kind"),
    text("source"),
    # The pull schedule; null where the source posts to us.
    instant("due_at", null=True),
    instant("lease_until", null=True),
    count("lease_token"),
    Column("attempts", Integer, nullable=False),
    instant("cursor", null=True),
    instant("last_success", null=True),
    text("problem", null=True),
    # How long after its end a day of it may still fill in; 0 where its source says so itself.
    count("maturity_seconds", default="0"),
    count("accepted"),
    count("applied"),
    count("rejected"),
    UniqueConstraint("tenant_id", "shop", "kind", "source"),
    one_of("kind", FactKind),
)

# A local day of a feed that was read, or posted, whole.
feed_days = Table(
    "feed_days",
    metadata,
    tenant_column(),
    key("feed"),
    day("day", primary_key=True),
    ForeignKeyConstraint(
        ["tenant_id", "feed"], ["feeds.tenant_id", "feeds.id"], ondelete="CASCADE"
    ),
)

# What became of the rows that came on a local day, by what is known of them now.
feed_counts = Table(
    "feed_counts",
    metadata,
    tenant_column(),
    key("feed"),
    day("day", primary_key=True),
    count("accepted"),
    count("applied"),
    count("rejected"),
    # Of the pages that it was pulled by, until the audit tells of the day.
    Column("digest", LargeBinary, nullable=True),
    ForeignKeyConstraint(
        ["tenant_id", "feed"], ["feeds.tenant_id", "feeds.id"], ondelete="CASCADE"
    ),
    Index(
        "ix_feed_counts_digest",
        "tenant_id",
        "day",
        postgresql_where=sql("digest IS NOT NULL"),
    ),
)

# A marketplace's answer as it came, without anything that names a buyer; it expires.
pages = Table(
    "pages",
    metadata,
    tenant_column(),
    key("id"),
    text("feed"),
    text("request"),
    Column("body", LargeBinary, nullable=False),
    instant("fetched_at"),
    instant("expires_at"),
    ForeignKeyConstraint(
        ["tenant_id", "feed"], ["feeds.tenant_id", "feeds.id"], ondelete="CASCADE"
    ),
    Index("ix_pages_expires_at", "tenant_id", "expires_at"),
)
