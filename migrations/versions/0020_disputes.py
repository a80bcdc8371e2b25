"""The interview after a result, disputes of scorecards, and what was decided of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.guards import make_append_only, protect

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_KINDS = "subject_kind IN ('employee', 'unit', 'shop', 'company')"


def upgrade() -> None:
    op.create_table(
        "interviews",
        *_about("interviews"),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("answers", JSONB(), nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("part IN ('employee', 'superior')", name=op.f("ck_interviews_part")),
        sa.CheckConstraint("number > 0", name=op.f("ck_interviews_number")),
        sa.PrimaryKeyConstraint(
            "tenant_id", "cycle", "subject_kind", "subject", "number", name=op.f("pk_interviews")
        ),
    )
    op.create_table(
        "disputes",
        *_about("disputes"),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("scorecard", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("named", sa.Text(), nullable=False),
        sa.Column("segment", sa.SmallInteger(), nullable=True),
        sa.Column("claims", JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("about IN ('fact', 'line', 'rating')", name=op.f("ck_disputes_about")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_disputes")),
    )
    op.create_index(
        "ix_disputes_subject", "disputes", ["tenant_id", "cycle", "subject_kind", "subject"]
    )
    op.create_table(
        "dispute_decisions",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("dispute", sa.Text(), nullable=False),
        sa.Column("uphold", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("value", sa.Numeric(precision=20, scale=6), nullable=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "value NOT IN ('NaN', 'Infinity', '-Infinity')",
            name=op.f("ck_dispute_decisions_numbers"),
        ),
        sa.CheckConstraint("uphold OR value IS NULL", name=op.f("ck_dispute_decisions_value")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "dispute"],
            ["disputes.tenant_id", "disputes.id"],
            name=op.f("fk_dispute_decisions_tenant_id_dispute"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "dispute", name=op.f("pk_dispute_decisions")),
    )
    for table in ("interviews", "disputes", "dispute_decisions"):
        protect(table, api="SELECT, INSERT")
        make_append_only(table)


def _about(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    """The columns that say whose card in which cycle a row is about."""
    return (
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "cycle"],
            ["cycles.tenant_id", "cycles.code"],
            name=op.f(f"fk_{table}_tenant_id_cycle"),
        ),
        sa.CheckConstraint(_KINDS, name=op.f(f"ck_{table}_subject_kind")),
    )


def downgrade() -> None:
    for table in ("dispute_decisions", "disputes", "interviews"):
        op.drop_table(table)
