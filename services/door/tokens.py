"""Tokens of an identity provider: JWTs, checked by its published keys, and what they claim.

The deployment trusts one issuer for the tenants that it names, or for all. A token is good only
with an algorithm that the deployment names, of the family of its key: none is never one, and a
secret shared by both sides is none either, so a public key cannot be passed off as one.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key

from services.door.key_sets import KeySets
from services.schema.errors import Unavailable
from services.schema.words import Role

ALGORITHMS = ("Ed25519", "ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384",
              "PS512")  # fmt: skip
"""That a deployment may name: whoever can check a signature by these cannot make one."""
LENGTH_LIMIT = 8192
"""Characters of a token."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{2,}")
_TENANT = re.compile(r"[1-9][0-9]{0,8}")
_CODE = re.compile(r"[A-Za-z0-9._-]{1,64}")
SUBJECT = r"[\x21-\x7e]{1,128}"
_SUBJECT = re.compile(SUBJECT)
_PERSONAL = frozenset({Role.LEAD, Role.EMPLOYEE})
_MACHINES = frozenset({Role.ERP, Role.PAYROLL})
_FAMILIES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}


class BadToken(Exception):
    """A token that opens nothing; why is for the log, never for the caller."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whom this deployment trusts to say who somebody is, and how far."""

    name: str
    """The claim `iss`, exactly."""
    audience: str
    """The claim `aud` must name it: a token for another service opens nothing here."""
    algorithms: tuple[str, ...]
    leeway: timedelta
    """How far its clock may be off."""
    lifetime: timedelta
    """The longest that a token may hold: after it a revocation is not needed."""
    tenants: frozenset[int] | None
    """Whom it may speak for; null is every tenant."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a good token says."""

    tenant: int
    role: Role
    employee: str | None
    subject: str
    issued_at: datetime
    """With the leeway: not before then. A revocation from then on ends it."""
    expires_at: datetime
    """With the leeway: from then on it says nothing more."""


def is_token(text: str) -> bool:
    """Whether a bearer's text has the form of a JWT."""
    return len(text) <= LENGTH_LIMIT and _TOKEN.fullmatch(text) is not None


class Tokens:
    """Checks tokens of one issuer by its keys."""

    def __init__(self, issuer: Issuer, keys: KeySets) -> None:
        self._issuer = issuer
        self._keys = keys

    async def prepare(self, token: str) -> None:
        """Have the key of a token at hand, if its issuer publishes it; the only wait there is."""
        header = _header_of(token)
        if header is not None and header.get("alg") in self._issuer.algorithms:
            await self._keys.look_for(_key_id(header))

    def read(self, token: str, *, at: datetime) -> Statement:
        """What a token says; refuses one that is not good to the last claim."""
        header = _header_of(token)
        if header is None or header.get("alg") not in self._issuer.algorithms:
            raise BadToken("algorithm")
        if "crit" in header:
            raise BadToken("crit")  # nothing that must be understood is
        if not self._keys.known:
            raise Unavailable("The keys of the issuer of tokens cannot be read.")
        key = self._keys.find(_key_id(header))
        if key is None or not _fits(key, str(header["alg"])):
            raise BadToken("key")
        try:
            claims = jwt.decode(token, key, algorithms=list(self._issuer.algorithms)).claims
        except (JoseError, ValueError) as error:
            raise BadToken(type(error).__name__) from error
        return self._statement_of(claims, at)

    def _statement_of(self, claims: Mapping[str, Any], at: datetime) -> Statement:
        issuer = self._issuer
        audience = claims.get("aud")
        if claims.get("iss") != issuer.name:
            raise BadToken("issuer")
        if issuer.audience not in (audience if isinstance(audience, list) else [audience]):
            raise BadToken("audience")
        issued_at, expires_at = self._check_times(claims, at)
        tenant = _tenant_of(claims.get("tenant"))
        if issuer.tenants is not None and tenant not in issuer.tenants:
            raise BadToken("tenant")
        role, employee = _part_of(claims)
        subject = claims.get("sub")
        if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
            raise BadToken("subject")
        return Statement(tenant, role, employee, subject, issued_at, expires_at)

    def _check_times(self, claims: Mapping[str, Any], at: datetime) -> tuple[datetime, datetime]:
        """From and until when a token holds; refuses one that is over, not begun, or too long."""
        leeway = self._issuer.leeway
        expires_at = _instant(claims.get("exp"))
        issued_at = _instant(claims.get("iat"))
        if at >= expires_at + leeway:
            raise BadToken("expired")
        if issued_at > at + leeway or _instant(claims.get("nbf", claims["iat"])) > at + leeway:
            raise BadToken("not yet")
        if expires_at - issued_at > self._issuer.lifetime:
            raise BadToken("lifetime")
        return issued_at - leeway, expires_at + leeway


def _header_of(token: str) -> Mapping[str, Any] | None:
    part = token.partition(".")[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return header if isinstance(header, dict) else None


def _key_id(header: Mapping[str, Any]) -> str | None:
    key_id = header.get("kid")
    return key_id if isinstance(key_id, str) else None


def _fits(key: Key, algorithm: str) -> bool:
    """Whether a key is one of the algorithm's family, and published for signatures by it."""
    stated = key.as_dict(private=False)
    return (
        key.key_type == _FAMILIES[algorithm[:2]]
        and stated.get("use", "sig") == "sig"
        and stated.get("alg", algorithm) == algorithm
    )


def _instant(value: object) -> datetime:
    """A NumericDate; a truth value is a number in Python alone."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadToken("time")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise BadToken("time") from error


def _tenant_of(value: object) -> int:
    if isinstance(value, bool) or not _TENANT.fullmatch(str(value)):
        raise BadToken("tenant")
    return int(str(value))


def _part_of(claims: Mapping[str, Any]) -> tuple[Role, str | None]:
    """Role and employee, by the same rules as those of an API key."""
    try:
        role = Role(claims.get("role", ""))
    except ValueError as error:
        raise BadToken("role") from error
    employee = claims.get("employee")
    if employee is not None and not (isinstance(employee, str) and _CODE.fullmatch(employee)):
        raise BadToken("employee")
    if (employee is None and role in _PERSONAL) or (employee is not None and role in _MACHINES):
        raise BadToken("employee")
    return role, employee
