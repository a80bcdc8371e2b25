"""Every rule and gate has words, in both languages."""

import pytest

from services.api.core.rule_words import condition_in_words, effect_in_words, rule_in_words
from services.schema.shapes.schemes import Name
from tests.api.companies import Json

RULES = [
    (
        {"kind": "ratio", "floor": "0", "cap": "120"},
        "比例：100 × 达成率，0 至 120",
        "ratio: 100 × attainment, from 0 to 120",
    ),
    (
        {"kind": "ratio", "floor": "10", "cap": None},
        "比例：100 × 达成率，10 至 1.2 × 100",
        "ratio: 100 × attainment, from 10 to 1.2 × 100",
    ),
    (
        {
            "kind": "steps",
            "of": "attainment",
            "steps": [
                {"level": "challenge", "at_least": "1", "score": "120"},
                {"level": "budget", "at_least": "0.9", "score": "80"},
            ],
        },
        "分档：取第一个满足的档；挑战目标达成率 ≥ 1：120；预算目标达成率 ≥ 0.9：80；都不满足：0",
        (
            "steps: the first that holds; attainment of challenge ≥ 1: 120; "
            "attainment of budget ≥ 0.9: 80; none: 0"
        ),
    ),
    (
        {"kind": "steps", "of": "value", "steps": [{"at_most": "5", "score": "80"}]},
        "分档：取第一个满足的档；值 ≤ 5：80；都不满足：0",
        "steps: the first that holds; value ≤ 5: 80; none: 0",
    ),
    (
        {"kind": "curve", "of": "value", "points": [["0.06", "80"], ["0.13", "100"]]},
        "曲线：值在 (0.06, 80)、(0.13, 100) 之间取直线，两端持平",
        "curve: straight lines of the value between (0.06, 80), (0.13, 100), flat outside",
    ),
    (
        {"kind": "deduct", "per_occurrence": "5", "free": "1", "floor": "0"},
        "扣分：满分 100，超过 1 后每 1 扣 5，不低于 0",
        "deduct: 100 less 5 for each beyond 1, not below 0",
    ),
    (
        {"kind": "pass", "of": "value", "at_most": "0.05"},
        "达标：值 ≤ 0.05 得 100，否则 0",
        "pass: 100 if the value is ≤ 0.05, else 0",
    ),
    (
        {
            "kind": "rating",
            "raters": [{"role": "self", "weight": "20"}, {"role": "hr", "weight": "80"}],
            "levels": None,
            "marks": None,
        },
        "评分：自评 20 %、人事 80 % 的加权平均；0 至 100",
        "rating: mean of marks by self 20 %, hr 80 %; from 0 to 100",
    ),
    (
        {
            "kind": "rating",
            "raters": [{"role": "third_party", "weight": "100"}],
            "levels": [{"mark": "100", "text": {"zh": "优", "en": "excellent"}}],
            "marks": None,
        },
        "评分：第三方 100 % 的加权平均；优：100",
        "rating: mean of marks by third_party 100 %; excellent: 100",
    ),
    (
        {
            "kind": "rating",
            "raters": [{"role": "manager", "weight": "100"}],
            "levels": None,
            "marks": {"from": "2.5", "to": "4.5", "step": "0.25"},
        },
        "评分：上级 100 % 的加权平均；2.5 至 4.5，每档 0.25",
        "rating: mean of marks by manager 100 %; from 2.5 to 4.5 by 0.25",
    ),
    (
        {
            "kind": "ladder",
            "behaviours": [{"zh": "等", "en": "waits"}, {"zh": "做", "en": "acts"}],
            "marks": ["1", "2"],
        },
        "行为阶梯：取以下各级都满足的最高一级；等：1；做：2；都不满足：0",
        "ladder: the highest of which all before it hold; waits: 1; acts: 2; none: 0",
    ),
    (
        {
            "kind": "rubric",
            "levels": [
                {
                    "all": [
                        {"indicator": "a", "of": "value", "at_least": "1"},
                        {"indicator": "b", "of": "attainment", "below": "0.8"},
                    ],
                    "score": "3.5",
                },
                {
                    "any": [{"indicator": "a", "of": "value", "at_most": "1"}],
                    "range": ["3", "3.25"],
                },
            ],
        },
        (
            "评分标准：取第一个满足的等级；同时满足 a 的值 ≥ 1、b 的达成率 < 0.8：3.5；"
            "满足其一 a 的值 ≤ 1：3 至 3.25；都不满足：0"
        ),
        (
            "rubric: the first that holds; all of value of a ≥ 1, attainment of b < 0.8: 3.5; "
            "any of value of a ≤ 1: 3 to 3.25; none: 0"
        ),
    ),
]


@pytest.mark.parametrize(("rule", "chinese", "english"), RULES)
def test_a_rule_is_told_in_both_languages(rule: Json, chinese: str, english: str) -> None:
    assert rule_in_words(rule, "100") == Name(chinese, english)


def test_a_rule_of_a_later_version_is_named() -> None:
    assert rule_in_words({"kind": "later"}, "100") == Name("later", "later")


@pytest.mark.parametrize(
    ("when", "chinese", "english"),
    [
        (
            {"section": "values", "of": "score", "below": "3"},
            "类别 values 的得分 < 3",
            "score of section values < 3",
        ),
        (
            {"item": "orders", "of": "value", "at_least": "1"},
            "考核项 orders 的值 ≥ 1",
            "value of item orders ≥ 1",
        ),
    ],
)
def test_a_condition_is_told(when: Json, chinese: str, english: str) -> None:
    assert condition_in_words(when) == Name(chinese, english)


@pytest.mark.parametrize(
    ("then", "chinese", "english"),
    [
        ({"fail": True}, "降为最低等级", "the lowest grade"),
        ({"cap": "59"}, "总分不超过 59", "a total of at most 59"),
        ({"grade": "C"}, "等级不高于 C", "no better than C"),
    ],
)
def test_an_effect_is_told(then: Json, chinese: str, english: str) -> None:
    assert effect_in_words(then) == Name(chinese, english)
