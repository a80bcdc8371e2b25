"""What a draft would pay: members before their leaders, and why no amount can be told."""

import json
from decimal import Decimal

from services.api.core.back_test_pay import INCOMPLETE, MEMBERS_UNPRICED, TRIED, Pricing
from services.schema.shapes.back_tests import Price
from services.schema.shapes.indicators import Value
from services.schema.shapes.payouts import MemberPay
from services.schema.shapes.scorecards import Score
from services.schema.words import NoValue
from tests.api.core.paying import basis
from tests.api.core.scoring import Document, flat, item, scheme_of, scored

MEAN: Document = {"plan": "leader_mean", "task": {"number": "2"}}
OUTPUT: Document = {"plan": "leader_capacity", "indicator": "net_sales", "incentive": "0.01"}
SALES: Document = {"plan": "commission", "indicator": "net_sales", "rate": "0.01"}
BONUS: Document = {"plan": "grade_bonus", "base": "1000"}
ON_SALES = basis(bases={"net_sales": "5000"})
NO_SALES = basis(bases={"net_sales": Value(None, NoValue.FX_RATE_MISSING)})


def pricing(*plans: Document) -> Pricing:
    return Pricing(scheme_of(flat(item("a", "100"), pay=list(plans))), "CNY")


def card(total: str | None = "80") -> Score:
    return scored(flat(item("a", "100")), {"a": total})


def amounts(price: Price) -> list[Decimal] | str | None:
    return price.unpaid if price.payouts is None else [each.amount for each in price.payouts]


def test_a_card_is_priced_by_its_own_plans() -> None:
    own = pricing(SALES, BONUS)
    assert not own.pays_leaders
    price = own.price(card(), ON_SALES, heard={}, adjustments=())
    assert amounts(price) == [Decimal("50.00"), Decimal("1000.00")]
    assert price.unpaid is None


def test_what_has_no_total_or_no_base_has_no_price() -> None:
    own = pricing(SALES)
    assert own.price(card(None), ON_SALES, heard={}, adjustments=()) == Price(None, INCOMPLETE)
    price = own.price(card(), NO_SALES, heard={}, adjustments=())
    assert (price.payouts, price.unpaid) == (None, "pay_base_missing")


def test_a_leader_is_paid_by_what_the_draft_gives_members_and_payroll_knows_of_others() -> None:
    own = pricing(SALES, MEAN)
    assert own.pays_leaders
    own.note_earned("e-1", card(), ON_SALES)
    assert own.earned == {"e-1": Decimal("50.00")}
    led = basis(bases={"net_sales": "0"}, members=("e-1", "e-2", "e-3"))
    heard = {"e-2": [MemberPay("e-2", "oct", Decimal("100.00"))], "e-1": [
        MemberPay("e-1", "oct", Decimal("9999.00"))]}  # fmt: skip
    price = own.price(card(), led, heard=heard, adjustments=())
    # The mean of 50 and 100, twice; of e-3 nobody has heard anything.
    assert amounts(price) == [Decimal("0.00"), Decimal("150.00")]
    assert price.payouts is not None
    assert TRIED in json.dumps(price.payouts[1].inputs)


def test_a_member_whose_pay_cannot_be_told_leaves_the_leader_unpriced() -> None:
    led = basis(bases={"net_sales": "0"}, members=("e-1",))
    for total, on in ((None, ON_SALES), ("80", NO_SALES)):
        own = pricing(SALES, MEAN)
        own.note_earned("e-1", card(total), on)
        assert own.earned == {"e-1": None}
        price = own.price(card(), led, heard={}, adjustments=())
        assert price == Price(None, MEMBERS_UNPRICED)


def test_who_has_no_commission_earns_nothing_by_business() -> None:
    own = pricing(BONUS)
    own.note_earned("e-1", card(), basis())
    assert own.earned == {}


def test_of_a_score_its_lines_are_kept_only_where_a_leader_may_be_paid_by_one() -> None:
    scored_card = card()
    for plan, kept in ((MEAN, True), (OUTPUT, True), (SALES, False), (BONUS, False)):
        left = pricing(plan).kept(scored_card)
        assert bool(left.segments) is kept
        assert (left.total, left.grade) == (scored_card.total, scored_card.grade)
