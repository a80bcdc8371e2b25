"""What ranks people of equal totals, frozen as data close, and what each calibration began with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guards import make_append_only, protect

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "scorecards", sa.Column("tie_breakers", postgresql.JSONB(none_as_null=True), nullable=True)
    )
    op.create_table(
        "calibration_rounds",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "cycle", "round", name=op.f("pk_calibration_rounds")),
    )
    protect("calibration_rounds", api="SELECT, INSERT")
    make_append_only("calibration_rounds")


def downgrade() -> None:
    op.drop_table("calibration_rounds")
    op.drop_column("scorecards", "tie_breakers")
