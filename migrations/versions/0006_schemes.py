"""Schemes: drafts and published versions."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import make_append_only, protect

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scheme_versions",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_scheme_versions_version")),
        sa.PrimaryKeyConstraint("tenant_id", "code", "version", name=op.f("pk_scheme_versions")),
    )
    protect("scheme_versions", api="SELECT, INSERT")
    make_append_only("scheme_versions")
    op.create_table(
        "schemes",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("draft_version", sa.BigInteger(), nullable=False),
        sa.Column("latest_version", sa.Integer(), nullable=True),
        sa.Column("template", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "code", name=op.f("pk_schemes")),
    )
    protect("schemes", api="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.drop_table("schemes")
    op.drop_table("scheme_versions")
