"""Values: one rounding, the reason where there is none, and what is read for many at once."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from services.api.core.indicators import built_in_indicators
from services.api.core.ledgers import Ledger, Rates, Sums
from services.api.core.values import (
    asks_first_orders,
    asks_first_uses,
    explain,
    from_posted,
    nothing_posted,
    owners_of_posted,
    prepare,
    queries_of,
    series_of,
    usual_scope,
)
from services.schema.days import parse_period
from services.schema.shapes.indicators import (
    Explained,
    MeasureAmount,
    PostedValue,
    Value,
    Wanted,
)
from services.schema.shapes.people import Subject
from services.schema.words import FactKind, Grain, NoValue, Scope, SubjectKind
from tests.api.core.values import (
    CALENDAR,
    OCTOBER,
    SHOP,
    company,
    ledger,
    prepared,
    row,
    sales,
    value_of,
)
from tests.api.facts import COMPANY, assignment, employee, person


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


def test_a_posted_value_is_explained_by_its_definition_alone() -> None:
    indicator = built_in_indicators()["campaign_quality"]
    own = replace(indicator, version=4)
    posted = PostedValue(own.code, SHOP, "2026-10", Decimal("4.5"), "hr", "seen")
    expected = Explained(Value(Decimal("4.5"), None), None, 4, (), None, ())
    assert from_posted(posted, own) == expected
    missing = Explained(Value(None, NoValue.NO_ROWS), None, 4, (), None, ())
    assert nothing_posted(own) == missing


def test_a_series_has_a_value_for_each_part_by_itself() -> None:
    quarter = parse_period("2026-Q4", CALENDAR)
    months = [parse_period(f"2026-{month}", CALENDAR) for month in (10, 11, 12)]
    assert series_of("x", SHOP, Scope.OWN, quarter, Grain.MONTH, CALENDAR) == [
        Wanted("x", SHOP, Scope.OWN, month, month.start, month.end) for month in months
    ]
    assert series_of("x", SHOP, Scope.UNIT, quarter, None, CALENDAR) == [
        Wanted("x", SHOP, Scope.UNIT, quarter, quarter.start, quarter.end)
    ]


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        (SubjectKind.COMPANY, Scope.COMPANY),
        (SubjectKind.UNIT, Scope.UNIT),
        (SubjectKind.EMPLOYEE, Scope.OWN),
        (SubjectKind.SHOP, Scope.OWN),
    ],
)
def test_where_nobody_says_all_of_a_unit_counts_and_else_what_names_the_subject(
    kind: SubjectKind, scope: Scope
) -> None:
    assert usual_scope(Subject(kind, "x")) is scope


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


EVERYWHERE = {"shop", "employee", "unit", "channel", "campaign"}


@pytest.mark.parametrize(
    ("measure", "kind", "codes", "columns"),
    [
        ("stock_value", FactKind.STOCK, (), ("stock_value",)),
        ("search_rank", FactKind.MEASURES, ("search_rank",), ("amount",)),
    ],
)
def test_what_counts_by_its_last_day_is_read_by_day_and_apart_for_all_it_is_stated_of(
    measure: str, kind: FactKind, codes: tuple[str, ...], columns: tuple[str, ...]
) -> None:
    for subject, apart in ((SHOP, EVERYWHERE), (COMPANY, EVERYWHERE)):
        (query,) = queries_of([prepared(measure, subject)])
        assert (query.kind, query.codes, query.columns) == (kind, codes, columns)
        assert query.daily_codes == {measure}
        assert query.dimensions == apart
    # Beside it what adds up is read in one sum of all days.
    (query,) = queries_of([prepared("skus"), prepared("demanded_units")])
    assert query.daily_codes == {"skus"}
    assert query.columns == ("demanded_units", "skus")


def test_of_buyers_no_column_is_read_only_whether_any_fact_came() -> None:
    orders, refunds = queries_of([prepared("buyers", SHOP)])
    assert (orders.kind, refunds.kind) == (FactKind.ORDERS, FactKind.REFUNDS)
    assert (orders.columns, refunds.columns) == ((), ())
    assert orders.dimensions == refunds.dimensions == {"shop", "employee", "unit"}
    (query,) = queries_of([prepared("service_slips + knowledge_errors", SHOP)])
    assert query.codes == ("knowledge_errors", "service_slips")
    assert query.columns == ("amount",)
    assert query.daily_codes == frozenset()
