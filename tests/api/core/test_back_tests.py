"""What a draft comes to over a population: exact sums, who moves, and what nobody reaches."""

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from services.api.core import back_tests
from services.api.core.back_test_documents import figures_document
from services.api.core.back_tests import Tally
from services.schema.shapes.back_tests import Tried
from services.schema.shapes.people import Subject
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import SegmentInput
from services.schema.words import PayPlan, SubjectKind
from tests.api.core.scoring import Document, flat, given, item, segment_input
from tests.api.core.tried import before, tried

DRAFT = flat(item("i", "100"))
SCHEME = segment_input(DRAFT, {"i": "1"}).scheme


def card(value: str | None) -> list[SegmentInput]:
    """A card whose total is the value."""
    return [replace(segment_input(DRAFT, {"i": value}), scheme=SCHEME)]


def told(cards: Sequence[Tried], scheme: Scheme = SCHEME) -> Any:
    tally = Tally(scheme, "CNY")
    for each in cards:
        tally.add(each)
    return json.loads(json.dumps(figures_document(tally)))


def test_totals_are_told_by_totals_that_somebody_has() -> None:
    values = ["10", "20", "20.01", "40", "99.99", "100", "199.99", "200", "700", None]
    found = told([tried(f"e-{n}", card(value)) for n, value in enumerate(values)])
    assert (found["scorecards"], found["complete"], found["incomplete"]) == (10, 9, 1)
    assert found["incomplete_share"] == "0.1"
    totals = found["totals"]
    # 1390.99 / 9 = 154.4444...; of 9 the first, third, fifth, seventh and ninth.
    assert (totals["lowest"], totals["mean"], totals["highest"]) == ("10.00", "154.44", "700.00")
    assert [(each["percent"], each["total"]) for each in totals["quantiles"]] == [
        ("10", "10.00"),
        ("25", "20.01"),
        ("50", "99.99"),
        ("75", "199.99"),
        ("90", "700.00"),
    ]
    bins = {(each["from"], each["below"]): each["scorecards"] for each in totals["histogram"]}
    assert {key: count for key, count in bins.items() if count} == {
        ("10", "15"): 1,
        ("20", "25"): 2,
        ("40", "45"): 1,
        ("95", "100"): 1,
        ("100", "105"): 1,
        ("195", None): 3,
    }
    assert list(bins)[:2] == [("0", "5"), ("5", "10")]


def test_totals_before_are_counted_on_the_drafts_scale() -> None:
    found = told([tried("e-1", card("12"), was=before("3.5", full_mark="5"))])
    bins = {each["from"]: each["before"] for each in found["totals"]["histogram"]}
    assert [start for start, count in bins.items() if count] == ["70"]
    assert found["moves"]["totals"] == {"up": 0, "down": 1, "same": 0, "unknown": 0}


@pytest.mark.parametrize(
    ("total", "grade", "just_below"),
    [("88.99", "B", 0), ("89", "B", 1), ("89.99", "B", 1), ("90", "A", 0)],
)
def test_who_is_just_below_a_grade(total: str, grade: str, just_below: int) -> None:
    rows = told([tried("e-1", card(total))])["grades"]
    assert [row["grade"] for row in rows if row["scorecards"]] == [grade]
    assert rows[0]["just_below"] == just_below
    assert [row["just_below"] for row in rows[1:]] == [0, 0]


def test_grades_that_the_draft_does_not_know_are_told_too() -> None:
    was = before("80", "gold", grades=("gold", "silver"))
    found = told([tried("e-1", card("95"), was=was), tried("e-2", card("80"), was=was)])
    rows = {
        row["grade"]: (row["scorecards"], row["share"], row["before"]) for row in found["grades"]
    }
    assert rows == {"A": (1, "0.5", 0), "B": (1, "0.5", 0), "C": (0, "0", 0), "gold": (0, "0", 2)}
    assert found["moves"]["grades"] == {"up": 0, "down": 0, "same": 0, "unknown": 2}


def test_the_cost_of_pay_is_the_exact_sum_by_plan() -> None:
    found = told(
        [
            tried("e-1", card("95"), pay="0.1", was=before("90", "A", "0.3")),
            tried("e-2", card("95"), pay="0.2", was=before("90", "A", "-0.01")),
            tried("e-3", card("95"), pay="1000000000000.07"),
            tried("e-4", card(None), unpaid="incomplete", was=before("90", "A", "7.00")),
            tried("e-5", card("95"), pay="5", was=before("90", "A", "3.00", currency="USD")),
        ]
    )["pay"]
    assert found == {
        "currency": "CNY",
        "draft": "1000000000005.37",
        "paid": "7.29",
        "difference": "999999999998.08",
        "plans": [
            {
                "plan": "grade_bonus",
                "currency": "CNY",
                "draft": "1000000000005.37",
                "paid": "7.29",
                "difference": "999999999998.08",
            },
            {
                "plan": "grade_bonus",
                "currency": "USD",
                "draft": "0.00",
                "paid": "3.00",
                "difference": "-3.00",
            },
        ],
        "people": 5,
        "people_priced": 4,
        "people_paid": 4,
        "unpriced": [{"code": "incomplete", "people": 1}],
    }


