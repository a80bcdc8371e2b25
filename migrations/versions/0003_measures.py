"""Daily sums of facts, and the marks of what was touched."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaign_measures",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("records", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("campaigns", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "campaign_target_amount",
            sa.Numeric(precision=26, scale=4),
            server_default="0",
            nullable=False,
        ),
        sa.Column(
            "campaign_cost_amount",
            sa.Numeric(precision=26, scale=4),
            server_default="0",
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "day", "shop", "campaign", "currency", name=op.f("pk_campaign_measures")
        ),
    )
    protect("campaign_measures", api="SELECT", ingest="SELECT, INSERT, UPDATE, DELETE")
    op.create_table(
        "chat_measures",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("employee", sa.Text(), nullable=False),
        sa.Column("records", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("chats", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("answered_chats", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unanswered_chats", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("inquiries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("inquiry_orders", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "first_response_seconds",
            sa.Numeric(precision=26, scale=4),
            server_default="0",
            nullable=False,
        ),
        sa.Column("first_responses", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "response_seconds",
            sa.Numeric(precision=26, scale=4),
            server_default="0",
            nullable=False,
        ),
        sa.Column("responses", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("satisfaction_answers", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("satisfied_answers", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("complaints", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "day", "shop", "employee", name=op.f("pk_chat_measures")
        ),
    )
    protect("chat_measures", api="SELECT", ingest="SELECT, INSERT, UPDATE, DELETE")
    op.create_table(
        "order_measures",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("employee", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("records", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("placed_orders", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cancelled_orders", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "gross_amount", sa.Numeric(precision=26, scale=4), server_default="0", nullable=False
        ),
        sa.Column("excluded_orders", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "excluded_amount", sa.Numeric(precision=26, scale=4), server_default="0", nullable=False
        ),
        sa.Column("paid_orders", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "paid_amount", sa.Numeric(precision=26, scale=4), server_default="0", nullable=False
        ),
        sa.Column(
            "discount_amount", sa.Numeric(precision=26, scale=4), server_default="0", nullable=False
        ),
        sa.Column(
            "cost_amount", sa.Numeric(precision=26, scale=4), server_default="0", nullable=False
        ),
        sa.Column("units_sold", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("multi_sku_orders", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("alipay_orders", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "alipay_amount", sa.Numeric(precision=26, scale=4), server_default="0", nullable=False
        ),
        sa.Column(
            "new_amount", sa.Numeric(precision=26, scale=4), server_default="0", nullable=False
        ),
        sa.Column(
            "profit_amount", sa.Numeric(precision=26, scale=4), server_default="0", nullable=False
        ),
        sa.Column(
            "hit_amount", sa.Numeric(precision=26, scale=4), server_default="0", nullable=False
        ),
        sa.Column(
            "core_amount", sa.Numeric(precision=26, scale=4), server_default="0", nullable=False
        ),
        sa.Column(
            "member_amount", sa.Numeric(precision=26, scale=4), server_default="0", nullable=False
        ),
        sa.Column(
            "vip_amount", sa.Numeric(precision=26, scale=4), server_default="0", nullable=False
        ),
        sa.Column(
            "partner_amount", sa.Numeric(precision=26, scale=4), server_default="0", nullable=False
        ),
        sa.Column(
            "group_buy_amount",
            sa.Numeric(precision=26, scale=4),
            server_default="0",
            nullable=False,
        ),
        sa.Column(
            "exclusive_amount",
            sa.Numeric(precision=26, scale=4),
            server_default="0",
            nullable=False,
        ),
        sa.Column("shipped_orders", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("shipped_within_24h_orders", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "processing_seconds",
            sa.Numeric(precision=26, scale=4),
            server_default="0",
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "day",
            "shop",
            "employee",
            "channel",
            "campaign",
            "currency",
            name=op.f("pk_order_measures"),
        ),
    )
    protect("order_measures", api="SELECT", ingest="SELECT, INSERT, UPDATE, DELETE")
    op.create_table(
        "rating_measures",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("employee", sa.Text(), nullable=False),
        sa.Column("records", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ratings", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "rating_points", sa.Numeric(precision=26, scale=6), server_default="0", nullable=False
        ),
        sa.Column("good_ratings", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bad_ratings", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "day", "shop", "employee", name=op.f("pk_rating_measures")
        ),
    )
    protect("rating_measures", api="SELECT", ingest="SELECT, INSERT, UPDATE, DELETE")
    op.create_table(
        "refund_measures",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("employee", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("records", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "refund_amount", sa.Numeric(precision=26, scale=4), server_default="0", nullable=False
        ),
        sa.Column("refunds", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("returns", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("exchanges", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "return_amount", sa.Numeric(precision=26, scale=4), server_default="0", nullable=False
        ),
        sa.Column(
            "refund_seconds", sa.Numeric(precision=26, scale=4), server_default="0", nullable=False
        ),
        sa.Column("timed_refunds", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "day",
            "shop",
            "employee",
            "channel",
            "campaign",
            "currency",
            name=op.f("pk_refund_measures"),
        ),
    )
    protect("refund_measures", api="SELECT", ingest="SELECT, INSERT, UPDATE, DELETE")
    op.create_table(
        "touched_days",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("employee", sa.Text(), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "day", "shop", "unit", "employee", name=op.f("pk_touched_days")
        ),
    )
    protect("touched_days", api="SELECT, DELETE", ingest="SELECT, INSERT, UPDATE")
    op.create_table(
        "traffic_measures",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("records", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("visitors", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("new_visitors", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("page_views", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bounces", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "dwell_seconds", sa.Numeric(precision=26, scale=4), server_default="0", nullable=False
        ),
        sa.Column("impressions", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("clicks", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ad_cost", sa.Numeric(precision=26, scale=4), server_default="0", nullable=False),
        sa.Column("favourites", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("carts", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "day",
            "shop",
            "channel",
            "campaign",
            "currency",
            name=op.f("pk_traffic_measures"),
        ),
    )
    protect("traffic_measures", api="SELECT", ingest="SELECT, INSERT, UPDATE, DELETE")
    # A day's sums are added to many times: where a page has room, no index entry is written for it.
    for kind in ("order", "refund", "rating", "chat", "traffic", "campaign"):
        op.execute(f"ALTER TABLE {kind}_measures SET (fillfactor = 80)")


def downgrade() -> None:
    op.drop_table("traffic_measures")
    op.drop_table("touched_days")
    op.drop_table("refund_measures")
    op.drop_table("rating_measures")
    op.drop_table("order_measures")
    op.drop_table("chat_measures")
    op.drop_table("campaign_measures")
