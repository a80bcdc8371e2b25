"""Marks that people give, who is asked for them, rewards and penalties in points."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from migrations.guards import make_append_only, protect

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_KINDS = "subject_kind IN ('employee', 'unit', 'shop', 'company')"
_ROLES = (
    "role IN ('self', 'manager', 'peer', 'member', 'customer', 'branch', 'supervisor',"
    " 'mentor', 'hr', 'third_party')"
)


def upgrade() -> None:
    op.create_table(
        "ratings",
        *_about("ratings"),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("rater", sa.Text(), nullable=False),
        sa.Column("mark", sa.Numeric(precision=10, scale=4), nullable=True),
        sa.Column("level", sa.SmallInteger(), nullable=True),
        sa.Column("behaviours", ARRAY(sa.SmallInteger()), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(_ROLES, name=op.f("ck_ratings_role")),
        sa.CheckConstraint(
            "mark NOT IN ('NaN', 'Infinity', '-Infinity')", name=op.f("ck_ratings_numbers")
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_ratings_number")),
        sa.CheckConstraint(
            "num_nonnulls(mark, level, behaviours) = 1", name=op.f("ck_ratings_stated")
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "cycle", "subject_kind", "subject", "number", name=op.f("pk_ratings")
        ),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_ratings_tenant_id_id")),
    )
    op.create_table(
        "raters",
        *_about("raters"),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("employee", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(_ROLES, name=op.f("ck_raters_role")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "employee"],
            ["employees.tenant_id", "employees.code"],
            name=op.f("fk_raters_tenant_id_employee"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "cycle",
            "subject_kind",
            "subject",
            "role",
            "employee",
            name=op.f("pk_raters"),
        ),
    )
    op.create_table(
        "adjustments",
        *_about("adjustments"),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("points", sa.Numeric(precision=9, scale=2), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdraws", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "points NOT IN ('NaN', 'Infinity', '-Infinity')", name=op.f("ck_adjustments_numbers")
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_adjustments_number")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "withdraws"],
            ["adjustments.tenant_id", "adjustments.id"],
            name=op.f("fk_adjustments_tenant_id_withdraws"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "cycle", "subject_kind", "subject", "number", name=op.f("pk_adjustments")
        ),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_adjustments_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "withdraws", name=op.f("uq_adjustments_tenant_id_withdraws")
        ),
    )
    for table in ("ratings", "raters", "adjustments"):
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
    for table in ("adjustments", "raters", "ratings"):
        op.drop_table(table)
