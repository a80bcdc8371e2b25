"""A shop's marketplace is a word that code knows: one more needs no change of the database."""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_NAME = "ck_shops_marketplace"
_LISTED = (
    "marketplace IN ('taobao', 'tmall', 'jd', 'pinduoduo', 'douyin', 'amazon', 'shopify', "
    "'woocommerce', 'other')"
)


def upgrade() -> None:
    op.drop_constraint(op.f(_NAME), "shops")
    op.create_check_constraint(op.f(_NAME), "shops", "marketplace ~ '^[a-z]+$'")


def downgrade() -> None:
    op.drop_constraint(op.f(_NAME), "shops")
    op.create_check_constraint(op.f(_NAME), "shops", _LISTED)
