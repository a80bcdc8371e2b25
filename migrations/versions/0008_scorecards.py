"""Scorecards with their ready documents."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import protect

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scorecards",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("total", sa.Numeric(precision=9, scale=2), nullable=True),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("explanation", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stale_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "status IN ('live', 'incomplete', 'in_review', 'approved', 'published')",
            name=op.f("ck_scorecards_status"),
        ),
        sa.CheckConstraint(
            "subject_kind IN ('employee', 'unit', 'shop', 'company')",
            name=op.f("ck_scorecards_subject_kind"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_scorecards")),
        sa.UniqueConstraint(
            "tenant_id",
            "cycle",
            "subject_kind",
            "subject",
            "revision",
            name=op.f("uq_scorecards_tenant_id_cycle_subject_kind_subject_revision"),
        ),
    )
    op.create_index(
        "ix_scorecards_stale",
        "scorecards",
        ["tenant_id", "stale_since"],
        unique=False,
        postgresql_where=sa.text("stale_since IS NOT NULL"),
    )
    op.create_index(
        "ix_scorecards_subject",
        "scorecards",
        ["tenant_id", "subject_kind", "subject"],
        unique=False,
    )
    protect("scorecards", api="SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    op.drop_table("scorecards")
