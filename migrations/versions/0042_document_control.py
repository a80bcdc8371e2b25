"""A scheme's versions say who wrote, reviewed and approved them, and from which day they are in force.

Of versions from before nobody knows any more who wrote them; they are in force at once.
"""

import sqlalchemy as sa
from alembic import op

from migrations.guards import make_append_only, protect

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("schemes", sa.Column("writer", sa.Text(), nullable=True))
    op.add_column("scheme_versions", sa.Column("draft_version", sa.BigInteger(), nullable=True))
    op.add_column("scheme_versions", sa.Column("writer", sa.Text(), nullable=True))
    op.add_column(
        "scheme_versions", sa.Column("written_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("scheme_versions", sa.Column("in_force_from", sa.Date(), nullable=True))
    op.create_table(
        "scheme_reviews",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("draft_version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "code"],
            ["schemes.tenant_id", "schemes.code"],
            name=op.f("fk_scheme_reviews_tenant_id_code"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "code", "draft_version", "reviewer", name=op.f("pk_scheme_reviews")
        ),
    )
    protect("scheme_reviews", api="SELECT, INSERT")
    make_append_only("scheme_reviews")


def downgrade() -> None:
    op.drop_table("scheme_reviews")
    for column in ("in_force_from", "written_at", "writer", "draft_version"):
        op.drop_column("scheme_versions", column)
    op.drop_column("schemes", "writer")
