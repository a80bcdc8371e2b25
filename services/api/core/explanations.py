"""How a card came about: every step with its inputs, enough to recompute it from here alone."""

from collections.abc import Sequence

from services.api.core.card_documents import (
    adjustment_to_wire,
    segment_to_wire,
    stated_to_wire,
    target_to_wire,
)
from services.api.core.coverage import coverage_to_wire
from services.api.core.documents import plain_or_null, to_bytes
from services.api.core.gates import best_first
from services.api.core.outcomes import attainments_of, indicators_of, own_mark_of
from services.api.core.rule_documents import rule_to_wire
from services.api.core.schemes import bounds_to_wire, gate_to_wire, grade_to_wire
from services.api.core.scorecards import bounded_sum
from services.schema.money import (
    SCORE_PLACES,
    TOTAL_PLACES,
    VALUE_PLACES,
    fixed,
    plain,
)
from services.schema.shapes.indicators import Explained
from services.schema.shapes.schemes import Gate, Item, Scheme, Section
from services.schema.shapes.scorecards import (
    CardHead,
    ItemInput,
    Line,
    Score,
    SegmentInput,
    SegmentScore,
)
from services.schema.shapes.targets import TargetInForce
from services.schema.words import TargetLevel

ROUNDING: dict[str, object] = {
    "mode": "half up",
    "values": VALUE_PLACES,
    "attainments": VALUE_PLACES,
    "weights": SCORE_PLACES,
    "scores": SCORE_PLACES,
    "points": SCORE_PLACES,
    "sections": TOTAL_PLACES,
    "totals": TOTAL_PLACES,
}
"""Decimals that are kept; each figure is rounded once, from the kept figures before it."""


def explanation_document(head: CardHead, segments: Sequence[SegmentInput], card: Score) -> bytes:
    """The explanation of a card that was scored from these segments."""
    own = segments[-1].scheme
    bounds = own.adjustments
    return to_bytes(
        {
            "scorecard": head.id,
            "cycle": head.cycle,
            "subject": str(head.subject),
            "revision": head.revision,
            "fingerprint": head.fingerprint,
            "rounding": ROUNDING,
            "segments": [
                _segment(number, given, scored)
                for number, (given, scored) in enumerate(
                    zip(segments, card.segments, strict=True), 1
                )
            ],
            "mean": None if card.mean is None else fixed(card.mean, TOTAL_PLACES),
            "adjustments": {
                "stated": [adjustment_to_wire(each) for each in card.adjustments],
                "bounds": None if bounds is None else bounds_to_wire(bounds),
                "sum": plain(bounded_sum(card.adjustments, bounds)),
            },
            "adjusted": None if card.adjusted is None else fixed(card.adjusted, TOTAL_PLACES),
            "total": None if card.total is None else fixed(card.total, TOTAL_PLACES),
            "grades": [grade_to_wire(grade) for grade in best_first(own.grades)],
            "band": card.band,
            "grade": card.grade,
            "coefficient": plain_or_null(card.coefficient),
            "coverage": coverage_to_wire(head.coverage),
        }
    )


def _segment(number: int, given: SegmentInput, scored: SegmentScore) -> dict[str, object]:
    scheme = given.scheme
    stated = [(section, item) for section in scheme.sections for item in section.items]
    return {
        "segment": number,
        **segment_to_wire(given.segment),
        "full_mark": plain(scheme.full_mark),
        # A gate may name one that the card's own scheme has not: its place from the top counts.
        "grades": [grade.grade for grade in best_first(scheme.grades)],
        "lines": [
            _line(scheme, section, item, given.items[item.code], line)
            for (section, item), line in zip(stated, scored.lines, strict=True)
        ],
        "sections": [
            {
                "section": section.code,
                "stated_weight": plain(section.weight),
                "weight": plain(each.weight),
                "score": None if each.score is None else fixed(each.score, TOTAL_PLACES),
            }
            for section, each in zip(scheme.sections, scored.sections, strict=True)
        ],
        "points": None if scored.points is None else fixed(scored.points, TOTAL_PLACES),
        "gates": [_gate(gate, scored) for gate in scheme.gates],
        "total": None if scored.total is None else fixed(scored.total, TOTAL_PLACES),
    }


def _line(
    scheme: Scheme, section: Section, item: Item, given: ItemInput, line: Line
) -> dict[str, object]:
    """One line from its value to its points, each figure as it is kept."""
    own_mark = own_mark_of(item, scheme)
    others = [(code, given.others[code]) for code in indicators_of(item) if code in given.others]
    return {
        "section": section.code,
        "item": item.code,
        "indicator": item.indicator,
        "scope": item.scope,
        **_measured(given),
        **stated_to_wire(item, own_mark, given),
        **({"others": [_other(code, item, each) for code, each in others]} if others else {}),
        "status": line.status,
        "rule": rule_to_wire(item.rule),
        "full_mark": plain(own_mark),
        "step": line.step,
        "before": plain_or_null(line.before),
        "after": plain_or_null(line.after),
        "missing": item.missing,
        "policy": line.policy,
        "score": plain_or_null(line.score),
        "stated_weight": plain(item.weight),
        "weight": plain(line.weight),
        "points": plain_or_null(line.points),
    }


def _other(code: str, item: Item, given: ItemInput) -> dict[str, object]:
    """Another indicator of a rubric."""
    return {"indicator": code, "scope": item.scope, **_measured(given)}


def _measured(given: ItemInput) -> dict[str, object]:
    """A value and what it is held against."""
    attainments = attainments_of(given)
    return {
        "better": given.better,
        "value": plain_or_null(given.value.value),
        "reason": given.value.reason,
        "source": None if given.explained is None else _source(given.explained),
        "targets": [_target(level, given.targets[level]) for level in sorted(given.targets)],
        "attainments": {level: plain(attainments[level]) for level in sorted(attainments)},
    }


def _target(level: TargetLevel, target: TargetInForce) -> dict[str, object]:
    """A target, and what its days weigh where it is shared by them."""
    weights = {"weight": plain(target.weight), "of_weight": plain(target.of_weight)}
    return {**target_to_wire(level, target), **weights}


def _source(explained: Explained) -> dict[str, object]:
    """What a value was computed from, down to how many records and where they can be read."""
    return {
        "formula": explained.formula,
        "definition_version": explained.version,
        "measures": [
            {
                "measure": each.measure,
                "filters": each.filters,
                "amount": plain_or_null(each.amount),
                "records": each.records,
            }
            for each in explained.measures
        ],
        "fx": explained.fx,
        "links": list(explained.links),
    }


def _gate(gate: Gate, scored: SegmentScore) -> dict[str, object]:
    actual = next((bite.actual for bite in scored.gates if bite.gate is gate), None)
    return {**gate_to_wire(gate), "bites": actual is not None, "actual": plain_or_null(actual)}
