"""A card as a tree: its grade and total at the root, counts of records at the leaves.

It is told from the explanation alone, so that what was frozen is told as what is live. Every node
says in both languages how its figure was made of those below it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.api.core.calibration_words import distribution_words, move_words
from services.api.core.explanation_words import (
    adjustments_words,
    attainment_words,
    behaviours_words,
    chosen_words,
    gate_words,
    grade_words,
    marks_words,
    mean_words,
    measure_words,
    points_words,
    score_words,
    section_words,
    segment_words,
    target_words,
    total_words,
    value_words,
    weight_words,
)
from services.api.core.names import name_to_wire
from services.api.core.rule_words import rule_in_words, word
from services.schema.shapes.schemes import Name

Document = Mapping[str, Any]
Node = dict[str, object]


@dataclass(frozen=True, slots=True)
class Names:
    """What codes are called, where somebody has named them."""

    indicators: Mapping[str, Name] = field(default_factory=dict)
    measures: Mapping[str, Name] = field(default_factory=dict)
    parts: Mapping[tuple[str, int, str], Name] = field(default_factory=dict)
    """Sections and items of a version of a scheme."""

    def part(self, segment: Document, code: str) -> Name | None:
        return self.parts.get((segment["scheme"], segment["scheme_version"], code))


def tree_of(document: Document, names: Names) -> Node:
    """The tree of an explanation."""
    adjustments = document["adjustments"]
    total = _node(
        "total",
        document["total"],
        total_words(document),
        parts=[
            _node(
                "mean",
                document["mean"],
                mean_words(document),
                parts=[_segment(segment, names) for segment in document["segments"]],
            ),
            _node(
                "adjustments",
                adjustments["sum"],
                adjustments_words(adjustments),
                parts=[_adjustment(each) for each in adjustments["stated"]],
            ),
        ],
    )
    parts = [total, *_calibration(document.get("calibration"))]
    return _node("grade", document["grade"], grade_words(document), parts=parts)


def _calibration(calibration: Document | None) -> list[Node]:
    """What a population's quotas gave, and what people moved since; nothing before calibration."""
    if calibration is None:
        return []
    given = _node("distribution", calibration["grade"], distribution_words(calibration))
    moves = (_node("move", move["to"], move_words(move)) for move in calibration["moves"])
    return [given, *moves]


def _segment(segment: Document, names: Names) -> Node:
    lines = segment["lines"]
    points = [line["points"] for line in lines]
    gates = [gate for gate in segment["gates"] if gate["bites"]]
    return _node(
        "segment",
        segment["total"],
        segment_words(segment, points),
        code=str(segment["segment"]),
        parts=[
            *(_section(section, segment, names) for section in segment["sections"]),
            *(_node("gate", gate["actual"], gate_words(gate)) for gate in gates),
        ],
    )


def _section(section: Document, segment: Document, names: Names) -> Node:
    code = section["section"]
    own = [line for line in segment["lines"] if line["section"] == code]
    return _node(
        "section",
        section["score"],
        section_words(section, [line["points"] for line in own]),
        code=code,
        name=names.part(segment, code),
        parts=[_line(line, segment, names) for line in own],
    )


def _line(line: Document, segment: Document, names: Names) -> Node:
    indicator = line["indicator"]
    name = names.part(segment, line["item"]) or names.indicators.get(indicator or "")
    full_mark = segment["full_mark"]
    rule = _node("rule", line["rule"]["kind"], rule_in_words(line["rule"], line["full_mark"]))
    score = _node(
        "score",
        line["score"],
        score_words(line, full_mark),
        parts=[rule, *_inputs(line, indicator, names)],
    )
    weight = _node("weight", line["weight"], weight_words(line))
    return _node(
        "line",
        line["points"],
        points_words(line),
        code=line["item"],
        name=name,
        parts=[score, weight],
    )


def _inputs(line: Document, indicator: str | None, names: Names) -> list[Node]:
    """What a rule was held against: values, targets and attainments, or what people gave."""
    found = [] if indicator is None else _measured(line, indicator, names)
    for other in line.get("others", ()):
        found += _measured(other, other["indicator"], names)
    marks = [
        _node("mark", each["mean"], marks_words(each), code=each["role"], name=word(each["role"]))
        for each in line.get("marks", ())
    ]
    return [*found, *marks, *_judged(line)]


def _judged(line: Document) -> list[Node]:
    """What was judged of a ladder, or chosen in a rubric that leaves a range."""
    if "behaviours" in line:
        held = line["behaviours"]
        told = None if held is None else ", ".join(map(str, held))
        return [_node("mark", told, behaviours_words(held))]
    if any(level.get("range") for level in line["rule"].get("levels") or ()):
        return [_node("mark", line.get("chosen"), chosen_words(line.get("chosen")))]
    return []


def _measured(line: Document, indicator: str, names: Names) -> list[Node]:
    source = line["source"]
    value = _node(
        "value",
        line["value"],
        value_words(line),
        code=indicator,
        name=names.indicators.get(indicator),
        links=() if source is None else source["links"],
        parts=[] if source is None else [_measure(e, source, names) for e in source["measures"]],
    )
    targets = [
        _node("target", each["value"], target_words(each), code=each["level"])
        for each in line["targets"]
    ]
    attained = [
        _node("attainment", reached, attainment_words(line, each, reached), code=each["level"])
        for each in line["targets"]
        if (reached := line["attainments"].get(each["level"])) is not None
    ]
    return [*attained, value, *targets]


def _measure(measure: Document, source: Document, names: Names) -> Node:
    code = measure["measure"]
    plain_code = code.rpartition("(")[2].rpartition(" ")[2].removesuffix(")")
    return {
        **_node(
            "measure",
            measure["amount"],
            measure_words(measure, source["fx"]),
            code=code,
            name=names.measures.get(plain_code),
        ),
        "records": measure["records"],
    }


def _adjustment(adjustment: Document) -> Node:
    told = f"{adjustment['reason']} ({adjustment['author']})"
    return _node("adjustment", adjustment["points"], Name(told, told))


def _node(
    figure: str,
    value: str | None,
    words: Name,
    *,
    code: str | None = None,
    name: Name | None = None,
    links: Sequence[str] = (),
    parts: Sequence[Node] = (),
) -> Node:
    return {
        "figure": figure,
        "code": code,
        "name": None if name is None else name_to_wire(name),
        "value": value,
        "words": name_to_wire(words),
        "records": None,
        "links": list(links),
        "parts": list(parts),
    }
