"""Each refusal of a scheme says in a sentence what is wrong, and nothing is refused too much."""

import pytest

from services.api.core.publishing import check_publishable
from services.api.core.schemes import parse_scheme
from services.schema.errors import Conflict
from tests.api.core.scoring import RATIO, Document, document, flat, item, known, section

KNOWN = known("a", "b", "net_sales")


def sentences_of(stated: Document) -> dict[str, str]:
    """What is said of each place."""
    with pytest.raises(Conflict) as refusal:
        check_publishable(parse_scheme(stated), KNOWN)
    return {f"{fault.pointer} {fault.code}": fault.detail for fault in refusal.value.faults}


def test_of_sections_items_and_full_marks() -> None:
    assert sentences_of(document(full_mark="0")) == {
        "/sections sections_missing": "A scheme needs a section.",
        "/full_mark full_mark_not_positive": "A full mark is above 0.",
    }
    stated = document(
        section("x", "50"),
        section("x", "49.5", item("a", "100"), item("a", "-1", indicator="zzz", full_mark="0")),
    )
    assert sentences_of(stated) == {
        "/sections weights_not_100": "The sections weigh 99.5 together, not 100.",
        "/sections/0/items items_missing": "The section x needs an item.",
        "/sections/1/items/1/weight weight_not_positive": "A weight is above 0, not -1.",
        "/sections/1/items weights_not_100": "The items of section x weigh 99 together, not 100.",
        "/sections section_repeated": "The section x stands there twice.",
        "/sections item_repeated": "The item a stands there twice.",
        "/sections/1/items/1/full_mark full_mark_not_positive": "A full mark is above 0.",
        "/sections/1/items/1/indicator indicator_unknown": "There is no indicator 'zzz'.",
    }


def test_of_too_many_items() -> None:
    items = (item(f"i{at}", "1", indicator="a") for at in range(100))
    more = (item(f"j{at}", "1", indicator="a") for at in range(100))
    last = section("z", "20", item("one", "100", indicator="a"))
    stated = document(section("x", "40", *items), section("y", "40", *more), last)
    assert sentences_of(stated) == {
        "/sections too_many_items": "A scheme has at most 200 items, not 201."
    }


@pytest.mark.parametrize(
    ("rule", "place", "sentence"),
    [
        (
            {"kind": "ratio", "floor": "120"},
            "/floor floor_above_cap",
            "A floor is from 0 up and below the cap.",
        ),
        ({"kind": "steps"}, "/steps steps_missing", "The rule needs a step."),
        (
            {"kind": "steps", "steps": [{"at_least": "1", "score": "-1"}]},
            "/steps/0/score score_negative",
            "A score is from 0 up.",
        ),
        (
            {
                "kind": "steps",
                "steps": [{"at_least": "1", "score": "5"}, {"at_least": "2", "score": "9"}],
            },
            "/steps/1 step_unreachable",
            "Step 2 is never reached: those before it take all that it would.",
        ),
        (
            {
                "kind": "steps",
                "steps": [{"at_most": "1", "score": "5"}, {"at_least": "2", "score": "9"}],
            },
            "/steps steps_gap",
            "No step holds between 1 and 2.",
        ),
        ({"kind": "curve"}, "/points points_missing", "A curve needs two points or more."),
        (
            {"kind": "curve", "points": [["1", "-1"], ["2", "0"]]},
            "/points/0/1 score_negative",
            "A score is from 0 up.",
        ),
        (
            {"kind": "curve", "points": [["2", "1"], ["1", "0"]]},
            "/points/1/0 points_unordered",
            "Each point lies to the right of the one before it.",
        ),
        (
            {"kind": "deduct", "per_occurrence": "-1"},
            "/per_occurrence deduction_not_positive",
            "What an occurrence costs is above 0.",
        ),
        (
            {"kind": "deduct", "per_occurrence": "1", "free": "-1"},
            "/free free_negative",
            "Free occurrences are from 0 up.",
        ),
        (
            {"kind": "deduct", "per_occurrence": "1", "floor": "-1"},
            "/floor floor_above_cap",
            "A floor is from 0 up and below the full mark.",
        ),
    ],
)
def test_of_rules(rule: Document, place: str, sentence: str) -> None:
    at = "/sections/0/items/0/rule"
    assert sentences_of(flat(item("a", "100", rule))) == {f"{at}{place}": sentence}


def test_of_targets() -> None:
    at = "/sections/0/items/0/target target_missing"
    without = flat(item("a", "100", RATIO, target=None))
    assert sentences_of(without) == {at: "The rule of a is held against a target, and it has none."}
    zero = flat(item("a", "100", RATIO, target={"kind": "fixed", "value": "0"}))
    assert sentences_of(zero) == {
        at: "The fixed target of a has no budget level to be held against."
    }


