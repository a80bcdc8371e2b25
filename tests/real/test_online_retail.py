"""A gift shop's year, posted as an ERP posts it: every figure is the truth's to the last digit."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from tests.databases import TestDatabase
from tests.real import online_retail, queries
from tests.real.comparisons import Served, differing
from tests.real.doors import Doors
from tests.real.tables import said, written
from tests.real.tenants import (
    Row,
    Tenant,
    as_array,
    as_csv,
    as_gzip,
    as_ndjson,
    outcomes,
)

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
]

SPAN = "2010-12-01/2012-01-01"
CHUNK = 5000
# The truth's word, and the built-in indicator or the formula of the tenant's own that gives it.
BUILT_IN = {
    "gross_sales": "gross_sales",
    "net_sales": "net_sales",
    "orders": "orders",
    "units_sold": "units_sold",
    "buyers": "buyers",
    "average_order_value": "average_order_value",
}
OWN = {
    "returned_amount": ("refund_amount", "money"),
    "amount_return_rate": ("refund_amount / gross_amount", "ratio"),
    "credit_notes": ("returns", "count"),
    "pieces_returned": (online_retail.UNITS_RETURNED, "count"),
}
RETURNED = {
    "returned_amount": "returned_amount",
    "return_rate": "amount_return_rate",
    "credit_notes": "credit_notes",
    "units_returned": "pieces_returned",
}
OF_BUYERS = {
    "new_buyers": "new_buyers",
    "repurchase_rate_in_month": "repurchase_rate",
    "returning_buyer_share": "returning_buyer_rate",
}


@dataclass(frozen=True)
class GiftShop:
    """The tenant after the first posting, and the published lines beside it."""

    doors: Doors
    tenant: Tenant
    raw: asyncpg.Connection
    orders: list[Row]
    refunds: list[Row]
    measures: list[Row]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gift_shop(
    doors: Doors, real_database: TestDatabase, data: Path
) -> AsyncIterator[GiftShop]:
    sales, credits_ = online_retail.read_documents(data)
    raw = await asyncpg.connect(real_database.dsn("kaohe"))
    try:
        await queries.load(raw, data, "online_retail")
        shop = GiftShop(
            doors,
            await _open_tenant(doors, {sale.country for sale in [*sales, *credits_]}),
            raw,
            [online_retail.order_row(sale) for sale in sales],
            [online_retail.refund_row(credit) for credit in credits_],
            online_retail.measure_rows(sales, credits_),
        )
        await _post_and_check(shop, "created")
        yield shop
    finally:
        await raw.close()


async def test_the_query_beside_us_gives_every_figure_of_the_truth(
    gift_shop: GiftShop, data: Path
) -> None:
    days = await queries.ask(gift_shop.raw, queries.GIFT_SHOP_DAYS)
    countries = await queries.ask(gift_shop.raw, queries.GIFT_SHOP_COUNTRIES)
    months = await _months(gift_shop)
    for table, rows, key in (
        ("day", days, ("day",)),
        ("month_country", countries, ("month", "country")),
        ("month", months, ("month",)),
    ):
        truth = queries.given(data, f"online_retail/{table}")
        assert len(truth) > 5
        assert queries.differences(truth, rows, key) == []


async def test_each_month_is_the_truths(gift_shop: GiftShop) -> None:
    names = {**BUILT_IN, **RETURNED, **OF_BUYERS}
    got = await _read(gift_shop.tenant, names, grain="month")
    expected = await _months(gift_shop)
    assert len(expected) == 13
    assert differing(got, {f"{row['month']:%Y-%m}": row for row in expected}, names) == []


async def test_each_day_is_the_truths(gift_shop: GiftShop) -> None:
    names = {**BUILT_IN, **RETURNED}
    got = await _read(gift_shop.tenant, names, grain="day")
    expected = await queries.ask(gift_shop.raw, queries.GIFT_SHOP_DAYS)
    assert len(expected) == 305
    assert differing(got, {str(row["day"]): row for row in expected}, names) == []


async def test_each_country_is_a_shop_with_the_truths_months(gift_shop: GiftShop) -> None:
    names = {**BUILT_IN, **RETURNED}
    rows = await queries.ask(gift_shop.raw, queries.GIFT_SHOP_COUNTRIES)
    by_country: dict[str, dict[str, Row]] = {}
    for row in rows:
        by_country.setdefault(row["country"], {})[f"{row['month']:%Y-%m}"] = row
    assert len(by_country) == 38
    for country, expected in by_country.items():
        subject = f"shop:{online_retail.shop_of(country)}"
        got = await _read(gift_shop.tenant, names, grain="month", subject=subject)
        assert differing(got, expected, names) == [], country


async def test_posted_again_every_row_is_a_duplicate_and_nothing_changes(
    gift_shop: GiftShop,
) -> None:
    before = await written(gift_shop.raw, gift_shop.tenant.number)
    assert before["order_facts"][0] == len(gift_shop.orders)
    assert before["refund_facts"][0] == len(gift_shop.refunds)
    await _post_and_check(gift_shop, "duplicate")
    assert await written(gift_shop.raw, gift_shop.tenant.number) == before


async def test_posted_shuffled_in_parallel_batches_the_tables_are_the_same(
    gift_shop: GiftShop,
) -> None:
    chance = random.Random(536365)
    countries = {str(row["shop"]) for row in [*gift_shop.orders, *gift_shop.refunds]}
    other = await _open_tenant(gift_shop.doors, countries)
    batches = [
        (kind, as_gzip(as_ndjson(batch)), "application/x-ndjson", len(batch))
        for kind, rows in _kinds(gift_shop)
        for batch in _batches(chance.sample(rows, len(rows)), 3000)
    ]
    chance.shuffle(batches)
    tallies = await asyncio.gather(
        *(other.post_facts(kind, body, content_type) for kind, body, content_type, _ in batches)
    )
    for tally, (*_, count) in zip(tallies, batches, strict=True):
        assert outcomes(tally) == {"received": count, "created": count}
    first = await said(gift_shop.raw, gift_shop.tenant.number)
    assert await said(gift_shop.raw, other.number) == first


async def _open_tenant(doors: Doors, countries: set[str]) -> Tenant:
    """A company with a shop for each country, and its own words for what comes back."""
    tenant = await doors.make_tenant(
        "Gift shop", currency=online_retail.CURRENCY, timezone=online_retail.TIMEZONE
    )
    await tenant.post("/v1/shops/batch", [online_retail.shop_row(name) for name in countries])
    await tenant.put(
        f"/v1/measures/{online_retail.UNITS_RETURNED}",
        {"name": {"zh": "退货件数", "en": "Units returned"}, "unit": "count"},
    )
    for code, (formula, unit) in OWN.items():
        await tenant.put(
            f"/v1/indicators/{code}",
            {
                "name": {"zh": code, "en": code},
                "formula": formula,
                "unit": unit,
                "better": "lower",
            },
        )
    return tenant


async def _post_and_check(shop: GiftShop, outcome: str) -> None:
    """Orders as NDJSON, plain and gzip in turns, refunds as one array, measures as CSV."""
    for number, batch in enumerate(_batches(shop.orders, CHUNK)):
        body = as_ndjson(batch)
        tally = await shop.tenant.post_facts(
            "orders", as_gzip(body) if number % 2 else body, "application/x-ndjson"
        )
        assert outcomes(tally) == {"received": len(batch), outcome: len(batch)}
    for kind, body, content_type, count in (
        ("refunds", as_array(shop.refunds), "application/json", len(shop.refunds)),
        ("measures", as_gzip(as_csv(shop.measures)), "text/csv", len(shop.measures)),
    ):
        tally = await shop.tenant.post_facts(kind, body, content_type)
        assert outcomes(tally) == {"received": count, outcome: count}


def _kinds(shop: GiftShop) -> tuple[tuple[str, list[Row]], ...]:
    return ("orders", shop.orders), ("refunds", shop.refunds), ("measures", shop.measures)


def _batches(rows: Sequence[Row], size: int) -> list[Sequence[Row]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


async def _months(shop: GiftShop) -> list[Row]:
    sums = await queries.ask(shop.raw, queries.GIFT_SHOP_MONTHS)
    buyers = await queries.ask(shop.raw, queries.GIFT_SHOP_BUYERS)
    return [{**one, **other} for one, other in zip(sums, buyers, strict=True)]


async def _read(
    tenant: Tenant, names: dict[str, str], *, grain: str, subject: str = "company"
) -> Served:
    """By indicator and period."""
    return {
        code: await tenant.series(code, period=SPAN, grain=grain, subject=subject)
        for code in names.values()
    }
