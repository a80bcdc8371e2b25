"""A key for buyers of each tenant; those who are here go on with the deployment's."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import protect

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

# Tenant by tenant, since row-level security holds for the owner too. What they have was hashed with
# the deployment's key: with another one every buyer of theirs would be somebody new.
_GO_ON = """
DO $$
DECLARE
    tenant integer;
BEGIN
    FOR tenant IN SELECT id FROM tenants LOOP
        PERFORM set_config('kaohe.tenant', tenant::text, true);
        INSERT INTO buyer_keys (tenant_id, number, made_at) VALUES (tenant, 1, now());
    END LOOP;
    PERFORM set_config('kaohe.tenant', '', true);
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "buyer_keys",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("master", sa.Text(), nullable=True),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(master IS NULL) = (wrapped IS NULL)", name=op.f("ck_buyer_keys_wrapped")
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_buyer_keys")),
    )
    # Nobody but ingest: the api's role cannot so much as read what is wrapped.
    protect("buyer_keys", ingest="SELECT, INSERT, UPDATE, DELETE")
    op.execute(_GO_ON)


def downgrade() -> None:
    op.drop_table("buyer_keys")
