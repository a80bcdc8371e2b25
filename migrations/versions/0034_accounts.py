"""Accounts of shops with their marketplaces, sealed."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import protect

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

# Nobody but ingest: the api's role cannot so much as read what is sealed.
_INGEST = "SELECT, INSERT, UPDATE, DELETE"


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("also", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("calls_per_second", sa.SmallInteger(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "calls_per_second BETWEEN 1 AND 1000", name=op.f("ck_accounts_calls_per_second")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "shop"],
            ["shops.tenant_id", "shops.code"],
            name=op.f("fk_accounts_tenant_id_shop"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "shop", name=op.f("pk_accounts")),
    )
    op.create_table(
        "data_keys",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("master", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "number", name=op.f("pk_data_keys")),
    )
    op.create_table(
        "account_fields",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("data_key", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "field IN ('app_key', 'secret', 'session', 'refresh', 'renewed')",
            name=op.f("ck_account_fields_field"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "shop"],
            ["shops.tenant_id", "shops.code"],
            name=op.f("fk_account_fields_tenant_id_shop"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "data_key"],
            ["data_keys.tenant_id", "data_keys.number"],
            name=op.f("fk_account_fields_tenant_id_data_key"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "shop", "field", name=op.f("pk_account_fields")),
    )
    for table in ("accounts", "data_keys", "account_fields"):
        protect(table, ingest=_INGEST)


def downgrade() -> None:
    for table in ("account_fields", "data_keys", "accounts"):
        op.drop_table(table)
