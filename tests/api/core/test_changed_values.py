"""What a fact makes of a difference to a card that was closed, whatever else has come since."""

from dataclasses import replace
from decimal import Decimal

import pytest

from services.api.core.changed_values import move, move_basis, move_card, move_value
from services.schema.errors import Conflict
from services.schema.shapes.indicators import Explained, Indicator, MeasureAmount, Value
from services.schema.shapes.payouts import PayBasis
from services.schema.words import Better, IndicatorUnit, NoValue
from tests.api.core.test_late_facts import explained, scored_by

NET, RATE, BUYERS = "paid_amount - refund_amount", "orders_ / visitors_", "buyers"
NOTHING = Value(None, NoValue.NO_ROWS)


def figure(
    formula: str | None, *amounts: str | None, value: str | None, records: int = 3, version: int = 0
) -> Explained:
    """A value with the amounts of its measures, in the order of the formula."""
    names = () if formula is None else formula.replace("/", "-").split(" - ")
    return Explained(
        NOTHING if value is None else Value(Decimal(value), None),
        formula,
        version,
        tuple(
            MeasureAmount(name, "", None if amount is None else Decimal(amount), records)
            for name, amount in zip(names, amounts, strict=True)
        ),
        None,
        (f"/{value}",),
    )


def indicator(formula: str | None) -> Indicator:
    unit = IndicatorUnit.MONEY
    return Indicator("it", "x", "x", formula, unit, Better.HIGHER, version=0, family="own")


def value(text: str | None) -> Value:
    return NOTHING if text is None else Value(Decimal(text), None)


def test_where_nothing_else_came_it_is_the_figure_with_the_fact_changed() -> None:
    then = figure(NET, "100", "20", value="80")
    now = figure(NET, "40", "0", value="40")
    assert move(then, without=then, now=now) is now


def test_what_makes_no_difference_moves_nothing() -> None:
    then, since = figure(NET, "100", "20", value="80"), figure(NET, "500", "20", value="480")
    assert move(then, without=since, now=since) is then


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (figure(None, value="80"), figure(NET, "40", "0", value="40")),
        (figure(NET, "100", "20", value="80"), figure(None, value="40")),
        (figure(NET, "100", "20", value="80"), figure(NET, "40", "0", value="40", version=1)),
        (figure("paid_amount", "80", value="80"), figure(NET, "40", "0", value="40")),
    ],
)
def test_what_was_stated_or_is_defined_otherwise_no_fact_moves(
    then: Explained, now: Explained
) -> None:
    assert move(then, without=figure(NET, "100", "20", value="80"), now=now) is then


def test_sums_move_by_the_difference_alone() -> None:
    """An order of 70 and a refund of 5 came since; one of 60, refunded with 20, is left out."""
    then = figure(NET, "100", "20", value="80", records=2)
    without = figure(NET, "170", "25", value="145", records=3)
    now = figure(NET, "110", "5", value="105", records=2)
    moved = move(then, without=without, now=now)
    assert [(each.amount, each.records) for each in moved.measures] == [
        (Decimal(40), 1),
        (Decimal(0), 1),
    ]
    assert moved.value == value("40")
    assert moved.links == ("/80", "/105")


def test_a_ratio_is_that_of_the_sums_that_moved() -> None:
    then = figure(RATE, "2", "10", value="0.2")
    without, now = figure(RATE, "5", "20", value="0.25"), figure(RATE, "4", "20", value="0.2")
    assert move(then, without=without, now=now).value == value("0.1")
    gone = figure(RATE, "4", "10", value="0.4")
    assert move(then, without=without, now=gone).value == Value(None, NoValue.NO_DENOMINATOR)


