"""Who asks: API keys, made, parsed and checked, and tokens. Both name their tenant."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from fastapi import Request
from starlette.datastructures import State

from services.door.problems import Unauthenticated
from services.door.store import find_key, is_in_force
from services.door.tokens import BadToken, Statement, Tokens, is_token
from services.schema.db import ReadSession
from services.schema.ids import IdKind, new_id
from services.schema.shapes.people import Caller

_KEY = re.compile(r"kh_([0-9]{1,9})_([0-9a-z]{26})_([0-9a-f]{64})")
_log = structlog.get_logger("kaohe.callers")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a bearer says before it is looked up inside its tenant."""

    tenant: int
    key_id: str
    secret: str
    statement: Statement | None = None
    """Of a token, whose signature is checked already; then there is no key."""


def make_key(tenant: int) -> tuple[str, str, bytes]:
    """A new key: its id, the text shown once, and the digest that is kept."""
    key_id = new_id(IdKind.KEY)
    return key_id, *make_secret(tenant, key_id)


def make_secret(tenant: int, key_id: str) -> tuple[str, bytes]:
    """A new secret of a key: the text shown once, and the digest that is kept."""
    secret = secrets.token_hex(32)
    return f"kh_{tenant}_{key_id.partition('_')[2]}_{secret}", _digest(secret)


async def prepare_bearer(state: State, authorization: str) -> None:
    """Have at hand what a token is checked by; nothing to do for a key."""
    tokens: Tokens | None = getattr(state, "tokens", None)
    text = _bearer(authorization)
    if tokens is not None and is_token(text):
        await tokens.prepare(text)


def claim_of(request: Request) -> Claim:
    """The claim in a request's header, read once; refuses a request without one."""
    claim: Claim | None = request.scope.get("kaohe.claim")
    if claim is None:
        authorization = request.headers.get("authorization", "")
        claim = read_claim(authorization, request.app.state)
        request.scope["kaohe.claim"] = claim
    return claim


def read_claim(authorization: str, state: State) -> Claim:
    """The claim in the text of an `Authorization`."""
    text = _bearer(authorization)
    if match := _KEY.fullmatch(text):
        return Claim(int(match[1]), f"{IdKind.KEY}_{match[2]}", match[3])
    tokens: Tokens | None = getattr(state, "tokens", None)
    if tokens is None or not is_token(text):
        raise Unauthenticated("An API key is needed: `Authorization: Bearer kh_...`.")
    try:
        said = tokens.read(text, at=_now())
    except BadToken as error:
        _log.info("token.refused", cause=str(error))
        raise Unauthenticated("The token is not good.") from error
    return Claim(said.tenant, "", "", said)


async def check_claim(session: ReadSession, claim: Claim, *, at: datetime) -> Caller:
    """The caller behind a claim; a wrong, expired or revoked key is refused alike."""
    if claim.statement is not None:
        return await _check_statement(session, claim.statement, at)
    found = await find_key(session, claim.key_id)
    said = _digest(claim.secret)
    # All are compared, so that the time tells nothing of which it was.
    matches = [hmac.compare_digest(said, each) for each in (found.digests(at) if found else ())]
    if found is None or not any(matches):
        raise Unauthenticated("The API key is not good.")
    key = found.key
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= at):
        raise Unauthenticated("The API key is not good.")
    return Caller(session.tenant, key.role, key.employee, f"key:{key.id}")


async def _check_statement(session: ReadSession, said: Statement, at: datetime) -> Caller:
    """The caller of a token: of a company there is, a person who is known there, not revoked."""
    holds = at < said.expires_at and await is_in_force(
        session, employee=said.employee, subject=said.subject, issued_at=said.issued_at
    )
    if not holds:
        raise Unauthenticated("The token is not good.")
    return Caller(session.tenant, said.role, said.employee, f"token:{said.subject}")


def _bearer(authorization: str) -> str:
    scheme, _, text = authorization.partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def _now() -> datetime:
    return datetime.now(UTC)


def _digest(secret: str) -> bytes:
    """A plain hash suffices: the secret has 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()
