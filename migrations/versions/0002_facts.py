"""Facts as last stated, batches, refused rows, and feeds with their leases."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guards import protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "batches",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("duplicate", sa.BigInteger(), nullable=False),
        sa.Column("stale", sa.BigInteger(), nullable=False),
        sa.Column("invalid", sa.BigInteger(), nullable=False),
        sa.Column("conflict", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('orders', 'refunds', 'ratings', 'chats', 'traffic', 'stock', 'campaigns', 'measures')",
            name=op.f("ck_batches_kind"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_batches")),
    )
    protect("batches", ingest="SELECT, INSERT")
    op.create_table(
        "campaign_facts",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("target_amount", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("cost_amount", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.CheckConstraint(
            "target_amount NOT IN ('NaN', 'Infinity', '-Infinity') AND cost_amount NOT IN ('NaN', 'Infinity', '-Infinity')",
            name=op.f("ck_campaign_facts_numbers"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "source", "id", name=op.f("pk_campaign_facts")),
    )
    protect("campaign_facts", api="SELECT", ingest="SELECT, INSERT, UPDATE, DELETE")
    op.create_table(
        "chat_facts",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("employee", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("first_response_seconds", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("response_seconds", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("responses", sa.Integer(), nullable=True),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("inquiry", sa.Boolean(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("satisfied", sa.Boolean(), nullable=True),
        sa.Column("complaint", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "first_response_seconds NOT IN ('NaN', 'Infinity', '-Infinity') AND response_seconds NOT IN ('NaN', 'Infinity', '-Infinity')",
            name=op.f("ck_chat_facts_numbers"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "source", "id", name=op.f("pk_chat_facts")),
    )
    protect("chat_facts", api="SELECT", ingest="SELECT, INSERT, UPDATE, DELETE")
    op.create_table(
        "feeds",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_success", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("applied", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('orders', 'refunds', 'ratings', 'chats', 'traffic', 'stock', 'campaigns', 'measures')",
            name=op.f("ck_feeds_kind"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_feeds")),
        sa.UniqueConstraint(
            "tenant_id", "shop", "kind", "source", name=op.f("uq_feeds_tenant_id_shop_kind_source")
        ),
    )
    protect("feeds", api="SELECT", ingest="SELECT, INSERT, UPDATE")
    op.create_table(
        "lanes",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_lanes")),
    )
    protect("lanes", ingest="SELECT, INSERT, UPDATE")
    op.create_table(
        "measure_facts",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("employee", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.CheckConstraint(
            "(shop <> '')::int + (unit <> '')::int + (employee <> '')::int = 1",
            name=op.f("ck_measure_facts_one_subject"),
        ),
        sa.CheckConstraint(
            "amount NOT IN ('NaN', 'Infinity', '-Infinity')", name=op.f("ck_measure_facts_numbers")
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "measure",
            "day",
            "source",
            "shop",
            "unit",
            "employee",
            "channel",
            "campaign",
            name=op.f("pk_measure_facts"),
        ),
    )
    protect("measure_facts", api="SELECT", ingest="SELECT, INSERT, UPDATE, DELETE")
    op.create_table(
        "order_facts",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_on", sa.Date(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("shipped_on", sa.Date(), nullable=True),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("buyer", sa.Text(), nullable=True),
        sa.Column("salesperson", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("payment_method", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("paid_amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("discount_amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("cost_amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("exclusion", sa.Text(), nullable=True),
        sa.Column("units_sold", sa.BigInteger(), nullable=False),
        sa.Column("skus", sa.Integer(), nullable=False),
        sa.Column("new_amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("profit_amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("hit_amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("core_amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("member_amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("vip_amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("partner_amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("group_buy_amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("exclusive_amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "exclusion IN ('brushing', 'test', 'staff')", name=op.f("ck_order_facts_exclusion")
        ),
        sa.CheckConstraint(
            "paid_amount NOT IN ('NaN', 'Infinity', '-Infinity') AND discount_amount NOT IN ('NaN', 'Infinity', '-Infinity') AND cost_amount NOT IN ('NaN', 'Infinity', '-Infinity')",
            name=op.f("ck_order_facts_numbers"),
        ),
        sa.CheckConstraint(
            "status IN ('unpaid', 'paid', 'shipped', 'completed', 'cancelled', 'refunded')",
            name=op.f("ck_order_facts_status"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "source", "id", name=op.f("pk_order_facts")),
    )
    op.create_index(
        "ix_order_facts_buyer",
        "order_facts",
        ["buyer", "tenant_id", "paid_on"],
        unique=False,
        postgresql_where=sa.text("buyer IS NOT NULL"),
    )
    op.create_index(
        "ix_order_facts_paid_on", "order_facts", ["paid_on"], unique=False, postgresql_using="brin"
    )
    protect("order_facts", api="SELECT", ingest="SELECT, INSERT, UPDATE, DELETE")
    op.create_table(
        "rating_facts",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("employee", sa.Text(), nullable=False),
        sa.Column("score", sa.Numeric(precision=9, scale=4), nullable=False),
        sa.Column("scale", sa.SmallInteger(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rated_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "score NOT IN ('NaN', 'Infinity', '-Infinity')", name=op.f("ck_rating_facts_numbers")
        ),
        sa.CheckConstraint("scale IN (5, 10, 100)", name=op.f("ck_rating_facts_scale")),
        sa.PrimaryKeyConstraint("tenant_id", "source", "id", name=op.f("pk_rating_facts")),
    )
    protect("rating_facts", api="SELECT", ingest="SELECT, INSERT, UPDATE, DELETE")
    op.create_table(
        "refund_facts",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refunded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requested_on", sa.Date(), nullable=True),
        sa.Column("refunded_on", sa.Date(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("salesperson", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "amount NOT IN ('NaN', 'Infinity', '-Infinity')", name=op.f("ck_refund_facts_numbers")
        ),
        sa.CheckConstraint(
            "kind IN ('refund', 'return', 'exchange')", name=op.f("ck_refund_facts_kind")
        ),
        sa.CheckConstraint(
            "status IN ('requested', 'succeeded', 'closed')", name=op.f("ck_refund_facts_status")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "source", "id", name=op.f("pk_refund_facts")),
    )
    op.create_index(
        "ix_refund_facts_order_id",
        "refund_facts",
        ["order_id", "tenant_id", "source"],
        unique=False,
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )
    protect("refund_facts", api="SELECT", ingest="SELECT, INSERT, UPDATE, DELETE")
    op.create_table(
        "rejected_rows",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("pointer", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('orders', 'refunds', 'ratings', 'chats', 'traffic', 'stock', 'campaigns', 'measures')",
            name=op.f("ck_rejected_rows_kind"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_rejected_rows")),
    )
    op.create_index(
        "ix_rejected_rows_fact",
        "rejected_rows",
        ["tenant_id", "kind", "source", "fact"],
        unique=False,
    )
    protect("rejected_rows", ingest="SELECT, INSERT, UPDATE, DELETE")
    op.create_table(
        "stock_facts",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("skus", sa.BigInteger(), nullable=True),
        sa.Column("skus_out", sa.BigInteger(), nullable=True),
        sa.Column("skus_new", sa.BigInteger(), nullable=True),
        sa.Column("skus_dead", sa.BigInteger(), nullable=True),
        sa.Column("stock_value", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("demanded_units", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("supplied_units", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.CheckConstraint(
            "stock_value NOT IN ('NaN', 'Infinity', '-Infinity') AND demanded_units NOT IN ('NaN', 'Infinity', '-Infinity') AND supplied_units NOT IN ('NaN', 'Infinity', '-Infinity')",
            name=op.f("ck_stock_facts_numbers"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "source", "shop", "day", name=op.f("pk_stock_facts")),
    )
    protect("stock_facts", api="SELECT", ingest="SELECT, INSERT, UPDATE, DELETE")
    op.create_table(
        "traffic_facts",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("visitors", sa.BigInteger(), nullable=True),
        sa.Column("new_visitors", sa.BigInteger(), nullable=True),
        sa.Column("page_views", sa.BigInteger(), nullable=True),
        sa.Column("bounces", sa.BigInteger(), nullable=True),
        sa.Column("dwell_seconds", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("impressions", sa.BigInteger(), nullable=True),
        sa.Column("clicks", sa.BigInteger(), nullable=True),
        sa.Column("ad_cost", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("favourites", sa.BigInteger(), nullable=True),
        sa.Column("carts", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "dwell_seconds NOT IN ('NaN', 'Infinity', '-Infinity') AND ad_cost NOT IN ('NaN', 'Infinity', '-Infinity')",
            name=op.f("ck_traffic_facts_numbers"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "source",
            "shop",
            "day",
            "channel",
            "campaign",
            name=op.f("pk_traffic_facts"),
        ),
    )
    protect("traffic_facts", api="SELECT", ingest="SELECT, INSERT, UPDATE, DELETE")
    op.create_table(
        "feed_days",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "feed"],
            ["feeds.tenant_id", "feeds.id"],
            name=op.f("fk_feed_days_tenant_id_feed"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "feed", "day", name=op.f("pk_feed_days")),
    )
    protect("feed_days", api="SELECT", ingest="SELECT, INSERT, DELETE")
    op.create_table(
        "pages",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "feed"],
            ["feeds.tenant_id", "feeds.id"],
            name=op.f("fk_pages_tenant_id_feed"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_pages")),
    )
    op.create_index("ix_pages_expires_at", "pages", ["tenant_id", "expires_at"], unique=False)
    protect("pages", ingest="SELECT, INSERT, DELETE")
    op.create_table(
        "shop_sources",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "shop"],
            ["shops.tenant_id", "shops.code"],
            name=op.f("fk_shop_sources_tenant_id_shop"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "shop", name=op.f("pk_shop_sources")),
    )
    protect("shop_sources", api="SELECT", ingest="SELECT, INSERT")


def downgrade() -> None:
    op.drop_table("shop_sources")
    op.drop_table("pages")
    op.drop_table("feed_days")
    op.drop_table("traffic_facts")
    op.drop_table("stock_facts")
    op.drop_table("rejected_rows")
    op.drop_table("refund_facts")
    op.drop_table("rating_facts")
    op.drop_table("order_facts")
    op.drop_table("measure_facts")
    op.drop_table("lanes")
    op.drop_table("feeds")
    op.drop_table("chat_facts")
    op.drop_table("campaign_facts")
    op.drop_table("batches")
