"""What would raise a scorecard, as a part of its page: in words, the most for the effort first."""

from collections.abc import Mapping
from typing import Any

from services.api.core.explanation_trees import Names
from services.api.rest.explained import both, named
from services.api.rest.markup import Content, Markup, element
from services.schema.shapes.schemes import Name

Document = Mapping[str, Any]

_NONE = {
    "no_data": Name("没有数据，说不出差多少", "no data, so that no distance can be told"),
    "no_target": Name("没有目标，说不出差多少", "no target, so that no distance can be told"),
    "best": Name("已到最高", "nothing higher is to be had"),
}


def next_steps_of_page(document: Document, explanation: Document, names: Names) -> list[Markup]:
    """The way to the next grade, the best step of each line, and where each line's pace leads."""
    lines = {(line["segment"], line["item"]): line for line in document["lines"]}
    best = [(lines[each["segment"], each["item"]], each["step"]) for each in document["effort"]]
    found = [
        element("h2", "Next steps 下一步"),
        element("p", both(_name(document["words"]))),
    ]
    if document["expected"] is not None:
        found.append(element("p", both(_expected(document["expected"]))))
    if best:
        steps = [
            element("li", _item(line, explanation, names), ": ", _words(line["steps"][step]))
            for line, step in best
        ]
        found.append(element("p", "Most for the effort first 按投入产出排序:"))
        found.append(element("ol", *steps))
    found += [_line(line, explanation, names) for line in document["lines"]]
    return found


def _line(line: Document, explanation: Document, names: Names) -> Markup:
    told: list[Content] = [element("li", _words(step)) for step in line["steps"]]
    if line["reason"] is not None:
        told.append(element("li", both(_NONE[line["reason"]])))
    if line["alone"] is not None:
        told.append(element("li", _words(line["alone"])))
    told.append(element("li", _words(line["pace"])))
    summary = element("summary", _item(line, explanation, names))
    return element("details", summary, element("ul", *told))


def _expected(expected: Document) -> Name:
    forecast, worse, better = (
        f"{each['total']}" + (f" ({each['grade']})" if each["grade"] else "")
        for each in (expected["forecast"], expected["worse"], expected["better"])
    )
    return Name(
        f"照目前进度，期末总分约 {forecast}，介于 {worse} 与 {better} 之间",
        f"at the present pace a total of {forecast}, between {worse} and {better}",
    )


def _item(line: Document, explanation: Document, names: Names) -> Markup:
    segment = explanation["segments"][line["segment"] - 1]
    name = names.part(segment, line["item"]) or names.indicators.get(line["indicator"] or "")
    return named(line["item"], name)


def _words(told: Document) -> Markup:
    return both(_name(told["words"]))


def _name(words: Document) -> Name:
    return Name(words["zh"], words["en"])
