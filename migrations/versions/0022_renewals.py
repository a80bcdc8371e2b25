"""A key may have two secrets for a while, so that it is renewed without a gap."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("previous_sha256", sa.LargeBinary(), nullable=True))
    op.add_column(
        "api_keys", sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_check_constraint(
        op.f("ck_api_keys_previous_until"),
        "api_keys",
        "(previous_sha256 IS NULL) = (previous_until IS NULL)",
    )


def downgrade() -> None:
    op.drop_column("api_keys", "previous_until")
    op.drop_column("api_keys", "previous_sha256")
