"""How documents are written: the same content gives the same bytes, in the order it is stated."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from services.schema.money import plain


def to_bytes(document: Mapping[str, object]) -> bytes:
    """A document as UTF-8, without a space that nobody needs."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode()


def fingerprint_of(document: Mapping[str, object]) -> str:
    """What a document is known by: `sha256:` and its digest."""
    return f"sha256:{hashlib.sha256(to_bytes(document)).hexdigest()}"


def plain_or_null(value: Decimal | None) -> str | None:
    """Decimal notation without trailing zeros; null stays null."""
    return None if value is None else plain(value)


def instant_text(instant: datetime) -> str:
    """An instant as RFC 3339 in UTC."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
