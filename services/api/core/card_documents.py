"""How a card is written: the document of `api.md`, section 5, and the fingerprint of its inputs."""

from collections.abc import Sequence
from decimal import Decimal

from services.api.core.documents import fingerprint_of, instant_text, plain_or_null, to_bytes
from services.api.core.outcomes import own_mark_of
from services.api.core.ratings import RoleMarks, behaviours_held, chosen_mark, marks_by_role
from services.api.core.schemes import gate_to_wire
from services.schema.money import SCORE_PLACES, TOTAL_PLACES, fixed, plain, round_half_up
from services.schema.shapes.people import Subject
from services.schema.shapes.schemes import Item, Ladder, Rating, Rubric
from services.schema.shapes.scorecards import (
    Adjustment,
    CardHead,
    GateBite,
    ItemInput,
    Line,
    Score,
    SectionScore,
    Segment,
    SegmentInput,
    SegmentScore,
)
from services.schema.shapes.targets import TargetInForce
from services.schema.words import TargetLevel


def card_document(head: CardHead, card: Score) -> bytes:
    """The card as it is stored and served; the same card gives the same bytes."""
    own = card.segments[-1].segment
    numbers = _numbers(card)
    pairs = list(zip(numbers, card.segments, strict=True))
    return to_bytes(
        {
            "id": head.id,
            "cycle": head.cycle,
            "subject": str(head.subject),
            "scheme": own.scheme,
            "scheme_version": own.scheme_version,
            "revision": head.revision,
            "status": head.status,
            "total": None if card.total is None else fixed(card.total, TOTAL_PLACES),
            "grade": card.grade,
            "coefficient": plain_or_null(card.coefficient),
            "rank": head.rank if card.complete else None,
            "lines": [_line(number, line) for number, each in pairs for line in each.lines],
            "sections": [
                _section(number, section) for number, each in pairs for section in each.sections
            ],
            "gates": [_gate(number, bite) for number, each in pairs for bite in each.gates],
            "adjustments": [adjustment_to_wire(each) for each in card.adjustments],
            "segments": [_segment(each) for each in card.segments],
            "coverage": plain(head.coverage.share),
            "provisional": head.coverage.provisional,
            "computed_at": instant_text(head.computed_at),
            "fingerprint": head.fingerprint,
        }
    )


def fingerprint(
    cycle: str,
    subject: Subject,
    segments: Sequence[SegmentInput],
    adjustments: Sequence[Adjustment] = (),
) -> str:
    """What the inputs of a card are known by: scheme versions, values, targets, marks.

    Sums and counts behind a value are not of it: they may differ while the card is the same.
    """
    return fingerprint_of(
        {
            "cycle": cycle,
            "subject": str(subject),
            "segments": [
                {
                    **segment_to_wire(given.segment),
                    "items": _items(given),
                }
                for given in segments
            ],
            "adjustments": [adjustment_to_wire(each) for each in adjustments],
        }
    )


def stated_to_wire(item: Item, own_mark: Decimal, given: ItemInput) -> dict[str, object]:
    """What people stated of an item, as far as its rule asks them; nobody is named.

    Of a rating by role: a sum and how many gave it, so that the mean can be counted again; no sum
    of a role of many where too few have given, for it would tell what each of them gave.
    """
    match item.rule:
        case Rating() as rule:
            roles = marks_by_role(rule, given.marks, own_mark=own_mark, missing=item.missing)
            return {"marks": [_role_to_wire(each) for each in roles]}
        case Ladder() as rule:
            held = behaviours_held(rule, given.marks)
            return {"behaviours": None if held is None else sorted(held)}
        case Rubric() as rule:
            return {"chosen": plain_or_null(chosen_mark(rule, given.marks))}
        case _:
            return {}


def segment_to_wire(segment: Segment) -> dict[str, object]:
    return {
        "from": segment.start.isoformat(),
        "to": segment.end.isoformat(),
        "days": segment.days,
        "position": segment.position,
        "unit": segment.unit,
        "scheme": segment.scheme,
        "scheme_version": segment.scheme_version,
    }


def target_to_wire(level: TargetLevel, target: TargetInForce) -> dict[str, object]:
    """A target with where it is from: its owner, or the scheme."""
    return {
        "level": level,
        "value": plain(target.value),
        "stated": plain(target.stated),
        "from": "scheme" if target.owner is None else str(target.owner),
        "days": target.days,
        "of_days": target.of_days,
    }


def adjustment_to_wire(adjustment: Adjustment) -> dict[str, object]:
    return {
        "points": plain(adjustment.points),
        "reason": adjustment.reason,
        "author": adjustment.author,
    }


def _numbers(card: Score) -> list[dict[str, object]]:
    """What names its segment in a line, section or gate: nothing where there is only one."""
    if len(card.segments) == 1:
        return [{}]
    return [{"segment": number} for number in range(1, len(card.segments) + 1)]


def _line(number: dict[str, object], line: Line) -> dict[str, object]:
    return {
        **number,
        "section": line.section,
        "item": line.item,
        "indicator": line.indicator,
        "value": plain_or_null(line.value),
        "target": plain_or_null(line.target),
        "attainment": plain_or_null(line.attainment),
        "score": plain_or_null(line.score),
        "weight": plain(line.weight),
        "points": plain_or_null(line.points),
        "status": line.status,
    }


def _section(number: dict[str, object], section: SectionScore) -> dict[str, object]:
    return {
        **number,
        "section": section.section,
        "weight": plain(section.weight),
        "score": None if section.score is None else fixed(section.score, TOTAL_PLACES),
    }


def _gate(number: dict[str, object], bite: GateBite) -> dict[str, object]:
    return {**number, **gate_to_wire(bite.gate), "actual": plain(bite.actual)}


def _segment(scored: SegmentScore) -> dict[str, object]:
    total = None if scored.total is None else fixed(scored.total, TOTAL_PLACES)
    return {**segment_to_wire(scored.segment), "total": total}


def _role_to_wire(marks: RoleMarks) -> dict[str, object]:
    mean = None if marks.mean is None else plain(round_half_up(marks.mean, SCORE_PLACES))
    return {
        "role": marks.role,
        "weight": plain(marks.weight),
        "raters": marks.raters,
        "needed": marks.needed,
        "sum": plain_or_null(marks.sum),
        "mean": mean,
    }


def _items(given: SegmentInput) -> dict[str, object]:
    """The inputs of every item, by code; what people stated stands beside what was measured."""
    items = {item.code: item for section in given.scheme.sections for item in section.items}
    found: dict[str, object] = {}
    for code in sorted(given.items):
        own = given.items[code]
        others = {each: _input(own.others[each]) for each in sorted(own.others)}
        stated = stated_to_wire(items[code], own_mark_of(items[code], given.scheme), own)
        found[code] = {**_input(own), **stated, **({"others": others} if others else {})}
    return found


def _input(given: ItemInput) -> dict[str, object]:
    explained = given.explained
    return {
        "value": plain_or_null(given.value.value),
        "reason": given.value.reason,
        "definition_version": None if explained is None else explained.version,
        "better": given.better,
        "targets": [target_to_wire(level, given.targets[level]) for level in sorted(given.targets)],
    }
