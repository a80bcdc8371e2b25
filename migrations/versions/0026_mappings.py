"""A tenant's own mappings of files."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import protect

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "file_mappings",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "code", name=op.f("pk_file_mappings")),
    )
    protect("file_mappings", ingest="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.drop_table("file_mappings")
