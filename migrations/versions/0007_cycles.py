"""Cycles and their moves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guards import make_append_only, protect

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cycle_moves",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("from_status", sa.Text(), nullable=False),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "from_status IN ('draft', 'open', 'closed', 'review', 'calibration', 'approved', 'published')",
            name=op.f("ck_cycle_moves_from_status"),
        ),
        sa.CheckConstraint(
            "to_status IN ('draft', 'open', 'closed', 'review', 'calibration', 'approved', 'published')",
            name=op.f("ck_cycle_moves_to_status"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "cycle", "number", name=op.f("pk_cycle_moves")),
    )
    protect("cycle_moves", api="SELECT, INSERT")
    make_append_only("cycle_moves")
    op.create_table(
        "cycles",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("scheme_version", sa.Integer(), nullable=True),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("population", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("grace_days", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('draft', 'open', 'closed', 'review', 'calibration', 'approved', 'published')",
            name=op.f("ck_cycles_status"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "code", name=op.f("pk_cycles")),
    )
    protect("cycles", api="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.drop_table("cycles")
    op.drop_table("cycle_moves")
