"""Worked examples of every built-in template, computed by the program: one page for each family.

The inputs are made up by a fixed rule, so that the same code gives the same bytes: targets from a
short list, values that reach, miss and surpass them in turn. All that follows is the core's own.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from services.api.core.explanation_words import (
    gate_words,
    grade_words,
    score_words,
    section_words,
    segment_words,
)
from services.api.core.explanations import explanation_document
from services.api.core.indicators import built_in_indicators
from services.api.core.raters import raters_needed
from services.api.core.schemes import parse_scheme
from services.api.core.scorecards import score
from services.api.templates import FAMILIES, templates
from services.cli.level_examples import level_page
from services.schema.days import Calendar, Period, parse_period
from services.schema.money import plain, round_half_up
from services.schema.shapes.coverage import WHOLE
from services.schema.shapes.indicators import Indicator, Value
from services.schema.shapes.people import Subject
from services.schema.shapes.schemes import Deduct, Item, Ladder, Name, Rating, Rubric, Scheme
from services.schema.shapes.scorecards import (
    CardHead,
    ItemInput,
    Mark,
    Segment,
    SegmentInput,
)
from services.schema.shapes.targets import TargetInForce
from services.schema.words import (
    Better,
    CycleKind,
    IndicatorUnit,
    RaterRole,
    ScorecardStatus,
    SubjectKind,
    TargetLevel,
    WeekStart,
)

FOLDER = Path(__file__).parents[2] / "docs" / "examples"

_CALENDAR = Calendar("Asia/Shanghai", WeekStart.MONDAY, "01-01")
_PERIODS = {
    CycleKind.MONTH: "2026-10",
    CycleKind.QUARTER: "2026-Q4",
    CycleKind.HALF: "2026-H2",
    CycleKind.YEAR: "2026",
}
_WHO = Subject(SubjectKind.EMPLOYEE, "e-1")
_AT = datetime(2027, 1, 4, tzinfo=UTC)
_TITLES = {
    "front_line": Name("一线岗位，不分类别（6.1）", "Front-line positions, flat (6.1)"),
    "front_line_sections": Name("一线岗位，分类别（6.2）", "Front-line positions, sections (6.2)"),
    "departments": Name("部门（6.3）", "Departments (6.3)"),
    "positions": Name("运营部岗位库（6.4）", "Positions of an operations department (6.4)"),
    "team_leader": Name("组长360°考核（6.5）", "Team-leader 360° (6.5)"),
    "five_point": Name("五分制与价值观（6.6）", "Five-point scheme with values (6.6)"),
    "further_positions": Name("其他岗位（6.8）", "Further positions (6.8)"),
}

_HEAD = """\
Written by `make examples` and compared by a test. Values, marks and targets are made up; every
other figure is what the program computes. A line's points are its score × its weight / 100, and the
total is their sum.

