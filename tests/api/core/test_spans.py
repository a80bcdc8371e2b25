"""Between which scores an item, a section and a total lie."""

from decimal import Decimal

import pytest

from services.api.core.schemes import parse_scheme
from services.api.core.spans import Span, spans_of
from services.api.core.trials import try_item
from tests.api.core.scoring import RATIO, Document, document, flat, item, known, section

KNOWN = known("x", "y")
RATERS = [{"role": "manager", "weight": "100"}]


def span(low: str, high: str) -> Span:
    return Span(Decimal(low), Decimal(high))


def spans(stated: Document) -> tuple[dict[str, Span], dict[str, Span], Span]:
    scheme = parse_scheme(stated)
    tried = {
        each.code: try_item(each, KNOWN, each.full_mark or scheme.full_mark)
        for part in scheme.sections
        for each in part.items
    }
    found = spans_of(scheme, tried)
    return dict(found.items), dict(found.sections), found.total


def steps(*scores: str) -> Document:
    """Every score is reached, and 0 below them all."""
    stated = [{"at_least": str(9 - at), "score": score} for at, score in enumerate(scores)]
    return {"kind": "steps", "steps": stated}


TEXT = {"zh": "好", "en": "good"}


@pytest.mark.parametrize(
    ("rule", "more", "low", "high"),
    [
        (RATIO, {}, "0", "120"),
        ({"kind": "ratio", "floor": "20", "cap": "90"}, {}, "20", "90"),
        (RATIO, {"full_mark": "30"}, "0", "120"),
        ({"kind": "ratio", "floor": "1", "cap": "30"}, {"full_mark": "30"}, "3.3333", "100"),
        ({"kind": "ratio", "floor": "20"}, {"missing": "zero"}, "0", "120"),
        ({"kind": "ratio", "cap": "90"}, {"missing": "full"}, "0", "100"),
        ({"kind": "ratio", "cap": "90"}, {"missing": "block"}, "0", "90"),
        (steps("50", "40"), {}, "0", "50"),
        ({"kind": "curve", "points": [["1", "20"], ["2", "80"]]}, {}, "20", "80"),
        ({"kind": "pass", "at_least": "1"}, {}, "0", "100"),
        ({"kind": "rating", "raters": RATERS}, {}, "0", "100"),
        ({"kind": "rating", "raters": RATERS}, {"full_mark": "5"}, "0", "100"),
        (
            {
                "kind": "rating",
                "raters": RATERS,
                "marks": {"from": "2.5", "to": "4.5", "step": "1"},
            },
            {"full_mark": "5"},
            "50",
            "90",
        ),
        (
            {
                "kind": "rating",
                "raters": RATERS,
                "levels": [{"mark": "90", "text": TEXT}, {"mark": "10", "text": TEXT}],
            },
            {},
            "10",
            "90",
        ),
        ({"kind": "ladder", "behaviours": ["a", "b"], "marks": ["20", "70"]}, {}, "0", "70"),
        (
            {
                "kind": "rubric",
                "levels": [
                    {"all": [{"indicator": "x", "at_least": "1"}], "range": ["50", "60"]},
                    {"all": [{"indicator": "x", "below": "1"}], "range": ["30", "40"]},
                ],
            },
            {},
            "30",
            "60",
        ),
    ],
)
def test_of_an_item(rule: Document, more: dict[str, object], low: str, high: str) -> None:
    stated = item("x", "100", rule, **more)
    if rule["kind"] in {"rating", "ladder"}:
        stated |= {"indicator": None, "target": None}
    items, sections, total = spans(flat(stated))
    assert items == {"x": span(low, high)}
    rounded = Span(*(Decimal(end).quantize(Decimal("0.01")) for end in (low, high)))
    assert (sections["all"], total) == (rounded, rounded)


def test_of_sections_and_total_by_weight() -> None:
    stated = document(
        section("a", "60", item("x", "100", steps("50"))),
        section(
            "b", "40", item("y", "25", steps("10")), item("z", "75", steps("90"), indicator="x")
        ),
        adjustments={"minimum": "-3", "maximum": "2.5"},
    )
    _, sections, total = spans(stated)
    assert sections == {"a": span("0", "50"), "b": span("0", "70")}
    assert total == span("0", "60.5")
    floor: Document = {"kind": "ratio", "floor": "20"}
    _, _, total = spans(
        flat(item("x", "100", floor), adjustments={"minimum": "-3", "maximum": "0"})
    )
    assert total == span("17", "120")


def test_points_are_rounded_as_a_card_rounds_them() -> None:
    thirds = [
        item(code, weight, steps("99.9999"), indicator="x")
        for code, weight in (("a", "33.3333"), ("b", "33.3333"), ("c", "33.3334"))
    ]
    _, sections, total = spans(flat(*thirds))
    assert (sections["all"].high, total.high) == (Decimal("100.00"), Decimal("100.00"))


def test_lines_that_may_leave_widen_the_span() -> None:
    """The best card lacks its worst line, the worst card its best; 0.02 for what is shared anew."""
    low_line = item(
        "x", "50", {"kind": "ratio", "floor": "10", "cap": "50"}, missing="redistribute"
    )
    high_line = item(
        "y", "50", {"kind": "ratio", "floor": "30", "cap": "90"}, missing="redistribute"
    )
    fixed_line = item("z", "50", {"kind": "ratio", "floor": "30", "cap": "90"}, indicator="y")
    _, sections, total = spans(flat(low_line, fixed_line))
    assert (sections["all"], total) == (span("19.98", "90.02"), span("19.98", "90.02"))
    _, sections, _ = spans(flat(low_line, high_line))
    assert sections["all"] == span("9.98", "90.02")
    stated = document(
        section("a", "50", {**low_line, "weight": "100"}),
        section("b", "50", {**fixed_line, "weight": "100"}),
    )
    _, sections, total = spans(stated)
    assert sections == {"a": span("9.98", "50.02"), "b": span("30", "90")}
    assert total == span("19.97", "90.02")
