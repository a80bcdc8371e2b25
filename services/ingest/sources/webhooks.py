"""How a marketplace proves that a call to us is its own: a keyed hash of what it sends."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlencode


def is_genuine(body: bytes, signature: str, secret: str) -> bool:
    """Whether a webhook's body was signed with a shop's secret, by HMAC-SHA256 in base64.

    It is the bytes that were signed: a body that is written anew is another.
    """
    made = base64.b64encode(_hash(body, secret).digest())
    return hmac.compare_digest(made, signature.encode())


def is_genuine_query(params: Mapping[str, str], secret: str) -> bool:
    """Whether Shopify sent a browser to us with these parameters, of which one is the hash."""
    signed = urlencode(sorted((name, value) for name, value in params.items() if name != "hmac"))
    made = _hash(signed.encode(), secret).hexdigest()
    return hmac.compare_digest(made.encode(), params.get("hmac", "").encode())


def _hash(message: bytes, secret: str) -> hmac.HMAC:
    return hmac.new(secret.encode(), message, hashlib.sha256)
