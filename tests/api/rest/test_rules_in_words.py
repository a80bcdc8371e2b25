"""Every rule and gate has words."""

import pytest

from services.api.rest.rules_in_words import condition_in_words, effect_in_words, rule_in_words
from tests.api.companies import Json


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            {"kind": "ratio", "floor": "0", "cap": "120"},
            "ratio: 100 × attainment, from 0 to 120",
        ),
        (
            {"kind": "ratio", "floor": "10", "cap": None},
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
            (
                "steps: the first that holds; attainment of challenge ≥ 1: 120; "
                "attainment of budget ≥ 0.9: 80; none: 0"
            ),
        ),
        (
            {"kind": "steps", "of": "value", "steps": [{"at_most": "5", "score": "80"}]},
            "steps: the first that holds; value ≤ 5: 80; none: 0",
        ),
        (
            {"kind": "curve", "of": "value", "points": [["0.06", "80"], ["0.13", "100"]]},
            "curve: straight lines of the value between (0.06, 80), (0.13, 100), flat outside",
        ),
        (
            {"kind": "deduct", "per_occurrence": "5", "free": "1", "floor": "0"},
            "deduct: 100 less 5 for each beyond 1, not below 0",
        ),
        (
            {"kind": "pass", "of": "value", "at_most": "0.05"},
            "pass: 100 if the value is ≤ 0.05, else 0",
        ),
        (
            {
                "kind": "rating",
                "raters": [{"role": "self", "weight": "20"}, {"role": "hr", "weight": "80"}],
                "levels": None,
                "marks": None,
            },
            "rating: mean of marks by self 20 %, hr 80 %; from 0 to 100",
        ),
        (
            {
                "kind": "rating",
                "raters": [{"role": "self", "weight": "100"}],
                "levels": [{"mark": "100", "text": {"zh": "优", "en": "excellent"}}],
                "marks": None,
            },
            "rating: mean of marks by self 100 %; 优 excellent: 100",
        ),
        (
            {
                "kind": "rating",
                "raters": [{"role": "self", "weight": "100"}],
                "levels": None,
                "marks": {"from": "2.5", "to": "4.5", "step": "0.25"},
            },
            "rating: mean of marks by self 100 %; from 2.5 to 4.5 by 0.25",
        ),
        (
            {
                "kind": "ladder",
                "behaviours": [{"zh": "等", "en": "waits"}, {"zh": "acts", "en": "acts"}],
                "marks": ["1", "2"],
            },
            "ladder: the highest of which all before it hold; 等 waits: 1; acts: 2; none: 0",
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
                "rubric: the first that holds; all of value of a ≥ 1, attainment of b < 0.8: 3.5; "
                "any of value of a ≤ 1: 3 to 3.25; none: 0"
            ),
        ),
    ],
)
def test_a_rule_is_told(rule: Json, words: str) -> None:
    assert rule_in_words(rule, "100") == words


def test_a_gate_is_told() -> None:
    below = {"section": "values", "of": "score", "below": "3"}
    assert condition_in_words(below) == "score of section values < 3"
    least = {"item": "orders", "of": "value", "at_least": "1"}
    assert condition_in_words(least) == "value of item orders ≥ 1"
    assert effect_in_words({"fail": True}) == "the lowest grade"
    assert effect_in_words({"cap": "59"}) == "a total of at most 59"
    assert effect_in_words({"grade": "C"}) == "no better than C"
