"""What a scheme must be to be published: passes and refusals on both sides of each line."""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.core.publishing import MOST_FAULTS, check_publishable
from services.api.core.schemes import parse_scheme
from services.schema.errors import Conflict
from services.schema.money import plain, share_out
from services.schema.shapes.indicators import Indicator
from tests.api.core.scoring import (
    GRADES,
    Document,
    document,
    flat,
    item,
    known,
    section,
)

KNOWN = known("a", "b", "c", "net_sales")


def faults_of(
    stated: Document, indicators: Mapping[str, Indicator] = KNOWN
) -> list[tuple[str, str]]:
    try:
        check_publishable(parse_scheme(stated), indicators)
    except Conflict as refusal:
        return [(fault.pointer, fault.code) for fault in refusal.faults]
    return []


def with_weights(*weights: str) -> Document:
    return flat(*(item(f"i{at}", weight, indicator="a") for at, weight in enumerate(weights)))


@pytest.mark.parametrize(
    "weights",
    [
        ("28.6", "35.7", "35.7"),
        ("72.68", "10.93", "2.73", "13.66"),
        ("0.75", "0.75", "98.5"),
        ("100",),
        ("33.3333", "33.3333", "33.3334"),
        ("0.0001", "99.9999"),
    ],
)
def test_requirement_01_valid_weights_pass(weights: tuple[str, ...]) -> None:
    assert faults_of(with_weights(*weights)) == []


def test_requirement_01_a_set_totalling_99_9_is_refused_with_the_total() -> None:
    with pytest.raises(Conflict) as refusal:
        check_publishable(parse_scheme(with_weights("28.6", "35.7", "35.6")), KNOWN)
    assert refusal.value.code == "weights_not_100"
    assert refusal.value.detail == "The items of section all weigh 99.9 together, not 100."
    assert [fault.pointer for fault in refusal.value.faults] == ["/sections/0/items"]


@pytest.mark.parametrize(
    "weights", [("99.9999",), ("100.0001",), ("50", "50", "0.0001"), ("33.3", "33.3", "33.3")]
)
def test_weights_a_hair_off_are_refused(weights: tuple[str, ...]) -> None:
    assert faults_of(with_weights(*weights)) == [("/sections/0/items", "weights_not_100")]


def test_sections_must_sum_to_100_too() -> None:
    stated = document(section("x", "60", item("a", "100")), section("y", "39.9", item("b", "100")))
    with pytest.raises(Conflict) as refusal:
        check_publishable(parse_scheme(stated), KNOWN)
    assert refusal.value.detail == "The sections weigh 99.9 together, not 100."
    stated = document(section("x", "60", item("a", "100")), section("y", "40", item("b", "100")))
    assert faults_of(stated) == []


def test_a_weight_is_above_0_even_where_the_sum_is_100() -> None:
    assert faults_of(with_weights("100", "0")) == [
        ("/sections/0/items/1/weight", "weight_not_positive")
    ]
    assert faults_of(with_weights("101", "-1")) == [
        ("/sections/0/items/1/weight", "weight_not_positive")
    ]


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=12))
def test_weights_shared_out_always_pass(parts: list[int]) -> None:
    weights = [plain(weight) for weight in share_out(Decimal(100), parts, 4)]
    if "0" not in weights:
        assert faults_of(with_weights(*weights)) == []


def test_an_empty_scheme_or_section_is_refused() -> None:
    assert faults_of(document()) == [("/sections", "sections_missing")]
    assert faults_of(document(section("x", "100"))) == [("/sections/0/items", "items_missing")]


def test_codes_stand_once_and_sections_and_items_apart() -> None:
    stated = document(
        section("x", "50", item("a", "50"), item("b", "50")),
        section("x", "50", item("a", "100")),
        grades=[*GRADES, {"grade": "A", "from": "80", "coefficient": "1"}],
    )
    assert faults_of(stated) == [
        ("/sections", "section_repeated"),
        ("/sections", "item_repeated"),
        ("/grades", "grade_repeated"),
    ]
    assert faults_of(document(section("a", "100", item("a", "100")))) == []


