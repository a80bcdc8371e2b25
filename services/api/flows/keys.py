"""API keys are made, renewed and revoked; a key of a person names a person there is."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.api.store.audit import append_entry
from services.api.store.keys import insert_key, read_key, renew_key, revoke_key
from services.api.store.people import read_employees
from services.schema.db import WriteSession
from services.schema.errors import Conflict, Fault, Invalid, NotFound
from services.schema.shapes.people import ApiKey, Caller
from services.schema.words import Role

_PERSONAL = frozenset({Role.LEAD, Role.EMPLOYEE})
_MACHINES = frozenset({Role.ERP, Role.PAYROLL})


async def create_key(
    session: WriteSession, key: ApiKey, *, secret_sha256: bytes, caller: Caller, at: datetime
) -> None:
    """Keep a new key; only the digest of its secret is kept."""
    await _check(session, key, at)
    await insert_key(session, key, secret_sha256=secret_sha256)
    detail = {
        "role": key.role.value,
        "employee": key.employee,
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
    }
    await append_entry(
        session, at=at, caller=caller, action="key.create", subject=f"key:{key.id}", detail=detail
    )


async def renew(
    session: WriteSession,
    key_id: str,
    *,
    secret_sha256: bytes,
    overlap: timedelta,
    caller: Caller,
    at: datetime,
) -> ApiKey:
    """Give a key another secret; the one it has opens for the overlap, one before it no more."""
    key = await read_key(session, key_id)
    if key is None:
        raise NotFound("key")
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= at):
        raise Conflict("key_ended", "The key opens nothing any more: make another one.")
    until = at + overlap
    await renew_key(session, key_id, secret_sha256=secret_sha256, previous_until=until)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="key.renew",
        subject=f"key:{key_id}",
        detail={"previous_until": until.isoformat()},
    )
    return replace(key, previous_until=until)


async def revoke(session: WriteSession, key_id: str, *, caller: Caller, at: datetime) -> None:
    """End a key for good; one that is revoked already stays as it is."""
    if await read_key(session, key_id) is None:
        raise NotFound("key")
    if await revoke_key(session, key_id, at=at):
        await append_entry(
            session, at=at, caller=caller, action="key.revoke", subject=f"key:{key_id}", detail={}
        )


async def _check(session: WriteSession, key: ApiKey, at: datetime) -> None:
    if key.role in _PERSONAL and key.employee is None:
        fault = Fault("/employee", "employee_missing", f"A key of a {key.role} names a person.")
        raise Invalid(fault.code, fault.detail, [fault])
    if key.role in _MACHINES and key.employee is not None:
        fault = Fault("/employee", "employee_senseless", f"A key of {key.role} names nobody.")
        raise Invalid(fault.code, fault.detail, [fault])
    if key.employee is not None and not await read_employees(session, [key.employee]):
        fault = Fault("/employee", "unknown_employee", f"There is no employee {key.employee}.")
        raise Conflict(fault.code, fault.detail, [fault])
    if key.expires_at is not None and key.expires_at <= at:
        fault = Fault("/expires_at", "expired", "The key would have expired already.")
        raise Conflict(fault.code, fault.detail, [fault])
