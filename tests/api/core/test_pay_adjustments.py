"""When a reward or a penalty in money may be stated, and what takes one back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.api.core.pay_adjustments import (
    MOST_ADJUSTMENTS,
    check_amount,
    check_open,
    counterpart_of,
    plan_of_adjustments,
)
from services.schema.days import kept_period
from services.schema.errors import Conflict, Fault, Invalid, KaoheError
from services.schema.shapes.cycles import Cycle, Population
from services.schema.shapes.pay_plans import MoneyAdjustments
from services.schema.shapes.payouts import PayAdjustment
from services.schema.words import CycleStatus
from tests.api.core import people
from tests.api.core.scoring import START, flat, item, scheme_of

d = Decimal
BOUNDED = MoneyAdjustments(d(-100), d(50))
AT = datetime(2026, 11, 3, tzinfo=UTC)


def stated(number: int, amount: str, withdraws: str | None = None) -> PayAdjustment:
    return PayAdjustment(f"padj_{number}", d(amount), "why", "key:hr", AT, withdraws)


@pytest.mark.parametrize(
    ("amount", "earlier", "code"),
    [
        ("50", [], None),
        ("50.01", [], "adjustments_out_of_bounds"),
        ("-100", [], None),
        ("-100.01", [], "adjustments_out_of_bounds"),
        ("30", ["20"], None),
        ("30.01", ["20"], "adjustments_out_of_bounds"),
        ("70", ["-20"], None),
    ],
)
def test_the_sum_stays_within_its_bounds(amount: str, earlier: list[str], code: str | None) -> None:
    before = [stated(number, each) for number, each in enumerate(earlier)]
    if code is None:
        check_amount(d(amount), before, BOUNDED, "CNY")
        return
    with pytest.raises(Conflict) as refusal:
        check_amount(d(amount), before, BOUNDED, "CNY")
    assert refusal.value.code == code
    assert [fault.pointer for fault in refusal.value.faults] == ["/amount"]


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("0", "CNY", "amount_zero"),
        ("0.001", "CNY", "too_many_decimals"),
        ("0.5", "JPY", "too_many_decimals"),
        ("0.0001", "KWD", "too_many_decimals"),
    ],
)
def test_an_amount_is_of_the_currency_s_own_unit(amount: str, currency: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_amount(d(amount), [], MoneyAdjustments(), currency)
    assert [(fault.pointer, fault.code) for fault in refusal.value.faults] == [("/amount", code)]


@pytest.mark.parametrize(
    ("amount", "currency"), [("-0.01", "CNY"), ("1", "JPY"), ("0.001", "KWD"), ("99999", "CNY")]
)
def test_without_bounds_any_amount_may_be(amount: str, currency: str) -> None:
    check_amount(d(amount), [], MoneyAdjustments(), currency)


def test_a_card_has_so_many_at_most() -> None:
    earlier = [stated(number, "1") for number in range(MOST_ADJUSTMENTS)]
    check_amount(d(1), earlier[1:], MoneyAdjustments(), "CNY")
    with pytest.raises(Conflict) as refusal:
        check_amount(d(1), earlier, MoneyAdjustments(), "CNY")
    assert refusal.value.code == "too_many_adjustments"


def test_one_is_taken_back_once_by_the_opposite_amount() -> None:
    first, second = stated(1, "20"), stated(2, "-5.5")
    assert counterpart_of("padj_1", [first, second]) == d(-20)
    assert counterpart_of("padj_2", [first, second]) == d("5.5")
    gone = stated(3, "-20", "padj_1")
    for withdrawn, code in (
        ("padj_1", "already_withdrawn"),
        ("padj_3", "unknown_adjustment"),
        ("padj_4", "unknown_adjustment"),
    ):
        with pytest.raises(Conflict) as refusal:
            counterpart_of(withdrawn, [first, second, gone])
        faults = [(fault.pointer, fault.code) for fault in refusal.value.faults]
        assert (refusal.value.code, faults) == (code, [("/withdraws", code)])


@pytest.mark.parametrize("status", CycleStatus)
def test_pay_is_stated_from_opening_to_approval(status: CycleStatus) -> None:
    period = kept_period("2026-10", START, datetime(2026, 11, 1, tzinfo=UTC).date())
    cycle = Cycle("oct", "s", 1, period, Population(), "Asia/Shanghai", 0, status, 1, 1, None, None)
    if status in {"open", "closed", "review", "calibration"}:
        check_open(cycle)
        return
    with pytest.raises(Conflict) as refusal:
        check_open(cycle)
    assert refusal.value.code == "cycle_not_open"


def test_a_scheme_must_have_the_plan() -> None:
    bounds = {"plan": "adjustment", "minimum": "-1"}
    paying = scheme_of(flat(item("a", "100"), pay=[{"plan": "grade_bonus", "base": "1"}, bounds]))
    assert plan_of_adjustments(paying) == MoneyAdjustments(d(-1), None)
    with pytest.raises(Conflict) as refusal:
        plan_of_adjustments(scheme_of(flat(item("a", "100"))))
    assert refusal.value.code == "plan_missing"


MANY = [stated(number, "1") for number in range(MOST_ADJUSTMENTS)]
TAKEN_BACK = [stated(1, "20"), stated(2, "-20", "padj_1")]


@pytest.mark.parametrize(
    ("refused", "code", "detail", "fault"),
    [
        (
            lambda: check_amount(d(0), [], BOUNDED, "CNY"),
            "malformed",
            "A reward is above 0, a penalty below.",
            ("/amount", "amount_zero"),
        ),
        (
            lambda: check_amount(d("0.1"), [], BOUNDED, "JPY"),
            "malformed",
            "JPY has 0 decimals.",
            ("/amount", "too_many_decimals"),
        ),
        (
            lambda: check_amount(d("50.5"), [stated(1, "1")], BOUNDED, "CNY"),
            "adjustments_out_of_bounds",
            "Rewards and penalties would come to 51.5, outside of their bounds.",
            ("/amount", "adjustments_out_of_bounds"),
        ),
        (
            lambda: check_amount(d(1), MANY, BOUNDED, "CNY"),
            "too_many_adjustments",
            f"A card has at most {MOST_ADJUSTMENTS} rewards and penalties.",
            None,
        ),
        (
            lambda: counterpart_of("padj_9", TAKEN_BACK),
            "unknown_adjustment",
            "There is no such reward or penalty on this card.",
            ("/withdraws", "unknown_adjustment"),
        ),
        (
            lambda: counterpart_of("padj_1", TAKEN_BACK),
            "already_withdrawn",
            "It was withdrawn before.",
            ("/withdraws", "already_withdrawn"),
        ),
        (
            lambda: plan_of_adjustments(scheme_of(flat(item("a", "100")))),
            "plan_missing",
            "The scheme of this cycle has no plan for rewards and penalties in money.",
            None,
        ),
        (
            lambda: check_open(replace(people.cycle("oct"), status=CycleStatus.PUBLISHED)),
            "cycle_not_open",
            "oct is published; pay is stated from opening to approval.",
            None,
        ),
    ],
)
def test_a_refusal_says_what_is_expected(
    refused: Callable[[], object], code: str, detail: str, fault: tuple[str, str] | None
) -> None:
    with pytest.raises(KaoheError) as refusal:
        refused()
    assert (refusal.value.code, refusal.value.detail) == (code, detail)
    assert refusal.value.faults == (() if fault is None else (Fault(*fault, detail),))
