"""The ledger of excluded orders, and beside an order what its source says where the ledger holds."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import make_append_only, protect

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exclusions",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undoes", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "reason IN ('brushing', 'test', 'staff')", name=op.f("ck_exclusions_reason")
        ),
        sa.CheckConstraint(
            "(reason IS NULL) = (undoes IS NOT NULL)", name=op.f("ck_exclusions_undoes")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "undoes"],
            ["exclusions.tenant_id", "exclusions.id"],
            name=op.f("fk_exclusions_tenant_id_undoes"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_exclusions")),
        sa.UniqueConstraint("tenant_id", "undoes", name=op.f("uq_exclusions_tenant_id_undoes")),
    )
    op.create_index("ix_exclusions_order_id", "exclusions", ["tenant_id", "source", "order_id"])
    protect("exclusions", ingest="SELECT, INSERT")
    make_append_only("exclusions")
    # Null is what is true of every order so far: no row is rewritten.
    op.add_column("order_facts", sa.Column("stated_exclusion", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("order_facts", "stated_exclusion")
    op.drop_table("exclusions")
