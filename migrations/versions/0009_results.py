"""Results as bytes, append-only."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import make_append_only, protect

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "results",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("scorecard", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("scheme_version", sa.Integer(), nullable=False),
        sa.Column("total", sa.Numeric(precision=9, scale=2), nullable=False),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("document_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("scorecard_document", sa.LargeBinary(), nullable=False),
        sa.Column("explanation", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "subject_kind IN ('employee', 'unit', 'shop', 'company')",
            name=op.f("ck_results_subject_kind"),
        ),
        sa.CheckConstraint(
            "document_sha256 = sha256(document)", name=op.f("ck_results_document_sha256")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_results")),
        sa.UniqueConstraint(
            "tenant_id",
            "cycle",
            "subject_kind",
            "subject",
            "revision",
            name=op.f("uq_results_tenant_id_cycle_subject_kind_subject_revision"),
        ),
    )
    protect("results", api="SELECT, INSERT", payroll="SELECT")
    make_append_only("results")


def downgrade() -> None:
    op.drop_table("results")