def test_of_gates_grades_and_adjustments() -> None:
    stated = flat(
        item("a", "100"),
        gates=[
            {"when": {"section": "x", "below": "1"}, "then": {"cap": "-1"}},
            {"when": {"item": "y", "below": "1"}, "then": {"grade": "Z"}},
        ],
        grades=[
            {"grade": "A", "from": "5", "coefficient": "-1"},
            {"grade": "A", "from": "5", "coefficient": "1"},
            {"grade": "B", "from": "-5", "coefficient": "1"},
        ],
        adjustments={"minimum": "1", "maximum": "2"},
    )
    assert sentences_of(stated) == {
        "/grades grade_repeated": "The grade A stands there twice.",
        "/gates/0/when/section section_unknown": "There is no section x.",
        "/gates/0/then/cap cap_negative": "A cap is from 0 up.",
        "/gates/1/when/item item_unknown": "There is no item y.",
        "/gates/1/then/grade grade_unknown": "There is no grade Z.",
        "/grades grade_bands_overlap": "Two grades begin at 5.",
        "/grades grade_band_negative": "The band of grade B begins below 0.",
        "/grades coefficient_negative": "The coefficient of grade A is below 0.",
        "/adjustments adjustments_unordered": (
            "Adjustments are bounded from 0 or less to 0 or more."
        ),
    }


def test_of_a_distribution() -> None:
    shares = [{"grade": "A", "share": "-1"}, {"grade": "A", "share": "2"}]
    distribution = {"shares": shares, "tie_breakers": ["zzz"]}
    assert sentences_of(flat(item("a", "100"), distribution=distribution)) == {
        "/distribution/shares/0/share share_negative": "A share is from 0 up.",
        "/distribution/shares grade_repeated": "The grade A stands there twice.",
        "/distribution/shares shares_not_100": "The shares of the distribution sum to 1, not 100.",
        "/distribution/tie_breakers/0 indicator_unknown": "There is no indicator 'zzz'.",
    }


def test_of_pay() -> None:
    bands = [{"from": "1", "rate": "-1"}, {"from": "1", "rate": "1"}]
    stated = flat(
        item("a", "100"),
        grades=[],
        gates=[{"when": {"item": "a", "below": "1"}, "then": {"fail": True}}],
        pay=[
            {"plan": "grade_bonus", "base": "-1"},
            {"plan": "commission", "indicator": "zzz", "bands": bands},
        ],
    )
    assert sentences_of(stated) == {
        "/gates/0/then/fail grades_missing": (
            "A gate that fails the whole needs grades to set the lowest of."
        ),
        "/pay/0 grades_missing": (
            "The plan grade_bonus multiplies by the grade, and there are no grades."
        ),
        "/pay/0/base base_negative": "A base bonus is from 0 up.",
        "/pay/1/indicator indicator_unknown": "There is no indicator 'zzz'.",
        "/pay/1/bands bands_not_from_0": "The first band is from 0.",
        "/pay/1/bands/0/rate rate_negative": "A rate is from 0 up.",
        "/pay/1/bands/1/from bands_unordered": "Each band begins above the one before it.",
    }


def test_two_reasons_are_counted_and_one_stands_alone() -> None:
    def detail(stated: Document) -> str:
        with pytest.raises(Conflict) as refusal:
            check_publishable(parse_scheme(stated), KNOWN)
        return refusal.value.detail

    assert detail(flat(item("a", "99"))) == ("The items of section all weigh 99 together, not 100.")
    assert detail(flat(item("a", "99"), full_mark="0")) == (
        "2 reasons stand against this scheme, the first is: "
        "The items of section all weigh 99 together, not 100."
    )


def test_figures_on_the_good_side_of_their_line_pass() -> None:
    low_curve: Document = {
        "kind": "curve",
        "points": [["0", "0"], ["0.000001", "0.0001"], ["5", "0.0001"]],
    }
    low_steps: Document = {"kind": "steps", "steps": [{"at_least": "1", "score": "0.5"}]}
    nothing: Document = {"kind": "steps", "steps": [{"at_least": "1", "score": "0"}]}
    rules: tuple[Document, ...] = (low_curve, low_steps, nothing, {"kind": "ratio", "cap": "0.6"})
    items = [item(f"i{at}", "25", rule, indicator="a") for at, rule in enumerate(rules)]
    stated = flat(
        *items,
        full_mark="0.5",
        grades=[{"grade": "A", "from": "0", "coefficient": "0"}],
        adjustments={"minimum": "0", "maximum": "0"},
    )
    check_publishable(parse_scheme(stated), KNOWN)
