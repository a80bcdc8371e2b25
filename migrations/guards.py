"""What every migration does for a tenant's table: policy, grants and, where nothing may change, a guard."""

from alembic import op

_POLICY = "tenant_id = nullif(current_setting('kaohe.tenant', true), '')::integer"


def protect(table: str, **grants: str) -> None:
    """Show and take only the rows of the transaction's tenant, also for the owner, and grant.

    `protect("shops", api="SELECT, INSERT", ingest="SELECT")`
    """
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON {table} USING ({_POLICY}) WITH CHECK ({_POLICY})")
    grant(table, **grants)


def grant(table: str, **grants: str) -> None:
    """Give each service's role its rights on a table; no role has any by absence."""
    for service, rights in grants.items():
        op.execute(f"GRANT {rights} ON {table} TO kaohe_{service}")


def make_append_only(table: str) -> None:
    """Refuse every change of what is written, whatever a role was granted."""
    op.execute(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
