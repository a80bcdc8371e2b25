"""What came of a feed is counted by the day it came on, beside the whole of the feed's life.

What came before has no day: it counts in the whole, and in periods that have no beginning. So do
rows that an ingest of before counts while it still serves.
"""

import sqlalchemy as sa
from alembic import op

from migrations.guards import protect

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed_counts",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("applied", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "feed"],
            ["feeds.tenant_id", "feeds.id"],
            name=op.f("fk_feed_counts_tenant_id_feed"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "feed", "day", name=op.f("pk_feed_counts")),
    )
    op.create_index(
        "ix_feed_counts_digest",
        "feed_counts",
        ["tenant_id", "day"],
        postgresql_where=sa.text("digest IS NOT NULL"),
    )
    protect("feed_counts", api="SELECT", ingest="SELECT, INSERT, UPDATE")
    op.add_column("rejected_rows", sa.Column("came_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("rejected_rows", "came_on")
    op.drop_table("feed_counts")
