"""Tokens: only one that its issuer signed for us, for now, and as it stands, opens anything."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from pydantic import ValidationError

from services.door import key_sets
from services.door.key_sets import KeySets, is_place, read_key_set, read_place
from services.door.settings import DoorSettings
from services.door.tokens import BadToken, Issuer, Tokens, is_token
from services.schema.errors import Unavailable
from services.schema.words import Role
from tests.figures import Figures, Wrong

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
NOW = int(AT.timestamp())
ISSUER = Issuer(
    name="https://id.example",
    audience="kaohe",
    algorithms=("RS256", "ES256", "Ed25519"),
    leeway=timedelta(seconds=30),
    lifetime=timedelta(hours=12),
    tenants=frozenset({7, 8}),
)
CLAIMS: dict[str, Any] = {
    "iss": ISSUER.name,
    "aud": "kaohe",
    "sub": "u-1",
    "iat": NOW - 60,
    "exp": NOW + 600,
    "tenant": 7,
    "role": "employee",
    "employee": "e-1",
}
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
CURVE = ECKey.generate_key("P-256", {"kid": "curve"})
EDWARDS = OKPKey.generate_key("Ed25519", {"kid": "edwards"})
STRANGER = RSAKey.generate_key(2048, {"kid": "rsa"})


class Published:
    """A place whose keys change, and which may be away."""

    def __init__(self, *keys: Key) -> None:
        self.keys = list(keys)
        self.away = False
        self.asked = 0

    def __call__(self, _place: str) -> bytes:
        self.asked += 1
        if self.away:
            raise OSError("nobody answers")
        public = [{**key.as_dict(private=False), "kid": key.kid} for key in self.keys]
        return json.dumps({"keys": public}).encode()


def make(
    key: Key = RSA, algorithm: str = "RS256", header: dict[str, Any] | None = None, **changed: Any
) -> str:
    """A token; a claim of null is left out."""
    claims = {name: value for name, value in {**CLAIMS, **changed}.items() if value is not None}
    stated = {"alg": algorithm, "kid": key.kid, **(header or {})}
    return jwt.encode(stated, claims, key, algorithms=[algorithm])


async def opened(*keys: Key) -> Tokens:
    sets = KeySets("file", fetch=Published(*(keys or (RSA, CURVE, EDWARDS))))
    await sets.look_for("rsa")
    return Tokens(ISSUER, sets)


@pytest.mark.parametrize(
    ("key", "algorithm"), [(RSA, "RS256"), (CURVE, "ES256"), (EDWARDS, "Ed25519")]
)
async def test_a_good_token_says_who_asks(key: Key, algorithm: str) -> None:
    said = (await opened()).read(make(key, algorithm), at=AT)
    assert (said.tenant, said.role, said.employee) == (7, Role.EMPLOYEE, "e-1")
    assert (said.subject, said.expires_at) == ("u-1", AT + timedelta(seconds=630))


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def with_none(algorithm: str) -> str:
    return f"{part({'alg': algorithm, 'kid': 'rsa'})}.{part(CLAIMS)}."


def with_public_key_as_secret() -> str:
    signed = f"{part({'alg': 'HS256', 'kid': 'rsa'})}.{part(CLAIMS)}"
    secret = RSA.as_pem(private=False)
    seal = hmac.digest(secret, signed.encode(), hashlib.sha256)
    return f"{signed}.{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}"


def with_changed_claims(**changed: Any) -> str:
    head, _, seal = make().split(".")
    return f"{head}.{part({**CLAIMS, **changed})}.{seal}"


BAD: dict[str, Callable[[], str]] = {
    "expired": lambda: make(exp=NOW - 30),
    "of no end": lambda: make(exp=None),
    "of no beginning": lambda: make(iat=None),
    "not yet issued": lambda: make(iat=NOW + 31),
    "not yet good": lambda: make(nbf=NOW + 31),
    "too long": lambda: make(iat=NOW - 1, exp=NOW + 12 * 3600),
    "an end that is true": lambda: make(exp=True),
    "an end beyond time": lambda: make(exp=1e300),
    "for another service": lambda: make(aud="shop"),
    "for several others": lambda: make(aud=["shop", "kaohe-too"]),
    "for nobody": lambda: make(aud=None),
    "of another issuer": lambda: make(iss="https://id.example/"),
    "of a stranger's key": lambda: make(STRANGER),
    "of a key nobody knows": lambda: make(header={"kid": "unknown"}),
    "alg none": lambda: with_none("none"),
    "alg None": lambda: with_none("None"),
    "public key as secret": with_public_key_as_secret,
    "an algorithm not named": lambda: make(algorithm="PS256"),
    "a key of another family": lambda: make(CURVE, "ES256", {"kid": "rsa"}),
    "changed tenant": lambda: with_changed_claims(tenant=8),
    "changed role": lambda: with_changed_claims(role="admin", employee=None),
    "a tenant not the issuer's": lambda: make(tenant=9),
    "no tenant": lambda: make(tenant=None),
    "a tenant that is true": lambda: make(tenant=True),
    "all tenants": lambda: make(tenant="*"),
    "no role": lambda: make(role=None),
    "an unknown role": lambda: make(role="owner"),
    "an employee that is nobody": lambda: make(employee=None),
    "an employee in a machine": lambda: make(role="payroll"),
    "an employee that is no code": lambda: make(employee="e-1\nadmin"),
    "a subject with a line of its own": lambda: make(sub="u\r\nforged"),
    "no subject": lambda: make(sub=None),
    "a header that must be understood": lambda: make(header={"crit": ["b64"], "b64": True}),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
async def test_scenario_a07_every_other_token_is_refused(
    bad: Callable[[], str], figure: Figures
) -> None:
    tokens = await opened()
    accepted = []
    with suppress(BadToken):
        accepted.append(tokens.read(bad(), at=AT))
    figure("A07", Wrong.ACCEPTED, accepted, tried=1, of="tokens that are wrong in one thing")


@pytest.mark.parametrize("changed", [{"exp": NOW - 29}, {"iat": NOW + 30}, {"nbf": NOW + 30}])
async def test_clocks_may_differ_by_as_much_as_is_stated(changed: dict[str, Any]) -> None:
    assert (await opened()).read(make(**changed), at=AT).tenant == 7


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c.d", "kh_1_x_y", "aa.bb." + "c" * 9000])
def test_what_is_no_token(text: str) -> None:
    assert not is_token(text)


async def test_a_token_whose_issuer_was_never_reached_may_come_again() -> None:
    tokens = Tokens(ISSUER, KeySets("file", fetch=Published()))
    await tokens.prepare(make())
    with pytest.raises(Unavailable):
        tokens.read(make(), at=AT)


async def test_an_unknown_key_has_the_set_read_again_once(monkeypatch: pytest.MonkeyPatch) -> None:
    published = Published(RSA)
    sets = KeySets("file", fetch=published)
    tokens = Tokens(ISSUER, sets)
    clock = Clock(monkeypatch)
    await tokens.prepare(make())
    published.keys = [CURVE]
    clock.forward(key_sets.PAUSE_SECONDS)
    await asyncio.gather(*(tokens.prepare(make(CURVE, "ES256")) for _ in range(20)))
    assert published.asked == 2
    assert tokens.read(make(CURVE, "ES256"), at=AT).tenant == 7
    # The key that was taken out opens nothing any more.
    with pytest.raises(BadToken):
        tokens.read(make(), at=AT)
    for number in range(20):
        await tokens.prepare(make(header={"kid": f"made-up-{number}"}))
    assert published.asked == 2


async def test_the_old_set_stands_while_the_new_one_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    published = Published(RSA)
    tokens = Tokens(ISSUER, KeySets("file", fetch=published))
    clock = Clock(monkeypatch)
    await tokens.prepare(make())
    published.away = True
    clock.forward(key_sets.FRESH_SECONDS)
    await tokens.prepare(make())
    assert published.asked == 2
    assert tokens.read(make(), at=AT).tenant == 7


async def test_a_set_is_read_again_once_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    published = Published(RSA)
    tokens = Tokens(ISSUER, KeySets("file", fetch=published))
    clock = Clock(monkeypatch)
    for forward, asked in ((0, 1), (key_sets.FRESH_SECONDS - 1, 1), (1, 2)):
        clock.forward(forward)
        await tokens.prepare(make())
        assert published.asked == asked


async def test_only_an_algorithm_that_is_named_has_anybody_asked() -> None:
    published = Published(RSA)
    tokens = Tokens(ISSUER, KeySets("file", fetch=published))
    await tokens.prepare(with_none("none"))
    await tokens.prepare(make(algorithm="PS256"))
    assert published.asked == 0


class Clock:
    """Time that moves when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._now = 1000.0
        monkeypatch.setattr("services.door.key_sets.time.monotonic", lambda: self._now)

    def forward(self, seconds: float) -> None:
        self._now += seconds


