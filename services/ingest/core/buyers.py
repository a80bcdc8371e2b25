"""How a buyer is known to us: by a keyed hash that joins their orders and tells nothing of them."""

import base64
import hmac
import re
from collections.abc import Callable

SEALED = "sealed:"
"""Marks a buyer that is hashed already, in a row that we kept ourselves."""
_SEALED = re.compile(rf"{SEALED}([A-Za-z0-9_-]{{22}})")

Seal = Callable[[str, str], str]
"""The hash of a source's buyer."""


def sealer(key: bytes, tenant: int) -> Seal:
    """22 letters: HMAC-SHA256 of tenant, the source's namespace (before `:`) and the buyer's id.

    For what comes from outside: whatever it states is hashed.
    """
    keyed = hmac.new(key, f"{tenant}|".encode(), "sha256")

    def seal(source: str, buyer: str) -> str:
        hashed = keyed.copy()
        hashed.update(f"{source.partition(':')[0]}|{buyer}".encode())
        return base64.urlsafe_b64encode(hashed.digest()[:16])[:22].decode()

    return seal


def resealer(key: bytes, tenant: int) -> Seal:
    """For rows that we kept: what is hashed already stays as it is."""
    seal = sealer(key, tenant)

    def seal_once(source: str, buyer: str) -> str:
        kept = _SEALED.fullmatch(buyer)
        return kept[1] if kept else seal(source, buyer)

    return seal_once