def test_what_hangs_on_what_came_since_is_refused() -> None:
    then = figure(BUYERS, "2", value="2", records=2)
    without = figure(BUYERS, "2", value="2", records=3)
    now = figure(BUYERS, "2", value="2", records=2)
    with pytest.raises(Conflict) as refusal:
        move(then, without=without, now=now)
    assert refusal.value.code == "late_facts_waiting"
    # Of a sum nothing was known as data closed.
    then = figure(NET, None, None, value=None, records=0)
    with pytest.raises(Conflict) as refusal:
        move(
            then,
            without=figure(NET, "70", "0", value="70"),
            now=figure(NET, "10", "0", value="10"),
        )
    assert refusal.value.code == "late_facts_waiting"


def test_what_stays_unknown_has_no_value() -> None:
    then = figure(NET, "100", None, value=None)
    without, now = figure(NET, "170", None, value=None), figure(NET, "150", None, value=None)
    moved = move(then, without=without, now=replace(now, value=NOTHING))
    assert (moved.value, moved.measures[0].amount) == (NOTHING, Decimal(80))


@pytest.mark.parametrize(
    ("formula", "then", "without", "now", "moved"),
    [
        (NET, "80", "80", "40", "40"),
        (RATE, "80", "80", "40", "40"),
        (NET, "80", "145", "105", "40"),
        (NET, None, "145", "105", "-40"),
        (NET, "80", "145", None, "-65"),
        (NET, "80", "145", "145", "80"),
        (RATE, "80", "145", "145", "80"),
        (f"2 * ({NET})", "80", "145", "105", "40"),
        (RATE, "80", "145", "105", None),
        (BUYERS, "80", "145", "105", None),
        (None, "80", "145", "105", None),
        ("stock_value", "80", "145", "105", None),
    ],
)
def test_what_is_paid_on_moves_alike(
    formula: str | None, then: str | None, without: str, now: str | None, moved: str | None
) -> None:
    asked = {"without": value(without), "now": value(now)}
    if moved is not None:
        assert move_value(indicator(formula), value(then), **asked) == value(moved)
        return
    with pytest.raises(Conflict) as refusal:
        move_value(indicator(formula), value(then), **asked)
    assert refusal.value.code == "late_facts_waiting"


def test_a_base_that_cannot_be_known_is_not_guessed() -> None:
    unknown = Value(None, NoValue.FX_RATE_MISSING)
    with pytest.raises(Conflict):
        move_value(indicator(NET), unknown, without=value("1"), now=value("2"))
    assert move_value(indicator(NET), unknown, without=unknown, now=value("2")) == value("2")


def test_bases_and_outputs_move_and_who_was_led_stays() -> None:
    def basis(base: str, output: str, whose: str = "unit:a") -> PayBasis:
        return PayBasis({"it": value(base)}, {"it": {whose: value(output)}}, ("e-2",), {"x": None})

    then, without = basis("80", "200"), basis("145", "300")
    moved = move_basis(then, {"it": indicator(NET)}, without=without, now=basis("105", "290"))
    assert moved == basis("40", "190")
    # Of who is led no longer nothing is known anew.
    elsewhere = basis("105", "290", "unit:b")
    stayed = move_basis(then, {"it": indicator(NET)}, without=without, now=elsewhere)
    assert stayed == basis("40", "200")


def test_each_figure_of_a_card_moves_in_its_segment() -> None:
    card, asked = scored_by(explained("10"), explained("2"))
    without = {wanted: explained("1") for wanted in asked.values()}
    now = without | {
        asked[1, "sales", "sales"]: explained("12"),
        asked[2, "judged", "other"]: explained("7"),
    }
    without |= {asked[1, "sales", "sales"]: explained("10")}
    without |= {asked[2, "judged", "other"]: explained("2")}
    first, second = move_card(card, asked, without=without, now=now)
    assert first.items["sales"].value == value("12")
    assert second.items["judged"].others["other"].value == value("7")
    assert second.items["sales"] == card.segments[1].items["sales"]
    assert first.items["judged"] == card.segments[0].items["judged"]
    assert first.items["people"] == card.segments[0].items["people"]
