"""Tokens of a subject are revoked."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import protect

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "token_revocations",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("issued_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "subject", name=op.f("pk_token_revocations")),
    )
    protect("token_revocations", api="SELECT, INSERT, UPDATE", ingest="SELECT")


def downgrade() -> None:
    op.drop_table("token_revocations")