def test_a_scheme_has_so_many_items_and_no_more() -> None:
    def hundred(code: str) -> Document:
        items = (item(f"{code}{at}", "1", indicator="a") for at in range(100))
        return section(code, "50", *items)

    assert faults_of(document(hundred("x"), hundred("y"))) == []
    more = section("z", "50", item("one", "100", indicator="a"))
    assert ("/sections", "too_many_items") in faults_of(document(hundred("x"), hundred("y"), more))


@pytest.mark.parametrize(
    ("gate", "faults"),
    [
        ({"when": {"section": "all", "below": "1"}, "then": {"fail": True}}, []),
        ({"when": {"item": "a", "below": "1"}, "then": {"grade": "C"}}, []),
        ({"when": {"item": "a", "below": "1"}, "then": {"cap": "0"}}, []),
        (
            {"when": {"section": "a", "below": "1"}, "then": {"fail": True}},
            [("/when/section", "section_unknown")],
        ),
        (
            {"when": {"item": "all", "below": "1"}, "then": {"fail": True}},
            [("/when/item", "item_unknown")],
        ),
        (
            {"when": {"item": "a", "below": "1"}, "then": {"grade": "D"}},
            [("/then/grade", "grade_unknown")],
        ),
        (
            {"when": {"item": "a", "below": "1"}, "then": {"cap": "-1"}},
            [("/then/cap", "cap_negative")],
        ),
    ],
)
def test_gates_name_what_there_is(gate: Document, faults: list[tuple[str, str]]) -> None:
    expected = [(f"/gates/0{pointer}", code) for pointer, code in faults]
    assert faults_of(flat(item("a", "100"), gates=[gate])) == expected


def test_without_grades_nothing_may_need_one() -> None:
    stated = flat(
        item("a", "100"),
        grades=[],
        gates=[{"when": {"item": "a", "below": "1"}, "then": {"fail": True}}],
        pay=[
            {"plan": "grade_bonus", "base": "100"},
            {"plan": "commission", "indicator": "a", "rate": "0.1", "coefficient": "grade"},
            {"plan": "commission", "indicator": "a", "rate": "0.1", "coefficient": "score"},
            {"plan": "commission", "indicator": "a", "rate": "0.1"},
        ],
    )
    assert faults_of(stated) == [
        ("/gates/0/then/fail", "grades_missing"),
        ("/pay/0", "grades_missing"),
        ("/pay/1", "grades_missing"),
    ]
    assert faults_of(flat(item("a", "100"), grades=[])) == []


def grade(name: str, start: str, coefficient: str = "1") -> Document:
    return {"grade": name, "from": start, "coefficient": coefficient}


@pytest.mark.parametrize(
    ("grades", "codes"),
    [
        ([grade("A", "75.01"), grade("B", "75")], []),
        ([grade("A", "75"), grade("B", "75")], ["grade_bands_overlap"]),
        ([grade("A", "-0.01")], ["grade_band_negative"]),
        ([grade("A", "0", "-0.1")], ["coefficient_negative"]),
        ([grade("A", "60", "0")], []),
    ],
)
def test_grade_bands_are_apart(grades: list[Document], codes: list[str]) -> None:
    found = faults_of(flat(item("a", "100"), grades=grades))
    assert [code for _, code in found] == codes


def test_adjustments_are_bounded_around_0() -> None:
    for minimum, maximum, fits in (("0", "0", True), ("1", "2", False), ("-2", "-1", False)):
        bounds = {"minimum": minimum, "maximum": maximum}
        found = faults_of(flat(item("a", "100"), adjustments=bounds))
        assert found == ([] if fits else [("/adjustments", "adjustments_unordered")])


