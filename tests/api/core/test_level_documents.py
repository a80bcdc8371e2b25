"""Ladders as documents: read and written back; each fault with its place; what is assessed."""

import json
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from services.api.core.level_documents import (
    AssessedHead,
    assessed_content,
    assessment_document,
    ladder_to_wire,
    parse_ladder,
)
from services.api.core.levels import check, stand, window_of
from services.schema.errors import Invalid
from services.schema.shapes.indicators import Value
from services.schema.shapes.levels import (
    Criterion,
    Figure,
    Found,
    LadderLevel,
    LevelLadder,
    Sample,
    Seen,
)
from services.schema.shapes.schemes import Name
from services.schema.words import Better, Of, Scope
from tests.api.core.ladders import AT, OCTOBER, SEPTEMBER, observed, service_agent

NAME = {"zh": "级", "en": "Level"}
LADDER: dict[str, Any] = {
    "name": NAME,
    "positions": ["agent"],
    "levels": [
        {
            "code": "gold",
            "name": NAME,
            "criteria": [
                {"code": "seen", "name": NAME, "behaviour": "helps", "months": 2},
                {
                    "code": "sales",
                    "name": NAME,
                    "indicator": "net_sales",
                    "of": "attainment",
                    "scope": "shops",
                    "at_least": "0.9",
                    "months": 24,
                    "sample": None,
                },
                {
                    "code": "quick",
                    "name": NAME,
                    "indicator": "average_response_seconds",
                    "of": "value",
                    "scope": "own",
                    "at_most": "30",
                    "months": 1,
                    "sample": {"size": 1000},
                },
            ],
        },
        {"code": "bronze", "name": NAME, "criteria": []},
    ],
    "note": "A note.",
}
SHAPE = LevelLadder(
    Name("级", "Level"),
    ("agent",),
    (
        LadderLevel(
            "gold",
            Name("级", "Level"),
            (
                Criterion("seen", Name("级", "Level"), 2, behaviour="helps"),
                Criterion(
                    "sales",
                    Name("级", "Level"),
                    24,
                    indicator="net_sales",
                    of=Of.ATTAINMENT,
                    scope=Scope.SHOPS,
                    at_least=Decimal("0.9"),
                ),
                Criterion(
                    "quick",
                    Name("级", "Level"),
                    1,
                    indicator="average_response_seconds",
                    at_most=Decimal(30),
                    sample=1000,
                ),
            ),
        ),
        LadderLevel("bronze", Name("级", "Level"), ()),
    ),
    "A note.",
)


def test_a_document_is_read_and_written_back() -> None:
    assert parse_ladder(LADDER) == SHAPE
    assert ladder_to_wire(SHAPE) == LADDER
    template = service_agent()
    assert parse_ladder(ladder_to_wire(template)) == template


def test_what_may_be_left_out_has_its_usual_meaning() -> None:
    document = changed(1, of=None, scope=None)
    document["positions"] = document["note"] = None
    ladder = parse_ladder(document)
    sales = ladder.levels[0].criteria[1]
    assert (sales.of, sales.scope, sales.sample) == (Of.VALUE, Scope.OWN, None)
    assert (ladder.positions, ladder.note) == ((), None)


def changed(criterion: int, **fields: Any) -> dict[str, Any]:
    document = deepcopy(LADDER)
    stated = document["levels"][0]["criteria"][criterion] | fields
    kept = {name: value for name, value in stated.items() if value is not None}
    document["levels"][0]["criteria"][criterion] = kept
    return document


