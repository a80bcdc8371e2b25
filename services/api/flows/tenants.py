"""A tenant's settings are put by its admin; the tenant itself is made by the operator."""

from collections.abc import Callable
from datetime import datetime

from services.api.core.changes import change_of
from services.api.flows.keys import create_key
from services.api.flows.live import mark_stale
from services.api.flows.people import PEOPLE
from services.api.store.audit import append_entry
from services.api.store.counters import lock_noun
from services.api.store.people import read_tenant
from services.api.store.tenants import has_begun_cycles, insert_tenant, save_tenant
from services.schema.db import WriteSession
from services.schema.errors import Conflict, Fault
from services.schema.shapes.people import ApiKey, Caller, Tenant

# What money and periods that people were promised are stated in.
_FIXED = (("currency", "currency"), ("fiscal_start", "start of the fiscal year"))


async def put_tenant(
    session: WriteSession,
    tenant: Tenant,
    *,
    permit: Callable[[Tenant], None],
    caller: Caller,
    at: datetime,
) -> None:
    """Replace the settings; `permit` sees those there are, and may refuse."""
    await lock_noun(session, PEOPLE)
    before = await read_tenant(session)
    permit(before)
    if tenant == before:
        return
    await _check_fixed(session, tenant, before)
    await save_tenant(session, tenant)
    await mark_stale(session, employees=None, at=at)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="tenant.update",
        subject="tenant",
        detail=change_of(before, tenant),
    )


async def create_tenant(
    session: WriteSession,
    code: str,
    tenant: Tenant,
    *,
    admin: ApiKey,
    secret_sha256: bytes,
    at: datetime,
) -> None:
    """Make a tenant and its first key, in a session of the tables' owner for the new number.

    The number comes from `store.tenants.take_tenant_number`, the key from `door.callers.make_key`.
    """
    operator = Caller(tenant.id, admin.role, None, "system:operator")
    await insert_tenant(session, code, tenant, at=at)
    await append_entry(
        session,
        at=at,
        caller=operator,
        action="tenant.create",
        subject="tenant",
        detail={"code": code, **change_of(None, tenant)},
    )
    await create_key(session, admin, secret_sha256=secret_sha256, caller=operator, at=at)


async def _check_fixed(session: WriteSession, tenant: Tenant, before: Tenant) -> None:
    faults = [
        Fault(f"/{name}", "tenant_in_use", f"There are cycles: the {word} is fixed.")
        for name, word in _FIXED
        if getattr(tenant, name) != getattr(before, name)
    ]
    if faults and await has_begun_cycles(session):
        raise Conflict("tenant_in_use", faults[0].detail, faults)
