"""An explanation tells enough: from it alone a second implementation comes to the same card."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from services.api.core.card_documents import card_document
from services.api.core.explanations import explanation_document
from services.api.core.scorecards import score
from services.schema.shapes.indicators import Explained, MeasureAmount, Value
from services.schema.shapes.people import Subject
from services.schema.shapes.scorecards import (
    Adjustment,
    ItemInput,
    Segment,
    SegmentInput,
)
from services.schema.shapes.targets import TargetInForce
from services.schema.words import Better, NoValue, SubjectKind, TargetLevel
from tests.api.core import naive
from tests.api.core.chance import random_adjustments, random_inputs, random_scheme
from tests.api.core.scoring import RATIO, document, given, head, item, section, segment_input

d = Decimal
Json = dict[str, Any]


def explained(segments: list[SegmentInput], *adjustments: Adjustment) -> tuple[Json, bytes]:
    """The card as it is shown, and its explanation."""
    made = score(segments, adjustments)
    own = head(segments, adjustments)
    shown = json.loads(card_document(own, made))
    return shown, explanation_document(own, segments, made)


def compare(shown: Json, told: Json) -> None:
    """Every figure of a card with the one that was recomputed."""
    assert (shown["total"], shown["grade"]) == (told["total"], told["grade"])
    assert shown["coefficient"] == told["coefficient"]
    lines = [line for segment in told["segments"] for line in segment["lines"]]
    for line, again in zip(shown["lines"], lines, strict=True):
        assert (line["item"], line["status"]) == (again["item"], again["status"])
        for name in ("score", "weight", "points"):
            figure = again[name]
            assert (None if line[name] is None else d(line[name])) == figure, (line, again)
    sections = [mark for segment in told["segments"] for mark in segment["sections"].values()]
    for mark, again in zip(shown["sections"], sections, strict=True):
        assert (None if mark["score"] is None else d(mark["score"])) == again


VISITORS = Explained(
    value=Value(d("4712"), None),
    formula="visitors",
    version=0,
    measures=(MeasureAmount("visitors", "", d("4712"), 93),),
    fx=None,
    links=("/v1/facts/traffic?shop=tm-1&from=2026-10-01&to=2026-11-01",),
)


def test_an_explanation_to_the_last_word() -> None:
    stated = document(
        section(
            "traffic",
            "100",
            item("visitors", "60", RATIO, scope="shops"),
            item("slips", "40", {"kind": "deduct", "per_occurrence": "5"}, missing="redistribute"),
        ),
        adjustments={"minimum": "-10", "maximum": "10"},
        gates=[{"when": {"section": "traffic", "below": "60"}, "then": {"fail": True}}],
        grades=[{"grade": "A", "from": "0", "coefficient": "1.5"}],
    )
    whole = segment_input(
        stated,
        {
            "visitors": ItemInput(
                VISITORS.value,
                {
                    TargetLevel.BUDGET: TargetInForce(
                        d("3000"),
                        d("6200"),
                        Subject(SubjectKind.EMPLOYEE, "e-1"),
                        15,
                        31,
                        d("15"),
                        d("31"),
                    )
                },
                Better.HIGHER,
                VISITORS,
            ),
            "slips": ItemInput(Value(None, NoValue.NO_DENOMINATOR), {}, Better.LOWER),
        },
    )
    _, told = explained([whole], Adjustment(d("-1.5"), "late reports", "key:key_1"))
    assert json.loads(told) == {
        "scorecard": "sc_1",
        "cycle": "2026-10-front",
        "subject": "employee:e-1",
        "revision": 1,
        "fingerprint": json.loads(told)["fingerprint"],
        "rounding": {
            "mode": "half up",
            "values": 6,
            "attainments": 6,
            "weights": 4,
            "scores": 4,
            "points": 4,
            "sections": 2,
            "totals": 2,
        },
        "segments": [
            {
                "segment": 1,
                "from": "2026-10-01",
                "to": "2026-11-01",
                "days": 31,
                "position": "guide",
                "unit": "north",
                "scheme": "front",
                "scheme_version": 1,
                "full_mark": "100",
                "grades": ["A"],
                "lines": [
                    {
                        "section": "traffic",
                        "item": "visitors",
                        "indicator": "visitors",
                        "scope": "shops",
                        "better": "higher",
                        "value": "4712",
                        "reason": None,
                        "source": {
                            "formula": "visitors",
                            "definition_version": 0,
                            "measures": [
                                {
                                    "measure": "visitors",
                                    "filters": "",
                                    "amount": "4712",
                                    "records": 93,
                                }
                            ],
                            "fx": None,
                            "links": ["/v1/facts/traffic?shop=tm-1&from=2026-10-01&to=2026-11-01"],
                        },
                        "targets": [
                            {
                                "level": "budget",
                                "value": "3000",
                                "stated": "6200",
                                "from": "employee:e-1",
                                "days": 15,
                                "of_days": 31,
                                "weight": "15",
                                "of_weight": "31",
                            }
                        ],
                        "attainments": {"budget": "1.570667"},
                        "status": "ok",
                        "rule": {"kind": "ratio", "floor": "0", "cap": None},
                        "full_mark": "100",
                        "step": "cap",
                        "before": "157.0667",
                        "after": "120",
                        "missing": "block",
                        "policy": None,
                        "score": "120",
                        "stated_weight": "60",
                        "weight": "100",
                        "points": "120",
                    },
                    {
                        "section": "traffic",
                        "item": "slips",
                        "indicator": "slips",
                        "scope": "own",
                        "better": "lower",
                        "value": None,
                        "reason": "no_denominator",
                        "source": None,
                        "targets": [],
                        "attainments": {},
                        "status": "no_data",
                        "rule": {
                            "kind": "deduct",
                            "per_occurrence": "5",
                            "free": "0",
                            "floor": "0",
                        },
                        "full_mark": "100",
                        "step": None,
                        "before": None,
                        "after": None,
                        "missing": "redistribute",
                        "policy": "redistribute",
                        "score": None,
                        "stated_weight": "40",
                        "weight": "0",
                        "points": None,
                    },
                ],
                "sections": [
                    {
                        "section": "traffic",
                        "stated_weight": "100",
                        "weight": "100",
                        "score": "120.00",
                    }
                ],
                "points": "120.00",
                "gates": [
                    {
                        "when": {"section": "traffic", "of": "score", "below": "60"},
                        "then": {"fail": True},
                        "bites": False,
                        "actual": None,
                    }
                ],
                "total": "120.00",
            }
        ],
        "mean": "120.00",
        "adjustments": {
            "stated": [{"points": "-1.5", "reason": "late reports", "author": "key:key_1"}],
            "bounds": {"minimum": "-10", "maximum": "10"},
            "sum": "-1.5",
        },
        "adjusted": "118.50",
        "total": "118.50",
        "grades": [{"grade": "A", "from": "0", "coefficient": "1.5"}],
        "band": "A",
        "grade": "A",
        "coefficient": "1.5",
        "coverage": {
            "share": "1",
            "provisional": False,
            "matures_at": None,
            "feeds": 0,
            "wanted": 0,
            "complete": 0,
            "gaps": [],
        },
    }


def test_an_incomplete_card_is_explained_too() -> None:
    stated = document(section("x", "100", item("a", "100")), gates=[], grades=[])
    shown, told = explained([segment_input(stated, {"a": None})])
    document_told = json.loads(told)
    assert shown["total"] is None
    for name in ("mean", "adjusted", "total", "band", "grade", "coefficient"):
        assert document_told[name] is None
    assert document_told["segments"][0]["points"] is None
    assert document_told["segments"][0]["total"] is None
    compare(shown, naive.recompute(told))


def test_a_target_that_the_scheme_fixes_is_said_to_be_its_own() -> None:
    fixed = TargetInForce(d("0.45"), d("0.45"), None, 31, 31, d("31"), d("31"))
    stated = document(section("x", "100", item("a", "100", RATIO)))
    given_item = ItemInput(Value(d("0.4"), None), {TargetLevel.BUDGET: fixed}, Better.HIGHER)
    _, told = explained([segment_input(stated, {"a": given_item})])
    (target,) = json.loads(told)["segments"][0]["lines"][0]["targets"]
    assert (target["from"], target["value"]) == ("scheme", "0.45")


def test_a_gate_that_bit_tells_what_it_read() -> None:
    gates = [
        {"when": {"item": "a", "below": "60"}, "then": {"cap": "50"}},
        {"when": {"item": "a", "below": "55"}, "then": {"fail": True}},
    ]
    stated = document(section("x", "100", item("a", "100")), gates=gates)
    _, told = explained([segment_input(stated, {"a": "57.5"})])
    found = json.loads(told)["segments"][0]["gates"]
    assert [(gate["bites"], gate["actual"]) for gate in found] == [(True, "57.5"), (False, None)]


def test_requirement_28_the_explanation_alone_gives_the_published_score() -> None:
    """Two segments, each rule, each policy, gates and adjustments; lines add up to the total."""
    chance = Random(28)
    segments = [
        replace(
            segment_input(document(section("x", "100", item("a", "100"))), {"a": "1"}),
            scheme=scheme,
            items=random_inputs(chance, scheme),
        )
        for scheme in (random_scheme(chance), random_scheme(chance))
    ]
    shown, told = explained(segments, *random_adjustments(chance))
    compare(shown, naive.recompute(told))


@pytest.mark.parametrize("seed", range(4))
def test_a_second_implementation_agrees_on_10_000_random_cards(seed: int) -> None:
    """In four parts of 2,500, so that workers can share them."""
    chance = Random(seed)
    complete = 0
    for _ in range(125):
        schemes = [random_scheme(chance) for _ in range(chance.choice((1, 1, 2)))]
        for _ in range(20):
            segments = [
                SegmentInput(_segment(chance, at), scheme, random_inputs(chance, scheme))
                for at, scheme in enumerate(schemes)
            ]
            shown, told = explained(segments, *random_adjustments(chance))
            compare(shown, naive.recompute(told))
            complete += shown["total"] is not None
    # The draw is no use if hardly a card of it has a total.
    assert 1000 < complete < 2450


def _segment(chance: Random, at: int) -> Segment:
    start, end = (date(2026, 10, 1), date(2026, 10, chance.randint(2, 30)))
    if at:
        start, end = end, date(2026, 11, 1)
    return Segment(start, end, "guide", "north", "front", 1)


@pytest.mark.parametrize("better", list(Better))
def test_a_naive_line_by_hand(better: Better) -> None:
    """The second implementation itself, against figures worked out on paper."""
    stated = document(section("x", "100", item("a", "100", RATIO)))
    _, told = explained([segment_input(stated, {"a": given("2", budget="3", better=better)})])
    line = naive.recompute(told)["segments"][0]["lines"][0]
    by_hand = {Better.HIGHER: ("66.6667", "66.67"), Better.LOWER: ("120", "120.00")}[better]
    assert (line["score"], naive.recompute(told)["total"]) == (d(by_hand[0]), by_hand[1])
