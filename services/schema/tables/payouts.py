"""Payouts: the payroll feed, numbered per tenant without a gap, as bytes. Append-only."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    UniqueConstraint,
)

from services.schema.tables.base import (
    amount,
    instant,
    key,
    metadata,
    numbers,
    one_of,
    tenant_column,
    text,
)
from services.schema.words import EntryKind, PayPlan

payouts = Table(
    "payouts",
    metadata,
    tenant_column(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    text("id"),
    text("result"),
    # The place of the plan in its scheme; one entry for each plan of a result.
    Column("number", SmallInteger, nullable=False),
    text("kind"),
    text("corrects", null=True),
    text("employee"),
    text("cycle"),
    text("plan", null=True),
    amount("amount"),
    text("currency"),
    # The entry of `GET /v1/payroll/entries`, served as it lies here.
    Column("document", LargeBinary, nullable=False),
    Column("document_sha256", LargeBinary, nullable=False),
    # What the amount was computed from.
    Column("inputs", LargeBinary, nullable=False),
    instant("published_at"),
    UniqueConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "result", "number"),
    ForeignKeyConstraint(["tenant_id", "result"], ["results.tenant_id", "results.id"]),
    one_of("kind", EntryKind),
    one_of("plan", PayPlan),
    CheckConstraint("document_sha256 = sha256(document)", name="document_sha256"),
    CheckConstraint("(kind = 'correction') = (corrects IS NOT NULL)", name="corrects"),
    Index("ix_payouts_cycle", "tenant_id", "cycle", "seq"),
)

# Rewards and penalties in money, stated for somebody's card in a cycle; they stay when the cycle is
# opened again. One that is taken back has a counterpart. Append-only.
pay_adjustments = Table(
    "pay_adjustments",
    metadata,
    tenant_column(),
    key("id"),
    text("cycle"),
    text("employee"),
    amount("amount"),
    text("reason"),
    text("author"),
    instant("stated_at"),
    text("withdraws", null=True),
    UniqueConstraint("tenant_id", "withdraws"),
    ForeignKeyConstraint(["tenant_id", "cycle"], ["cycles.tenant_id", "cycles.code"]),
    ForeignKeyConstraint(
        ["tenant_id", "withdraws"], ["pay_adjustments.tenant_id", "pay_adjustments.id"]
    ),
    numbers("amount"),
    Index("ix_pay_adjustments_cycle", "tenant_id", "cycle", "employee"),
)

# Which entries payroll says it has taken; the newest row holds. Append-only.
payroll_acknowledgements = Table(
    "payroll_acknowledgements",
    metadata,
    tenant_column(),
    Column("through", BigInteger, primary_key=True, autoincrement=False),
    text("caller"),
    instant("acknowledged_at"),
)
