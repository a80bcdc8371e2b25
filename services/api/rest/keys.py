"""REST of API keys: made, listed without their secrets, renewed, revoked."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Request, Response
from pydantic import Field

from services.api.flows.keys import create_key, renew, revoke
from services.api.rest.documents import bytes_of
from services.api.store.keys import read_page_of_keys
from services.door.callers import make_key, make_secret
from services.door.pages import LIMIT, Cursor, Limit, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, ShownOnce, Writing, new_router
from services.door.wire import Code, Instant, Model, Text
from services.schema.shapes.people import ApiKey
from services.schema.words import Role

router = new_router()

DAY_SECONDS = 86_400
OVERLAP_MAXIMUM_SECONDS = 30 * DAY_SECONDS


class WantedKey(Model):
    """Whom a key is for; one of a lead or an employee names the person."""

    role: Annotated[Role, Field(strict=False)]
    employee: Code | None = None
    expires_at: Instant | None = None


class KeyDocument(Model):
    """A key as it is kept."""

    id: str
    role: Role
    employee: Code | None
    created_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None
    previous_until: Instant | None
    """Until when the secret before the last renewal opens too."""

    @classmethod
    def from_shape(cls, key: ApiKey) -> "KeyDocument":
        return cls(
            id=key.id,
            role=key.role,
            employee=key.employee,
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            previous_until=key.previous_until,
        )


class Renewal(Model):
    """For how long the secret that is replaced opens too: a day unless stated, 0 is no longer."""

    overlap_seconds: Annotated[int, Field(ge=0, le=OVERLAP_MAXIMUM_SECONDS)] = DAY_SECONDS


class RenewedKey(KeyDocument):
    """A key just renewed; `key` is shown this once and null when the answer is repeated."""

    key: str | None


class NewKey(Model):
    """A key just made; `key` is shown this once and null when the answer is repeated."""

    id: str
    key: str | None
    role: Role
    employee: Code | None
    created_at: Instant
    expires_at: Instant | None


@router.post("/v1/keys", status_code=201, response_model=NewKey)
async def post_key(wanted: WantedKey, caller: Asking, session: Writing) -> Response:
    """Make a key. Its secret is shown once and kept as a digest alone."""
    key_id, text, digest = make_key(session.tenant)
    at = datetime.now(UTC)
    expires_at = wanted.expires_at.astimezone(UTC) if wanted.expires_at else None
    key = ApiKey(key_id, wanted.role, wanted.employee, at, expires_at, None)
    await create_key(session, key, secret_sha256=digest, caller=caller, at=at)
    shown = NewKey(
        id=key.id,
        key=text,
        role=key.role,
        employee=key.employee,
        created_at=key.created_at,
        expires_at=key.expires_at,
    )
    hidden = shown.model_copy(update={"key": None})
    return ShownOnce(bytes_of(shown), 201, kept=bytes_of(hidden))


@router.post("/v1/keys/{id}/renew", response_model=RenewedKey)
async def post_renewal(id: Text, wanted: Renewal, caller: Asking, session: Writing) -> Response:
    """Give a key another secret, shown once; the one it has opens for the overlap."""
    text, digest = make_secret(session.tenant, id)
    key = await renew(
        session,
        id,
        secret_sha256=digest,
        overlap=timedelta(seconds=wanted.overlap_seconds),
        caller=caller,
        at=datetime.now(UTC),
    )
    shown = RenewedKey(**KeyDocument.from_shape(key).model_dump(), key=text)
    hidden = shown.model_copy(update={"key": None})
    return ShownOnce(bytes_of(shown), 200, kept=bytes_of(hidden))


@router.get("/v1/keys")
async def list_keys(
    request: Request, session: Reading, limit: Limit = LIMIT, cursor: Cursor = None
) -> Listed[KeyDocument]:
    """All keys, oldest first, also those revoked."""
    last = decode_cursor(request, cursor, 1)
    after = last[0] if last else None
    keys, total = await read_page_of_keys(session, after=after, limit=limit + 1)
    return page_of(
        request,
        keys,
        limit=limit,
        total=total,
        key=lambda key: [key.id],
        document=KeyDocument.from_shape,
    )


@router.delete("/v1/keys/{id}", status_code=204)
async def delete_key(id: Text, caller: Asking, session: Writing) -> None:
    """Revoke a key for good; it opens nothing from the commit on."""
    await revoke(session, id, caller=caller, at=datetime.now(UTC))
