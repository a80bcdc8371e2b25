"""How a scorecard came about, as a page: each line from its value to its points, and the sum.

Every figure stands as it is kept, beside the ones it was made of, so that a person can follow it
with a pencil.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.api.core.calibration_words import distribution_words, move_words
from services.api.core.explanation_trees import Names
from services.api.core.explanation_words import behaviours_words, chosen_words, marks_words
from services.api.core.rule_words import condition_in_words, effect_in_words, rule_in_words
from services.api.rest.markup import Content, Markup, element
from services.schema.shapes.schemes import Name

Document = Mapping[str, Any]


def named(code: str, name: Name | None) -> Markup:
    """A name in both languages with its code, or the code alone."""
    if name is None:
        return element("span", code)
    return element("span", both(name), " ", element("span", code, class_="code"))


def both(words: Name) -> Markup:
    """Words in both languages, or once where they are the same."""
    if words.zh == words.en:
        return element("span", words.en)
    return element("span", element("span", words.zh, lang="zh"), " ", words.en)


def table(
    caption: str, heads: Sequence[str], rows: Iterable[Content], foot: Content = None
) -> Markup:
    """A table with a caption; heads that begin with `#` are of numbers."""
    cells = [
        element("th", head.removeprefix("#"), scope="col", class_=_class(head)) for head in heads
    ]
    return element(
        "div",
        element(
            "table",
            element("caption", caption),
            element("thead", element("tr", *cells)),
            element("tbody", *rows),
            element("tfoot", foot) if foot else None,
        ),
        class_="scroll",
    )


def number(value: object) -> Markup:
    """A cell with a figure as it is kept; a dash where there is none."""
    return element("td", "—" if value is None else str(value), class_="number")


def explanation_of(document: Document, names: Names) -> list[Markup]:
    """All steps of a scorecard, from its lines to its grade."""
    segments = document["segments"]
    several = len(segments) > 1
    parts = [_segment(segment, names, titled=several) for segment in segments]
    return [*(piece for part in parts for piece in part), *_whole(document, several=several)]


def _segment(segment: Document, names: Names, *, titled: bool) -> list[Markup]:
    days = f"{segment['from']} – {segment['to']} ({segment['days']} days, the end exclusive)"
    scheme = (segment["scheme"], segment["scheme_version"])
    title = f"Segment {segment['segment']} 区间" if titled else "Lines 考核项"
    found = [
        element("h2", title),
        element("p", f"{days}; scheme {scheme[0]}, version {scheme[1]}.", class_="dim"),
        _lines(segment, scheme, names),
        element("h3", "Line by line 逐项说明"),
        *(_line(line, segment, scheme, names) for line in segment["lines"]),
        _sections(segment, scheme, names),
    ]
    if segment["gates"]:
        found.append(_gates(segment["gates"]))
    if segment["points"] != segment["total"]:
        found.append(_held(segment["points"], segment["total"]))
    return found


def _lines(segment: Document, scheme: tuple[str, int], names: Names) -> Markup:
    heads = (
        "Item 考核项",
        "#Value 值",
        "#Target 目标",
        "#Attainment 达成",
        "#Score 得分",
        "#Weight 权重 %",
        "#Points 分值",
    )
    rows = [
        element(
            "tr",
            element("th", _item(line, scheme, names), scope="row"),
            number(line["value"]),
            number(next((each["value"] for each in line["targets"]), None)),
            number(line["attainments"].get("budget")),
            number(line["score"]),
            number(line["weight"]),
            number(line["points"]),
        )
        for line in segment["lines"]
    ]
    points = [line["points"] for line in segment["lines"]]
    foot = element(
        "tr",
        element("th", "Sum of points 合计", colspan="6", scope="row"),
        number(segment["points"]),
    )
    worked = " + ".join("—" if each is None else each for each in points)
    return element(
        "div",
        table("Points are score × weight / 100.", heads, rows, foot),
        element("p", f"{worked} = {segment['points'] or 'no sum'}, rounded half up to 2 decimals."),
    )


def _measured(line: Document, names: Names) -> list[tuple[str, Content]]:
    """The indicator and its value; nothing where people rate."""
    if (code := line["indicator"]) is None:
        return []
    return [("Indicator 指标", named(code, names.indicators.get(code))), ("Value 值", _value(line))]


def _line(line: Document, segment: Document, scheme: tuple[str, int], names: Names) -> Markup:
    source = line["source"]
    rows: list[tuple[str, Content]] = [
        *_measured(line, names),
        *_stated(line, names),
        ("Target 目标", _targets(line)),
        ("Attainment 达成", _attainments(line)),
        ("Rule 规则", both(rule_in_words(line["rule"], line["full_mark"]))),
        ("Score 得分", _score(line, segment)),
        ("Weight 权重", _weight(line)),
        ("Points 分值", _points(line)),
    ]
    if source is not None:
        rows[2:2] = [("Formula 公式", _formula(source)), ("Facts 明细", _facts(source))]
    listed = [piece for name, told in rows for piece in (element("dt", name), element("dd", told))]
    summary = element(
        "summary", _item(line, scheme, names), f" — {line['points'] or line['status']}"
    )
    return element("details", summary, element("dl", *listed))


def _stated(line: Document, names: Names) -> list[tuple[str, Content]]:
    """What people gave, and the other indicators of a rubric."""
    rows: list[tuple[str, Content]] = []
    for other in line.get("others", ()):
        code = other["indicator"]
        told = element("span", named(code, names.indicators.get(code)), f": {_value(other)}")
        rows.append(("Indicator 指标", told))
    if marks := line.get("marks"):
        told = element("ul", *(element("li", both(marks_words(each))) for each in marks))
        rows.append(("Marks 评分", told))
    if "behaviours" in line:
        rows.append(("Behaviours 行为", both(behaviours_words(line["behaviours"]))))
    if line.get("chosen") is not None:
        rows.append(("Choice 选定", both(chosen_words(line["chosen"]))))
    return rows


def _value(line: Document) -> str:
    counted = f"scope {line['scope']}"
    if line["value"] is None:
        return f"none ({(line['reason'] or 'no_rows').replace('_', ' ')}), {counted}"
    better = "lower is better" if line["better"] == "lower" else "higher is better"
    return f"{line['value']} ({better}, {counted})"


def _formula(source: Document) -> Content:
    if source["formula"] is None:
        return "posted: no measure gives it"
    version = source["definition_version"]
    stated = f" (version {version})" if version else " (built in)"
    return [element("code", source["formula"]), stated]


def _facts(source: Document) -> Content:
    """The measures behind a value, how many records they count, and where those can be read."""
    measures = [
        element(
            "li",
            element("code", _filtered(each)),
            f" = {each['amount'] or 'none'}, records: {each['records']}",
        )
        for each in source["measures"]
    ]
    links = [element("li", element("a", link, href=link)) for link in source["links"]]
    rates = element("p", f"Rates: {source['fx']}") if source["fx"] else None
    return [
        element("ul", *measures) if measures else "no measures",
        rates,
        element("ul", *links) if links else None,
    ]


def _filtered(measure: Document) -> str:
    filters = f"[{measure['filters']}]" if measure["filters"] else ""
    return f"{measure['measure']}{filters}"


def _targets(line: Document) -> Content:
    if not line["targets"]:
        return "none"
    return element("ul", *(element("li", _target(each)) for each in line["targets"]))


def _target(target: Document) -> str:
    told = f"{target['level']} {target['value']}, from {target['from']}"
    if target["days"] == target["of_days"]:
        return told
    shared = f"{target['stated']} × {target['days']} of {target['of_days']} days"
    if target["of_weight"] != str(target["of_days"]):
        shared += f", which weigh {target['weight']} of {target['of_weight']}"
    return f"{told} ({shared})"


def _attainments(line: Document) -> Content:
    if not line["attainments"]:
        return "none"
    targets = {each["level"]: each["value"] for each in line["targets"]}
    told = [
        element("li", f"{level}: {_quotient(line, targets[level])} = {attainment}")
        for level, attainment in line["attainments"].items()
    ]
    return element("ul", *told)


def _quotient(line: Document, target: str) -> str:
    quotient = f"{line['value']} / {target}"
    return f"2 − {quotient}" if line["better"] == "lower" else quotient


def _score(line: Document, segment: Document) -> str:
    if line["status"] != "ok":
        word = line["status"].replace("_", " ")
        policy = line["policy"] or line["missing"]
        return f"{line['score'] or 'none'}: {word}, and the item's policy is {policy}"
    told = f"{line['step']}: {line['before']}"
    if line["after"] != line["before"]:
        told += f", held to {line['after']} by floor and cap"
    if line["full_mark"] != segment["full_mark"]:
        told += f", of {line['full_mark']}, on the scale of {segment['full_mark']}"
    return f"{told} → {line['score']}"


def _weight(line: Document) -> str:
    return f"{line['stated_weight']} % of its section, {line['weight']} % of the whole"


def _points(line: Document) -> str:
    if line["points"] is None:
        return "none"
    return f"{line['score']} × {line['weight']} / 100 = {line['points']}"


def _sections(segment: Document, scheme: tuple[str, int], names: Names) -> Markup:
    rows = [
        element(
            "tr",
            element("th", named(each["section"], names.parts.get((*scheme, each["section"])))),
            number(each["weight"]),
            number(each["score"]),
        )
        for each in segment["sections"]
    ]
    caption = "A section's score is the sum of its points × 100 / its weight."
    return table(caption, ("Section 类别", "#Weight 权重 %", "#Score 得分"), rows)


def _gates(gates: Sequence[Document]) -> Markup:
    rows = [
        element(
            "tr",
            element("td", both(condition_in_words(gate["when"]))),
            element("td", both(effect_in_words(gate["then"]))),
            number(gate["actual"]),
            element("td", "yes 是" if gate["bites"] else "no 否"),
        )
        for gate in gates
    ]
    heads = ("Gate 门槛", "Effect 后果", "#Figure 实际", "Bites 触发")
    return table("A gate that bites caps the total, limits the grade or fails it.", heads, rows)


def _whole(document: Document, *, several: bool) -> list[Markup]:
    found = [element("h2", "Total and grade 总分与等级")]
    if several:
        found.append(element("p", _mean(document)))
    adjustments = document["adjustments"]
    if adjustments["stated"]:
        told = [
            element("li", f"{each['points']}: {each['reason']} ({each['author']})")
            for each in adjustments["stated"]
        ]
        found += [
            element("h3", "Rewards and penalties 奖惩"),
            element("ul", *told),
            element("p", f"They count {adjustments['sum']}: {document['adjusted']}."),
        ]
    if document["adjusted"] != document["total"]:
        found.append(_held(document["adjusted"], document["total"]))
    found.append(element("p", document["total"] or "no total 无总分", class_="total"))
    if document["grades"]:
        found.append(_grades(document))
    if (calibration := document.get("calibration")) is not None:
        found.append(_calibration(calibration))
    if (coverage := document.get("coverage")) is not None:
        found += _coverage(coverage)
    return found


def _coverage(coverage: Document) -> Iterable[Markup]:
    """How much of what the card hangs on has come in, and until when it may still move."""
    whole = f"{coverage['complete']} of {coverage['wanted']} days of {coverage['feeds']} feeds"
    yield element("p", f"Coverage 数据覆盖 {coverage['share']}: {whole}.", class_="dim")
    if coverage["provisional"]:
        until = coverage["matures_at"]
        yield element("p", f"Provisional 暂定: its figures may still fill in until {until}.")
    if coverage["gaps"]:
        missing = [
            element("li", f"{gap['shop']} {gap['kind']}: {', '.join(gap['days'])}")
            for gap in coverage["gaps"]
        ]
        yield element("ul", *missing)


def _held(before: str, after: str) -> Markup:
    return element("p", f"A gate holds {before} to {after}.")


def _mean(document: Document) -> str:
    segments = document["segments"]
    worked = " + ".join(f"{each['days']} × {each['total'] or '—'}" for each in segments)
    days = sum(each["days"] for each in segments)
    return f"Mean by days: ({worked}) / {days} = {document['mean'] or 'none'}."


def _grades(document: Document) -> Markup:
    rows = [
        element(
            "tr",
            element("th", each["grade"], scope="row"),
            number(each["from"]),
            number(each["coefficient"]),
            element("td", _reached(each["grade"], document)),
        )
        for each in document["grades"]
    ]
    caption = "The grade is read off the total that is shown; a gate may set a lower one."
    return table(caption, ("Grade 等级", "#From 起", "#Coefficient 系数", "Reached 达到"), rows)


def _calibration(calibration: Document) -> Markup:
    """Where the grade is from, once the quotas of a population and people have set it."""
    moves = [element("li", both(move_words(each))) for each in calibration["moves"]]
    given = f"{calibration['grade'] or '—'}: "
    return element(
        "div",
        element("h3", "Calibration 校准"),
        element("p", given, both(distribution_words(calibration))),
        element("ul", *moves) if moves else None,
    )


def _reached(grade: str, document: Document) -> str:
    if grade == document["grade"]:
        return "yes 是"
    return "by its band, before gates" if grade == document["band"] else ""


def _item(line: Document, scheme: tuple[str, int], names: Names) -> Markup:
    name = names.parts.get((*scheme, line["item"])) or names.indicators.get(line["indicator"] or "")
    return named(line["item"], name)


def _class(head: str) -> str | None:
    return "number" if head.startswith("#") else None
