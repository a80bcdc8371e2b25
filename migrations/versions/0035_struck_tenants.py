"""Tenants that are struck out: no service begins to write for one any more."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import grant

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "struck_tenants",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("struck_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_struck_tenants")),
    )
    # Like the register it belongs to no tenant; only the owner writes it.
    grant("struck_tenants", api="SELECT", ingest="SELECT")


def downgrade() -> None:
    op.drop_table("struck_tenants")
