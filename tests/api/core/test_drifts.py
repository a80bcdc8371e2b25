"""Where a published card differs from what comes out today: figure by figure, pay bases too."""

import json
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from services.api.core.documents import fingerprint_of
from services.api.core.drifts import (
    Difference,
    as_counted,
    basis_as_counted,
    basis_differences,
    differences,
    drift_document,
)
from services.api.core.pay_bases import PayWanted, basis_document
from services.api.core.reach import LateMarks, late_by_subject
from services.schema.shapes.indicators import Explained, Value, Wanted
from services.schema.shapes.late_facts import LateMark
from services.schema.shapes.payouts import PayBasis
from services.schema.words import FactKind, LateBasis, NoValue, Scope
from tests.api.core.scoring import EMPLOYEE
from tests.api.core.test_late_facts import CLOSED_AT, MONTH, explained, scored_by
from tests.api.core.values import prepared

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


def late(day: int, kind: FactKind = FactKind.ORDERS) -> LateMarks:
    mark = LateMark(
        kind, MONTH.start.replace(day=day), "a", "", EMPLOYEE.code, LateBasis.BOTH, CLOSED_AT
    )
    return late_by_subject([mark])


SALES = "paid_amount"
THEN, NOW = explained("10", SALES), explained("12", SALES)


def counted(
    marks: LateMarks, *, then: Explained = THEN, now: Explained = NOW, taken: Any = None
) -> dict[tuple[int, str, str], str | None] | None:
    """What is taken as it was counted, by its place on the card."""
    card, asked = scored_by(then, then)
    values = dict.fromkeys(asked.values(), now)
    ready = {
        one: prepared(SALES, EMPLOYEE, one.scope, start=one.start, end=one.end)
        for one in asked.values()
    }
    found = as_counted(card, asked, values, ready, marks, taken=taken)
    if found is None:
        return None
    places = {one: place for place, one in asked.items()}
    return {
        places[one]: None if own.value.value is None else str(own.value.value)
        for one, own in found.items()
    }


def test_what_late_facts_may_change_is_taken_as_it_was_counted_and_nothing_else() -> None:
    assert counted(late(31)) == {(2, "sales", "sales"): "10", (2, "judged", "other"): "2"}
    assert counted(late(1)) == {(1, "sales", "sales"): "10", (1, "judged", "other"): "2"}
    assert counted(late(31, FactKind.CHATS)) == {}
    assert counted({}) == {}


@pytest.mark.parametrize(
    "now", [explained("12", "paid_orders"), explained("12", SALES, 2), explained("12", None)]
)
def test_what_is_defined_otherwise_by_now_is_no_late_fact(now: Explained) -> None:
    assert counted(late(31), now=now) == {}


def test_what_was_accepted_is_counted_and_of_a_rubric_nobody_knows_the_figures() -> None:
    lines: list[dict[str, Any]] = [
        {"segment": number, "item": item, "value": value}
        for number, value in ((1, "10"), (2, "11.5"))
        for item in ("sales", "judged")
    ]
    assert counted(late(31), taken={"lines": lines}) is None
    card, asked = scored_by(THEN, None)
    one = asked[2, "sales", "sales"]
    ready = {one: prepared(SALES, EMPLOYEE, one.scope, start=one.start, end=one.end)}
    found = as_counted(card, asked, {one: NOW}, ready, late(31), taken={"lines": lines})
    assert found == {one: explained("11.5", SALES)}


def test_pay_is_taken_as_it_was_counted_where_late_facts_may_change_it() -> None:
    sales = Wanted("net_sales", EMPLOYEE, Scope.OWN, MONTH, MONTH.start, MONTH.end)
    posted = Wanted("posted", EMPLOYEE, Scope.OWN, MONTH, MONTH.start, MONTH.end)
    wanted = PayWanted(
        {"net_sales": sales, "posted": posted}, {"live": {"x": sales}}, (), frozenset()
    )

    def paid_by(value: str) -> PayBasis:
        one = Value(Decimal(value), None)
        return PayBasis({"net_sales": one, "posted": one}, {"live": {"x": one}}, (), {})

    ready = {sales: prepared(SALES, EMPLOYEE)}
    held, is_held = basis_as_counted(paid_by("1"), paid_by("2"), wanted, ready, late(31))
    assert is_held
    assert [str(value.value) for value in held.bases.values()] == ["1", "2"]
    assert str(held.outputs["live"]["x"].value) == "1"
    free = basis_as_counted(paid_by("1"), paid_by("2"), wanted, ready, late(31, FactKind.CHATS))
    assert free == (paid_by("2"), False)
    # Of whose output nothing was counted, nothing can be taken.
    bare = PayBasis({}, {}, (), {})
    assert basis_as_counted(bare, paid_by("2"), wanted, ready, late(31)) == (paid_by("2"), False)
