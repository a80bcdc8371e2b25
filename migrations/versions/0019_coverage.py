"""When a card is to be looked at again for its coverage, and how long a feed's days fill in."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "scorecards", sa.Column("look_again_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_index(
        "ix_scorecards_look_again",
        "scorecards",
        ["tenant_id", "look_again_at"],
        postgresql_where=sa.text("look_again_at IS NOT NULL"),
    )
    # A constant default rewrites no row.
    op.add_column(
        "feeds",
        sa.Column("maturity_seconds", sa.BigInteger(), nullable=False, server_default="0"),
    )


def downgrade() -> None:
    op.drop_column("feeds", "maturity_seconds")
    op.drop_index("ix_scorecards_look_again", "scorecards")
    op.drop_column("scorecards", "look_again_at")
