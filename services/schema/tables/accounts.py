"""Shops' accounts with their marketplaces, and the key for buyers: sealed, their keys wrapped."""

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
)

from services.schema.shapes.accounts import AccountField
from services.schema.tables.base import day, instant, key, metadata, one_of, tenant_column, text

accounts = Table(
    "accounts",
    metadata,
    tenant_column(),
    key("shop"),
    text("gateway", null=True),
    day("since", null=True),
    Column("also", ARRAY(Text), nullable=False),
    Column("calls_per_second", SmallInteger, nullable=False),
    instant("stated_at"),
    ForeignKeyConstraint(["tenant_id", "shop"], ["shops.tenant_id", "shops.code"]),
    CheckConstraint("calls_per_second BETWEEN 1 AND 1000", name="calls_per_second"),
)

# A tenant has one, and two while they change; `master` is the id of the key that wraps it.
data_keys = Table(
    "data_keys",
    metadata,
    tenant_column(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    text("master"),
    Column("wrapped", LargeBinary, nullable=False),
    instant("made_at"),
)

# What a tenant's buyers are hashed with, wrapped; the number counts the keys there were. Null is
# the deployment's own of before, with which they were hashed, until that is wrapped.
buyer_keys = Table(
    "buyer_keys",
    metadata,
    tenant_column(),
    Column("number", Integer, nullable=False),
    text("master", null=True),
    Column("wrapped", LargeBinary, nullable=True),
    instant("made_at"),
    CheckConstraint("(master IS NULL) = (wrapped IS NULL)", name="wrapped"),
)

# Bound to its tenant, shop and field. A shop that stands in the accounts file has none here but
# the pair that its marketplace has renewed; who renews one says so by `taken_until`.
account_fields = Table(
    "account_fields",
    metadata,
    tenant_column(),
    key("shop"),
    key("field"),
    Column("data_key", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    instant("set_at"),
    instant("taken_until", null=True),
    one_of("field", AccountField),
    ForeignKeyConstraint(["tenant_id", "shop"], ["shops.tenant_id", "shops.code"]),
    ForeignKeyConstraint(["tenant_id", "data_key"], ["data_keys.tenant_id", "data_keys.number"]),
)
