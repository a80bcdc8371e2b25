"""Whether all that was accepted is accounted for: what `/health/ready` says beside the database."""

from services.ingest.store.feeds import read_uncounted
from services.ingest.store.tenants import read_tenant_numbers
from services.schema.db import Database


async def find_uncounted(database: Database) -> str | None:
    """The feed that has waited longest; null while accepted = applied + rejected everywhere.

    A feed is applied, rejected and counted in one transaction: a difference is a broken promise.
    """
    async with database.register() as register:
        tenants = await read_tenant_numbers(register)
    found = []
    for tenant in sorted(tenants.values()):
        async with database.read(tenant) as session:
            feed = await read_uncounted(session)
        if feed is not None:
            found.append(("" if feed.since is None else feed.since.isoformat(), feed))
    if not found:
        return None
    since, oldest = min(found, key=lambda each: (each[0], each[1].feed))
    when = f"since {since}" if since else "since it began"
    return f"{oldest.waiting} rows of {oldest.feed} are accepted and not counted {when}."
