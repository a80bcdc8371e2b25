"""How a calibration is told: the whole document, refusals of moves, words beside a grade."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.api.core.back_test_documents import quotas_document, whom_document
from services.api.core.calibrated import keep_calibrated
from services.api.core.calibration_documents import (
    Distributed,
    distribution_document,
    read_round,
    round_document,
)
from services.api.core.calibration_words import distribution_words, move_words
from services.api.core.calibrations import faults_of_moves, names_of, rank_round
from services.schema.days import Period
from services.schema.shapes.back_tests import Whom
from services.schema.shapes.calibrations import (
    CalibrationMove,
    Candidate,
    Population,
    Round,
    TieBreaker,
    WantedMove,
)
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.cycles import Population as Subjects
from services.schema.shapes.people import Subject
from services.schema.shapes.scorecards import SegmentInput
from services.schema.words import Better, CycleStatus, SubjectKind
from tests.api.core.calibrating import calibrated, card_of, stated
from tests.api.core.scoring import Document, scheme_of, segment_input

AT = datetime(2026, 11, 9, 8, 30, tzinfo=UTC)
SHARES: list[Document] = [
    {"grade": "A", "share": "25"},
    {"grade": "B", "share": "50"},
    {"grade": "C", "share": "25"},
]
BANDS: Document = {"shares": [{"from": "90", "share": "20"}, {"from": "0", "share": "80"}]}


def person(
    who: str, total: str, band: str, sales: str | None, *, limit: str | None = None, of: str = "oct"
) -> Candidate:
    return Candidate(
        scorecard=f"sc_{who}",
        subject=Subject(SubjectKind.EMPLOYEE, who),
        population=of,
        total=Decimal(total),
        tie_breakers=(None if sales is None else Decimal(sales),),
        band=band,
        limit=limit,
        before=limit or band,
        score=Decimal(total),
    )


def of_round(number: int | None, *moves: CalibrationMove) -> Distributed:
    """Four people of whom two are equal, and one alone in a unit of their own."""
    scheme = scheme_of(
        stated(
            {
                "shares": SHARES,
                "minimum_population": 4,
                "tie_breakers": ["sales"],
                "bands": BANDS,
                "by": "unit",
            }
        )
    )
    people = (
        person("ann", "95", "A", "7"),
        person("ben", "92", "A", "5.50"),
        person("cai", "92", "A", "5.5"),
        person("dan", "80", "B", None, limit="B"),
        person("eve", "70", "C", "1", of="unit:far"),
    )
    begun = Round(
        (TieBreaker("sales", Better.HIGHER),),
        (Population("oct", None), Population("unit:far", ("far", "further"))),
        people,
    )
    period = Period("2026-10", date(2026, 10, 1), date(2026, 11, 1), 1)
    cycle = Cycle(
        "oct", "front", 1, period, Subjects(), "UTC", 0, CycleStatus.CALIBRATION, 2, 9, AT, None
    )
    return Distributed(cycle, scheme, number, begun, moves)


def shown(of: Distributed) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(distribution_document(of, {"key:key_1": "Hua"}))
    return document


def test_a_round_of_tie_breakers_and_units_is_kept_to_the_last_figure() -> None:
    begun = of_round(1).begun
    assert read_round(round_document(begun)) == begun
    kept = json.loads(round_document(begun))
    assert kept["populations"] == [
        {"code": "oct", "units": None},
        {"code": "unit:far", "units": ["far", "further"]},
    ]
    assert kept["tie_breakers"] == [{"indicator": "sales", "better": "higher"}]
    assert kept["candidates"][3] == {
        "scorecard": "sc_dan", "subject": "employee:dan", "population": "oct", "total": "80.00",
        "tie_breakers": [None], "band": "B", "limit": "B", "before": "B", "score": "80",
    }  # fmt: skip


def test_a_distribution_tells_quotas_ties_and_bands_before_and_after() -> None:
    document = shown(of_round(3))
    assert {name: document[name] for name in document if name not in {"populations", "people"}} == {
        "cycle": "oct", "revision": 2, "status": "calibration", "round": 3, "by": "unit",
        "minimum_population": 4, "section": None, "moves": [],
    }  # fmt: skip
    whole, far = document["populations"]
    assert (whole["code"], whole["units"], whole["people"]) == ("oct", None, 4)
    assert (whole["forced"], whole["reason"], whole["meets"]) == (True, None, True)
    assert whole["grades"] == [
        {"grade": "A", "share": "25", "quota": 1, "before": 3, "after": 1},
        {"grade": "B", "share": "50", "quota": 2, "before": 1, "after": 2},
        {"grade": "C", "share": "25", "quota": 1, "before": 0, "after": 1},
    ]
    assert (whole["ties"], whole["proposals"]) == ([], [])
    assert (far["code"], far["units"], far["people"]) == ("unit:far", ["far", "further"], 1)
    assert (far["forced"], far["reason"], far["meets"]) == (False, "below_minimum", True)
    assert [each["quota"] for each in far["grades"]] == [None, None, None]
    assert [(each["before"], each["after"]) for each in far["grades"]] == [(0, 0), (0, 0), (1, 1)]


def test_bands_tell_who_is_over_and_who_would_have_to_lie_elsewhere() -> None:
    whole, far = shown(of_round(3))["populations"]
    assert whole["bands"] == {
        "people": 4,
        "within": False,
        "bands": [
            {"from": "90", "share": "20", "quota": 1, "people": 3},
            {"from": "0", "share": "80", "quota": 3, "people": 1},
        ],
        "proposals": [
            {"scorecard": "sc_ben", "subject": "employee:ben", "from": "90", "to": "0"},
            {"scorecard": "sc_cai", "subject": "employee:cai", "from": "90", "to": "0"},
        ],
    }
    assert far["bands"] is None  # too few people for any quota


def test_everybody_is_told_with_place_figures_and_what_gave_the_grade() -> None:
    people = {each["subject"]: each for each in shown(of_round(3))["people"]}
    assert list(people) == [f"employee:{who}" for who in ("ann", "ben", "cai", "dan", "eve")]
    assert people["employee:ben"] == {
        "scorecard": "sc_ben", "subject": "employee:ben", "population": "oct", "place": 2,
        "total": "92.00", "score": "92.00",
        "tie_breakers": [{"indicator": "sales", "value": "5.5"}],
        "band": "A", "limit": None, "before": "A", "after": "B", "origin": "distribution",
    }  # fmt: skip
    assert people["employee:cai"]["place"] == 2
    assert people["employee:dan"]["tie_breakers"] == [{"indicator": "sales", "value": None}]
    assert (people["employee:dan"]["place"], people["employee:dan"]["after"]) == (4, "C")
    assert (people["employee:eve"]["after"], people["employee:eve"]["origin"]) == ("C", "band")


def test_before_a_round_is_begun_it_shows_what_one_would_give_and_what_cards_lack() -> None:
    """Without a round cards show their bands: three A of one, and the moves that would mend it."""
    whole, _ = shown(of_round(None))["populations"]
    assert whole["meets"] is False
    assert [each["after"] for each in whole["grades"]] == [1, 2, 1]
    assert whole["proposals"] == [
        {"scorecard": "sc_ben", "subject": "employee:ben", "from": "A", "to": "B"},
        {"scorecard": "sc_cai", "subject": "employee:cai", "from": "A", "to": "B"},
        {"scorecard": "sc_dan", "subject": "employee:dan", "from": "B", "to": "C"},
    ]


def test_what_people_moved_is_told_with_who_and_why() -> None:
    moves = (
        CalibrationMove(1, "sc_ann", "A", "B", "agreed", "key:key_1", AT),
        CalibrationMove(2, "sc_ben", "B", "A", "stood in", "key:key_2", AT),
    )
    document = shown(of_round(3, *moves))
    assert document["moves"] == [
        {"number": 1, "scorecard": "sc_ann", "from": "A", "to": "B", "reason": "agreed",
         "author": "key:key_1", "author_name": "Hua", "moved_at": "2026-11-09T08:30:00Z"},
        {"number": 2, "scorecard": "sc_ben", "from": "B", "to": "A", "reason": "stood in",
         "author": "key:key_2", "author_name": None, "moved_at": "2026-11-09T08:30:00Z"},
    ]  # fmt: skip
    people = {each["scorecard"]: each for each in document["people"]}
    assert [(people[f"sc_{who}"]["after"], people[f"sc_{who}"]["origin"]) for who in
            ("ann", "ben", "cai")] == [
        ("B", "calibration"), ("A", "calibration"), ("B", "distribution"),
    ]  # fmt: skip
    assert document["populations"][0]["meets"] is True
    # One move alone leaves a quota broken, and whom people moved is not moved back.
    whole = shown(of_round(3, moves[1]))["populations"][0]
    assert whole["meets"] is False
    assert whole["proposals"] == [
        {"scorecard": "sc_ann", "subject": "employee:ann", "from": "A", "to": "B"}
    ]


def test_equal_people_at_a_boundary_are_reported_with_the_places_that_were_left() -> None:
    of = of_round(3)
    equal = [replace(each, tie_breakers=(Decimal(5),), total=Decimal(92)) for each in
             of.begun.candidates[:3]]  # fmt: skip
    tied = replace(of, begun=replace(of.begun, candidates=(*equal, *of.begun.candidates[3:])))
    whole, _ = shown(tied)["populations"]
    assert whole["ties"] == [
        {"grade": "A", "places": 1, "scorecards": ["sc_ann", "sc_ben", "sc_cai"]}
    ]
    assert [each["after"] for each in whole["grades"]] == [3, 0, 1]


@pytest.mark.parametrize(
    ("scorecard", "grade", "fault"),
    [
        ("sc_zoe", "A", ("scorecard", "scorecard_unknown", "sc_zoe is not ranked in this cycle.")),
        ("sc_ann", "Z", ("grade", "grade_unknown", "There is no grade Z.")),
        ("sc_ann", "A", ("grade", "grade_unchanged", "sc_ann has the grade A already.")),
        (
            "sc_dan",
            "A",
            ("grade", "grade_limited", "A gate leaves sc_dan no better grade than B."),
        ),
        ("sc_dan", "B", None),
        ("sc_ann", "C", None),
        ("sc_eve", "A", None),
    ],
)
def test_what_stands_against_a_move(
    scorecard: str, grade: str, fault: tuple[str, str, str] | None
) -> None:
    of = of_round(3)
    ranks = rank_round(of.begun, of.scheme)
    now = {"sc_ann": "A", "sc_ben": "B", "sc_cai": "B", "sc_dan": "C", "sc_eve": "C"}
    wanted = [WantedMove("sc_ben", "C", "x"), WantedMove(scorecard, grade, "x")]
    found = [
        (each.pointer, each.code, each.detail)
        for each in faults_of_moves(ranks, wanted, now, names_of(of.scheme))
    ]
    assert found == ([] if fault is None else [(f"/moves/1/{fault[0]}", *fault[1:])])


def test_nobody_is_moved_twice_in_one_call() -> None:
    of = of_round(3)
    wanted = [WantedMove("sc_ann", "B", "x"), WantedMove("sc_ann", "C", "x")]
    (fault,) = faults_of_moves(
        rank_round(of.begun, of.scheme), wanted, {"sc_ann": "A"}, names_of(of.scheme)
    )
    assert (fault.pointer, fault.code) == ("/moves/1/scorecard", "scorecard_repeated")
    assert fault.detail == "sc_ann is moved twice."


TOLD: dict[str, Any] = {
    "people": 10, "place": 3, "tie_breakers": [], "unforced": None, "tie": None, "limit": None,
    "quotas": [{"grade": "A", "quota": 2}, {"grade": "B", "quota": 8}],
}  # fmt: skip
QUOTAS_ZH, QUOTAS_EN = "；名额：A 2 / B 8", "; quotas: A 2 / B 8"
SHARED = "; 2 equal people share the better grade, for which 0 places were left"


@pytest.mark.parametrize(
    ("more", "zh", "en"),
    [
        ({}, QUOTAS_ZH, QUOTAS_EN),
        (
            {"tie_breakers": [{"indicator": "s", "value": "7"}, {"indicator": "o", "value": None}]},
            f"，s 7，o -{QUOTAS_ZH}",
            f", s 7, o -{QUOTAS_EN}",
        ),
        (
            {"unforced": "below_minimum"},
            "；人数不足，不强制分布",
            "; too few people for a quota, so none is forced",
        ),
        (
            {"unforced": "no_shares"},
            "；方案只限分数段",
            "; the scheme has quotas of scores alone",
        ),
        (
            {"tie": {"people": 3, "places": 1}},
            f"{QUOTAS_ZH}；3 人并列，名额剩 1 个，同取较高等级",
            f"{QUOTAS_EN}; 3 equal people share the better grade, for which 1 places were left",
        ),
        (
            {"limit": "B"},
            f"{QUOTAS_ZH}；门槛限定不高于 B",
            f"{QUOTAS_EN}; a gate leaves no better than B",
        ),
        (
            {"tie": {"people": 2, "places": 0}, "limit": "C"},
            f"{QUOTAS_ZH}；2 人并列，名额剩 0 个，同取较高等级；门槛限定不高于 C",
            f"{QUOTAS_EN}{SHARED}; a gate leaves no better than C",
        ),
    ],
)
def test_a_grade_by_rank_is_told_in_words(more: dict[str, Any], zh: str, en: str) -> None:
    words = distribution_words({**TOLD, **more})
    assert (words.zh, words.en) == (f"10 人中第 3 名{zh}", f"place 3 of 10{en}")


def test_a_move_is_told_in_words() -> None:
    words = move_words({"from": "B", "to": "A", "reason": "agreed", "author": "key:1"})
    assert words.zh == "校准：B → A，agreed (key:1)"
    assert words.en == "calibrated from B to A: agreed (key:1)"


def segments_with(total: str, *, gates: list[Document] | None = None) -> list[SegmentInput]:
    return [segment_input(stated(gates=gates or []), {"a": total})]


LIMITED: list[Document] = [{"when": {"item": "a", "below": "60"}, "then": {"grade": "C"}}]


@pytest.mark.parametrize(
    ("anew", "gates", "grade", "coefficient"),
    [
        # What calibration gave stays, whatever the band of the new total is.
        ("97", None, "B", "1"),
        ("10", None, "B", "1"),
        # But a gate that bites now leaves no better than it says.
        ("59.99", LIMITED, "C", "0.6"),
        ("60", LIMITED, "B", "1"),
    ],
)
def test_a_card_scored_anew_keeps_the_grade_that_calibration_gave(
    anew: str, gates: list[Document] | None, grade: str, coefficient: str
) -> None:
    people = {"ann": "99", "ben": "98", "cai": "97"}
    shares: list[Document] = [{"grade": "A", "share": "40"}, {"grade": "B", "share": "60"}]
    before = calibrated(stated({"shares": shares}), people)["cai"]
    assert before.grade == "B"
    scheme = scheme_of(stated({"shares": shares}, gates=gates or []))
    now = card_of("cai", segments_with(anew, gates=gates))
    kept = keep_calibrated(now, before, scheme, {("front", 1): scheme})
    document = json.loads(kept.document)
    assert (kept.grade, document["grade"], document["coefficient"]) == (grade, grade, coefficient)
    assert document["grade_origin"] == "distribution"
    assert (kept.total, kept.explanation) == (now.total, now.explanation)


def test_a_card_that_was_never_calibrated_has_its_own_grade() -> None:
    scheme = scheme_of(stated())
    before, now = (card_of("cai", segments_with(total)) for total in ("97", "80"))
    assert keep_calibrated(now, before, scheme, {("front", 1): scheme}) is now


@pytest.mark.parametrize(
    ("whom", "cycles"),
    [
        (Whom.CYCLES, ["oct", "oct"]),
        (Whom.NEWEST_CYCLE, ["oct", "oct"]),
        (Whom.POSITION, []),
        (Whom.STATED, []),
    ],
)
def test_a_draft_says_whom_a_period_was_tried_on(whom: Whom, cycles: list[str]) -> None:
    own = of_round(None).cycle
    assert whom_document(whom, [own, own]) == {"from": whom, "cycles": cycles}


def test_a_draft_says_what_its_quotas_would_give_or_why_none() -> None:
    of = of_round(None)
    forced, few = quotas_document(rank_round(of.begun, of.scheme), of.scheme)
    assert forced == {
        "population": "oct", "people": 4, "unforced": None, "ties": 0,
        "grades": [
            {"grade": "A", "quota": 1, "before": 3, "scorecards": 1},
            {"grade": "B", "quota": 2, "before": 1, "scorecards": 2},
            {"grade": "C", "quota": 1, "before": 0, "scorecards": 1},
        ],
    }  # fmt: skip
    assert (few["population"], few["people"], few["unforced"]) == ("unit:far", 1, "below_minimum")
    assert few["grades"] == [
        {"grade": "A", "quota": None, "before": 0, "scorecards": 0},
        {"grade": "B", "quota": None, "before": 0, "scorecards": 0},
        {"grade": "C", "quota": None, "before": 1, "scorecards": 1},
    ]
