"""Reports that people write, who has to, and what became of the measures of interviews."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.guards import make_append_only, protect

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_KINDS = "subject_kind IN ('employee', 'unit', 'shop', 'company')"


def upgrade() -> None:
    op.create_table(
        "reports",
        _tenant(),
        *_texts("subject_kind", "subject", "period"),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        *_texts("remark"),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("is_on_time", sa.Boolean(), nullable=True),
        *_texts("person", "author"),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(_KINDS, name=op.f("ck_reports_subject_kind")),
        sa.CheckConstraint("revision > 0", name=op.f("ck_reports_revision")),
        sa.PrimaryKeyConstraint(
            "tenant_id", "subject_kind", "subject", "period", "revision", name=op.f("pk_reports")
        ),
    )
    op.create_index("ix_reports_starts_on", "reports", ["tenant_id", "starts_on"])
    op.create_table(
        "report_duties",
        _tenant(),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("positions", JSONB(), nullable=False),
        sa.Column("weekdays", JSONB(), nullable=False),
        sa.Column("due_hours", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        *_texts("author"),
        sa.Column("put_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_report_duties_version")),
        sa.CheckConstraint("due_hours BETWEEN 0 AND 168", name=op.f("ck_report_duties_due_hours")),
        sa.PrimaryKeyConstraint("tenant_id", "version", name=op.f("pk_report_duties")),
    )
    _make_improvements()
    for table in ("reports", "report_duties", "improvements"):
        protect(table, api="SELECT, INSERT")
        make_append_only(table)


def downgrade() -> None:
    for table in ("improvements", "report_duties", "reports"):
        op.drop_table(table)


def _make_improvements() -> None:
    op.create_table(
        "improvements",
        _tenant(),
        *_texts("cycle", "subject_kind", "subject"),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("state"),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        *_texts("followed_in", "person", "author"),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(_KINDS, name=op.f("ck_improvements_subject_kind")),
        sa.CheckConstraint(
            "state IN ('open', 'done', 'dropped')", name=op.f("ck_improvements_state")
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_improvements_number")),
        sa.CheckConstraint("revision > 0", name=op.f("ck_improvements_revision")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "cycle"],
            ["cycles.tenant_id", "cycles.code"],
            name=op.f("fk_improvements_tenant_id_cycle"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "followed_in"],
            ["cycles.tenant_id", "cycles.code"],
            name=op.f("fk_improvements_tenant_id_followed_in"),
        ),
        sa.PrimaryKeyConstraint(
            *("tenant_id", "cycle", "subject_kind", "subject", "number", "revision"),
            name=op.f("pk_improvements"),
        ),
    )


def _tenant() -> sa.Column[int]:
    return sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
