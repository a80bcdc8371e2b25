"""SQL that both doors need: API keys, tokens, and the first answers to idempotent requests."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.people import ApiKey
from services.schema.tables.people import (
    api_keys,
    employees,
    replies,
    tenant_settings,
    token_revocations,
)
from services.schema.words import Role


@dataclass(frozen=True, slots=True)
class Reply:
    """The first answer to a request, and what was asked."""

    request_sha256: bytes
    status: int
    location: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A key and the SHA-256 of its secrets: one, or two for a while after it was renewed."""

    key: ApiKey
    current: bytes
    previous: bytes | None

    def digests(self, at: datetime) -> tuple[bytes, ...]:
        """What opens at an instant."""
        until = self.key.previous_until
        if self.previous is None or until is None or at >= until:
            return (self.current,)
        return (self.current, self.previous)


async def is_in_force(
    session: ReadSession, *, employee: str | None, subject: str, issued_at: datetime
) -> bool:
    """Whether a token is of a tenant and a person there are, and issued since it was revoked."""
    person = exists().where(employees.c.tenant_id == session.tenant, employees.c.code == employee)
    revoked = exists().where(
        token_revocations.c.tenant_id == session.tenant,
        token_revocations.c.subject == subject,
        token_revocations.c.issued_before >= issued_at,
    )
    known = literal(value=True) if employee is None else person
    return all((await session.execute(select(_tenant(session), known, ~revoked))).one())


async def find_key(session: ReadSession, key_id: str) -> KeptKey | None:
    """A key of the session's tenant."""
    row = (
        await session.execute(
            select(api_keys).where(api_keys.c.tenant_id == session.tenant, api_keys.c.id == key_id)
        )
    ).one_or_none()
    if row is None:
        return None
    key = ApiKey(
        row.id,
        Role(row.role),
        row.employee,
        row.created_at,
        row.expires_at,
        row.revoked_at,
        row.previous_until,
    )
    previous = None if row.previous_sha256 is None else bytes(row.previous_sha256)
    return KeptKey(key, bytes(row.secret_sha256), previous)


async def claim_reply(
    session: WriteSession, *, caller: str, key: str, request_sha256: bytes, at: datetime
) -> Reply | None:
    """Take a key for this request, or give the answer that another request under it got.

    A request under the same key that is still at work is waited for: its row is locked.
    """
    claimed = await session.scalar(
        insert(replies)
        .values(
            tenant_id=session.tenant,
            caller=caller,
            idempotency_key=key,
            request_sha256=request_sha256,
            status=0,
            body=b"",
            created_at=at,
        )
        .on_conflict_do_nothing()
        .returning(replies.c.status)
    )
    if claimed is not None:
        return None
    row = (await session.execute(select(replies).where(*_is_reply(session, caller, key)))).one()
    return Reply(bytes(row.request_sha256), row.status, row.location, bytes(row.body))


async def keep_reply(
    session: WriteSession, *, caller: str, key: str, status: int, location: str | None, body: bytes
) -> None:
    """Keep the answer under a key that this transaction has claimed."""
    await session.execute(
        update(replies)
        .where(*_is_reply(session, caller, key))
        .values(status=status, location=location, body=body)
    )


def _tenant(session: ReadSession) -> ColumnElement[bool]:
    return exists().where(tenant_settings.c.tenant_id == session.tenant)


def _is_reply(session: ReadSession, caller: str, key: str) -> tuple[ColumnElement[bool], ...]:
    return (
        replies.c.tenant_id == session.tenant,
        replies.c.caller == caller,
        replies.c.idempotency_key == key,
    )
