"""Rewards and penalties in money."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import make_append_only, protect

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pay_adjustments",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("employee", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdraws", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "amount NOT IN ('NaN', 'Infinity', '-Infinity')",
            name=op.f("ck_pay_adjustments_numbers"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "cycle"],
            ["cycles.tenant_id", "cycles.code"],
            name=op.f("fk_pay_adjustments_tenant_id_cycle"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "withdraws"],
            ["pay_adjustments.tenant_id", "pay_adjustments.id"],
            name=op.f("fk_pay_adjustments_tenant_id_withdraws"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_pay_adjustments")),
        sa.UniqueConstraint(
            "tenant_id", "withdraws", name=op.f("uq_pay_adjustments_tenant_id_withdraws")
        ),
    )
    op.create_index(
        "ix_pay_adjustments_cycle", "pay_adjustments", ["tenant_id", "cycle", "employee"]
    )
    protect("pay_adjustments", api="SELECT, INSERT")
    make_append_only("pay_adjustments")


def downgrade() -> None:
    op.drop_table("pay_adjustments")
