"""Who was shown which scorecard."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import make_append_only, protect

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "readers",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("scorecard", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("employee", sa.Text(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('admin', 'hr', 'lead', 'employee', 'erp', 'payroll', 'viewer')",
            name=op.f("ck_readers_role"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "scorecard", "day", "reader", "route", name=op.f("pk_readers")
        ),
    )
    protect("readers", api="SELECT, INSERT")
    make_append_only("readers")


def downgrade() -> None:
    op.drop_table("readers")
