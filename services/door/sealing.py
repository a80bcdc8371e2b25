"""Secrets as they are kept: sealed with AES-256-GCM, each bound to the place where it belongs.

A place is a list of words, such as tenant, shop and field: what is sealed for one opens at no
other. What it is sealed under is itself sealed under a master key, which stands outside the
database and is known by a digest of itself.
"""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
DATA_KEY_BITS = 256


class Unopened(Exception):
    """It was sealed for another place, or under a key that is not known here."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A key that seals keys."""

    id: str
    raw: bytes = field(repr=False)


def master_key_of(secret: bytes) -> MasterKey:
    """The key that comes of a deployment's secret; its id tells nothing of either."""
    raw = hashlib.sha256(b"kaohe master key\n" + secret).digest()
    return MasterKey(f"mk_{hashlib.sha256(b'kaohe key id' + raw).hexdigest()[:16]}", raw)


def new_data_key() -> bytes:
    """A key of its own for one tenant."""
    return AESGCM.generate_key(DATA_KEY_BITS)


def seal(key: bytes, secret: bytes, place: Sequence[str]) -> bytes:
    """A secret that opens with this key at this place alone; never twice the same bytes."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, secret, _bound(place))


def unseal(key: bytes, sealed: bytes, place: Sequence[str]) -> bytes:
    """The secret; raises Unopened, which does not say what was wrong."""
    nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, rest, _bound(place))
    except (InvalidTag, ValueError) as error:
        raise Unopened("it does not open with this key at this place") from error


class Keyring:
    """The master keys of a deployment, which are read again where one is missing."""

    def __init__(self, read: Callable[[], Sequence[bytes]]) -> None:
        """`read` gives the secrets: the one that seals first, then those that only open."""
        self._read = read
        self._known: dict[str, MasterKey] = {}
        self.current()

    def current(self) -> MasterKey:
        """What seals now; read anew, for it may have been changed while we run."""
        keys = [master_key_of(secret) for secret in self._read()]
        self._known = {key.id: key for key in keys}
        return keys[0]

    def find(self, id: str) -> MasterKey:
        """A master key by its id; raises Unopened where it is not known."""
        if id not in self._known:
            self.current()
        if id not in self._known:
            raise Unopened(f"the master key {id[:32]} is not known here")
        return self._known[id]


def _bound(place: Sequence[str]) -> bytes:
    """The words as no other list is written."""
    return json.dumps(list(place), ensure_ascii=True, separators=(",", ":")).encode()