def test_units_are_scored_and_not_paid() -> None:
    unit = replace(tried("u-1", card("95")), subject=Subject(SubjectKind.UNIT, "u-1"), price=None)
    found = told([unit])
    assert (found["scorecards"], found["pay"]["people"]) == (1, 0)


def test_ability_05_who_moves_and_by_how_much() -> None:
    """Pay says who wins; where it is the same or cannot be compared, the total does."""
    found = told(
        [
            tried("richer", card("50"), pay="120", was=before("60", "C", "100")),
            tried("poorer", card("95"), pay="90", was=before("60", "C", "100.01")),
            tried("higher", card("80"), pay="100", was=before("79.99", "B", "100")),
            tried("lower", card("74.99"), was=before("75", "B")),
            tried("still", card("75"), pay="1", was=before("75", "B", "1")),
            tried("open", card("75"), was=before(None)),
            tried("new", card("75"), pay="1"),
        ]
    )["moves"]
    assert (found["compared"], found["without_card"]) == (6, 1)
    assert found["totals"] == {"up": 2, "down": 2, "same": 1, "unknown": 1}
    assert found["grades"] == {"up": 1, "down": 1, "same": 3, "unknown": 1}
    assert found["pay"] == {
        "up": 1,
        "down": 1,
        "same": 2,
        "unknown": 2,
        "gained": "20.00",
        "lost": "10.01",
    }
    assert (found["winners"], found["losers"]) == (2, 2)
    assert [each["subject"] for each in found["winners_named"]] == [
        "employee:richer",
        "employee:higher",
    ]
    assert found["losers_named"] == [
        {
            "subject": "employee:poorer",
            "period": "2026-10",
            "cycle": "past",
            "total_before": "60.00",
            "total": "95.00",
            "grade_before": "C",
            "grade": "A",
            "pay_before": "100.01",
            "pay": "90.00",
            "difference": "-10.01",
        },
        {
            "subject": "employee:lower",
            "period": "2026-10",
            "cycle": "past",
            "total_before": "75.00",
            "total": "74.99",
            "grade_before": "B",
            "grade": "C",
            "pay_before": None,
            "pay": None,
            "difference": None,
        },
    ]


def test_the_greatest_moves_are_named_and_all_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(back_tests, "MOST_NAMED", 3)
    cards = [
        tried(f"e-{n}", card("75"), pay=str(100 + n), was=before("75", "B", "105"))
        for n in range(11)
    ]
    Random(1).shuffle(cards)
    found = told(cards)["moves"]
    assert (found["winners"], found["losers"], found["pay"]["same"]) == (5, 5, 1)
    assert [each["difference"] for each in found["winners_named"]] == ["5.00", "4.00", "3.00"]
    assert [each["difference"] for each in found["losers_named"]] == ["-5.00", "-4.00", "-3.00"]


STEPS: Document = {
    "kind": "steps",
    "steps": [{"at_least": "100", "score": "100"}, {"at_least": "80", "score": "75"}],
}


@pytest.mark.parametrize(
    ("values", "nobody", "everybody", "without"),
    [
        (["100", "100.01"], [], ["i"], []),
        (["99.9999", "100"], [], [], []),
        (["99.9999", "0"], ["i"], [], []),
        (["100", None], [], ["i"], ["i"]),
        ([None, None], [], [], ["i"]),
    ],
)
@pytest.mark.parametrize("budget", [None, "100"])
def test_targets_that_nobody_or_everybody_reached(
    values: list[str | None],
    nobody: list[str],
    everybody: list[str],
    without: list[str],
    budget: str | None,
) -> None:
    """What has no target is reached with the full mark."""
    stated = flat(item("i", "100", STEPS, missing="zero"))
    scheme = segment_input(stated, {"i": "1"}).scheme
    cards = [
        replace(segment_input(stated, {"i": given(value, budget=budget)}), scheme=scheme)
        for value in values
    ]
    found = told([tried(f"e-{n}", [each]) for n, each in enumerate(cards)], scheme)
    assert found["nobody_reached"] == nobody
    assert found["everybody_reached"] == everybody
    assert found["without_data"] == without


