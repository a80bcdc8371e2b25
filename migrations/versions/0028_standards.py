"""Standards, and the alerts that are raised when one is broken."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.guards import make_append_only, protect

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_KINDS = "subject_kind IN ('employee', 'unit', 'shop', 'company')"


def upgrade() -> None:
    _make_standards()
    _make_alerts()
    op.create_table(
        "watched_days",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "day", name=op.f("pk_watched_days")),
    )
    protect("standards", api="SELECT, INSERT")
    make_append_only("standards")
    protect("alerts", api="SELECT, INSERT, UPDATE")
    # UPDATE is what locking a row asks for.
    protect("watched_days", api="SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    for table in ("watched_days", "alerts", "standards"):
        op.drop_table(table)


def _make_standards() -> None:
    op.create_table(
        "standards",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subjects", JSONB(none_as_null=True), nullable=True),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("at_least", sa.Numeric(26, 6), nullable=True),
        sa.Column("at_most", sa.Numeric(26, 6), nullable=True),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("period", sa.Text(), nullable=True),
        sa.Column("basis_indicator", sa.Text(), nullable=True),
        sa.Column("basis_at_least", sa.Numeric(26, 6), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(_KINDS, name=op.f("ck_standards_subject_kind")),
        sa.CheckConstraint(
            "scope IN ('own', 'shops', 'unit', 'company')", name=op.f("ck_standards_scope")
        ),
        sa.CheckConstraint(
            "period IN ('month', 'quarter', 'half', 'year')", name=op.f("ck_standards_period")
        ),
        _numbers("standards", "at_least", "at_most", "basis_at_least"),
        sa.CheckConstraint("version > 0", name=op.f("ck_standards_version")),
        sa.CheckConstraint(
            "(at_least IS NULL) <> (at_most IS NULL)", name=op.f("ck_standards_one_bound")
        ),
        sa.CheckConstraint(
            "(days IS NULL) <> (period IS NULL)", name=op.f("ck_standards_one_stretch")
        ),
        sa.CheckConstraint(
            "(basis_indicator IS NULL) = (basis_at_least IS NULL)",
            name=op.f("ck_standards_basis"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "code", "version", name=op.f("pk_standards")),
    )


def _make_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("period", sa.Text(), nullable=True),
        *(
            sa.Column(name, sa.Numeric(26, 6), nullable=True)
            for name in ("value", "at_least", "at_most", "latest")
        ),
        sa.Column("is_broken", sa.Boolean(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        *(
            column
            for step in ("acknowledged", "closed")
            for column in (
                sa.Column(f"{step}_person", sa.Text(), nullable=True),
                sa.Column(f"{step}_author", sa.Text(), nullable=True),
                sa.Column(f"{step}_note", sa.Text(), nullable=True),
                sa.Column(f"{step}_at", sa.DateTime(timezone=True), nullable=True),
            )
        ),
        sa.CheckConstraint(
            "kind IN ('standard', 'case', 'improvement')", name=op.f("ck_alerts_kind")
        ),
        sa.CheckConstraint(_KINDS, name=op.f("ck_alerts_subject_kind")),
        _numbers("alerts", "value", "at_least", "at_most", "latest"),
        sa.CheckConstraint("since <= day", name=op.f("ck_alerts_since")),
        sa.CheckConstraint(
            "kind <> 'standard' OR value IS NOT NULL", name=op.f("ck_alerts_measured")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_alerts")),
        sa.UniqueConstraint(
            *("tenant_id", "kind", "source", "subject_kind", "subject", "day"),
            name=op.f("uq_alerts_tenant_id_kind_source_subject_kind_subject_day"),
        ),
    )
    op.create_index("ix_alerts_day", "alerts", ["tenant_id", "day"])


def _numbers(table: str, *columns: str) -> sa.CheckConstraint:
    tests = " AND ".join(f"{name} NOT IN ('NaN', 'Infinity', '-Infinity')" for name in columns)
    return sa.CheckConstraint(tests, name=op.f(f"ck_{table}_numbers"))
