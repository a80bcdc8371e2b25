"""A tenant's own measures and indicators, and posted values."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import make_append_only, protect

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "indicator_values",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Numeric(precision=26, scale=6), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "subject_kind IN ('employee', 'unit', 'shop', 'company')",
            name=op.f("ck_indicator_values_subject_kind"),
        ),
        sa.CheckConstraint(
            "value NOT IN ('NaN', 'Infinity', '-Infinity')",
            name=op.f("ck_indicator_values_numbers"),
        ),
        sa.CheckConstraint("revision > 0", name=op.f("ck_indicator_values_revision")),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "indicator",
            "subject_kind",
            "subject",
            "period",
            "revision",
            name=op.f("pk_indicator_values"),
        ),
    )
    protect("indicator_values", api="SELECT, INSERT")
    make_append_only("indicator_values")
    op.create_table(
        "own_indicators",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("formula", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("better", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("better IN ('higher', 'lower')", name=op.f("ck_own_indicators_better")),
        sa.CheckConstraint(
            "unit IN ('ratio', 'money', 'seconds', 'hours', 'count', 'score')",
            name=op.f("ck_own_indicators_unit"),
        ),
        sa.CheckConstraint("version > 0", name=op.f("ck_own_indicators_version")),
        sa.PrimaryKeyConstraint("tenant_id", "code", "version", name=op.f("pk_own_indicators")),
    )
    protect("own_indicators", api="SELECT, INSERT")
    make_append_only("own_indicators")
    op.create_table(
        "own_measures",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "unit IN ('ratio', 'money', 'seconds', 'hours', 'count', 'score')",
            name=op.f("ck_own_measures_unit"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "code", name=op.f("pk_own_measures")),
    )
    protect("own_measures", api="SELECT, INSERT, UPDATE", ingest="SELECT")


def downgrade() -> None:
    op.drop_table("own_measures")
    op.drop_table("own_indicators")
    op.drop_table("indicator_values")
