"""Ladders of levels, what people observed, and the levels assessed."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import make_append_only, protect

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ladders",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_ladders_version")),
        sa.PrimaryKeyConstraint("tenant_id", "code", "version", name=op.f("pk_ladders")),
    )
    protect("ladders", api="SELECT, INSERT")
    make_append_only("ladders")
    op.create_table(
        "level_observations",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ladder", sa.Text(), nullable=False),
        sa.Column("employee", sa.Text(), nullable=False),
        sa.Column("behaviour", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("observer", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("revision > 0", name=op.f("ck_level_observations_revision")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "employee"],
            ["employees.tenant_id", "employees.code"],
            name=op.f("fk_level_observations_tenant_id_employee"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "ladder",
            "employee",
            "behaviour",
            "month",
            "revision",
            name=op.f("pk_level_observations"),
        ),
    )
    protect("level_observations", api="SELECT, INSERT")
    make_append_only("level_observations")
    op.create_table(
        "level_assessments",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ladder", sa.Text(), nullable=False),
        sa.Column("employee", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ladder_version", sa.Integer(), nullable=False),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("seed", sa.Text(), nullable=True),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("document_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("revision > 0", name=op.f("ck_level_assessments_revision")),
        sa.CheckConstraint(
            "document_sha256 = sha256(document)", name=op.f("ck_level_assessments_document_sha256")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "employee"],
            ["employees.tenant_id", "employees.code"],
            name=op.f("fk_level_assessments_tenant_id_employee"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ladder", "ladder_version"],
            ["ladders.tenant_id", "ladders.code", "ladders.version"],
            name=op.f("fk_level_assessments_tenant_id_ladder_ladder_version"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "ladder",
            "employee",
            "month",
            "revision",
            name=op.f("pk_level_assessments"),
        ),
    )
    op.create_index(
        "ix_level_assessments_employee",
        "level_assessments",
        ["tenant_id", "employee", "month"],
        unique=False,
    )
    protect("level_assessments", api="SELECT, INSERT")
    make_append_only("level_assessments")


def downgrade() -> None:
    op.drop_table("level_assessments")
    op.drop_table("level_observations")
    op.drop_table("ladders")
