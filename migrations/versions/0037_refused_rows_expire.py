"""What a refused row held expires; that it was refused stays."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("rejected_rows", "body", nullable=True)
    op.create_index(
        "ix_rejected_rows_held",
        "rejected_rows",
        ["tenant_id", "received_at"],
        postgresql_where=sa.text("body IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_rejected_rows_held", table_name="rejected_rows")
    # What has expired cannot be had back.
    op.execute("ALTER TABLE rejected_rows NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE rejected_rows SET body = '' WHERE body IS NULL")
    op.execute("ALTER TABLE rejected_rows FORCE ROW LEVEL SECURITY")
    op.alter_column("rejected_rows", "body", nullable=False)