由 `make examples` 生成并由测试核对：数值、评分与目标为举例，其余均由程序计算。
每项分值 = 得分 × 权重 / 100，总分为各项分值之和。"""

# What the values reach of their targets, line by line, from another place in each template.
_AIMS = tuple(Decimal(aim) for aim in ("1.04", "0.97", "1.12", "0.91", "1", "0.83", "0.99", "0.76"))
_CHALLENGE = Decimal("1.2")
"""What a challenge is of its budget where both are set."""
_SET = {
    "net_sales": "500000", "gross_profit": "150000", "live_sales": "800000",
    "live_gross_profit": "200000", "average_order_value": "128", "visitors": "60000",
    "orders": "4000", "active_users": "20000", "social_followers": "50000", "search_rank": "10",
    "profit_rate": "0.28", "operating_cost_rate": "0.25", "conversion_rate": "0.036",
    "paid_conversion_rate": "0.03", "content_ctr": "0.04", "stockout_rate": "0.02",
    "complaint_rate": "0.01", "return_exchange_rate": "0.05", "repurchase_rate": "0.25",
    "satisfaction_rate": "0.9", "inventory_turns": "3.5", "roi": "3",
}  # fmt: skip
"""Targets that are set for each person; of any other indicator by its unit."""
_SET_BY_UNIT = {
    IndicatorUnit.MONEY: "100000",
    IndicatorUnit.COUNT: "20",
    IndicatorUnit.RATIO: "0.4",
    IndicatorUnit.SECONDS: "60",
    IndicatorUnit.HOURS: "16",
    IndicatorUnit.SCORE: "90",
}
_PLACES = {
    IndicatorUnit.MONEY: 2,
    IndicatorUnit.COUNT: 0,
    IndicatorUnit.RATIO: 4,
    IndicatorUnit.SECONDS: 1,
    IndicatorUnit.HOURS: 1,
    IndicatorUnit.SCORE: 2,
}
_MARKS = (Decimal("0.9"), Decimal("0.8"))
"""What raters give of the full mark, in turn."""


def write_examples(folder: Path = FOLDER) -> None:
    """Write the pages as they are now; the same code gives the same bytes."""
    folder.mkdir(exist_ok=True)
    for name, page in examples().items():
        (folder / name).write_text(page, encoding="utf-8")


def examples() -> dict[str, str]:
    """Each page by the name of its file."""
    pages = {f"{family}.md": _page(family) for family in FAMILIES}
    return {**pages, "levels.md": level_page()}


@dataclass(frozen=True, slots=True)
class _Given:
    """The inputs of an item, and how they are shown."""

    inputs: ItemInput
    shown: str


def _page(family: str) -> str:
    title = _TITLES[family]
    own = [each for each in templates().values() if each["family"] == family]
    sections = [_section(template, number) for number, template in enumerate(own)]
    return "\n\n".join([f"# {title.en} · {title.zh}", _HEAD, *sections]) + "\n"


def _section(template: Mapping[str, Any], number: int) -> str:
    """One template: its lines in a table, and below it how the total and the grade came about."""
    scheme = parse_scheme(template["scheme"])
    period = parse_period(_PERIODS[scheme.cycle], _CALENDAR)
    given = {
        item.code: _given(item, scheme, period, place)
        for place, item in enumerate(_items(scheme), number)
    }
    explained = _explain(template["code"], scheme, period, given)
    (segment,) = explained["segments"]
    names = {item.code: item.name for item in _items(scheme)}
    rows = [
        _row(names[line["item"]], line, given[line["item"]], segment["full_mark"])
        for line in segment["lines"]
    ]
    name, full_mark = scheme.name, plain(scheme.full_mark)
    return "\n".join(
        [
            f"## {name.en} · {name.zh}",
            "",
            f"`{template['code']}`, {scheme.cycle} {period.code}, full mark {full_mark}.",
            "",
            "| item | value | target | attainment | how | score | weight | points |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
            *_sentences(explained, segment, scheme),
        ]
    )


def _row(name: Name | None, line: Mapping[str, Any], given: _Given, full_mark: str) -> str:
    assert name is not None, "each item of a template has a name"
    targets = {each["level"]: each["value"] for each in line["targets"]}
    how, rule = score_words(line, full_mark).en, line["rule"]["kind"]
    cells = (
        f"{name.en} {name.zh}", given.shown, _by_level(targets), _by_level(line["attainments"]),
        how if how.startswith(rule) else f"{rule}, {how}",
        line["score"] or "", line["weight"], line["points"] or "",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _by_level(figures: Mapping[str, str]) -> str:
    """The figure of the budget, and that of the challenge where there is one."""
    if len(figures) == 1:
        return "".join(figures.values())
    return ", ".join(f"{level} {figure}" for level, figure in figures.items())


def _sentences(
    explained: Mapping[str, Any], segment: Mapping[str, Any], scheme: Scheme
) -> Iterator[str]:
    """Sections where there are several, the total, the gates that bit, and the grade."""
    if len(segment["sections"]) > 1:
        names = {section.code: section.name for section in scheme.sections}
        for section in segment["sections"]:
            name = names[section["section"]]
            points = [
                line["points"] for line in segment["lines"] if line["section"] == section["section"]
            ]
            words = section_words(section, points)
            yield f"- {name.en if name else section['section']}: {words.en}"
    words = segment_words(segment, [line["points"] for line in segment["lines"]])
    yield from (f"- {words.en}", f"- {words.zh}")
    for gate in segment["gates"]:
        if gate["bites"]:
            yield f"- {gate_words(gate).en}"
    grade = grade_words(explained)
    yield from (f"- {grade.en}", f"- {grade.zh}")


def _explain(
    code: str, scheme: Scheme, period: Period, given: Mapping[str, _Given]
) -> Mapping[str, Any]:
    """The core's own explanation of a card of one segment."""
    segment = Segment(period.start, period.end, "position", "unit", code, 1)
    inputs = [SegmentInput(segment, scheme, {item: each.inputs for item, each in given.items()})]
    head = CardHead(
        id="",
        cycle=period.code,
        subject=_WHO,
        revision=1,
        status=ScorecardStatus.LIVE,
        rank=None,
        coverage=WHOLE,
        computed_at=_AT,
        fingerprint="",
    )
    document: Mapping[str, Any] = json.loads(explanation_document(head, inputs, score(inputs)))
    return document


def _given(item: Item, scheme: Scheme, period: Period, place: int) -> _Given:
    """What is put in for an item; `place` says which aim it takes."""
    full_mark = scheme.full_mark if item.full_mark is None else item.full_mark
    if item.indicator is None:
        marks, shown = _marks(item, full_mark, place)
        return _Given(ItemInput(Value(None, None), {}, Better.HIGHER, marks=marks), shown)
    own = _measured(item, item.indicator, period, place)
    if isinstance(item.rule, Rubric):
        return _of_rubric(item.indicator, item.rule, own, place)
    return _Given(own, _shown(own))


