"""Tenants and their settings, shops, units, employees, assignments, keys, replies and the audit."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Table,
    UniqueConstraint,
)

from services.schema.tables.base import (
    count,
    day,
    instant,
    key,
    metadata,
    numbers,
    one_of,
    tenant_column,
    text,
)
from services.schema.words import JobStatus, Role, ShopKind, WeekStart

# The register of tenants has no policy: it says who exists, nothing else.
tenants = Table(
    "tenants",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    text("code"),
    instant("created_at"),
    UniqueConstraint("code"),
)

# Nor has what the register had before: no service begins to write for one of these.
struck_tenants = Table(
    "struck_tenants",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    instant("struck_at"),
)

tenant_settings = Table(
    "tenant_settings",
    metadata,
    tenant_column(),
    text("name"),
    text("currency"),
    text("timezone"),
    text("week_start"),
    text("fiscal_start"),
    # How many periods back late facts are still taken; null is however many.
    Column("correction_periods", SmallInteger, nullable=True),
    one_of("week_start", WeekStart),
    CheckConstraint("correction_periods >= 0", name="correction_periods"),
)

rates = Table(
    "rates",
    metadata,
    tenant_column(),
    key("from_currency"),
    key("to_currency"),
    day("day", primary_key=True),
    Column("rate", Numeric(20, 10), nullable=False),
    CheckConstraint("rate > 0 AND rate <> 'NaN' AND rate <> 'Infinity'", name="rate"),
)

shops = Table(
    "shops",
    metadata,
    tenant_column(),
    key("code"),
    text("name"),
    text("marketplace", null=True),
    text("timezone"),
    text("currency"),
    text("kind"),
    day("opened_on", null=True),
    count("version"),
    # A word that code knows: one more marketplace changes no table.
    CheckConstraint("marketplace ~ '^[a-z]+$'", name="marketplace"),
    one_of("kind", ShopKind),
)

units = Table(
    "units",
    metadata,
    tenant_column(),
    key("code"),
    text("name"),
    text("parent", null=True),
    text("lead", null=True),
    count("version"),
    ForeignKeyConstraint(
        ["tenant_id", "parent"],
        ["units.tenant_id", "units.code"],
        deferrable=True,
        initially="DEFERRED",
    ),
)

employees = Table(
    "employees",
    metadata,
    tenant_column(),
    key("code"),
    text("name"),
    text("manager", null=True),
    day("joined_on", null=True),
    day("left_on", null=True),
    count("version"),
    ForeignKeyConstraint(
        ["tenant_id", "manager"],
        ["employees.tenant_id", "employees.code"],
        deferrable=True,
        initially="DEFERRED",
    ),
)

assignments = Table(
    "assignments",
    metadata,
    tenant_column(),
    key("employee"),
    Column("number", SmallInteger, primary_key=True),
    text("position"),
    text("unit"),
    day("starts_on"),
    day("ends_on", null=True),
    ForeignKeyConstraint(
        ["tenant_id", "employee"],
        ["employees.tenant_id", "employees.code"],
        ondelete="CASCADE",
    ),
    ForeignKeyConstraint(["tenant_id", "unit"], ["units.tenant_id", "units.code"]),
    CheckConstraint("ends_on > starts_on", name="days"),
)

assignment_shops = Table(
    "assignment_shops",
    metadata,
    tenant_column(),
    key("employee"),
    Column("number", SmallInteger, primary_key=True),
    key("shop"),
    Column("share", Numeric(7, 4), nullable=False),
    ForeignKeyConstraint(
        ["tenant_id", "employee", "number"],
        ["assignments.tenant_id", "assignments.employee", "assignments.number"],
        ondelete="CASCADE",
    ),
    ForeignKeyConstraint(["tenant_id", "shop"], ["shops.tenant_id", "shops.code"]),
    CheckConstraint("share > 0 AND share <= 100", name="share"),
)
Index("ix_assignment_shops_shop", assignment_shops.c.tenant_id, assignment_shops.c.shop)

api_keys = Table(
    "api_keys",
    metadata,
    tenant_column(),
    key("id"),
    Column("secret_sha256", LargeBinary, nullable=False),
    text("role"),
    text("employee", null=True),
    instant("created_at"),
    instant("expires_at", null=True),
    instant("revoked_at", null=True),
    Column("previous_sha256", LargeBinary, nullable=True),
    instant("previous_until", null=True),
    one_of("role", Role),
    CheckConstraint("(previous_sha256 IS NULL) = (previous_until IS NULL)", name="previous_until"),
)

# Since when a subject's tokens open: an identity provider's older ones are over, one row for each.
token_revocations = Table(
    "token_revocations",
    metadata,
    tenant_column(),
    key("subject"),
    instant("issued_before"),
    text("reason"),
    text("author"),
)

# The first answer to a POST under a key of the caller's own, kept in the effect's transaction.
replies = Table(
    "replies",
    metadata,
    tenant_column(),
    key("caller"),
    key("idempotency_key"),
    Column("request_sha256", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    text("location", null=True),
    Column("body", LargeBinary, nullable=False),
    instant("created_at"),
)

# Append-only; each entry's digest covers the one before it.
audit = Table(
    "audit",
    metadata,
    tenant_column(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    instant("at"),
    text("actor"),
    text("action"),
    text("object"),
    text("detail"),
    Column("previous", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)

# Numbers handed out without a gap, locked by the transaction that takes one.
counters = Table(
    "counters",
    metadata,
    tenant_column(),
    key("name"),
    count("value"),
)

jobs = Table(
    "jobs",
    metadata,
    tenant_column(),
    key("id"),
    text("kind"),
    text("status"),
    Column("progress", Numeric(7, 6), nullable=False),
    text("request"),
    text("result", null=True),
    text("caller"),
    instant("created_at"),
    instant("finished_at", null=True),
    # Of a backfill: everything before it has landed, so many days whole, so many rows new.
    instant("reached", null=True),
    count("reached_days", null=True),
    count("reached_rows", null=True),
    one_of("status", JobStatus),
    numbers("progress"),
    CheckConstraint("num_nulls(reached, reached_days, reached_rows) IN (0, 3)", name="reached"),
)
