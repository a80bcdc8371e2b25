"""Amounts: exact sums by share and rate, the last day, days and buyers told apart."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.api.core.indicators import built_in_indicators
from services.api.core.values import crowds_to_count, explain
from services.schema.days import parse_period
from services.schema.shapes.measures import CrowdCount
from services.schema.shapes.people import Rate, Subject
from services.schema.words import NoValue, Scope, SubjectKind
from tests.api.core.values import CALENDAR, DAY, ledger, prepared, row, sales, value_of
from tests.api.facts import assignment, employee, person


def test_foreign_amounts_are_taken_at_the_rate_of_their_day() -> None:
    usd = [Rate("USD", "CNY", date(2026, 9, 1), Decimal("7.1"))]
    usd += [Rate("USD", "CNY", date(2026, 10, 6), Decimal("7.25"))]
    read = sales(
        row("10", 1),
        row("10", 1, currency="USD"),
        row("2.5", 1, day=date(2026, 10, 6), currency="USD"),
        row("0", 1, day=date(2026, 10, 7), currency="EUR"),
        rates=usd,
    )
    found = explain(prepared("paid_amount"), read)
    assert found.value.value == Decimal("99.125")
    assert found.fx == (
        "USD 10 x 7.1 of 2026-09-01 = CNY 71; USD 2.5 x 7.25 of 2026-10-06 = CNY 18.125"
    )
    # A count needs no rate, and nothing of nothing is nothing.
    assert explain(prepared("paid_orders"), sales(row("9", 4, currency="GBP"))).value.value == 4
    missing = explain(prepared("paid_amount"), sales(row("9", 4, currency="GBP"), rates=usd))
    assert value_of(missing) is NoValue.FX_RATE_MISSING
    assert missing.measures[0].amount is None


def test_requirement_09_shares_add_up_to_the_whole() -> None:
    """100 % of 5 plus 50 % of 10 credits 10."""
    ann = employee("ann", assignment("sales", {"a": "100", "b": "50"}))
    bob = employee("bob", assignment("sales", {"b": "50"}))
    read = sales(row("5", 1), row("10", 1, shop="b"))
    shared = prepared("paid_amount", person("ann"), Scope.SHOPS, ann, bob)
    assert explain(shared, read).value.value == 10
    rest = prepared("paid_amount", person("bob"), Scope.SHOPS, ann, bob)
    assert explain(rest, read).value.value == 5
    assert explain(prepared("paid_amount"), read).value.value == 15


@given(
    amounts=st.lists(st.decimals("-999999", "999999", places=4), min_size=1, max_size=12),
    shares=st.lists(st.integers(1, 9999), min_size=1, max_size=4),
)
def test_the_parts_of_any_split_add_up_to_the_whole(
    amounts: list[Decimal], shares: list[int]
) -> None:
    total = sum(shares)
    exact = [Decimal(share * 100 // total) for share in shares]
    exact[0] += 100 - sum(exact)
    people = [
        employee(f"e{n}", assignment("sales", {"a": str(share)}))
        for n, share in enumerate(exact)
        if share
    ]
    rows = [row(str(amount), 1, day=DAY + timedelta(n)) for n, amount in enumerate(amounts)]
    read = sales(*rows)
    parts = [
        explain(prepared("paid_amount", person(one.code), Scope.SHOPS, *people), read)
        for one in people
    ]
    credited = [found.measures[0].amount for found in parts]
    assert sum(amount for amount in credited if amount is not None) == sum(amounts)


def test_what_counts_by_its_last_day_is_added_over_shops() -> None:
    rows = [
        row("10", "500", day=DAY, daily=True),
        row("12", None, day=date(2026, 10, 20), daily=True),
        row("99", "9", day=date(2026, 11, 1), daily=True),
        row("3", "40", day=DAY, shop="b", daily=True),
        row("1", "2", day=DAY, shop="b", daily=True),
    ]
    read = ledger({"stock": ("skus", "stock_value")}, {"stock": rows})
    assert explain(prepared("skus"), read).value.value == 12 + 3 + 1
    # The last day that states a value, whatever else a later one states.
    assert explain(prepared("stock_value"), read).value.value == 500 + 40 + 2
    assert explain(prepared("sku_days"), read).value.value == 10 + 12 + 3 + 1
    half = employee("ann", assignment("sales", {"a": "50"}, end=date(2026, 10, 10)))
    shared = prepared("skus", person("ann"), Scope.SHOPS, half)
    assert explain(shared, read).value.value == 5


def test_inventory_turns_are_of_a_month_and_a_share_leaves_them_alone() -> None:
    formula = built_in_indicators()["inventory_turns"].formula
    assert formula is not None
    stock = [row("1000", day=day, daily=True) for day in (DAY, date(2026, 10, 6))]
    stock += [row("200", day=DAY, shop="b", daily=True)]
    read = ledger(
        {"orders": ("cost_amount", "paid_orders"), "refunds": (), "stock": ("stock_value",)},
        {"orders": [row("2200", 1), row("1100", 1, shop="b")], "stock": stock},
    )
    # 3300 of goods by a mean of (1200 + 1000) / 2.
    assert explain(prepared(formula), read).value.value == 3
    ann = employee("ann", assignment("sales", {"a": "25"}))
    shared = prepared(formula, person("ann"), Scope.SHOPS, ann)
    assert explain(shared, read).value.value == Decimal("2.2")
    quarter = prepared(formula, period=parse_period("2026-Q4", CALENDAR))
    assert explain(quarter, read).value.value == 1


def test_a_shared_shops_buyers_are_counted_by_themselves() -> None:
    ann = employee(
        "ann",
        assignment("sales", {"a": "50", "b": "100"}, end=date(2026, 10, 16)),
        assignment("sales", {"a": "50"}, start=date(2026, 10, 16)),
    )
    asked = prepared("repeat_buyers / buyers", person("ann"), Scope.SHOPS, ann)
    buyers, skus = crowds_to_count([asked])
    assert skus == set()
    # Shop a with the same share on all days is one crowd, though the assignment changed.
    assert {
        (next(iter(one.shops or ())), one.start, one.end)
        for crowd in buyers
        for one in crowd.slices
    } == {
        ("a", date(2026, 10, 1), date(2026, 11, 1)),
        ("b", date(2026, 10, 1), date(2026, 10, 16)),
    }
    counts = {
        crowd: CrowdCount(orders=9, buyers=7, repeat_buyers=2)
        if "a" in (crowd.slices[0].shops or ())
        else CrowdCount(orders=3, buyers=3)
        for crowd in buyers
    }
    read = ledger({"orders": (), "refunds": ()}, {"orders": [row()]}, counts=counts)
    found = explain(asked, read)
    # (2 x 50 % + 0) / (7 x 50 % + 3)
    assert [one.amount for one in found.measures] == [Decimal(1), Decimal("6.5")]
    assert found.measures[1].records == 12
    assert found.value.value == Decimal("0.153846")


def test_a_units_buyers_are_counted_over_all_its_facts() -> None:
    ann = employee("ann", assignment("sales", {"a": "50", "b": "50"}))
    team = Subject(SubjectKind.UNIT, "sales")
    buyers, _ = crowds_to_count([prepared("buyers", team, Scope.UNIT, ann)])
    (crowd,) = buyers
    (one,) = crowd.slices
    assert (one.shops, one.employees) == (frozenset({"a", "b"}), frozenset({"ann"}))
