"""Gates at both sides of their bounds, the strictest of several, and the bands of grades."""

from decimal import Decimal

import pytest

from services.api.core.gates import best_first, cap_total, grade_of, limit_grade
from services.schema.shapes.schemes import Grade
from services.schema.shapes.scorecards import GateBite
from tests.api.core.scoring import Document, document, flat, given, item, scheme_of, scored, section

d = Decimal


def gate(when: Document, then: Document) -> Document:
    return {"when": when, "then": then}


def bites(stated: Document, inputs: dict[str, str | None]) -> list[str]:
    """What the gates that bit read."""
    return [str(bite.actual) for bite in scored(stated, inputs).segments[0].gates]


@pytest.mark.parametrize(
    ("bound", "value", "actual"),
    [
        ({"below": "60"}, "59.9999", ["59.9999"]),
        ({"below": "60"}, "60", []),
        ({"at_most": "60"}, "60", ["60.0000"]),
        ({"at_most": "60"}, "60.0001", []),
        ({"at_least": "60"}, "60", ["60.0000"]),
        ({"at_least": "60"}, "59.9999", []),
    ],
)
def test_a_gate_on_the_score_of_an_item(bound: Document, value: str, actual: list[str]) -> None:
    stated = flat(item("a", "100"), gates=[gate({"item": "a", **bound}, {"cap": "59"})])
    assert bites(stated, {"a": value}) == actual


def test_a_gate_reads_a_section_s_score_at_the_two_decimals_it_shows() -> None:
    stated = flat(
        item("a", "50"),
        item("b", "50"),
        gates=[gate({"section": "all", "below": "60"}, {"fail": True})],
    )
    # 59.99 and 60.00 to two decimals: 59.995 is shown as 60.00 and trips nothing.
    assert bites(stated, {"a": "59.99", "b": "59.99"}) == ["59.99"]
    assert bites(stated, {"a": "59.995", "b": "59.995"}) == []


def test_a_gate_on_a_value_or_an_attainment() -> None:
    stated = flat(
        item("a", "100"),
        gates=[
            gate({"item": "a", "of": "value", "at_least": "5"}, {"cap": "80"}),
            gate({"item": "a", "of": "attainment", "below": "0.5"}, {"cap": "70"}),
        ],
    )

    def actual(value: str, budget: str) -> list[str]:
        card = scored(stated, {"a": given(value, budget=budget)})
        return [str(bite.actual) for bite in card.segments[0].gates]

    assert actual("5", "10") == ["5"]
    # The attainment is held at the six decimals it shows: 0.49999995 is 0.500000.
    assert actual("5", "10.000001") == ["5"]
    assert actual("4.999999", "10") == []
    assert actual("4.99999", "10") == ["0.499999"]
    assert actual("5", "10.00002") == ["5", "0.499999"]


@pytest.mark.parametrize(
    ("missing", "tripped"), [("zero", 1), ("full", 0), ("redistribute", 0), ("block", 0)]
)
def test_a_gate_reads_scores_after_the_policy_and_no_score_trips_none(
    missing: str, tripped: int
) -> None:
    stated = document(
        section("x", "50", item("a", "100", missing=missing)),
        section("y", "50", item("b", "100")),
        gates=[
            gate({"item": "a", "below": "60"}, {"fail": True}),
            gate({"section": "x", "below": "60"}, {"fail": True}),
        ],
    )
    assert len(bites(stated, {"a": None, "b": "80"})) == 2 * tripped


def test_a_gate_on_a_value_that_is_not_there_trips_none() -> None:
    stated = flat(
        item("a", "100", missing="zero"),
        gates=[
            gate({"item": "a", "of": "value", "below": "5"}, {"fail": True}),
            gate({"item": "a", "of": "attainment", "below": "5"}, {"fail": True}),
        ],
    )
    assert bites(stated, {"a": None}) == []


def bite_of(then: Document) -> GateBite:
    stated = flat(item("a", "100"), gates=[gate({"item": "a", "below": "1"}, then)])
    return GateBite(scheme_of(stated).gates[0], d(0))


def test_the_strictest_cap_wins_and_a_cap_never_lifts() -> None:
    caps = [bite_of({"cap": "79"}), bite_of({"cap": "59"}), bite_of({"fail": True})]
    assert cap_total(d("90"), caps) == d("59")
    assert cap_total(d("59.01"), caps) == d("59")
    assert cap_total(d("58.99"), caps) == d("58.99")
    assert cap_total(d("90"), []) == d("90")


GRADES = (
    Grade("A", d("90"), d("1.2")),
    Grade("B", d("75"), d("1")),
    Grade("C", d("60"), d("0.6")),
)


@pytest.mark.parametrize(
    ("total", "grade"),
    [
        ("120", "A"),
        ("90", "A"),
        ("89.99", "B"),
        ("75", "B"),
        ("74.99", "C"),
        ("60", "C"),
        ("59.99", "C"),
        ("0", "C"),
    ],
)
def test_the_highest_band_that_the_total_reaches_else_the_lowest(total: str, grade: str) -> None:
    reached = grade_of(d(total), GRADES)
    assert reached is not None
    assert reached.grade == grade
    assert grade_of(d(total), tuple(reversed(GRADES))) == reached


def test_without_grades_there_is_none() -> None:
    assert grade_of(d("90"), ()) is None
    assert best_first(()) == []


@pytest.mark.parametrize(
    ("reached", "effects", "left"),
    [
        ("A", [], "A"),
        ("A", [{"grade": "B"}], "B"),
        ("C", [{"grade": "B"}], "C"),
        ("B", [{"grade": "B"}], "B"),
        ("A", [{"grade": "B"}, {"fail": True}], "C"),
        ("A", [{"grade": "C"}, {"grade": "B"}], "C"),
        ("A", [{"cap": "0"}], "A"),
    ],
)
def test_a_gate_limits_or_fails_the_grade(reached: str, effects: list[Document], left: str) -> None:
    scheme = scheme_of(flat(item("a", "100")))
    by_name = {grade.grade: grade for grade in GRADES}
    own = [(scheme, bite_of(effect)) for effect in effects]
    assert limit_grade(by_name[reached], own, GRADES) == by_name[left]


def test_a_limit_of_another_scheme_keeps_its_place_from_the_top() -> None:
    # A draft may name a grade that nobody has: then nothing is known but that it limits.
    mine = (Grade("gold", d("90"), d("1.2")), Grade("silver", d("0"), d("1")))
    scheme = scheme_of(flat(item("a", "100")))
    for named, left in (("A", "gold"), ("B", "silver"), ("C", "silver"), ("Z", "silver")):
        limited = limit_grade(mine[0], [(scheme, bite_of({"grade": named}))], mine)
        assert limited.grade == left


def test_a_gate_of_a_draft_on_an_item_that_is_not_there_trips_none() -> None:
    gates = [
        gate({"item": "gone", "at_least": "0"}, {"fail": True}),
        gate({"section": "gone", "at_least": "0"}, {"fail": True}),
    ]
    assert bites(flat(item("a", "100"), gates=gates), {"a": "50"}) == []
