"""Webhooks, their deliveries and each attempt at one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guards import protect

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _make_webhooks()
    _make_deliveries()
    _make_attempts()
    # An admin takes webhooks away, and the worker what was delivered long ago.
    protect("webhooks", api="SELECT, INSERT, UPDATE, DELETE")
    protect("deliveries", api="SELECT, INSERT, UPDATE, DELETE")
    protect("delivery_attempts", api="SELECT, INSERT")


def _make_webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("cardinality(events) > 0", name=op.f("ck_webhooks_events")),
        sa.CheckConstraint(
            "(previous_secret IS NULL) = (previous_until IS NULL)",
            name=op.f("ck_webhooks_previous_until"),
        ),
        sa.CheckConstraint(
            "(disabled_at IS NULL) = (disabled_reason IS NULL)",
            name=op.f("ck_webhooks_disabled_reason"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_webhooks")),
    )


def _make_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("webhook", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint(
            "event IN ('scorecard.changed', 'cycle.moved', 'result.published', 'result.corrected', 'alert.raised')",
            name=op.f("ck_deliveries_event"),
        ),
        sa.CheckConstraint(
            "status IN ('waiting', 'delivered', 'failed')", name=op.f("ck_deliveries_status")
        ),
        sa.CheckConstraint(
            "(status = 'waiting') = (finished_at IS NULL)", name=op.f("ck_deliveries_finished_at")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "webhook"],
            ["webhooks.tenant_id", "webhooks.id"],
            name=op.f("fk_deliveries_tenant_id_webhook"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_deliveries")),
    )
    op.create_index("ix_deliveries_webhook", "deliveries", ["tenant_id", "webhook", "id"])
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["tenant_id", "webhook", "due_at"],
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index(
        "ix_deliveries_untried",
        "deliveries",
        ["tenant_id", "webhook", "data"],
        unique=True,
        postgresql_where=sa.text(
            "event = 'scorecard.changed' AND status = 'waiting' AND attempts = 0"
        ),
    )


def _make_attempts() -> None:
    op.create_table(
        "delivery_attempts",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status IS NULL) = (error IS NOT NULL)", name=op.f("ck_delivery_attempts_status")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "delivery"],
            ["deliveries.tenant_id", "deliveries.id"],
            name=op.f("fk_delivery_attempts_tenant_id_delivery"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "delivery", "number", name=op.f("pk_delivery_attempts")
        ),
    )


def downgrade() -> None:
    op.drop_table("delivery_attempts")
    op.drop_table("deliveries")
    op.drop_table("webhooks")