def test_a_distribution_has_known_grades_once_and_all_of_the_people() -> None:
    def found(shares: list[Document], *tie_breakers: str) -> list[tuple[str, str]]:
        distribution = {"shares": shares, "tie_breakers": list(tie_breakers)}
        return faults_of(flat(item("a", "100"), distribution=distribution))

    good: list[Document] = [
        {"grade": "A", "share": "20"},
        {"grade": "B", "share": "70"},
        {"grade": "C", "share": "10"},
    ]
    assert found(good, "a", "net_sales") == []
    assert found(good, "nothing") == [("/distribution/tie_breakers/0", "indicator_unknown")]
    assert found([*good, {"grade": "C", "share": "0.1"}]) == [
        ("/distribution/shares", "grade_repeated"),
        ("/distribution/shares", "shares_not_100"),
    ]
    assert found([{"grade": "A", "share": "110"}, {"grade": "D", "share": "-10"}]) == [
        ("/distribution/shares/1/grade", "grade_unknown"),
        ("/distribution/shares/1/share", "share_negative"),
    ]


def test_score_bands_have_a_known_section_and_all_of_the_people() -> None:
    def found(shares: list[tuple[str, str]], **more: object) -> list[tuple[str, str]]:
        bands = {"shares": [{"from": start, "share": share} for start, share in shares], **more}
        return faults_of(flat(item("a", "100"), distribution={"bands": bands}))

    good = [("3.75", "20"), ("3.5", "70"), ("0", "10")]
    assert found(good) == found(good, section="all") == []
    assert found(good, section="none") == [("/distribution/bands/section", "section_unknown")]
    assert found([("3.75", "110"), ("3.5", "-10"), ("3.5", "1")]) == [
        ("/distribution/bands/shares/1/share", "share_negative"),
        ("/distribution/bands/shares", "bands_overlap"),
        ("/distribution/bands/shares", "shares_not_100"),
    ]
    # With bands the shares of grades may be left out, but not be wrong.
    assert faults_of(flat(item("a", "100"), distribution={})) == [
        ("/distribution/shares", "shares_not_100")
    ]


def commission(*bands: tuple[str, str]) -> Document:
    return {
        "plan": "commission",
        "indicator": "net_sales",
        "bands": [{"from": start, "rate": rate} for start, rate in bands],
    }


@pytest.mark.parametrize(
    ("pay", "faults"),
    [
        (commission(("0", "0.01"), ("0.0001", "0.02")), []),
        (commission(("0", "0")), []),
        (commission(), [("/bands", "bands_not_from_0")]),
        (commission(("1", "0.01")), [("/bands", "bands_not_from_0")]),
        (commission(("0", "0.01"), ("0", "0.02")), [("/bands/1/from", "bands_unordered")]),
        (
            commission(("0", "0.1"), ("9", "0.2"), ("8", "0.3")),
            [("/bands/2/from", "bands_unordered")],
        ),
        (commission(("0", "-0.01")), [("/bands/0/rate", "rate_negative")]),
        (
            {"plan": "commission", "indicator": "nothing", "rate": "0.1"},
            [("/indicator", "indicator_unknown")],
        ),
        ({"plan": "grade_bonus", "base": "0"}, []),
        ({"plan": "grade_bonus", "base": "-1"}, [("/base", "base_negative")]),
    ],
)
def test_pay_plans_are_complete(pay: Document, faults: list[tuple[str, str]]) -> None:
    expected = [(f"/pay/0{pointer}", code) for pointer, code in faults]
    assert faults_of(flat(item("a", "100"), pay=[pay])) == expected


def test_several_reasons_are_counted_and_the_first_told() -> None:
    stated = flat(*(item(f"i{number}", "2", indicator="zzz") for number in range(60)))
    with pytest.raises(Conflict) as refusal:
        check_publishable(parse_scheme(stated), KNOWN)
    assert refusal.value.detail == (
        "61 reasons stand against this scheme, the first is: "
        "The items of section all weigh 120 together, not 100."
    )
    assert len(refusal.value.faults) == MOST_FAULTS
