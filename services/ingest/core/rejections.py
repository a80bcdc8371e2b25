"""What is kept of a refused row: as it was posted, but for what would tell who the buyer is."""

import json
import re
from typing import Any

from services.ingest.core.bodies import read_row
from services.ingest.core.buyers import SEALED, Seal
from services.ingest.core.facts import INNER, TOTALS_FIELDS, posted_fields
from services.ingest.core.fields import Fields
from services.schema.words import FactKind

_BUYER = re.compile(r'("buyer"\s*:\s*")((?:[^"\\]|\\.)*)"')


def scrub_row(kind: FactKind, text: str, seal: Seal) -> str:
    """The row with its buyer hashed and fields of no meaning emptied; names and places stay."""
    document = read_row(text)
    if type(document) is not dict:
        return _keepable(_BUYER.sub(rf'\1{SEALED}"', text))
    kept = _emptied(document, posted_fields(kind))
    for name, fields in INNER.items():
        if isinstance(kept.get(name), list):
            kept[name] = [
                _emptied(each, fields) if type(each) is dict else each for each in kept[name]
            ]
    if type(kept.get("totals")) is dict:
        kept["totals"] = _emptied(kept["totals"], TOTALS_FIELDS)
    if isinstance(kept.get("buyer"), str):
        kept["buyer"] = f"{SEALED}{seal(str(document.get('source', '')), kept['buyer'])}"
    if kept == document:
        return _keepable(text)
    return _keepable(json.dumps(kept, ensure_ascii=False, default=str))


def _emptied(document: dict[str, Any], fields: Fields) -> dict[str, Any]:
    return {name: value if name in fields else None for name, value in document.items()}


def _keepable(text: str) -> str:
    """Without the characters that PostgreSQL and UTF-8 cannot keep."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\u0000")
