"""Where a published card differs from what comes out today: figure by figure, pay bases too."""

import json
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from services.api.core.documents import fingerprint_of
from services.api.core.drifts import Difference, basis_differences, differences, drift_document
from services.api.core.pay_bases import basis_document
from services.schema.shapes.indicators import Value
from services.schema.shapes.payouts import PayBasis
from services.schema.words import NoValue

LINE: dict[str, Any] = {
    "item": "sales", "value": "10", "target": "20", "attainment": "0.5", "score": "50",
    "weight": "60", "points": "30", "status": "ok",
}  # fmt: skip
CARD: dict[str, Any] = {"total": "80.00", "grade": "B", "lines": [LINE, {**LINE, "item": "care"}]}


def test_a_card_that_is_as_it_was_differs_nowhere() -> None:
    assert differences(CARD, deepcopy(CARD), grades=True) == ()


@pytest.mark.parametrize("name", [name for name in LINE if name != "item"])
def test_every_figure_of_a_line_is_compared(name: str) -> None:
    after = deepcopy(CARD)
    after["lines"][1][name] = None
    assert differences(CARD, after, grades=True) == (
        Difference(f"/lines/care/{name}", LINE[name], None),
    )


def test_the_total_comes_first_and_grades_only_where_they_are_compared() -> None:
    after = {"total": None, "grade": "C", "lines": CARD["lines"][:1]}
    found = differences(CARD, after, grades=True)
    assert found[:2] == (Difference("/total", "80.00", None), Difference("/grade", "B", "C"))
    assert [(each.figure, each.after) for each in found[2:]] == [
        (f"/lines/care/{name}", None) for name in LINE if name != "item"
    ]
    assert differences(CARD, {**CARD, "grade": "C"}, grades=False) == ()


def test_lines_of_segments_are_told_apart_and_new_ones_have_no_before() -> None:
    one: dict[str, Any] = {"total": "1", "grade": None, "lines": [{"segment": 1, **LINE}]}
    two = {**one, "lines": [*one["lines"], {"segment": 2, **LINE}]}
    assert differences(one, two, grades=True)[0] == Difference("/lines/2/sales/value", None, "10")
    assert len(differences(one, two, grades=True)) == 7
    assert differences(two, two, grades=True) == ()


def basis(sales: str | None, output: str) -> bytes:
    value = Value(None, NoValue.NO_ROWS) if sales is None else Value(Decimal(sales), None)
    return basis_document(
        PayBasis(
            bases={"net_sales": value},
            outputs={"live_sales": {"unit:live": Value(Decimal(output), None)}},
            members=(),
            levels={},
        )
    )


def test_what_pay_is_based_on_is_compared_by_what_it_comes_to() -> None:
    assert basis_differences(basis("1000.50", "7"), basis("1000.5", "7.000")) == ()
    assert basis_differences(basis("1000.50", "7"), basis(None, "700")) == (
        Difference("/pay/net_sales", "1000.5", None),
        Difference("/pay/live_sales/unit:live", "7", "700"),
    )
    assert basis_differences(None, basis("0", "1")) == (
        Difference("/pay/net_sales", None, "0"),
        Difference("/pay/live_sales/unit:live", None, "1"),
    )
    assert basis_differences(None, None) == ()


def test_a_drift_is_known_by_its_figures_alone() -> None:
    found = (Difference("/total", "1.00", "2.00"), Difference("/grade", None, "A"))
    figures = [
        {"figure": "/total", "published": "1.00", "recomputed": "2.00"},
        {"figure": "/grade", "published": None, "recomputed": "A"},
    ]
    known_by, document = drift_document({"id": "d"}, found, found_at="2026-11-01T00:00:00Z")
    assert known_by == fingerprint_of({"figures": figures})
    assert json.loads(document) == {
        "id": "d", "figures": figures, "recomputed": known_by, "found_at": "2026-11-01T00:00:00Z",
    }  # fmt: skip
    later, _ = drift_document({"id": "e"}, found, found_at="2027-01-01T00:00:00Z")
    assert later == known_by
    assert drift_document({}, found[:1], found_at="")[0] != known_by
