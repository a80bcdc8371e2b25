"""A merchandise store's visits, posted as traffic: each day and channel is the truth's."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from tests.databases import TestDatabase
from tests.real import queries, store_visits
from tests.real.comparisons import differing
from tests.real.doors import Doors
from tests.real.tenants import Row, Tenant, as_csv, as_ndjson, outcomes

pytestmark = [pytest.mark.asyncio(loop_scope="module")]

SPAN = "2017-05-01/2017-09-01"
MEASURES = (store_visits.CONVERTING, store_visits.PAGED, store_visits.TIMED)
# The truth's word, and the formula that gives it for one channel: `@` is its filter.
FORMULAS = {
    "visits": "visitors@",
    "new_visits": "new_visitors@",
    "new_visit_share": "new_visitors@ / visitors@",
    "bounces": "bounces@",
    "bounce_rate": "bounces@ / visitors@",
    "page_views": "page_views@",
    "mean_page_views": f"page_views@ / {store_visits.PAGED}@",
    "mean_seconds_on_site": f"dwell_seconds@ / {store_visits.TIMED}@",
    "converting_visits": f"{store_visits.CONVERTING}@",
    "conversion_rate": f"{store_visits.CONVERTING}@ / visitors@",
}
# Over all channels the catalogue's own indicators say the same.
WHOLE = {
    "visits": "visitors",
    "new_visit_share": "new_visitor_share",
    "bounce_rate": "bounce_rate",
    "page_views": "page_views",
}


@dataclass(frozen=True)
class Store:
    """The tenant with its traffic, and the published hits beside it."""

    tenant: Tenant
    raw: asyncpg.Connection


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def store(doors: Doors, real_database: TestDatabase, data: Path) -> AsyncIterator[Store]:
    days = store_visits.read_days(data)
    tenant = await _open_tenant(doors)
    for kind, rows in (
        ("traffic", store_visits.traffic_rows(days)),
        ("measures", store_visits.measure_rows(days)),
    ):
        body = as_csv(rows) if kind == "traffic" else as_ndjson(rows)
        content_type = "text/csv" if kind == "traffic" else "application/x-ndjson"
        tally = await tenant.post_facts(kind, body, content_type)
        assert outcomes(tally) == {"received": len(rows), "created": len(rows)}
    raw = await asyncpg.connect(real_database.dsn("kaohe"))
    try:
        await queries.load(raw, data, "store_visits")
        yield Store(tenant, raw)
    finally:
        await raw.close()


async def test_the_query_beside_us_gives_every_figure_of_the_truth(
    store: Store, data: Path
) -> None:
    for table, query, key in (
        ("day_channel", queries.VISIT_DAYS, ("day", "channel")),
        ("month_channel", queries.VISIT_MONTHS, ("month", "channel")),
    ):
        truth = queries.given(data, f"store_visits/{table}")
        assert len(truth) > 5
        assert queries.differences(truth, await queries.ask(store.raw, query), key) == []


@pytest.mark.parametrize("grain", ["day", "month"])
async def test_each_channel_is_the_truths(store: Store, grain: str) -> None:
    query = queries.VISIT_DAYS if grain == "day" else queries.VISIT_MONTHS
    expected: dict[str, dict[str, Row]] = {}
    for row in await queries.ask(store.raw, query):
        expected.setdefault(row["channel"], {})[_code(row, grain)] = row
    assert expected.keys() == store_visits.CHANNELS.keys()
    for channel, code in store_visits.CHANNELS.items():
        names = {name: _indicator(name, code) for name in FORMULAS}
        served = {
            indicator: await store.tenant.series(indicator, period=SPAN, grain=grain)
            for indicator in names.values()
        }
        assert differing(served, expected[channel], names) == [], channel


async def test_the_channels_add_up_to_the_shop(store: Store) -> None:
    served = {
        indicator: await store.tenant.series(
            indicator, period="2017-06", subject=f"shop:{store_visits.SHOP}"
        )
        for indicator in WHOLE.values()
    }
    rows = await queries.ask(store.raw, queries.VISIT_MONTHS)
    june = [row for row in rows if _code(row, "month") == "2017-06"]
    visits, new, bounces, pages = (
        Decimal(sum(row[name] for row in june))
        for name in ("visits", "new_visits", "bounces", "page_views")
    )
    true = {
        "visits": visits,
        "new_visit_share": new / visits,
        "bounce_rate": bounces / visits,
        "page_views": pages,
    }
    assert differing(served, {"2017-06": true}, WHOLE) == []


async def _open_tenant(doors: Doors) -> Tenant:
    """A company with words of its own for what a traffic row does not say."""
    tenant = await doors.make_tenant("Merchandise", currency="USD", timezone="America/Los_Angeles")
    await tenant.put(
        f"/v1/shops/{store_visits.SHOP}",
        {
            "name": "Merchandise store",
            "marketplace": "other",
            "timezone": "America/Los_Angeles",
            "currency": "USD",
            "kind": "online",
            "opened_on": None,
        },
    )
    for code in MEASURES:
        await tenant.put(
            f"/v1/measures/{code}", {"name": {"zh": code, "en": code}, "unit": "count"}
        )
    for channel in store_visits.CHANNELS.values():
        for name, formula in FORMULAS.items():
            await tenant.put(
                f"/v1/indicators/{_indicator(name, channel)}",
                {
                    "name": {"zh": f"{channel} {name}", "en": f"{channel} {name}"},
                    "formula": formula.replace("@", f'[channel = "{channel}"]'),
                    "unit": "seconds"
                    if "seconds" in name
                    else "ratio"
                    if "/" in formula
                    else "count",
                    "better": "higher",
                },
            )
    return tenant


def _indicator(name: str, channel: str) -> str:
    return f"{name}_{channel.replace('-', '_')}"


def _code(row: Row, grain: str) -> str:
    return str(row["day"]) if grain == "day" else f"{row['month']:%Y-%m}"
