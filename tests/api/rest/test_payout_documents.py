"""What payouts are computed from is published by plan, and is what plans write."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from services.api.graph.documents import read_document
from services.api.graph.payouts import Payout
from services.api.rest.payout_documents import PayoutDocument
from services.schema.words import PayPlan

KEPT: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "core" / "kept" / "payouts.json").read_text(encoding="utf-8")
)
READ: TypeAdapter[Any] = TypeAdapter(PayoutDocument)


def payout(name: str) -> dict[str, Any]:
    return {"currency": "CNY", **KEPT[name]}


@pytest.mark.parametrize("name", sorted(KEPT))
def test_a_payout_is_as_its_plan_says(name: str) -> None:
    read = READ.validate_python(payout(name), strict=False)
    assert read.model_dump(mode="json", by_alias=True) == payout(name)


def test_every_plan_and_every_coefficient_is_among_them() -> None:
    plans = {each["plan"] for each in KEPT.values()}
    assert plans == set(PayPlan)
    stated = json.dumps(list(KEPT.values()))
    for of in ("null", '"grade"', '"score"', '"attainment"'):
        assert f'"of": {of}' in stated, of


def test_terms_of_another_plan_or_with_a_member_too_many_are_none() -> None:
    names = {each["plan"]: name for name, each in KEPT.items()}
    bonus, commission = payout(names["grade_bonus"]), payout(names["commission"])
    for wrong in (
        {**bonus, "inputs": commission["inputs"]},
        {**bonus, "inputs": {**bonus["inputs"], "more": "1"}},
        {**bonus, "inputs": {"base": "1"}},
        {**bonus, "plan": "tip"},
    ):
        with pytest.raises(ValidationError):
            READ.validate_python(wrong, strict=False)


@pytest.mark.parametrize("name", sorted(KEPT))
def test_the_graph_leaves_nothing_of_the_terms_out(name: str) -> None:
    kept = KEPT[name]
    shown = read_document(Payout, Payout.members(payout(name)))

    def told(document: Any, made: Any) -> None:
        if isinstance(document, dict):
            for key, member in document.items():
                told(member, getattr(made, "from_" if key == "from" else key))
        elif isinstance(document, list):
            assert len(document) == len(made)
            for each, other in zip(document, made, strict=True):
                told(each, other)
        else:
            assert document == made

    told(kept["inputs"], shown.terms)