def _of_rubric(own_code: str, rule: Rubric, own: ItemInput, place: int) -> _Given:
    """Each indicator that a rubric names takes its aim at the bound of the best level."""
    bounds = {
        each.indicator: each.at_least
        for level in reversed(rule.levels)
        for each in level.conditions
        if each.at_least is not None
    }
    figures: dict[str, ItemInput] = {}
    for code in sorted(bounds, key=lambda each: (each != own_code, each)):
        indicator = built_in_indicators()[code]
        reached = _reached(indicator, bounds[code], place + len(figures))
        figures[code] = ItemInput(Value(reached, None), {}, indicator.better)
    told = ", ".join(f"{code} {_shown(each)}" for code, each in figures.items())
    value = figures.pop(own_code).value
    return _Given(ItemInput(value, own.targets, own.better, others=figures), told)


def _shown(given: ItemInput) -> str:
    assert given.value.value is not None, "each example has a value"
    return plain(given.value.value)


def _measured(item: Item, code: str, period: Period, place: int) -> ItemInput:
    """A value of an indicator that takes its aim at the item's target."""
    indicator = built_in_indicators()[code]
    target = item.target
    assert target is not None, "what is measured has a target in each template"
    budget, challenge = target.value, target.challenge
    if budget is None:
        budget = Decimal(_SET.get(code, _SET_BY_UNIT[indicator.unit]))
        challenge = round_half_up(budget * _CHALLENGE, _PLACES[indicator.unit])
    levels = {TargetLevel.BUDGET: budget}
    if challenge is not None and (target.value is not None or _asks_challenge(item)):
        levels[TargetLevel.CHALLENGE] = challenge
    free = item.rule.free if isinstance(item.rule, Deduct) else Decimal(0)
    counted = isinstance(item.rule, Deduct) or not budget
    value = free + place % 3 if counted else _reached(indicator, budget, place)
    days = Decimal(period.days)
    return ItemInput(
        value=Value(value, None),
        targets={
            level: TargetInForce(each, each, _WHO, period.days, period.days, days, days)
            for level, each in levels.items()
        },
        better=indicator.better,
    )


def _reached(indicator: Indicator, target: Decimal, place: int) -> Decimal:
    """A value that takes its aim at a target, in the decimals in which such a figure is read."""
    aim = _AIMS[place % len(_AIMS)]
    exact = target * (aim if indicator.better is Better.HIGHER else 2 - aim)
    if indicator.code.endswith(("_rate", "_share")) and target <= 1 < exact:
        exact = Decimal(1) if indicator.better is Better.HIGHER else exact
    if indicator.unit is IndicatorUnit.SCORE:
        exact = min(exact, Decimal(5 if target <= 5 else 100))
    return round_half_up(exact, _PLACES[indicator.unit])


def _asks_challenge(item: Item) -> bool:
    steps: Iterable[Any] = getattr(item.rule, "steps", ())
    return any(step.level is TargetLevel.CHALLENGE for step in steps)


def _marks(item: Item, full_mark: Decimal, place: int) -> tuple[tuple[Mark, ...], str]:
    """What people state of an item that is rated: by each role, or of behaviours by the manager."""
    rule = item.rule
    if isinstance(rule, Ladder):
        held = tuple(range(1, len(rule.behaviours) - place % 2))
        mark = _mark(item, RaterRole.MANAGER, behaviours=held)
        return (mark,), f"behaviours 1 to {held[-1]} hold"
    assert isinstance(rule, Rating), "what has no indicator is rated"
    marks, shown = [], []
    for number, rater in enumerate(rule.raters, place):
        if rule.levels:
            level = 1 + number % 2
            several = raters_needed(rater.role)
            marks += [_mark(item, rater.role, level=level)] * several
            shown.append(f"{rater.role} level {level}" + (f" x {several}" if several > 1 else ""))
            continue
        exact = full_mark * _MARKS[number % len(_MARKS)]
        given = round_half_up(exact * 4, 0) / 4
        # In a role of many as many as must, around the one mark.
        steps = (0, -1, 1) if raters_needed(rater.role) > 1 else (0,)
        own = [given + Decimal(step) / 4 for step in steps]
        if rule.marks is not None:
            own = [min(max(each, rule.marks.start), rule.marks.end) for each in own]
        marks += [_mark(item, rater.role, mark=each) for each in own]
        shown.append(f"{rater.role} {' '.join(plain(each) for each in own)}")
    return tuple(marks), ", ".join(shown)


def _mark(
    item: Item,
    role: RaterRole,
    *,
    mark: Decimal | None = None,
    level: int | None = None,
    behaviours: tuple[int, ...] | None = None,
) -> Mark:
    return Mark(item.code, role, f"e-{role}", mark, level, behaviours, None, _AT)


def _items(scheme: Scheme) -> Sequence[Item]:
    return [item for section in scheme.sections for item in section.items]
