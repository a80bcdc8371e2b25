"""Plans of targets with their history."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guards import make_append_only, protect

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "target_plans",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("actions", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "subject_kind IN ('employee', 'unit', 'shop', 'company')",
            name=op.f("ck_target_plans_subject_kind"),
        ),
        sa.CheckConstraint("mode IN ('scale', 'profit')", name=op.f("ck_target_plans_mode")),
        sa.CheckConstraint("revision > 0", name=op.f("ck_target_plans_revision")),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "subject_kind",
            "subject",
            "indicator",
            "period",
            "revision",
            name=op.f("pk_target_plans"),
        ),
    )
    protect("target_plans", api="SELECT, INSERT")
    make_append_only("target_plans")


def downgrade() -> None:
    op.drop_table("target_plans")
