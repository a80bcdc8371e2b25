"""What is kept of a refused row: as it was posted, but for what would tell who the buyer is.

Fields that there are keep their texts and numbers; all else is emptied, however deep, also in a
text that cannot be read as a row.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from services.ingest.core.bodies import past_space, read_row, scan_value
from services.ingest.core.buyers import SEALED, Seal
from services.ingest.core.facts import INNER, TOTALS_FIELDS, posted_fields
from services.ingest.core.fields import Doubled
from services.schema.words import FactKind

CAME = "came"
"""Under which a row of a file that was refused says what it came as."""
MOST_NESTED = 8
"""Objects and lists within one another, of which something is kept."""
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


def scrub_row(kind: FactKind, text: str, seal: Seal, *, of_file: bool = False) -> str:
    """The row with its buyer hashed and fields of no meaning emptied; names and places stay.

    All else is as it was written, to the letter: numbers, spaces, a name that stands twice. A row
    of a file says beside its fields what it came as, which names no buyer.
    """
    document = read_row(text)
    if not isinstance(document, dict):
        return _keepable(_redacted(text, {*posted_fields(kind)}.union(*_INNER.values()) - {_BUYER}))

    def hashed(buyer: str) -> str:
        return f"{SEALED}{seal(str(document.get('source', '')), buyer)}"

    names = {*posted_fields(kind), CAME} if of_file else posted_fields(kind)
    parts, at = [], 0
    for edit in _edits(text, past_space(text, 0), names, hashed, MOST_NESTED):
        parts += [text[at : edit.start], edit.instead]
        at = edit.end
    return _keepable("".join([*parts, text[at:]]))


class _Edit(NamedTuple):
    """What is written instead of a part of a text."""

    start: int
    end: int
    instead: str


def _edits(
    text: str, at: int, names: Collection[str], hashed: Callable[[str], str] | None, depth: int
) -> Iterator[_Edit]:
    """What is not kept of the object that begins here; only the outermost names its buyer."""
    at = past_space(text, at + 1)
    while text[at] != "}":
        name, start = scan_value(text, at)
        if not _NAME.fullmatch(str(name)):
            yield _Edit(at, start, '""')
        at = past_space(text, past_space(text, start) + 1)
        value, end = scan_value(text, at)
        if name not in names:
            yield _Edit(at, end, "null")
        elif hashed is not None and name == _BUYER:
            yield from _edits_of_buyer(_Edit(at, end, ""), value, hashed)
        elif name != CAME:
            yield from _edits_within(text, at, str(name), value, depth - 1)
        at = past_space(text, end)
        if text[at] == ",":
            at = past_space(text, at + 1)


def _edits_of_buyer(place: _Edit, buyer: object, hashed: Callable[[str], str]) -> Iterator[_Edit]:
    if isinstance(buyer, str):
        yield place._replace(instead=json.dumps(hashed(buyer)))
    elif buyer is not None:
        # As wrong as it was, and nobody's name.
        empty = {Doubled: "{}", dict: "{}", list: "[]", bool: "false"}.get(type(buyer), "0")
        yield place._replace(instead=empty)


def _edits_within(text: str, at: int, name: str, value: object, depth: int) -> Iterator[_Edit]:
    """Of what a field holds; of objects in it, whether they belong there or not, what they state.

    So deep nothing is kept, for no field is.
    """
    if isinstance(value, dict | list) and depth < 0:
        _, end = scan_value(text, at)
        yield _Edit(at, end, "null")
    elif isinstance(value, dict):
        yield from _edits(text, at, _INNER.get(name, {}), None, depth)
    elif isinstance(value, list):
        at = past_space(text, at + 1)
        for each in value:
            _, end = scan_value(text, at)
            if isinstance(each, str) and name not in _TEXTS:
                yield _Edit(at, end, '""')
            else:
                yield from _edits_within(text, at, name, each, depth - 1)
            at = past_space(text, past_space(text, end) + 1)


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
