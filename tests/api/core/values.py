"""Values prepared and ledgers written by hand, for the tests of amounts and values."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from services.api.core.attribution import Attribution
from services.api.core.indicators import built_in_indicators
from services.api.core.ledgers import Ledger, Rates, Sums
from services.api.core.measures import built_in_measures
from services.api.core.values import Company, Prepared, prepare
from services.schema.days import Period, parse_period
from services.schema.shapes.indicators import Explained, Wanted
from services.schema.shapes.measures import Crowd, CrowdCount, DailySum
from services.schema.shapes.people import Employee, Rate, Subject
from services.schema.words import NoValue, Scope, SubjectKind
from tests.api.facts import COMPANY, shop, tenant, unit

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
