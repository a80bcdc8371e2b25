"""A tenant can be deleted whole: the guards let the tables' owner pass who says whose rows go.

The owner could always have taken the guards away, for everybody and with a lock on each table;
now it need not. Updates and TRUNCATE stay refused to all, and so does a deletion by any service.
And payroll sees its tenant's counters: one says when a tenant was put back from a file, which
begins another epoch of the feed.
"""

from alembic import op

from migrations.guards import grant

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

# Names what was refused and nothing of the row: a guard must not tell.
_REFUSE = """
    RAISE EXCEPTION '% on % is refused: it is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
"""
_LET = """
    IF TG_OP = 'DELETE' THEN
        IF current_setting('kaohe.deletes_tenant', true) = OLD.tenant_id::text
            AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)
        THEN
            RETURN OLD;
        END IF;
    END IF;
"""


def upgrade() -> None:
    _replace(_LET + _REFUSE)
    grant("counters", payroll="SELECT")


def downgrade() -> None:
    op.execute("REVOKE SELECT ON counters FROM kaohe_payroll")
    _replace(_REFUSE)


def _replace(body: str) -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$\n"
        f"BEGIN{body}END\n$$"
    )
