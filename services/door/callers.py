"""Who asks: API keys, made, parsed and checked. A key names its tenant and is found inside it."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request

from services.door.problems import Unauthenticated
from services.door.store import find_key
from services.schema.db import ReadSession
from services.schema.ids import IdKind, new_id
from services.schema.shapes.people import Caller

_KEY = re.compile(r"kh_([0-9]{1,9})_([0-9a-z]{26})_([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a bearer token says before it is checked."""

    tenant: int
    key_id: str
    secret: str


def make_key(tenant: int) -> tuple[str, str, bytes]:
    """A new key: its id, the text shown once, and the digest that is kept."""
    key_id = new_id(IdKind.KEY)
    secret = secrets.token_hex(32)
    return key_id, f"kh_{tenant}_{key_id.partition('_')[2]}_{secret}", _digest(secret)


def claim_of(request: Request) -> Claim:
    """The claim in a request's header; refuses a request without one."""
    return read_claim(request.headers.get("authorization", ""))


def read_claim(authorization: str) -> Claim:
    """The claim in the text of an `Authorization`."""
    scheme, _, token = authorization.partition(" ")
    match = _KEY.fullmatch(token.strip()) if scheme.lower() == "bearer" else None
    if match is None:
        raise Unauthenticated("An API key is needed: `Authorization: Bearer kh_...`.")
    return Claim(int(match[1]), f"{IdKind.KEY}_{match[2]}", match[3])


async def check_claim(session: ReadSession, claim: Claim, *, at: datetime) -> Caller:
    """The caller behind a claim; a wrong, expired or revoked key is refused alike."""
    found = await find_key(session, claim.key_id)
    kept = found[1] if found else b"\0" * 32
    matches = hmac.compare_digest(_digest(claim.secret), kept)
    if found is None or not matches:
        raise Unauthenticated("The API key is not good.")
    key = found[0]
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= at):
        raise Unauthenticated("The API key is not good.")
    return Caller(session.tenant, key.role, key.employee, f"key:{key.id}")


def _digest(secret: str) -> bytes:
    """A plain hash suffices: the secret has 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()