def test_steps_and_cliffs_of_an_item() -> None:
    stated = flat(item("i", "100", STEPS, missing="zero"))
    scheme = segment_input(stated, {"i": "1"}).scheme
    values = ["120", "99.5", "98.5", "96", "94", "79", "10", None]
    cards = [replace(segment_input(stated, {"i": value}), scheme=scheme) for value in values]
    found = told([tried(f"e-{n}", [each]) for n, each in enumerate(cards)], scheme)
    (row,) = found["items"]
    assert row["steps"] == [
        {"step": "step 1", "lines": 1},
        {"step": "step 2", "lines": 4},
        {"step": "no step", "lines": 2},
    ]
    assert (row["lines"], row["no_data"], row["scored"], row["full_mark_reached"]) == (8, 1, 7, 1)
    assert found["cliffs"] == [
        {
            "section": "all",
            "item": "i",
            "of": "value",
            "level": None,
            "at": "100",
            "reached_from": "below",
            "within": [
                {"percent": "1", "scorecards": 1},
                {"percent": "2", "scorecards": 2},
                {"percent": "5", "scorecards": 3},
            ],
            "one_more": None,
            "least_gain": "25",
            "most_gain": "25",
        },
        {
            "section": "all",
            "item": "i",
            "of": "value",
            "level": None,
            "at": "80",
            "reached_from": "below",
            "within": [
                {"percent": "1", "scorecards": 0},
                {"percent": "2", "scorecards": 1},
                {"percent": "5", "scorecards": 1},
            ],
            "one_more": None,
            "least_gain": "75",
            "most_gain": "75",
        },
    ]


def test_cliffs_of_a_deduction_count_who_has_one_more() -> None:
    rule: Document = {"kind": "deduct", "per_occurrence": "30", "free": "1"}
    stated = flat(item("i", "100", rule))
    scheme = segment_input(stated, {"i": "1"}).scheme
    values = ["0", "1", "2", "2", "3", "5", "6"]
    cards = [replace(segment_input(stated, {"i": value}), scheme=scheme) for value in values]
    rows = told([tried(f"e-{n}", [each]) for n, each in enumerate(cards)], scheme)["cliffs"]
    assert [(row["at"], row["one_more"], row["least_gain"], row["within"]) for row in rows] == [
        ("1", 2, "30", []),
        ("2", 1, "30", []),
        ("4", 1, "10", []),
    ]
    assert all(row["reached_from"] == "above" for row in rows)


def test_lines_under_another_scheme_are_not_the_drafts() -> None:
    other = segment_input(DRAFT, {"i": "40"}, days=15)
    own = replace(segment_input(DRAFT, {"i": "80"}, days=16, after=15), scheme=SCHEME)
    found = told([tried("e-1", [other, own])])
    assert found["items"][0]["lines"] == 1
    assert found["totals"]["mean"] == "60.65"


def test_nobody_is_told_as_nothing() -> None:
    found = told([])
    assert found["totals"] == {
        "mean": None,
        "lowest": None,
        "quantiles": [
            {"percent": percent, "total": None} for percent in ("10", "25", "50", "75", "90")
        ],
        "highest": None,
        "histogram": [],
    }
    assert (found["incomplete_share"], found["pay"]["draft"]) == ("0", "0.00")


@settings(max_examples=40, deadline=None)
@drawn(
    st.lists(
        st.tuples(
            st.none() | st.integers(0, 12_000),
            st.none() | st.integers(0, 12_000),
            st.integers(-5, 5),
            st.none() | st.integers(-5, 5),
        ),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_order_makes_no_difference_and_parts_sum_to_the_whole(
    rows: list[tuple[int | None, int | None, int, int | None]], chance: Random
) -> None:
    def money(cents: int | None) -> str | None:
        return None if cents is None else str(Decimal(cents).scaleb(-2))

    cards = [
        tried(
            f"e-{n}", card(money(total)), pay=money(pay), was=before(money(was), None, money(paid))
        )
        for n, (total, was, pay, paid) in enumerate(rows)
    ]
    found = told(cards)
    assert told(chance.sample(cards, len(cards))) == found
    assert sum(each["scorecards"] for each in found["totals"]["histogram"]) == found["complete"]
    assert sum(each["scorecards"] for each in found["grades"]) == found["complete"]
    moves = found["moves"]
    assert all(
        sum(moves[what][way] for way in ("up", "down", "same", "unknown")) == moves["compared"]
        for what in ("totals", "grades", "pay")
    )
    known = [(pay, paid) for _, _, pay, paid in rows if paid is not None]
    gained = Decimal(moves["pay"]["gained"]) - Decimal(moves["pay"]["lost"])
    assert gained == sum((Decimal(pay - paid).scaleb(-2) for pay, paid in known), Decimal(0))
    assert PayPlan.GRADE_BONUS in {row["plan"] for row in found["pay"]["plans"]} or not rows
