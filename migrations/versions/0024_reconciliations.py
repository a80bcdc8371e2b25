"""Days of shops as marketplaces and tools state them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guards import protect

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "day_statements",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.Numeric(18, 4), nullable=True),
        sa.Column("net_of_refunds", sa.Boolean(), nullable=False),
        sa.Column("with_excluded", sa.Boolean(), nullable=False),
        sa.Column("rows", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("statuses", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.CheckConstraint(
            "basis IN ('paid', 'placed', 'created')", name=op.f("ck_day_statements_basis")
        ),
        sa.CheckConstraint("amount <> 'NaN'", name=op.f("ck_day_statements_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "shop"],
            ["shops.tenant_id", "shops.code"],
            name=op.f("fk_day_statements_tenant_id_shop"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "shop", "day", "source", "basis", name=op.f("pk_day_statements")
        ),
    )
    protect("day_statements", ingest="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.drop_table("day_statements")
