"""What people decide of scorecards in review, step by step."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import make_append_only, protect

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reviews",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "subject_kind IN ('employee', 'unit', 'shop', 'company')",
            name=op.f("ck_reviews_subject_kind"),
        ),
        sa.CheckConstraint(
            "part IN ('self', 'manager', 'second_level', 'hr')", name=op.f("ck_reviews_part")
        ),
        sa.CheckConstraint(
            "decision IN ('submit', 'return', 'approve')", name=op.f("ck_reviews_decision")
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_reviews_number")),
        sa.CheckConstraint(
            "decision <> 'return' OR comment IS NOT NULL", name=op.f("ck_reviews_reason")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "cycle"],
            ["cycles.tenant_id", "cycles.code"],
            name=op.f("fk_reviews_tenant_id_cycle"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "cycle", "subject_kind", "subject", "number", name=op.f("pk_reviews")
        ),
    )
    protect("reviews", api="SELECT, INSERT")
    make_append_only("reviews")


def downgrade() -> None:
    op.drop_table("reviews")
