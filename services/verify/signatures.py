"""Who signed a receipt, and whether a letter of it has been changed since."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from enum import Enum
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.verify.arithmetic import Json, Unreadable
from services.verify.documents import canonical


class Standing(Enum):
    """What can be said of a signature."""

    GOOD = "good: signed by a key of the list that was given"
    INTACT = "intact: nothing was changed since it was signed; whose key it is was not checked"
    UNKNOWN = "signed by a key that is not in the list that was given"
    BROKEN = "BROKEN: the receipt is not what was signed"
    MISSING = "MISSING: nobody signed this receipt"

    @property
    def holds(self) -> bool:
        return self in {Standing.GOOD, Standing.INTACT}


def standing_of(document: Json, keys: Mapping[str, bytes] | None) -> Standing:
    """How the signature of a receipt stands; without keys its own is taken at its word."""
    stated = document.get("signature")
    if stated is None:
        return Standing.MISSING
    public = _bytes(stated["public_key"])
    if stated["algorithm"] != "Ed25519" or stated["key"] != key_id(public):
        return Standing.BROKEN
    try:
        verifier = Ed25519PublicKey.from_public_bytes(public)
        verifier.verify(_bytes(stated["value"]), canonical(document["receipt"]))
    except (InvalidSignature, ValueError):
        return Standing.BROKEN
    if keys is None:
        return Standing.INTACT
    return Standing.GOOD if keys.get(stated["key"]) == public else Standing.UNKNOWN


def key_id(public: bytes) -> str:
    """What a public key is known by."""
    return f"rk_{hashlib.sha256(public).hexdigest()[:16]}"


def read_keys(path: Path) -> dict[str, bytes]:
    """The public keys of a saved answer of `GET /v1/receipt-keys`."""
    try:
        listed = json.loads(path.read_bytes())["items"]
        return {each["id"]: _bytes(each["public_key"]) for each in listed}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"{path} is no list of keys: {error}") from None


def _bytes(text: object) -> bytes:
    """Unpadded base64url, and nothing that decodes to the same."""
    if not isinstance(text, str):
        raise Unreadable("a signature and its key are texts")
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
    return decoded if base64.urlsafe_b64encode(decoded).rstrip(b"=") == text.encode() else b""
