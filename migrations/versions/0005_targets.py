"""Targets with their history."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import make_append_only, protect

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "targets",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Numeric(precision=26, scale=6), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("level IN ('budget', 'challenge')", name=op.f("ck_targets_level")),
        sa.CheckConstraint(
            "subject_kind IN ('employee', 'unit', 'shop', 'company')",
            name=op.f("ck_targets_subject_kind"),
        ),
        sa.CheckConstraint(
            "value NOT IN ('NaN', 'Infinity', '-Infinity')", name=op.f("ck_targets_numbers")
        ),
        sa.CheckConstraint("revision > 0", name=op.f("ck_targets_revision")),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "subject_kind",
            "subject",
            "indicator",
            "period",
            "level",
            "revision",
            name=op.f("pk_targets"),
        ),
    )
    protect("targets", api="SELECT, INSERT")
    make_append_only("targets")


def downgrade() -> None:
    op.drop_table("targets")
