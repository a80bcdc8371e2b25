"""What is kept of a refused row: as it was posted, but for what would tell who the buyer is.

Fields that there are keep their texts and numbers; all else is emptied, however deep, also in a
text that cannot be read as a row.
"""

import json
import re
from collections.abc import Collection
from typing import Any

from services.ingest.core.bodies import read_row
from services.ingest.core.buyers import SEALED, Seal
from services.ingest.core.facts import INNER, TOTALS_FIELDS, posted_fields
from services.schema.words import FactKind

_BUYER = "buyer"
_INNER = {**INNER, "totals": TOTALS_FIELDS}
"""What objects in a field may state."""
_TEXTS = frozenset({"tags"})
"""Fields that are lists of texts."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
# A text with its quotes, perhaps cut off; marks and space; anything else.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?$)|[\s{}\[\],:]+|[^\s{}\[\],:"]+', re.DOTALL)
_NUMBER = re.compile(r"-?[0-9.eE+-]+")
_WORDS = frozenset({"true", "false", "null"})


def scrub_row(kind: FactKind, text: str, seal: Seal) -> str:
    """The row with its buyer hashed and fields of no meaning emptied; names and places stay."""
    document = read_row(text)
    if type(document) is not dict:
        return _keepable(_redacted(text, {*posted_fields(kind)}.union(*_INNER.values()) - {_BUYER}))
    kept = _emptied(document, posted_fields(kind))
    if isinstance(buyer := kept.get(_BUYER), str):
        kept[_BUYER] = f"{SEALED}{seal(str(document.get('source', '')), buyer)}"
    elif buyer is not None:
        # As wrong as it was, and nobody's name.
        kept[_BUYER] = type(buyer)()
    if kept == document:
        return _keepable(text)
    return _keepable(json.dumps(kept, ensure_ascii=False, default=str))


def _emptied(document: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {
        name: _kept(name, value) if name in names else None
        for name, value in document.items()
        if _NAME.fullmatch(name)
    }


def _kept(name: str, value: Any) -> Any:
    """What a field holds; of objects in it, whether they belong there or not, what they state."""
    if isinstance(value, dict):
        return _emptied(value, _INNER.get(name, {}))
    if isinstance(value, list):
        return [
            "" if isinstance(each, str) and name not in _TEXTS else _kept(name, each)
            for each in value
        ]
    return value


def _redacted(text: str, names: Collection[str]) -> str:
    """A text that is no row: its marks, its names, and what stands right behind a known one."""
    parts, behind = [], ""
    tokens = _TOKEN.findall(text)
    for token, following in zip(tokens, [*tokens[1:], ""], strict=True):
        if token[0] in "{}[],: \t\r\n" or token.isspace():
            parts.append(token)
            if set(token) & set("{}[],"):
                behind = ""
        elif token[0] == '"' and following.lstrip()[:1] == ":":
            name = token.strip('"')
            behind = name
            parts.append(token if _NAME.fullmatch(name) else '""')
        else:
            parts.append(token if behind in names else _blank(token, behind))
            behind = ""
    return "".join(parts)


def _blank(token: str, behind: str) -> str:
    if token[0] == '"':
        return f'"{SEALED}"' if behind == _BUYER else '""'
    if token in _WORDS:
        return token
    return "0" if _NUMBER.fullmatch(token) else ""


def _keepable(text: str) -> str:
    """Without the characters that PostgreSQL and UTF-8 cannot keep."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\u0000")
