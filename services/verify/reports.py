"""What `kaohe verify` prints: a table line by line, the total, the signature, and what differs."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from services.verify.arithmetic import Json
from services.verify.lines import Found
from services.verify.signatures import Standing

_HEADS = ("item", "value", "target", "attainment", "score", "weight %", "points", "")
_MOST = 20
"""Differences that are printed one by one."""


@dataclass(frozen=True)
class Difference:
    """A place of the receipt, what stands there, and what should."""

    place: str
    stated: object
    found: object


def report(
    document: Json, found: Found, differences: Sequence[Difference], standing: Standing
) -> Iterator[str]:
    """The lines to print, none of which holds a sign that a terminal would obey."""
    return map(_printable, _lines(document, found, differences, standing))


def _lines(
    document: Json, found: Found, differences: Sequence[Difference], standing: Standing
) -> Iterator[str]:
    explanation = document["receipt"]["explanation"]
    wrong = {difference.place for difference in differences}
    yield (
        f"{explanation['scorecard']}: {explanation['subject']} in {explanation['cycle']}, "
        f"revision {explanation['revision']}"
    )
    for at, (told, made) in enumerate(zip_longest(explanation["segments"], found["segments"])):
        yield ""
        yield (
            f"{told['from']} to {told['to']} (exclusive), {told['days']} days: "
            f"scheme {told['scheme']}, version {told['scheme_version']}"
        )
        place = f"/explanation/segments/{at}/lines"
        rows = [
            _row(line, own, is_wrong=any(each.startswith(f"{place}/{row}/") for each in wrong))
            for row, (line, own) in enumerate(zip(told["lines"], made["lines"], strict=True))
        ]
        yield from _table([_HEADS, *rows])
        yield f"points {_shown(made['points'])}, total of the segment {_shown(made['total'])}"
    yield ""
    yield from _end(document, found, differences, standing)


def _row(line: Json, found: Found, *, is_wrong: bool) -> tuple[str, ...]:
    target = line["targets"][0]["value"] if line["targets"] else None
    figures = (
        line["value"],
        target,
        next(iter(found["attainments"].values()), None),
        *(found[name] for name in ("score", "weight", "points")),
    )
    return (str(line["item"]), *(_shown(each) for each in figures), "DIFFERS" if is_wrong else "ok")


def _end(
    document: Json, found: Found, differences: Sequence[Difference], standing: Standing
) -> Iterator[str]:
    card = document["receipt"]["card"]
    adjustments = found["adjustments"]["sum"]
    yield f"mean {_shown(found['mean'])}, adjustments {adjustments}"
    yield f"total {_shown(found['total'])} recomputed, {_shown(card['total'])} stated"
    yield f"grade {_shown(found['grade'])} recomputed, {_shown(card['grade'])} stated"
    if (calibrated := document["receipt"]["explanation"].get("calibration")) is not None:
        yield from _calibration(calibrated)
    stated = document.get("signature") or {}
    key = f" ({stated['key']})" if stated else ""
    yield f"signature{key} {standing.value}"
    if not differences:
        yield "every figure agrees"
    for each in differences[:_MOST]:
        yield f"DIFFERS {each.place}: {_brief(each.stated)} stated, {_brief(each.found)} found"
    if len(differences) > _MOST:
        yield f"and {len(differences) - _MOST} more"


def _calibration(stated: Json) -> Iterator[str]:
    """Where the grade is from; the place is as stated, since the others are on no receipt."""
    by = "the quotas" if stated["unforced"] is None else "band and gates"
    yield (
        f"place {stated['place']} of {stated['people']} in {stated['population']} as stated, "
        f"grade {_shown(stated['grade'])} by {by}"
    )
    for move in stated["moves"]:
        yield f"moved from {move['from']} to {move['to']} by {move['author']}: {move['reason']}"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns of even width; names to the left, figures to the right."""
    widths = [max(_width(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        cells = [_padded(cell, width, left=at in {0, 7}) for at, (cell, width) in
                 enumerate(zip(row, widths, strict=True))]  # fmt: skip
        yield "  ".join(cells).rstrip()


def _padded(text: str, width: int, *, left: bool) -> str:
    space = " " * (width - _width(text))
    return f"{text}{space}" if left else f"{space}{text}"


def _width(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _shown(value: Any) -> str:
    return "-" if value is None else str(value)


def _printable(text: str) -> str:
    """Without what would move a terminal's cursor: a receipt comes from anybody."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def _brief(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
