"""What days weigh when a target is shared by them, and moves of grades in calibration."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import make_append_only, protect

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "weighed_days",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("weight", sa.Numeric(precision=10, scale=4), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "weight NOT IN ('NaN', 'Infinity', '-Infinity')", name=op.f("ck_weighed_days_numbers")
        ),
        sa.CheckConstraint("weight > 0", name=op.f("ck_weighed_days_weight")),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_weighed_days_days")),
        sa.PrimaryKeyConstraint("tenant_id", "starts_on", name=op.f("pk_weighed_days")),
    )
    protect("weighed_days", api="SELECT, INSERT, DELETE")
    op.create_table(
        "calibration_moves",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("scorecard", sa.Text(), nullable=False),
        sa.Column("from_grade", sa.Text(), nullable=False),
        sa.Column("to_grade", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("from_grade <> to_grade", name=op.f("ck_calibration_moves_grades")),
        sa.PrimaryKeyConstraint(
            "tenant_id", "cycle", "round", "number", name=op.f("pk_calibration_moves")
        ),
    )
    protect("calibration_moves", api="SELECT, INSERT")
    make_append_only("calibration_moves")


def downgrade() -> None:
    op.drop_table("calibration_moves")
    op.drop_table("weighed_days")