@pytest.mark.parametrize(
    ("criterion", "fields", "place", "code"),
    [
        (0, {"months": None}, "/months", "required"),
        (0, {"months": 0}, "/months", "count_invalid"),
        (0, {"months": 25}, "/months", "count_invalid"),
        (0, {"months": "2"}, "/months", "count_invalid"),
        (0, {"behaviour": None}, "", "one_expected"),
        (0, {"indicator": "net_sales"}, "", "one_expected"),
        (0, {"at_least": "1"}, "/at_least", "unknown_field"),
        (0, {"sample": {"size": 3}}, "/sample", "unknown_field"),
        (0, {"name": None}, "/name", "required"),
        (0, {"code": "a b"}, "/code", "code_invalid"),
        (1, {"at_least": None}, "", "one_expected"),
        (1, {"at_most": "1"}, "", "one_expected"),
        (1, {"at_least": "1.0000001"}, "/at_least", "too_many_decimals"),
        (1, {"of": "score"}, "/of", "word_unknown"),
        (1, {"scope": "unit"}, "/scope", "scope_not_personal"),
        (1, {"scope": "company"}, "/scope", "scope_not_personal"),
        (1, {"indicator": "Net"}, "/indicator", "code_invalid"),
        (1, {"sample": {"size": 3}}, "/sample", "sample_of_own"),
        (2, {"sample": {}}, "/sample/size", "required"),
        (2, {"sample": {"size": 0}}, "/sample/size", "count_invalid"),
        (2, {"sample": {"size": 1001}}, "/sample/size", "count_invalid"),
        (2, {"sample": {"size": 3, "seed": "x"}}, "/sample/seed", "unknown_field"),
    ],
)
def test_a_malformed_criterion_is_refused_with_its_place(
    criterion: int, fields: dict[str, Any], place: str, code: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_ladder(changed(criterion, **fields))
    pointer = f"/levels/0/criteria/{criterion}{place}"
    faults = [(fault.pointer, fault.code) for fault in refusal.value.faults]
    assert faults[0] == (pointer, code)
    assert all(place.startswith(f"/levels/0/criteria/{criterion}") for place, _ in faults)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"name": None}, "/name"),
        ({"positions": ["a b"]}, "/positions/0"),
        ({"levels": [{}] * 21}, "/levels"),
        ({"note": ""}, "/note"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_a_malformed_ladder_is_refused_with_its_place(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_ladder({**LADDER, **fields})
    assert place in {fault.pointer for fault in refusal.value.faults}


HEAD = AssessedHead("service", 3, "e-1", "2026-10", "5f2d")
SAMPLE = Sample("5f2d", 1000, 2, (("erp", "c-1"), ("erp", "c-2")))


def content() -> dict[str, object]:
    """Of someone whose helping in October nobody has observed."""
    gold = SHAPE.levels[0]
    seen = Seen((("2026-09", observed("helps", "2026-09")), ("2026-10", None)))
    founds: tuple[tuple[Found, Better | None], ...] = (
        (seen, None),
        (Figure(Value(Decimal(90), None), Decimal(100), 2), Better.HIGHER),
        (Figure(Value(Decimal("30.5"), None), sample=SAMPLE), Better.LOWER),
    )
    checks = {
        ("gold", criterion.code): check(
            criterion, window_of(OCTOBER, criterion.months), found, better
        )
        for criterion, (found, better) in zip(gold.criteria, founds, strict=True)
    }
    return assessed_content(HEAD, stand(SHAPE, checks))


def test_an_assessment_names_level_window_bound_figure_and_what_is_missing() -> None:
    made: dict[str, Any] = json.loads(json.dumps(content()))
    assert {name: made[name] for name in ("ladder", "ladder_version", "employee", "month")} == {
        "ladder": "service",
        "ladder_version": 3,
        "employee": "e-1",
        "month": "2026-10",
    }
    assert (made["level"], made["next"], made["seed"]) == ("bronze", "gold", "5f2d")
    helps, sales, quick = made["levels"][0]["criteria"]
    assert made["missing"] == [helps, quick]
    assert [(each["level"], each["holds"]) for each in made["levels"]] == [
        ("gold", False),
        ("bronze", True),
    ]
    assert helps["observations"] == [
        {"month": "2026-09", "holds": True, "by": "e-boss", "at": "2026-11-02T08:00:00Z"},
        {"month": "2026-10", "holds": None, "by": None, "at": None},
    ]
    assert (helps["status"], helps["holds"], helps["value"], helps["of"]) == (
        "no_data",
        False,
        None,
        None,
    )
    assert (helps["from"], helps["to"], helps["months"]) == ("2026-09-01", "2026-11-01", 2)
    assert {name: sales[name] for name in ("indicator", "behaviour", "of", "scope")} == {
        "indicator": "net_sales",
        "behaviour": None,
        "of": "attainment",
        "scope": "shops",
    }
    assert [sales[name] for name in ("at_least", "at_most", "value", "target", "actual")] == [
        "0.9",
        None,
        "90",
        "100",
        "0.9",
    ]
    assert (sales["definition_version"], sales["sample"], sales["observations"]) == (2, None, None)
    assert (quick["at_most"], quick["actual"], quick["status"]) == ("30", "30.5", "ok")


def test_a_sample_is_recorded_and_says_that_it_is_all_there_is() -> None:
    made: dict[str, Any] = content()
    quick = made["levels"][0]["criteria"][2]
    assert quick["sample"] == {
        "seed": "5f2d",
        "asked": 1000,
        "size": 2,
        "of": 2,
        "whole": True,
    }
    assert made["samples"] == [
        {
            "from": OCTOBER.start.isoformat(),
            "to": OCTOBER.end.isoformat(),
            "asked": 1000,
            "size": 2,
            "of": 2,
            "sessions": [{"source": "erp", "id": "c-1"}, {"source": "erp", "id": "c-2"}],
        }
    ]


def test_a_sample_smaller_than_there_is_says_so() -> None:
    criterion = SHAPE.levels[0].criteria[2]
    sample = Sample("5f2d", 1, 2, (("erp", "c-1"),))
    made = check(criterion, OCTOBER, Figure(Value(Decimal(1), None), sample=sample), Better.LOWER)
    ladder = LevelLadder(SHAPE.name, (), (LadderLevel("gold", SHAPE.name, (criterion,)),), None)
    stated: dict[str, Any] = assessed_content(HEAD, stand(ladder, {("gold", "quick"): made}))
    assert stated["levels"][0]["criteria"][0]["sample"]["whole"] is False


def test_the_document_is_the_same_to_the_last_byte_and_its_fingerprint_of_the_content() -> None:
    first = assessment_document(content(), revision=1, by="key:hr", at=AT)
    assert assessment_document(content(), revision=1, by="key:hr", at=AT) == first
    again = assessment_document(content(), revision=2, by="key:boss", at=AT)
    assert again != first
    one, other = json.loads(first), json.loads(again)
    assert one["fingerprint"] == other["fingerprint"]
    assert one["fingerprint"].startswith("sha256:")
    assert (one["revision"], one["assessed_by"], one["assessed_at"]) == (
        1,
        "key:hr",
        "2026-11-02T08:00:00Z",
    )
    moved = {**content(), "month": SEPTEMBER.code}
    assert (
        json.loads(assessment_document(moved, revision=1, by="key:hr", at=AT))["fingerprint"]
        != one["fingerprint"]
    )
