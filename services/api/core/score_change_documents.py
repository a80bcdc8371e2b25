"""How the change of a score is written, with a sentence in both languages."""

from collections.abc import Mapping
from decimal import Decimal

from services.api.core.documents import plain_or_null
from services.api.core.names import name_to_wire
from services.api.core.score_changes import change_of, marks_between
from services.api.core.told_cards import ToldCard
from services.schema.money import TOTAL_PLACES, fixed, plain
from services.schema.shapes.schemes import Name
from services.schema.shapes.score_changes import (
    ChangeMark,
    LineChange,
    LineThen,
    ScoreChange,
)

Document = dict[str, object]
_MOST_NAMED = 3


def score_change_document(
    before_head: Mapping[str, object],
    before: ToldCard,
    after_head: Mapping[str, object],
    after: ToldCard,
) -> Document:
    """The change between two cards; without parts where one of them has no total."""
    change = change_of(before, after)
    marks = marks_between(before, after)
    return {
        "before": dict(before_head),
        "after": dict(after_head),
        **_parts(change),
        "marks": [_mark(mark) for mark in marks],
        "words": name_to_wire(_words(change, comparable=not marks)),
    }


def _parts(change: ScoreChange | None) -> Document:
    if change is None:
        names = ("change", "adjustments", "gates", "rounding")
        return {"reason": "incomplete", **dict.fromkeys(names), "lines": []}
    return {
        "reason": None,
        "change": fixed(change.change, TOTAL_PLACES),
        "adjustments": plain(change.adjustments),
        "gates": plain(change.gates),
        "rounding": plain(change.rounding),
        "lines": [_line(line) for line in change.lines],
    }


def _line(line: LineChange) -> Document:
    return {
        "item": line.item,
        "indicator": line.indicator,
        "before": _then(line.before),
        "after": _then(line.after),
        "part": plain(line.part),
        "causes": [{"cause": cause, "part": plain(part)} for cause, part in line.causes],
    }


def _then(then: LineThen | None) -> Document | None:
    if then is None:
        return None
    return {
        "value": plain_or_null(then.value),
        "target": plain_or_null(then.target),
        "score": plain_or_null(then.score),
        "weight": plain_or_null(then.weight),
        "points": plain(then.points),
    }


def _mark(mark: ChangeMark) -> Document:
    return {
        "what": mark.what,
        "item": mark.item,
        "before": mark.before,
        "after": mark.after,
    }


def _words(change: ScoreChange | None, *, comparable: bool) -> Name:
    if change is None:
        return Name("有一张考核表没有总分，无法比较", "one of the cards has no total")
    way = f"{fixed(change.before, TOTAL_PLACES)} → {fixed(change.after, TOTAL_PLACES)}"
    parts = [(line.item, line.part) for line in change.lines if line.part]
    most = sorted(parts, key=lambda each: -abs(each[1]))[:_MOST_NAMED]
    told = ", ".join(f"{item} {_signed(part)}" for item, part in most)
    zh = f"总分 {way}" + (f"，主要来自 {told}" if told else "")
    en = f"total {way}" + (f", most by {told}" if told else "")
    if not comparable:
        zh += "；两期口径有变，见 marks"
        en += "; not all is measured alike in both, see marks"
    return Name(zh, en)


def _signed(part: Decimal) -> str:
    text = plain(part)
    return text if text.startswith("-") else f"+{text}"
