"""How Shopify and WooCommerce prove that a call to us is their own: a keyed hash of its body."""

import base64
import hashlib
import hmac


def is_genuine(body: bytes, signature: str, secret: str) -> bool:
    """Whether a webhook's body was signed with a shop's secret, by HMAC-SHA256 in base64.

    It is the bytes that were signed: a body that is written anew is another.
    """
    return hmac.compare_digest(base64.b64encode(hash_of(body, secret)), signature.encode())


def hash_of(message: bytes, secret: str) -> bytes:
    """What a message and a secret make; Shopify writes it in base64 here, elsewhere in hex."""
    return hmac.digest(secret.encode(), message, hashlib.sha256)