def test_a_set_gives_public_keys_of_signatures_alone() -> None:
    secret = {"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0", "kid": "secret"}
    stated = [secret, {"kty": "RSA", "kid": "broken"}, 7, RSA.as_dict(private=False)]
    assert list(read_key_set(json.dumps({"keys": stated}).encode())) == ["rsa"]
    for body in (b"[]", b"{}", b'{"keys": []}', json.dumps({"keys": [secret]}).encode()):
        with pytest.raises(ValueError, match="a key set"):
            read_key_set(body)


def test_a_set_is_read_from_a_file_and_bounded(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(b"x" * key_sets.SIZE_LIMIT)
    assert len(read_place(str(file))) == key_sets.SIZE_LIMIT
    file.write_bytes(b"x" * (key_sets.SIZE_LIMIT + 1))
    with pytest.raises(ValueError, match="at most"):
        read_place(str(file))


@pytest.mark.parametrize(
    ("place", "good"),
    [
        ("https://id.example/keys", True),
        ("/etc/kaohe/keys.json", True),
        ("file:///etc/kaohe/keys.json", True),
        ("http://127.0.0.1:1/keys", True),
        ("http://id.example/keys", False),
        ("ftp://id.example/keys", False),
        ("file://elsewhere/keys", False),
        ("", False),
    ],
)
def test_keys_come_from_where_nobody_can_put_others(place: str, good: bool) -> None:  # noqa: FBT001
    assert is_place(place) is good


@pytest.mark.parametrize(
    "stated",
    [
        {"token_issuer": "https://id.example"},
        {"token_issuer": "https://id.example", "token_keys": "http://id.example/keys"},
        {"token_algorithms": "none"},
        {"token_algorithms": "RS256 HS256"},
        {"token_algorithms": " "},
        {"token_lifetime_seconds": 86_401},
    ],
)
def test_settings_that_would_open_too_much_are_refused(stated: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DoorSettings.model_validate(stated)


def test_without_an_issuer_no_tokens_are_taken() -> None:
    assert DoorSettings.model_validate({}).read_tokens() is None
    assert DoorSettings.model_validate({"token_issuer": "", "token_keys": ""}).read_tokens() is None
