"""An explanation as a tree: every figure below the one that is made of it, in both languages."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

import pytest

from services.api.core.explanation_trees import Names, tree_of
from services.api.core.explanations import explanation_document
from services.api.core.scorecards import score
from services.schema.shapes.indicators import Explained, MeasureAmount, Value
from services.schema.shapes.schemes import Name
from services.schema.shapes.scorecards import Adjustment, ItemInput, SegmentInput
from services.schema.words import Better
from tests.api.core.chance import random_adjustments, random_inputs, random_scheme
from tests.api.core.rated import ladder, rated, rating, rubric, stated_mark
from tests.api.core.scoring import (
    RATIO,
    Document,
    document,
    flat,
    given,
    head,
    item,
    section,
    segment_input,
)
from tests.api.core.test_explanations import _segment as segment_of

d = Decimal
Node = dict[str, Any]
SALES = Explained(
    Value(d("1500.5"), None),
    'paid_amount - refund_amount[channel = "x"]',
    2,
    (
        MeasureAmount("paid_amount", "", d("1600"), 3),
        MeasureAmount("refund_amount", 'channel = "x"', d("99.5"), 1),
    ),
    "USD 10 x 7 = CNY 70",
    ("/v1/facts/orders?employee=e-1",),
)
HOLDS: Document = {"indicator": "d", "at_least": "1"}
PEERS = {"e-17": "70", "e-18": "71", "e-19": "70"}
NAMES = Names(
    indicators={"sales": Name("销售额", "Sales")},
    measures={"paid_amount": Name("支付金额", "Paid amount")},
    parts={("front", 1, "work"): Name("业绩", "Work")},
)


def told(*segments: SegmentInput, adjustments: tuple[Adjustment, ...] = ()) -> Node:
    made = score(segments, adjustments)
    bytes_ = explanation_document(head(segments, adjustments), segments, made)
    return tree_of(json.loads(bytes_), NAMES)


def each_node(node: Node) -> Iterator[Node]:
    yield node
    for part in node["parts"]:
        yield from each_node(part)


def outline(node: Node, depth: int = 0) -> Iterator[str]:
    """Three lines for each node: its figure, and its words in both languages."""
    name = node["name"]["zh"] if node["name"] else ""
    stated = " ".join(str(each) for each in (node["figure"], node["code"] or "", name) if each)
    margin = "  " * depth
    yield f"{margin}{stated} = {node['value']}"
    yield f"{margin}| {node['words']['zh']}"
    yield f"{margin}| {node['words']['en']}"
    for part in node["parts"]:
        yield from outline(part, depth + 1)


EXPECTED = [
    "grade = C",
    "| 总分 70.00 达到 C（0 起），系数 0.6",
    "| a total of 70.00 reaches C (from 0), coefficient 0.6",
    "  total = 70.00",
    "  | 平均 + 奖惩：72.00 + 1 = 73.00，封顶 70.00",
    "  | mean + adjustments: 72.00 + 1 = 73.00, capped at 70.00",
    "    mean = 72.00",
    "    | 按天数平均：(72.00 × 31) / 31 = 72.00",
    "    | by days: (72.00 × 31) / 31 = 72.00",
    "      segment 1 = 72.00",
    "      | 2026-10-01 至 2026-11-01（不含），31 天，front v1：72 + 0 = 72.00",
    "      | 2026-10-01 to 2026-11-01 (exclusive), 31 days, front v1: 72 + 0 = 72.00",
    "        section work 业绩 = 72.00",
    "        | (72 + 0) × 100 / 100 = 72.00",
    "        | (72 + 0) × 100 / 100 = 72.00",
    "          line sales 销售额 = 72",
    "          | 120 × 60 / 100 = 72",
    "          | 120 × 60 / 100 = 72",
    "            score = 120",
    "            | 达到上限：121.5964，调整为 120",
    "            | cap: 121.5964, held to 120",
    "              rule = ratio",
    "              | 比例：100 × 达成率，0 至 1.2 × 100",
    "              | ratio: 100 × attainment, from 0 to 1.2 × 100",
    "              attainment budget = 1.215964",
    "              | 预算目标达成率：1500.5 / 1234 = 1.215964",
    "              | attainment of budget: 1500.5 / 1234 = 1.215964",
    "              value sales 销售额 = 1500.5",
    '              | 按公式 paid_amount - refund_amount[channel = "x"]（第 2 版）计算，范围：本人',
    '              | computed by paid_amount - refund_amount[channel = "x"] (version 2), scope own',
    "                measure paid_amount 支付金额 = 1600",
    "                | paid_amount：3 条明细；汇率：USD 10 x 7 = CNY 70",
    "                | paid_amount: 3 records; rates: USD 10 x 7 = CNY 70",
    "                measure refund_amount = 99.5",
    '                | refund_amount[channel = "x"]：1 条明细；汇率：USD 10 x 7 = CNY 70',
    '                | refund_amount[channel = "x"]: 1 record; rates: USD 10 x 7 = CNY 70',
    "              target budget = 1234",
    "              | 预算目标，来自 employee:e-1",
    "              | budget, from employee:e-1",
    "            weight = 60",
    "            | 占本类 60 %，占总分 60 %",
    "            | 60 % of its section, 60 % of all",
    "          line slips = 0",
    "          | 0 × 40 / 100 = 0",
    "          | 0 × 40 / 100 = 0",
    "            score = 0",
    "            | 没有数据：记 0 分",
    "            | no data: it scores 0",
    "              rule = curve",
    "              | 曲线：值在 (0, 0)、(1000, 1000) 之间取直线，两端持平",
    "              | curve: straight lines of the value between (0, 0), (1000, 1000), flat outside",
    "              value slips = None",
    "              | 没有值：没有数据，范围：本人",
    "              | none: no rows, scope own",
    "            weight = 40",
    "            | 占本类 40 %，占总分 40 %",
    "            | 40 % of its section, 40 % of all",
    "        gate = 0",
    "        | 考核项 slips 的得分 < 1（实际 0）：总分不超过 70",
    "        | score of item slips < 1 (it is 0): a total of at most 70",
    "    adjustments = 1",
    "    | 1.5 → 1，限于 -1 … 1",
    "    | 1.5 → 1, within -1 … 1",
    "      adjustment = 1.5",
    "      | 奖 (key:k)",
    "      | 奖 (key:k)",
]


def test_a_tree_from_the_grade_to_the_count_of_records() -> None:
    stated = document(
        section("work", "100", item("sales", "60", RATIO), item("slips", "40", missing="zero")),
        gates=[{"when": {"item": "slips", "below": "1"}, "then": {"cap": "70"}}],
        adjustments={"minimum": "-1", "maximum": "1"},
    )
    sales = given("1500.5", budget="1234", explained=SALES)
    tree = told(
        segment_input(stated, {"sales": sales, "slips": None}),
        adjustments=(Adjustment(d("1.5"), "奖", "key:k"),),
    )
    assert list(outline(tree)) == EXPECTED
    (measure, other) = (node for node in each_node(tree) if node["figure"] == "measure")
    assert (measure["records"], other["records"]) == (3, 1)
    (value, _) = (node for node in each_node(tree) if node["figure"] == "value")
    assert value["links"] == ["/v1/facts/orders?employee=e-1"]


@pytest.mark.parametrize("seed", range(20))
def test_requirement_28_the_figures_of_a_tree_add_up(seed: int) -> None:
    """By plain arithmetic: points are score x weight / 100, and sum to the segment's total."""
    chance = Random(seed)
    schemes = [random_scheme(chance) for _ in range(chance.choice((1, 2)))]
    segments = [
        SegmentInput(segment_of(chance, at), scheme, random_inputs(chance, scheme))
        for at, scheme in enumerate(schemes)
    ]
    tree = told(*segments, adjustments=tuple(random_adjustments(chance)))
    for node in each_node(tree):
        assert node["words"]["zh"], node
        assert node["words"]["en"], node
        if node["figure"] == "line" and node["value"] is not None:
            mark, weight = node["parts"]
            exact = d(mark["value"]) * d(weight["value"]) / 100
            assert d(node["value"]) == exact.quantize(d("0.0001"), ROUND_HALF_UP)
        if node["figure"] == "segment" and node["value"] is not None:
            lines = [part for part in each_node(node) if part["figure"] == "line"]
            points = sum((d(line["value"]) for line in lines if line["value"]), d(0))
            caps = [gate for gate in node["parts"] if gate["figure"] == "gate"]
            whole = points.quantize(d("0.01"), ROUND_HALF_UP)
            assert d(node["value"]) == whole or (caps and d(node["value"]) < whole)


