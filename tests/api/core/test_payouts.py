"""Pay to the fen: bonuses, commissions by marginal bands, corrections, entries to the byte."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from services.api.core.payouts import (
    correction,
    entry_document,
    inputs_document,
    owed_by,
)
from services.schema.errors import Conflict
from services.schema.shapes.indicators import Value
from services.schema.shapes.payouts import EntryContent, Owed, Payout
from services.schema.words import NoValue, PayPlan
from tests.api.core.paying import basis, payouts_of
from tests.api.core.paying import paid as paid_on
from tests.api.core.scoring import Document, flat, item, scored

d = Decimal


def paid(
    plan: Document, *, total: str = "80", base: Value | str = "0", currency: str = "CNY"
) -> Payout:
    """The one payout of a card with this total; 80 is a B, coefficient 1; 95 an A, 1.2."""
    return paid_on(plan, basis(bases={"sales": base}), total=total, currency=currency)


def commission(*bands: tuple[str, str], coefficient: str | None = None) -> Document:
    return {
        "plan": "commission",
        "indicator": "sales",
        "bands": [{"from": start, "rate": rate} for start, rate in bands],
        "coefficient": coefficient,
    }


@pytest.mark.parametrize(
    ("total", "base", "amount"),
    [
        ("95", "1000", "1200.00"),
        ("80", "1000", "1000.00"),
        ("10", "1000", "600.00"),
        ("95", "0", "0.00"),
        ("95", "0.0042", "0.01"),
        ("95", "0.0041", "0.00"),
        ("95", "333.3375", "400.01"),
        ("95", "333.3374", "400.00"),
    ],
)
def test_a_grade_bonus_is_the_base_times_the_grade_s_coefficient(
    total: str, base: str, amount: str
) -> None:
    payout = paid({"plan": "grade_bonus", "base": base}, total=total)
    assert (payout.plan, str(payout.amount), payout.currency) == (
        PayPlan.GRADE_BONUS,
        amount,
        "CNY",
    )


def test_a_bonus_lists_its_inputs() -> None:
    payout = paid({"plan": "grade_bonus", "base": "1000"}, total="95")
    assert inputs_document(payout) == (
        b'{"base":"1000","coefficient":{"of":"grade","grade":"A","value":"1.2"}}'
    )


TIERS = (("0", "0.01"), ("100000", "0.02"), ("200000", "0.03"))


@pytest.mark.parametrize(
    ("base", "amount"),
    [
        ("-1", "0.00"),
        ("0", "0.00"),
        ("0.49", "0.00"),
        ("0.5", "0.01"),
        ("99999.9999", "1000.00"),
        ("100000", "1000.00"),
        ("100000.25", "1000.01"),
        ("150000", "2000.00"),
        ("200000", "3000.00"),
        ("300000", "6000.00"),
    ],
)
def test_a_commission_is_paid_by_marginal_bands(base: str, amount: str) -> None:
    assert str(paid(commission(*TIERS), base=base).amount) == amount


def test_a_commission_lists_what_lies_in_each_band() -> None:
    payout = paid(commission(*TIERS, coefficient="grade"), total="95", base="150000.55")
    assert payout.amount == d("2400.01")
    assert payout.inputs == {
        "indicator": "sales",
        "base": "150000.55",
        "reason": None,
        "bands": [
            {
                "from": "0",
                "to": "100000",
                "inside": "100000",
                "rate": "0.01",
                "part": "1000",
                "amount": "1200.00",
            },
            {
                "from": "100000",
                "to": "200000",
                "inside": "50000.55",
                "rate": "0.02",
                "part": "1000.011",
                "amount": "1200.01",
            },
            {
                "from": "200000",
                "to": None,
                "inside": "0",
                "rate": "0.03",
                "part": "0",
                "amount": "0.00",
            },
        ],
        "coefficient": {"of": "grade", "grade": "A", "value": "1.2"},
    }


@pytest.mark.parametrize(
    ("coefficient", "total", "amount", "stated"),
    [
        (None, "95", "32.00", {"of": None, "value": "1"}),
        ("grade", "95", "38.40", {"of": "grade", "grade": "A", "value": "1.2"}),
        ("score", "95", "30.40", {"of": "score", "total": "95.00", "full_mark": "100"}),
        ("score", "0", "0.00", {"of": "score", "total": "0.00", "full_mark": "100"}),
    ],
)
def test_the_coefficient_of_a_commission(
    coefficient: str | None, total: str, amount: str, stated: Document
) -> None:
    payout = paid(commission(("0", "0.04"), coefficient=coefficient), total=total, base="800")
    assert (str(payout.amount), payout.inputs["coefficient"]) == (amount, stated)


def test_a_score_coefficient_is_rounded_with_the_pay_and_not_before() -> None:
    stated = flat(
        item("a", "100"), full_mark="3", pay=[commission(("0", "1"), coefficient="score")]
    )
    card = scored(stated, {"a": "2"})
    (payout,) = payouts_of(stated, card, basis(bases={"sales": "1000000"}))
    assert str(payout.amount) == "666666.67"


def test_requirement_07_a_refund_lowers_the_commission_and_a_full_one_ends_it() -> None:
    flat_rate: Document = {"plan": "commission", "indicator": "sales", "rate": "0.04"}
    first = paid(flat_rate, base="1000").amount
    partly = paid(flat_rate, base="800").amount
    wholly = paid(flat_rate, base="0").amount
    assert (str(first), str(partly), str(wholly)) == ("40.00", "32.00", "0.00")
    # Refunded in whole in a later period: the entry and its correction net to nothing.
    assert first + correction(wholly, [first]) == 0
    # A refund of what was never counted leaves nothing below 0 to pay.
    assert str(paid(flat_rate, base="-200").amount) == "0.00"


def test_requirement_20_a_correction_is_the_new_amount_less_all_that_was_stated() -> None:
    assert correction(d("70000"), [d("50000"), d("5000")]) == d("15000")
    assert correction(d("1"), []) == d("1")
    assert correction(d("40"), [d("40")]) == d("0")


@pytest.mark.parametrize(
    ("currency", "amount"), [("CNY", "0.04"), ("JPY", "0"), ("KWD", "0.035"), ("EUR", "0.04")]
)
def test_pay_is_rounded_to_the_currency_s_own_unit(currency: str, amount: str) -> None:
    payout = paid(commission(("0", "0.01")), base="3.5", currency=currency)
    assert str(payout.amount) == amount


def test_half_of_a_yen_is_a_yen() -> None:
    half = paid(commission(("0", "0.01")), base="50", currency="JPY")
    less = paid(commission(("0", "0.01")), base="49.9999", currency="JPY")
    assert (str(half.amount), str(less.amount)) == ("1", "0")


def test_no_facts_at_all_pay_nothing_and_say_so() -> None:
    payout = paid(commission(*TIERS), base=Value(None, NoValue.NO_ROWS))
    assert str(payout.amount) == "0.00"
    assert (payout.inputs["base"], payout.inputs["reason"]) == ("0", "no_rows")


@pytest.mark.parametrize("reason", [NoValue.FX_RATE_MISSING, NoValue.NO_DENOMINATOR])
def test_a_base_that_cannot_be_known_is_not_paid_as_nothing(reason: NoValue) -> None:
    with pytest.raises(Conflict) as refusal:
        paid(commission(*TIERS), base=Value(None, reason))
    assert refusal.value.code == "pay_base_missing"
    assert str(reason) in refusal.value.detail


def test_each_plan_of_a_scheme_pays() -> None:
    stated = flat(
        item("a", "100"),
        pay=[{"plan": "grade_bonus", "base": "100"}, commission(("0", "0.1"))],
    )
    card = scored(stated, {"a": "95"})
    payouts = payouts_of(stated, card, basis(bases={"sales": "70"}))
    assert owed_by(payouts, "CNY") == (
        Owed(0, PayPlan.GRADE_BONUS, d("120"), "CNY"),
        Owed(1, PayPlan.COMMISSION, d("7"), "CNY"),
    )


def test_a_scheme_without_pay_owes_one_entry_of_nothing() -> None:
    stated = flat(item("a", "100"))
    payouts = payouts_of(stated, scored(stated, {"a": "95"}))
    assert payouts == ()
    assert owed_by(payouts, "CNY") == (Owed(0, None, d("0"), "CNY"),)


def test_an_incomplete_card_is_never_paid() -> None:
    stated = flat(item("a", "100"))
    with pytest.raises(AssertionError, match="only a complete card is paid"):
        payouts_of(stated, scored(stated, {"a": None}))


def entry(owed: Owed, *, corrects: str | None = None, grade: str | None = "A") -> bytes:
    return entry_document(
        EntryContent(
            seq=1042,
            id="pay_2",
            corrects=corrects,
            employee="e-1",
            cycle="2026-10-front",
            period="2026-10",
            owed=owed,
            grade=grade,
            total=d("96.5"),
            reason=None if corrects is None else "a late refund",
            fingerprint="sha256:0",
            published_at=datetime(2026, 11, 5, 9, tzinfo=UTC),
        )
    )


def test_an_entry_of_the_contract_to_the_byte() -> None:
    assert entry(Owed(0, PayPlan.COMMISSION, d("1234.56"), "CNY")).decode() == (
        '{"seq":1042,"id":"pay_2","kind":"result","corrects":null,"employee":"e-1",'
        '"cycle":"2026-10-front","period":"2026-10","plan":"commission","amount":"1234.56",'
        '"currency":"CNY","grade":"A","total":"96.50","reason":null,"fingerprint":"sha256:0",'
        '"published_at":"2026-11-05T09:00:00Z"}'
    )


def test_a_correction_names_what_it_corrects_and_may_be_negative() -> None:
    text = entry(Owed(0, PayPlan.COMMISSION, d("-8"), "CNY"), corrects="pay_1").decode()
    assert '"kind":"correction","corrects":"pay_1"' in text
    assert '"amount":"-8.00"' in text
    assert '"reason":"a late refund"' in text


def test_an_entry_without_a_plan_is_0_with_the_currency_s_decimals() -> None:
    text = entry(Owed(0, None, d("0"), "KWD"), grade=None).decode()
    assert '"plan":null,"amount":"0.000","currency":"KWD","grade":null' in text


@over(
    st.lists(st.integers(1, 50_000), min_size=1, max_size=5, unique=True),
    st.decimals("-1000", "100000", places=4),
)
def test_bands_sum_to_the_whole_and_pay_more_for_more(starts: list[int], base: Decimal) -> None:
    bands = [("0", "0.01")] + [
        (str(start), f"0.0{2 + at}") for at, start in enumerate(sorted(starts))
    ]
    payout = paid(commission(*bands), base=str(base))
    stated = payout.inputs["bands"]
    assert isinstance(stated, list)
    assert sum(d(band["inside"]) for band in stated) == max(base, d("0"))
    exact = sum(d(band["part"]) for band in stated)
    assert abs(payout.amount - exact) <= d("0.005")
    assert sum(d(band["amount"]) for band in stated) == payout.amount
    assert paid(commission(*bands), base=str(base + 1)).amount >= payout.amount
