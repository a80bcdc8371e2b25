"""The keys a deployment signs with, so that what it said can be checked without asking it again.

One key signs; those that signed before stay known by their public half, in a file beside it.
"""

import base64
import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from services.door.secret_files import read_or_make_key

ALGORITHM: Final = "Ed25519"
PUBLIC_BYTES = 32


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The key that signs, and the public halves of all that have."""

    current: Ed25519PrivateKey
    retired: tuple[bytes, ...]
    """Public keys, the last retired first."""

    @property
    def public(self) -> tuple[bytes, ...]:
        """Every public key once; the first is the one that signs now."""
        own = self.current.public_key().public_bytes_raw()
        return tuple(dict.fromkeys((own, *self.retired)))

    def also_known(self, retired: Sequence[str]) -> "SigningKeys":
        """The same with more public keys, as they were published before."""
        return replace(self, retired=(*self.retired, *map(_read_public, retired)))

    def sign(self, message: bytes) -> bytes:
        """The same message gives the same signature."""
        return self.current.sign(message)


def signing_keys_of(secret: bytes, retired: Sequence[str] = ()) -> SigningKeys:
    """The keys that come of a secret, and of public keys as they were published before."""
    seed = hashlib.sha256(b"kaohe signing key\n" + secret).digest()
    return SigningKeys(Ed25519PrivateKey.from_private_bytes(seed), ()).also_known(retired)


def read_or_make_signing_keys(path: Path) -> SigningKeys:
    """The keys of a file, which is made if it is missing, and of the retired ones beside it."""
    return signing_keys_of(read_or_make_key(path), _read_retired(path))


def rotate_signing_keys(path: Path) -> SigningKeys:
    """A new key for the file; what the old one signed stays known.

    The old public key is written down first: killed in between, it is only listed twice.
    """
    before = read_or_make_signing_keys(path)
    listed = [key_text(each) for each in before.public]
    _replace(_retired_file(path), "".join(f"{each}\n" for each in listed))
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        fresh = Path(folder) / path.name
        read_or_make_key(fresh)
        fresh.replace(path)
    return read_or_make_signing_keys(path)


def key_id(public: bytes) -> str:
    """What a public key is known by: it says nothing that the key does not."""
    return f"rk_{hashlib.sha256(public).hexdigest()[:16]}"


def key_text(raw: bytes) -> str:
    """A key or signature as unpadded base64url."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _read_public(text: str) -> bytes:
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(raw) != PUBLIC_BYTES:
        raise ValueError(f"{text!r} is no public key of {ALGORITHM}")
    return Ed25519PublicKey.from_public_bytes(raw).public_bytes_raw()


def _retired_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.retired")


def _read_retired(path: Path) -> list[str]:
    file = _retired_file(path)
    return file.read_text(encoding="ascii").split() if file.exists() else []


def _replace(path: Path, text: str) -> None:
    draft, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(draft, "w", encoding="ascii") as file:
        file.write(text)
    Path(name).replace(path)
