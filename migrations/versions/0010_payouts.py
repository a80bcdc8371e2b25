"""The payroll feed as bytes, append-only, and what payroll has taken."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import make_append_only, protect

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payroll_acknowledgements",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("through", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "through", name=op.f("pk_payroll_acknowledgements")),
    )
    protect("payroll_acknowledgements", api="SELECT, INSERT", payroll="SELECT")
    make_append_only("payroll_acknowledgements")
    op.create_table(
        "payouts",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("corrects", sa.Text(), nullable=True),
        sa.Column("employee", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("document_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("inputs", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'correction') = (corrects IS NOT NULL)", name=op.f("ck_payouts_corrects")
        ),
        sa.CheckConstraint("kind IN ('result', 'correction')", name=op.f("ck_payouts_kind")),
        sa.CheckConstraint(
            "plan IN ('commission', 'leader_mean', 'leader_capacity', 'grade_bonus', 'level_allowance', 'adjustment')",
            name=op.f("ck_payouts_plan"),
        ),
        sa.CheckConstraint(
            "document_sha256 = sha256(document)", name=op.f("ck_payouts_document_sha256")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "result"],
            ["results.tenant_id", "results.id"],
            name=op.f("fk_payouts_tenant_id_result"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "seq", name=op.f("pk_payouts")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_payouts_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "result", "number", name=op.f("uq_payouts_tenant_id_result_number")
        ),
    )
    protect("payouts", api="SELECT, INSERT", payroll="SELECT")
    make_append_only("payouts")


def downgrade() -> None:
    op.drop_table("payouts")
    op.drop_table("payroll_acknowledgements")
