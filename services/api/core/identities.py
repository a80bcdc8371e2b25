"""Ids of what a cycle makes: they follow from whom and what they are for, and are never drawn."""

import hashlib
from datetime import datetime

from services.schema.ids import IdKind, encode_id


def derive_id(kind: IdKind, at: datetime, *of: object) -> str:
    """The id of a thing made at a moment; whatever makes it once more would make the same id."""
    text = "\x1f".join(str(part) for part in of)
    digest = hashlib.sha256(f"{kind}\x1f{text}".encode()).digest()
    return encode_id(kind, int(at.timestamp() * 1000), digest[:10])
