"""Each pay plan of `domain.md`, section 8, to the currency's own unit, with its terms."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from services.api.core.payouts import business_pay, leader_payouts
from services.api.core.scorecards import score
from services.schema.errors import Conflict
from services.schema.shapes.indicators import Value
from services.schema.shapes.levels import LevelInForce
from services.schema.shapes.payouts import MemberPay, PayAdjustment
from services.schema.words import NoValue, PayPlan
from tests.api.core.paying import basis, earned, paid, payouts_of, placed
from tests.api.core.scoring import Document, flat, given, item, scheme_of, scored, segment_input

d = Decimal
Outputs = dict[str, str | Value]
MEAN: Document = {"plan": "leader_mean"}
CAPACITY: Document = {"plan": "leader_capacity", "indicator": "sales"}


@pytest.mark.parametrize(
    ("amounts", "currency", "amount"),
    [
        ({"e_1": "100.00", "e_2": "50.01"}, "CNY", "75.01"),
        ({"e_1": "100.00", "e_2": "50.00", "e_3": "0.00"}, "CNY", "50.00"),
        ({"e_1": "100.00", "e_2": "0.01", "e_3": "0.00"}, "CNY", "33.34"),
        ({"e_1": "100.00", "e_2": "0.00", "e_3": "0.00"}, "CNY", "33.33"),
        ({"e_1": "1", "e_2": "2"}, "JPY", "2"),
        ({"e_1": "1", "e_2": "1", "e_3": "2"}, "JPY", "1"),
        ({"e_1": "1.001", "e_2": "1.002"}, "KWD", "1.002"),
        ({}, "CNY", "0.00"),
    ],
)
def test_a_leader_has_the_mean_of_the_members_business_pay(
    amounts: dict[str, str], currency: str, amount: str
) -> None:
    payout = paid(MEAN, members=earned(**amounts), currency=currency)
    assert (payout.plan, str(payout.amount)) == (PayPlan.LEADER_MEAN, amount)


def test_a_member_paid_in_two_cycles_is_one_member() -> None:
    members = [
        MemberPay("e-1", "early", d("10.00")),
        MemberPay("e-1", "late", d("30.00")),
        MemberPay("e-2", "late", d("20.00")),
    ]
    payout = paid(MEAN, members=members)
    assert (str(payout.amount), payout.inputs["count"]) == ("30.00", 2)


def test_the_mean_is_multiplied_by_three_coefficients_and_rounded_once() -> None:
    plan = {**MEAN, "task": "1.1", "business": {"of": "score"}, "staffing": {"item": "a"}}
    payout = paid(plan, total="80", members=earned(e_1="100.00", e_2="0.00", e_3="0.00"))
    assert payout.inputs == {
        "members": [
            {"employee": "e-1", "cycle": "oct", "amount": "100.00"},
            {"employee": "e-2", "cycle": "oct", "amount": "0.00"},
            {"employee": "e-3", "cycle": "oct", "amount": "0.00"},
        ],
        "sum": "100.00",
        "count": 3,
        "mean": "33.333333",
        "task": {"of": None, "value": "1.1"},
        "business": {"of": "score", "total": "80.00", "full_mark": "100"},
        "staffing": {"of": "attainment", "item": "a", "value": "1.25"},
    }
    # 33.33... x 1.1 x 0.8 x 1.25
    assert str(payout.amount) == "36.67"


def test_the_mean_itself_is_never_rounded() -> None:
    plan = {**MEAN, "task": "300"}
    payout = paid(plan, members=earned(e_1="0.01", e_2="0.00", e_3="0.00"))
    assert str(payout.amount) == "1.00"


@pytest.mark.parametrize(
    ("factor", "amount", "stated"),
    [
        ("0", "0.00", {"of": None, "value": "0"}),
        ({"number": "0.5"}, "50.00", {"of": None, "value": "0.5"}),
        (None, "100.00", {"of": None, "value": "1"}),
        ({"of": "grade"}, "120.00", {"of": "grade", "grade": "A", "value": "1.2"}),
        ({"of": "score"}, "95.00", {"of": "score", "total": "95.00", "full_mark": "100"}),
        ({"item": "a"}, "190.00", {"of": "attainment", "item": "a", "value": "1.9"}),
    ],
)
def test_a_coefficient_is_a_number_or_a_figure_of_the_leader_s_card(
    factor: object, amount: str, stated: Document
) -> None:
    plan = {**CAPACITY, "incentive": factor}
    on = basis(outputs={"sales": {"unit:front": "100"}})
    payout = paid(plan, on, total="95", target="50")
    assert (str(payout.amount), payout.inputs["incentive"]) == (amount, stated)


def test_an_attainment_below_0_pays_nothing_and_no_debt() -> None:
    stated = flat(item("a", "100"), pay=[{**MEAN, "task": {"item": "a"}}])
    card = scored(stated, {"a": given("-10", budget="10")})
    (payout,) = payouts_of(stated, card, members=earned(e_1="10.00"))
    assert str(payout.amount) == "0.00"
    assert payout.inputs["task"] == {"of": "attainment", "item": "a", "value": "0"}


def test_without_an_attainment_nothing_is_paid() -> None:
    plan = {**MEAN, "task": {"item": "a"}}
    with pytest.raises(Conflict) as refusal:
        paid(plan, target=None, members=earned(e_1="10.00"))
    assert (refusal.value.code, refusal.value.detail) == (
        "pay_coefficient_missing",
        "a has no attainment to pay by.",
    )


def test_the_attainment_of_several_segments_is_their_mean_by_days() -> None:
    plan = {**MEAN, "task": {"item": "a"}}
    stated = flat(item("a", "100"), pay=[plan])
    first = segment_input(stated, {"a": given("80", budget="100")}, days=10)
    last = segment_input(stated, {"a": given("95", budget="100")}, days=21, after=10)
    (payout,) = payouts_of(stated, score([first, last]), members=earned(e_1="1000.00"))
    # (0.8 x 10 + 0.95 x 21) / 31 = 0.9016129..., kept at 6 decimals
    assert payout.inputs["task"] == {"of": "attainment", "item": "a", "value": "0.901613"}
    assert str(payout.amount) == "901.61"


@pytest.mark.parametrize(
    ("outputs", "amount", "output"),
    [
        ({"unit:north": "1000", "unit:south": "500.5"}, "30.01", "1500.5"),
        ({"unit:north": "1000.25"}, "20.01", "1000.25"),
        ({"unit:north": "1000.2499"}, "20.00", "1000.2499"),
        ({"unit:north": "1000", "unit:south": "-1000"}, "0.00", "0"),
        ({"unit:north": "-0.01"}, "0.00", "-0.01"),
        ({"unit:north": "100", "unit:south": Value(None, NoValue.NO_ROWS)}, "2.00", "100"),
        ({}, "0.00", "0"),
    ],
)
def test_a_leader_has_a_part_of_the_team_s_total_output(
    outputs: Outputs, amount: str, output: str
) -> None:
    payout = paid({**CAPACITY, "incentive": "0.02"}, basis(outputs={"sales": outputs}))
    assert (payout.plan, str(payout.amount)) == (PayPlan.LEADER_CAPACITY, amount)
    assert payout.inputs["output"] == output


def test_a_part_of_the_output_lists_whose_it_is() -> None:
    outputs: Outputs = {"unit:south": Value(None, NoValue.NO_ROWS), "unit:north": "99.5"}
    payout = paid({**CAPACITY, "incentive": "0.02"}, basis(outputs={"sales": outputs}))
    assert payout.inputs == {
        "indicator": "sales",
        "outputs": [
            {"subject": "unit:north", "value": "99.5", "reason": None},
            {"subject": "unit:south", "value": "0", "reason": "no_rows"},
        ],
        "output": "99.5",
        "incentive": {"of": None, "value": "0.02"},
    }


def test_an_output_that_cannot_be_known_is_not_paid_as_nothing() -> None:
    outputs: Outputs = {"unit:north": "1", "unit:south": Value(None, NoValue.FX_RATE_MISSING)}
    with pytest.raises(Conflict) as refusal:
        paid(CAPACITY, basis(outputs={"sales": outputs}))
    assert (refusal.value.code, refusal.value.detail) == (
        "pay_base_missing",
        "sales has no value to pay on: fx_rate_missing.",
    )


ALLOWANCE: Document = {
    "plan": "level_allowance",
    "ladder": "service",
    "amounts": [{"level": "gold", "amount": "500.5"}, {"level": "silver", "amount": "0.125"}],
}


@pytest.mark.parametrize(
    ("level", "currency", "amount"),
    [
        ("gold", "CNY", "500.50"),
        ("gold", "JPY", "501"),
        ("silver", "CNY", "0.13"),
        ("silver", "KWD", "0.125"),
        ("bronze", "CNY", "0.00"),
        (None, "CNY", "0.00"),
    ],
)
def test_an_allowance_is_the_amount_of_the_level(
    level: str | None, currency: str, amount: str
) -> None:
    payout = paid(ALLOWANCE, basis(levels={"service": placed(level)}), currency=currency)
    assert (payout.plan, str(payout.amount)) == (PayPlan.LEVEL_ALLOWANCE, amount)
    assert payout.inputs == {
        "ladder": "service",
        "level": level,
        "assessment": {
            "ladder_version": 2,
            "month": "2026-10",
            "revision": 1,
            "fingerprint": "sha256:" + "0" * 64,
        },
        "amounts": [
            {"level": "gold", "amount": "500.5"},
            {"level": "silver", "amount": "0.125"},
        ],
    }


@pytest.mark.parametrize("levels", [{}, {"service": None}])
def test_who_was_never_assessed_has_no_level_and_nothing(
    levels: dict[str, LevelInForce | None],
) -> None:
    payout = paid(ALLOWANCE, basis(levels=levels))
    assert (str(payout.amount), payout.inputs["level"]) == ("0.00", None)
    assert payout.inputs["assessment"] is None


def test_a_level_of_another_ladder_is_none() -> None:
    payout = paid(ALLOWANCE, basis(levels={"sales": placed("gold")}))
    assert (str(payout.amount), payout.inputs["level"]) == ("0.00", None)


def adjustment(number: str, amount: str, withdraws: str | None = None) -> PayAdjustment:
    at = datetime(2026, 11, 3, 9, tzinfo=UTC)
    return PayAdjustment(f"padj_{number}", d(amount), "why", "key:hr", at, withdraws)


def test_rewards_and_penalties_are_summed_and_each_is_stated() -> None:
    stated = [
        adjustment("1", "200.00"),
        adjustment("2", "-350.25"),
        adjustment("3", "-200.00", "padj_1"),
    ]
    payout = paid({"plan": "adjustment"}, adjustments=stated)
    assert (payout.plan, str(payout.amount)) == (PayPlan.ADJUSTMENT, "-350.25")
    entries = payout.inputs["adjustments"]
    assert isinstance(entries, list)
    assert entries[2] == {
        "id": "padj_3",
        "amount": "-200.00",
        "reason": "why",
        "author": "key:hr",
        "stated_at": "2026-11-03T09:00:00Z",
        "withdraws": "padj_1",
    }
    assert [each["amount"] for each in entries] == ["200.00", "-350.25", "-200.00"]


def test_nothing_stated_by_hand_pays_0() -> None:
    payout = paid({"plan": "adjustment"})
    assert (str(payout.amount), payout.inputs) == ("0.00", {"adjustments": []})


BUSINESS: Document = flat(
    item("a", "100"),
    pay=[
        {"plan": "commission", "indicator": "sales", "rate": "0.05"},
        {"plan": "grade_bonus", "base": "1000"},
        {"plan": "commission", "indicator": "profit", "rate": "0.1", "coefficient": "grade"},
        MEAN,
    ],
)


def test_business_pay_is_the_commissions_alone() -> None:
    card = scored(BUSINESS, {"a": "95"})
    on = basis(bases={"sales": "100.1", "profit": "100.04"})
    # 5.01 (of 5.005) and 12.00 (of 12.0048), each rounded as it is paid
    assert business_pay(scheme_of(BUSINESS), card, on, currency="CNY") == d("17.01")


def test_without_a_commission_there_is_no_business_pay() -> None:
    stated = flat(item("a", "100"), pay=[{"plan": "grade_bonus", "base": "1000"}])
    card = scored(stated, {"a": "95"})
    assert business_pay(scheme_of(stated), card, basis(), currency="CNY") is None


def test_what_rests_on_the_pay_of_others_is_found_by_its_place() -> None:
    card = scored(BUSINESS, {"a": "95"})
    payouts = leader_payouts(
        scheme_of(BUSINESS), card, earned(e_1="1.00", e_2="2.01"), currency="CNY"
    )
    assert {number: str(payout.amount) for number, payout in payouts.items()} == {3: "1.51"}


@over(st.lists(st.decimals(0, 10_000, places=2), min_size=1, max_size=20))
def test_a_mean_lies_between_the_least_and_the_most_and_any_order_gives_it(
    amounts: list[Decimal],
) -> None:
    members = [MemberPay(f"e-{at:02}", "oct", amount) for at, amount in enumerate(amounts)]
    amount = paid(MEAN, members=members).amount
    assert min(amounts) <= amount <= max(amounts)
    assert paid(MEAN, members=members[::-1]).amount == amount


@over(
    st.lists(st.decimals("0", "1000", places=4), min_size=1, max_size=4),
    st.sampled_from(["CNY", "JPY", "KWD"]),
)
def test_requirement_09_what_bands_pay_sums_to_the_whole(
    widths: list[Decimal], currency: str
) -> None:
    starts = [d(0)]
    for width in widths:
        starts.append(starts[-1] + width + 1)
    bands = [
        {"from": str(start), "rate": f"0.0{at + 1}{at + 3}"} for at, start in enumerate(starts)
    ]
    plan: Document = {
        "plan": "commission",
        "indicator": "sales",
        "bands": bands,
        "coefficient": "grade",
    }
    payout = paid(plan, basis(bases={"sales": str(starts[-1] + 7)}), currency=currency)
    stated = payout.inputs["bands"]
    assert isinstance(stated, list)
    assert sum(d(band["amount"]) for band in stated) == payout.amount
