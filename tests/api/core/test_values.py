"""Values: exact sums by share, rate and last day, one rounding, and the reason for none."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.core.attribution import Attribution
from services.api.core.indicators import built_in_indicators
from services.api.core.ledgers import Ledger, Rates, Sums
from services.api.core.measures import built_in_measures
from services.api.core.values import (
    Company,
    Prepared,
    asks_first_orders,
    asks_first_uses,
    crowds_to_count,
    explain,
    owners_of_posted,
    prepare,
    queries_of,
)
from services.schema.days import Period, parse_period
from services.schema.shapes.indicators import Explained, MeasureAmount, Value, Wanted
from services.schema.shapes.measures import Crowd, CrowdCount, DailySum
from services.schema.shapes.people import Employee, Rate, Subject
from services.schema.words import FactKind, NoValue, Scope, SubjectKind
from tests.api.company import COMPANY, assignment, employee, person, shop, tenant, unit

CALENDAR = tenant(1).calendar
OCTOBER = parse_period("2026-10", CALENDAR)
DAY = date(2026, 10, 5)
SHOP = Subject(SubjectKind.SHOP, "a")


def company(*employees: Employee) -> Company:
    units = {"sales": unit("sales")}
    return Company(
        attribution=Attribution(units, {one.code: one for one in employees}),
        shops={code: shop(code) for code in ("a", "b")},
        measures=built_in_measures(),
        calendar=CALENDAR,
    )


def prepared(
    formula: str,
    subject: Subject = COMPANY,
    scope: Scope = Scope.OWN,
    *employees: Employee,
    period: Period = OCTOBER,
    start: date | None = None,
    end: date | None = None,
) -> Prepared:
    wanted = Wanted("x", subject, scope, period, start or period.start, end or period.end)
    indicator = replace(built_in_indicators()["net_sales"], formula=formula, version=3)
    return prepare(wanted, indicator, company(*employees))


def row(
    *amounts: str | int | None,
    day: date = DAY,
    shop: str = "a",
    employee: str = "",
    currency: str = "CNY",
    daily: bool = False,
) -> DailySum:
    exact = tuple(None if amount is None else Decimal(amount) for amount in amounts)
    apart = day if daily or currency != "CNY" else None
    return DailySum(day, shop, employee, "", "", "", currency, apart, 1, exact)


def ledger(
    columns: Mapping[str, Sequence[str]],
    rows: Mapping[str, Sequence[DailySum]],
    *,
    rates: Sequence[Rate] = (),
    counts: Mapping[Crowd, CrowdCount] | None = None,
) -> Ledger:
    sums = {name: Sums(columns.get(name, ()), rows.get(name, ())) for name in {*columns, *rows}}
    return Ledger(sums, counts or {}, {}, Rates("CNY", rates), {})


def sales(*rows: DailySum, rates: Sequence[Rate] = ()) -> Ledger:
    """Orders with `paid_amount` and `paid_orders`, and no refund."""
    columns = {"orders": ("paid_amount", "paid_orders"), "refunds": ("refund_amount",)}
    return ledger(columns, {"orders": rows}, rates=rates)


def value_of(found: Explained) -> Decimal | NoValue | None:
    return found.value.reason or found.value.value


def test_a_value_is_rounded_once_half_up_at_six_decimals() -> None:
    read = sales(row("1", 3))
    assert explain(prepared("paid_amount / paid_orders"), read).value == Value(
        Decimal("0.333333"), None
    )
    # Thirds that were rounded before would sum to 0.999999.
    thirds = "paid_amount / paid_orders + paid_amount / paid_orders + paid_amount / paid_orders"
    assert explain(prepared(thirds), read).value.value == 1
    assert explain(prepared("paid_amount / 2000000"), read).value.value == Decimal("0.000001")
    assert explain(prepared("-paid_amount / 2000000"), read).value.value == Decimal("-0.000001")
    assert explain(prepared("paid_amount / 2000001"), read).value.value == 0


def test_an_explanation_names_formula_version_amounts_records_and_links() -> None:
    found = explain(
        prepared('paid_amount[channel = "搜 a"] - refund_amount', SHOP),
        sales(row("100.5", 2), row("7", 1, day=date(2026, 10, 31))),
    )
    assert found == Explained(
        value=Value(Decimal(0), None),
        formula='paid_amount[channel = "搜 a"] - refund_amount',
        version=3,
        measures=(
            MeasureAmount("paid_amount", 'channel = "搜 a"', Decimal(0), 0),
            MeasureAmount("refund_amount", "", Decimal(0), 0),
        ),
        fx=None,
        links=(
            "/v1/facts/orders?shop=a&channel=%E6%90%9C%20a&from=2026-10-01&to=2026-11-01",
            "/v1/facts/refunds?shop=a&from=2026-10-01&to=2026-11-01",
        ),
    )
    whole = explain(prepared("paid_amount", SHOP), sales(row("100.5", 2), row("7", 1)))
    assert whole.measures == (MeasureAmount("paid_amount", "", Decimal("107.5"), 3),)


def test_days_outside_the_wanted_ones_do_not_count() -> None:
    read = sales(
        row("1", 1, day=date(2026, 9, 30)),
        row("2", 1, day=date(2026, 10, 1)),
        row("4", 1, day=date(2026, 10, 15)),
        row("8", 1, day=date(2026, 10, 16)),
        row("16", 1, day=date(2026, 10, 31)),
        row("32", 1, day=date(2026, 11, 1)),
    )
    assert explain(prepared("paid_amount"), read).value.value == 30
    assert explain(prepared("previous(paid_amount)"), read).value.value == 1
    assert explain(prepared("trailing(1, paid_amount)"), read).value.value == 16
    assert explain(prepared("trailing(31, paid_amount)"), read).value.value == 30
    assert explain(prepared("trailing(32, paid_amount)"), read).value.value == 31
    segment = prepared("paid_amount", start=date(2026, 10, 1), end=date(2026, 10, 16))
    assert explain(segment, read).value.value == 6
    second = prepared("previous(paid_amount)", start=date(2026, 10, 16), end=date(2026, 11, 1))
    # The 16 days before, from 30 September on.
    assert explain(second, read).value.value == 7


def test_no_rows_where_no_fact_of_a_kind_reached_the_subject() -> None:
    nothing = ledger({"orders": ("paid_amount",), "refunds": ("refund_amount",), "traffic": ()}, {})
    assert value_of(explain(prepared("paid_amount"), nothing)) is NoValue.NO_ROWS
    other_shop = sales(row("5", 1, shop="b"))
    assert value_of(explain(prepared("paid_amount", SHOP), other_shop)) is NoValue.NO_ROWS
    assert explain(prepared("paid_amount", SHOP), other_shop).measures[0].amount is None
    before = sales(row("5", 1, day=date(2026, 9, 30)))
    assert value_of(explain(prepared("paid_amount"), before)) is NoValue.NO_ROWS
    assert value_of(explain(prepared("1 + 1"), nothing)) == 2


def test_where_some_fact_reached_the_subject_what_does_not_occur_is_zero() -> None:
    read = sales(row("5", 1, employee="bob"))
    assert value_of(explain(prepared('paid_amount[campaign = "x"]'), read)) == 0
    # Orders vouch for refunds: a month without one has refunds of 0.
    assert value_of(explain(prepared("paid_amount - refund_amount"), read)) == 5
    refunds = ledger(
        {"orders": ("paid_amount",), "refunds": ("refund_amount",)}, {"refunds": [row("3")]}
    )
    assert value_of(explain(prepared("paid_amount - refund_amount"), refunds)) == -3
    # Facts of the person's shop vouch for what names the person.
    ann = employee("ann", assignment("sales", {"a": "50"}))
    assert value_of(explain(prepared("paid_amount", person("ann"), Scope.OWN, ann), read)) == 0
    ben = employee("ben", assignment("sales", {"b": "50"}))
    missing = explain(prepared("paid_amount", person("ben"), Scope.OWN, ben), read)
    assert value_of(missing) is NoValue.NO_ROWS


def test_the_first_of_several_reasons_is_given() -> None:
    """No rows before a missing rate before a divisor of zero."""
    foreign = sales(row("5", 0, currency="USD"))
    formula = prepared("paid_amount / paid_orders")
    assert value_of(explain(formula, foreign)) is NoValue.FX_RATE_MISSING
    with_traffic = prepared("paid_amount / paid_orders + 0 * previous(paid_orders)")
    assert value_of(explain(with_traffic, foreign)) is NoValue.NO_ROWS
    assert value_of(explain(formula, sales(row("5", 0)))) is NoValue.NO_DENOMINATOR


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


def test_calendar_numbers_are_shown_as_they_count() -> None:
    read = sales(row("31", 1))
    assert explain(prepared("paid_amount / period_days"), read).value.value == 1
    whole = explain(prepared("paid_amount / period_months"), read)
    assert whole.value.value == 31
    assert whole.measures[1] == MeasureAmount("period_months", "", Decimal(1), 0)
    some = prepared("paid_amount / period_months", start=date(2026, 10, 1), end=date(2026, 10, 11))
    found = explain(some, read)
    # 10 days of 31, at the 6 decimals that are shown.
    assert found.measures[1].amount == Decimal("0.322581")
    assert found.value.value == Decimal("96.099894")
    over = prepared("period_months", start=date(2026, 9, 16), end=date(2026, 11, 1))
    assert explain(over, read).value.value == Decimal("1.5")
    assert explain(prepared("previous(period_days)"), read).value.value == 30


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


def test_queries_ask_once_for_each_kind_and_only_for_the_days_wanted() -> None:
    ann = employee("ann", assignment("sales", {"a": "50"}))
    asked = [
        prepared("paid_amount - previous(refund_amount)", person("ann"), Scope.OWN, ann),
        prepared("paid_orders", SHOP, start=date(2026, 10, 10), end=date(2026, 10, 11)),
    ]
    orders, refunds = queries_of(asked)
    assert (orders.kind, refunds.kind) == (FactKind.ORDERS, FactKind.REFUNDS)
    assert orders.columns == ("paid_amount", "paid_orders")
    assert refunds.columns == ("refund_amount",)
    assert orders.spans == (
        (date(2026, 9, 1), date(2026, 10, 1)),
        (date(2026, 10, 1), date(2026, 10, 10)),
        (date(2026, 10, 10), date(2026, 10, 11)),
        (date(2026, 10, 11), date(2026, 11, 1)),
    )
    assert orders.shops == frozenset({"a"})
    assert orders.employees == frozenset({"ann"})
    assert orders.dimensions == frozenset({"shop", "employee", "unit"})
    (whole,) = queries_of([prepared("visitors"), prepared('visitors[channel = "x"]')])
    assert (whole.shops, whole.employees, whole.dimensions) == (None, None, frozenset({"channel"}))
    assert whole.spans == ((date(2026, 10, 1), date(2026, 11, 1)),)
    apart = [prepared("visitors"), prepared("visitors", period=parse_period("2020-01", CALENDAR))]
    assert len(queries_of(apart)[0].spans) == 2


def test_only_what_needs_the_past_asks_for_it() -> None:
    assert not asks_first_orders([prepared("repeat_buyers / buyers")])
    assert asks_first_orders([prepared("new_buyers")])
    assert asks_first_orders([prepared("returning_buyers / buyers")])
    assert not asks_first_uses([prepared('visitors[campaign != ""]')])
    assert asks_first_uses([prepared('visitors[campaign_age = "new"]')])


def test_a_posted_value_is_the_subjects_own_or_else_its_units_or_the_companys() -> None:
    ann = employee("ann", assignment("sales"))
    attribution = company(ann).attribution

    def owners(scope: Scope) -> tuple[Subject, ...]:
        wanted = Wanted("x", person("ann"), scope, OCTOBER, OCTOBER.start, OCTOBER.end)
        return owners_of_posted(wanted, attribution)

    assert owners(Scope.OWN) == owners(Scope.SHOPS) == (person("ann"),)
    assert owners(Scope.UNIT) == (person("ann"), Subject(SubjectKind.UNIT, "sales"))
    assert owners(Scope.COMPANY) == (person("ann"), COMPANY)


@pytest.mark.parametrize(
    "code", [code for code, one in built_in_indicators().items() if one.formula]
)
def test_every_built_in_can_be_prepared_and_explained(code: str) -> None:
    indicator = built_in_indicators()[code]
    wanted = Wanted(code, COMPANY, Scope.COMPANY, OCTOBER, OCTOBER.start, OCTOBER.end)
    asked = prepare(wanted, indicator, company())
    sums = {
        name: Sums(query.columns, ())
        for query in queries_of([asked])
        for name in query.codes or (query.kind.value,)
    }
    found = explain(asked, Ledger(sums, {}, {}, Rates("CNY", ()), {}))
    assert found.value == Value(None, NoValue.NO_ROWS)
