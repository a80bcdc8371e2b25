"""The card as `api.md` writes it, to the byte, and what its fingerprint is made of."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from services.api.core.card_documents import card_document, fingerprint
from services.api.core.scorecards import score
from services.schema.shapes.indicators import Explained, MeasureAmount, Value
from services.schema.shapes.people import Subject
from services.schema.shapes.scorecards import Adjustment, ItemInput, SegmentInput
from services.schema.shapes.targets import TargetInForce
from services.schema.words import Better, NoValue, ScorecardStatus, SubjectKind, TargetLevel
from tests.api.core.scoring import (
    EMPLOYEE,
    RATIO,
    document,
    flat,
    given,
    head,
    item,
    section,
    segment_input,
)

d = Decimal
STATED = flat(item("share", "15", RATIO), item("rest", "85"))


def one_segment() -> SegmentInput:
    return segment_input(STATED, {"share": given("0.4712", budget="0.45"), "rest": "94.757"})


def test_the_document_of_the_contract_to_the_byte() -> None:
    segments = [one_segment()]
    own = replace(head(segments), fingerprint="sha256:0")
    assert card_document(own, score(segments)).decode() == (
        '{"id":"sc_1","cycle":"2026-10-front","subject":"employee:e-1","scheme":"front",'
        '"scheme_version":1,"revision":1,"status":"live","total":"96.25","grade":"A",'
        '"coefficient":"1.2","rank":1,"lines":['
        '{"section":"all","item":"share","indicator":"share","value":"0.4712","target":"0.45",'
        '"attainment":"1.047111","score":"104.7111","weight":"15","points":"15.7067",'
        '"status":"ok"},'
        '{"section":"all","item":"rest","indicator":"rest","value":"94.757","target":null,'
        '"attainment":null,"score":"94.757","weight":"85","points":"80.5435","status":"ok"}],'
        '"sections":[{"section":"all","weight":"100","score":"96.25"}],"gates":[],'
        '"adjustments":[],"segments":[{"from":"2026-10-01","to":"2026-11-01","days":31,'
        '"position":"guide","unit":"north","scheme":"front","scheme_version":1,'
        '"total":"96.25"}],"coverage":"1","provisional":false,'
        '"computed_at":"2026-11-01T08:30:00Z","fingerprint":"sha256:0"}'
    )


def test_totals_and_section_scores_have_two_decimals_and_the_rest_no_trailing_zeros() -> None:
    segments = [segment_input(flat(item("a", "100")), {"a": "80"})]
    shown = json.loads(card_document(head(segments), score(segments)))
    assert (shown["total"], shown["sections"][0]["score"]) == ("80.00", "80.00")
    assert (shown["lines"][0]["score"], shown["lines"][0]["weight"]) == ("80", "100")


def test_an_incomplete_card_has_nulls_and_no_rank() -> None:
    segments = [segment_input(flat(item("a", "60"), item("b", "40")), {"a": None, "b": "5"})]
    own = replace(head(segments), status=ScorecardStatus.INCOMPLETE, rank=3)
    shown = json.loads(card_document(own, score(segments)))
    assert [shown[name] for name in ("total", "grade", "coefficient", "rank")] == [None] * 4
    assert shown["status"] == "incomplete"
    blocked = shown["lines"][0]
    assert (blocked["weight"], blocked["score"], blocked["points"]) == ("60", None, None)
    assert (blocked["value"], blocked["status"]) == (None, "no_data")
    assert shown["sections"] == [{"section": "all", "weight": "100", "score": None}]
    assert shown["segments"][0]["total"] is None


def test_with_several_segments_each_line_section_and_gate_names_its_own() -> None:
    gates = [{"when": {"item": "a", "below": "60"}, "then": {"cap": "50"}}]
    stated = document(section("x", "100", item("a", "100")), gates=gates)
    segments = [
        segment_input(stated, {"a": "59.5"}, days=15),
        segment_input(stated, {"a": "80"}, days=16, after=15),
    ]
    shown = json.loads(card_document(head(segments), score(segments)))
    assert [line["segment"] for line in shown["lines"]] == [1, 2]
    assert [line["score"] for line in shown["lines"]] == ["59.5", "80"]
    assert [mark["segment"] for mark in shown["sections"]] == [1, 2]
    assert shown["gates"] == [
        {
            "segment": 1,
            "when": {"item": "a", "of": "score", "below": "60"},
            "then": {"cap": "50"},
            "actual": "59.5",
        }
    ]
    assert [each["total"] for each in shown["segments"]] == ["50.00", "80.00"]
    assert [each["from"] for each in shown["segments"]] == ["2026-10-01", "2026-10-16"]


def test_adjustments_stand_with_reason_and_author() -> None:
    bounded = flat(item("a", "100"), adjustments={"minimum": "-5", "maximum": "5"})
    segments = [segment_input(bounded, {"a": "80"})]
    adjustments = [Adjustment(d("2.50"), "saved a launch", "key:key_1")]
    shown = json.loads(card_document(head(segments, adjustments), score(segments, adjustments)))
    assert shown["adjustments"] == [
        {"points": "2.5", "reason": "saved a launch", "author": "key:key_1"}
    ]
    assert shown["total"] == "82.50"


def test_the_same_inputs_give_the_same_bytes() -> None:
    first, second = [one_segment()], [one_segment()]
    assert card_document(head(first), score(first)) == card_document(head(second), score(second))
    backwards = replace(second[0], items=dict(sorted(second[0].items.items(), reverse=True)))
    assert fingerprint("c", EMPLOYEE, first) == fingerprint("c", EMPLOYEE, [backwards])


def changed(**items: ItemInput) -> SegmentInput:
    made = one_segment()
    return replace(made, items={**made.items, **items})


def share(value: str = "0.4712", stated: str = "0.45") -> ItemInput:
    target = TargetInForce(d("0.45"), d(stated), EMPLOYEE, 31, 31, d("31"), d("31"))
    return ItemInput(Value(d(value), None), {TargetLevel.BUDGET: target}, Better.HIGHER)


VERSION_2 = Explained(Value(d("0.4712"), None), "a / b", 2, (), None, ())


@pytest.mark.parametrize(
    "segment",
    [
        changed(share=share(value="0.4713")),
        changed(share=share(stated="0.46")),
        changed(share=replace(share(), better=Better.LOWER)),
        changed(share=replace(share(), targets={})),
        changed(share=replace(share(), value=Value(None, NoValue.NO_ROWS))),
        changed(share=replace(share(), value=Value(None, NoValue.NO_DENOMINATOR))),
        changed(share=replace(share(), explained=VERSION_2)),
        replace(one_segment(), segment=replace(one_segment().segment, scheme_version=2)),
        replace(one_segment(), segment=replace(one_segment().segment, end=date(2026, 10, 31))),
    ],
)
def test_a_fingerprint_changes_with_each_input(segment: SegmentInput) -> None:
    assert fingerprint("c", EMPLOYEE, [segment]) != fingerprint("c", EMPLOYEE, [one_segment()])


def test_a_fingerprint_is_of_its_subject_cycle_and_adjustments_and_of_no_record_count() -> None:
    base = fingerprint("c", EMPLOYEE, [one_segment()])
    other = Subject(SubjectKind.EMPLOYEE, "e-2")
    assert fingerprint("d", EMPLOYEE, [one_segment()]) != base
    assert fingerprint("c", other, [one_segment()]) != base
    adjusted = fingerprint("c", EMPLOYEE, [one_segment()], [Adjustment(d("1"), "r", "a")])
    assert adjusted != base
    version_2 = replace(share(), explained=VERSION_2)
    counted = replace(VERSION_2, measures=(MeasureAmount("a", "", d("1"), 7),))
    assert fingerprint("c", EMPLOYEE, [changed(share=version_2)]) == fingerprint(
        "c", EMPLOYEE, [changed(share=replace(version_2, explained=counted))]
    )


def test_a_fingerprint_stays_what_it_was() -> None:
    """Stored ones are compared with new ones: a change of this digest is a change of contract."""
    assert fingerprint("c", EMPLOYEE, [one_segment()]) == (
        "sha256:aaa813410d20bb1f21e5c81e3f5361b4d66738369b7930ebba6cb2938409474f"
    )