def test_a_posted_value_says_so_and_a_share_of_a_target_too() -> None:
    stated = document(section("work", "100", item("slips", "100", RATIO, full_mark="30")))
    posted = ItemInput(
        Value(d("2"), None),
        given("2", budget="4").targets,
        Better.LOWER,
        Explained(Value(d("2"), None), None, 0, (), None, ()),
    )
    words = [n["words"] for n in each_node(told(segment_input(stated, {"slips": posted})))]
    chinese = [each["zh"] for each in words]
    assert "填报值，范围：本人" in chinese
    assert "预算目标达成率：2 - 2 / 4 = 1.5" in chinese
    assert "达到上限：45，调整为 36；换算：36 × 100 / 30 = 120" in chinese


def test_what_people_stated_is_told_by_role_and_nobody_is_named() -> None:
    raters: list[Document] = [
        {"role": "self", "weight": "20"},
        {"role": "peer", "weight": "80"},
    ]
    stated = flat(
        rated("a", "40", rating(raters), missing="redistribute"),
        rated("b", "30", ladder("50", "100")),
        item(
            "c", "30", rubric({"all": [{"indicator": "d", "at_least": "1"}], "range": ["1", "2"]})
        ),
    )
    marks = tuple(stated_mark("a", "peer", who, mark=mark) for who, mark in PEERS.items())
    inputs = {
        "a": replace(given(None), marks=marks),
        "b": replace(given(None), marks=(stated_mark("b", "manager", behaviours=(2,)),)),
        "c": replace(given("3"), others={"d": given("4", budget="5")}),
    }
    tree = told(segment_input(stated, inputs))
    nodes = [node for node in each_node(tree) if node["figure"] == "line"]
    lines = {line["code"]: line["parts"][0] for line in nodes}
    assert [(each["code"], each["value"], each["words"]) for each in lines["a"]["parts"][1:]] == [
        ("self", None, {"zh": "自评：待评，权重 20 %", "en": "self: nobody rated, weight 20 %"}),
        (
            "peer",
            "70.3333",
            {
                "zh": "同事：3 人，211 / 3 = 70.3333，权重 80 %",
                "en": "peer: 3 people, 211 / 3 = 70.3333, weight 80 %",
            },
        ),
    ]
    assert lines["a"]["words"]["en"] == "mean of marks: 70.3333"
    assert [each["words"]["en"] for each in lines["b"]["parts"][1:]] == ["behaviours that hold: 2"]
    assert lines["b"]["words"]["en"] == "no behaviour: 0"
    assert [(each["figure"], each["code"], each["value"]) for each in lines["c"]["parts"][1:]] == [
        ("value", "c", "3"),
        ("attainment", "budget", "0.8"),
        ("value", "d", "4"),
        ("target", "budget", "5"),
        ("mark", None, None),
    ]
    assert not any(who in json.dumps(tree) for who in PEERS)


@pytest.mark.parametrize(
    ("missing", "mean", "zh", "en"),
    [
        ("redistribute", None, "2 人已评，满 3 人才计入", "2 rated, counts from 3 on"),
        ("zero", "0", "2 人已评，满 3 人才计入，记 0", "2 rated, counts from 3 on, counted as 0"),
    ],
)
def test_a_role_of_many_says_that_too_few_have_rated(
    missing: str, mean: str | None, zh: str, en: str
) -> None:
    raters: list[Document] = [{"role": "self", "weight": "20"}, {"role": "peer", "weight": "80"}]
    marks = [stated_mark("a", "peer", who, mark=mark) for who, mark in PEERS.items()][:2]
    marks.append(stated_mark("a", "self", mark="50"))
    inputs = {"a": replace(given(None), marks=tuple(marks))}
    tree = told(segment_input(flat(rated("a", "100", rating(raters), missing=missing)), inputs))
    (peer,) = [node for node in each_node(tree) if node.get("code") == "peer"]
    assert (peer["value"], peer["words"]) == (
        mean,
        {"zh": f"同事：{zh}，权重 80 %", "en": f"peer: {en}, weight 80 %"},
    )
