"""A backfill's place is kept: what has landed of it is not read again after a restart."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_CHECK = "ck_jobs_reached"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("reached", sa.DateTime(timezone=True), nullable=True))
    op.add_column("jobs", sa.Column("reached_days", sa.BigInteger(), nullable=True))
    op.add_column("jobs", sa.Column("reached_rows", sa.BigInteger(), nullable=True))
    op.create_check_constraint(
        op.f(_CHECK), "jobs", "num_nulls(reached, reached_days, reached_rows) IN (0, 3)"
    )


def downgrade() -> None:
    op.drop_constraint(op.f(_CHECK), "jobs")
    for column in ("reached_rows", "reached_days", "reached"):
        op.drop_column("jobs", column)
