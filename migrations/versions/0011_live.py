"""What live scorecards depend on, and how results and payouts are found."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import grant, protect

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cycles", sa.Column("stale_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("scorecards", sa.Column("bases", sa.LargeBinary(), nullable=True))
    op.drop_index("ix_scorecards_stale", "scorecards")
    op.create_index(
        "ix_scorecards_stale",
        "scorecards",
        ["tenant_id", "cycle"],
        unique=False,
        postgresql_where=sa.text("stale_since IS NOT NULL"),
    )
    op.create_table(
        "scorecard_reach",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reached", sa.Text(), nullable=False),
        sa.Column("scorecard", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "scorecard"],
            ["scorecards.tenant_id", "scorecards.id"],
            name=op.f("fk_scorecard_reach_tenant_id_scorecard"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "reached", "scorecard", name=op.f("pk_scorecard_reach")
        ),
    )
    op.create_index(
        "ix_scorecard_reach_scorecard", "scorecard_reach", ["tenant_id", "scorecard"], unique=False
    )
    protect("scorecard_reach", api="SELECT, INSERT, DELETE")
    # A mark that a batch is just renewing is left to the next pass: that takes a row lock to see.
    grant("touched_days", api="UPDATE")
    op.create_index(
        "ix_results_subject", "results", ["tenant_id", "subject_kind", "subject"], unique=False
    )
    op.create_index("ix_payouts_cycle", "payouts", ["tenant_id", "cycle", "seq"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_payouts_cycle", "payouts")
    op.drop_index("ix_results_subject", "results")
    op.drop_table("scorecard_reach")
    op.drop_index("ix_scorecards_stale", "scorecards")
    op.create_index(
        "ix_scorecards_stale",
        "scorecards",
        ["tenant_id", "stale_since"],
        unique=False,
        postgresql_where=sa.text("stale_since IS NOT NULL"),
    )
    op.drop_column("scorecards", "bases")
    op.drop_column("cycles", "stale_since")
