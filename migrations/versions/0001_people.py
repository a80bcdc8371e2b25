"""Tenants, shops, units, employees and their assignments; keys, replies, audit and jobs."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import grant, make_append_only, protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Names what was refused and nothing of the row: a guard must not tell.
_REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: it is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$
"""


def upgrade() -> None:
    op.execute(_REFUSE_CHANGE)
    op.create_table(
        "api_keys",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("employee", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('admin', 'hr', 'lead', 'employee', 'erp', 'payroll', 'viewer')",
            name=op.f("ck_api_keys_role"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_api_keys")),
    )
    protect("api_keys", api="SELECT, INSERT, UPDATE", ingest="SELECT")
    op.create_table(
        "audit",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "number", name=op.f("pk_audit")),
    )
    protect("audit", api="SELECT, INSERT", ingest="SELECT, INSERT")
    make_append_only("audit")
    op.create_table(
        "counters",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_counters")),
    )
    protect("counters", api="SELECT, INSERT, UPDATE", ingest="SELECT, INSERT, UPDATE")
    op.create_table(
        "employees",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("manager", sa.Text(), nullable=True),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "manager"],
            ["employees.tenant_id", "employees.code"],
            name=op.f("fk_employees_tenant_id_manager"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("tenant_id", "code", name=op.f("pk_employees")),
    )
    protect("employees", api="SELECT, INSERT, UPDATE", ingest="SELECT")
    op.create_table(
        "jobs",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("progress", sa.Numeric(precision=7, scale=6), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "progress NOT IN ('NaN', 'Infinity', '-Infinity')", name=op.f("ck_jobs_numbers")
        ),
        sa.CheckConstraint("status IN ('running', 'done', 'failed')", name=op.f("ck_jobs_status")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_jobs")),
    )
    protect("jobs", api="SELECT, INSERT, UPDATE", ingest="SELECT, INSERT, UPDATE")
    op.create_table(
        "rates",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("from_currency", sa.Text(), nullable=False),
        sa.Column("to_currency", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rate", sa.Numeric(precision=20, scale=10), nullable=False),
        sa.CheckConstraint(
            "rate > 0 AND rate <> 'NaN' AND rate <> 'Infinity'", name=op.f("ck_rates_rate")
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "from_currency", "to_currency", "day", name=op.f("pk_rates")
        ),
    )
    protect("rates", api="SELECT, INSERT, UPDATE")
    op.create_table(
        "replies",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "caller", "idempotency_key", name=op.f("pk_replies")),
    )
    protect("replies", api="SELECT, INSERT, UPDATE", ingest="SELECT, INSERT, UPDATE")
    op.create_table(
        "shops",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("marketplace", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('online', 'offline')", name=op.f("ck_shops_kind")),
        sa.CheckConstraint(
            "marketplace IN ('taobao', 'tmall', 'jd', 'pinduoduo', 'douyin', 'amazon', 'shopify', 'woocommerce', 'other')",
            name=op.f("ck_shops_marketplace"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "code", name=op.f("pk_shops")),
    )
    protect("shops", api="SELECT, INSERT, UPDATE", ingest="SELECT")
    op.create_table(
        "tenant_settings",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("week_start", sa.Text(), nullable=False),
        sa.Column("fiscal_start", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "week_start IN ('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday')",
            name=op.f("ck_tenant_settings_week_start"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tenant_settings")),
    )
    protect("tenant_settings", api="SELECT, INSERT, UPDATE", ingest="SELECT")
    op.create_table(
        "tenants",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("code", name=op.f("uq_tenants_code")),
    )
    grant("tenants", api="SELECT", ingest="SELECT")
    op.create_table(
        "units",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("lead", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "parent"],
            ["units.tenant_id", "units.code"],
            name=op.f("fk_units_tenant_id_parent"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("tenant_id", "code", name=op.f("pk_units")),
    )
    protect("units", api="SELECT, INSERT, UPDATE", ingest="SELECT")
    op.create_table(
        "assignments",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("employee", sa.Text(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.CheckConstraint("ends_on > starts_on", name=op.f("ck_assignments_days")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "employee"],
            ["employees.tenant_id", "employees.code"],
            name=op.f("fk_assignments_tenant_id_employee"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit"],
            ["units.tenant_id", "units.code"],
            name=op.f("fk_assignments_tenant_id_unit"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "employee", "number", name=op.f("pk_assignments")),
    )
    protect("assignments", api="SELECT, INSERT, DELETE", ingest="SELECT")
    op.create_table(
        "assignment_shops",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("employee", sa.Text(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("share", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.CheckConstraint("share > 0 AND share <= 100", name=op.f("ck_assignment_shops_share")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "employee", "number"],
            ["assignments.tenant_id", "assignments.employee", "assignments.number"],
            name=op.f("fk_assignment_shops_tenant_id_employee_number"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "shop"],
            ["shops.tenant_id", "shops.code"],
            name=op.f("fk_assignment_shops_tenant_id_shop"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "employee", "number", "shop", name=op.f("pk_assignment_shops")
        ),
    )
    op.create_index(
        "ix_assignment_shops_shop", "assignment_shops", ["tenant_id", "shop"], unique=False
    )
    protect("assignment_shops", api="SELECT, INSERT, DELETE", ingest="SELECT")


def downgrade() -> None:
    op.drop_table("assignment_shops")
    op.drop_table("assignments")
    op.drop_table("units")
    op.drop_table("tenants")
    op.drop_table("tenant_settings")
    op.drop_table("shops")
    op.drop_table("replies")
    op.drop_table("rates")
    op.drop_table("jobs")
    op.drop_table("employees")
    op.drop_table("counters")
    op.drop_table("audit")
    op.drop_table("api_keys")
    op.execute("DROP FUNCTION refuse_change()")
