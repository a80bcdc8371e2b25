"""Drifts: published cards that come out otherwise, and late facts, which are none."""

from datetime import date

import pytest
from sqlalchemy import text

from services.api.rest.drifts import DriftDocument
from services.cli.operator import Recomputed, recompute_tenant
from services.schema.db import Database
from tests.api.appraisals import move, set_targets
from tests.api.companies import Company, Json
from tests.api.late_facts import close_january, decide, late, refund_late, sell_late
from tests.databases import TestDatabase


@pytest.fixture
async def published(company: Company) -> Company:
    """Two agents whose January is published."""
    await close_january(company)
    await move(company, "jan", "review", "approved", "published")
    return company


async def recompute(company: Company, database: TestDatabase) -> Recomputed:
    """Of this company alone: others in the database are other tests'."""
    operating = Database(database.dsn("kaohe_migrate"), application="kaohe-operator", pool_size=1)
    try:
        (each,) = await recompute_tenant(operating, company.number)
    finally:
        await operating.close()
    assert (each.cards, each.unreadable) == (2, ())
    return each


async def drifted(company: Company, database: TestDatabase) -> tuple[int, int]:
    """How many cards drifted anew, and how many are seen without late facts."""
    found = await recompute(company, database)
    return found.drifts, found.late


async def alter_sales(company: Company, employee: str) -> None:
    """A measure that is no longer what it was, though no fact came."""
    statement = "UPDATE order_measures SET paid_amount = paid_amount + 1 WHERE employee = :employee"
    async with company.owner.write(company.number) as session:
        await session.execute(text(statement), {"employee": employee})


async def newest_drift(company: Company) -> Json:
    return (await company.get("/v1/drifts?cycle=jan")).json()["items"][-1]


async def test_requirement_22_a_recomputation_that_differs_raises_a_drift(
    published: Company, database: TestDatabase
) -> None:
    paths = ("/v1/results", "/v1/scorecards?cycle=jan", "/v1/payroll/entries")
    assert await drifted(published, database) == (0, 0)
    before = [(await published.get(path)).content for path in paths]
    await set_targets(published, {"e-2": "1000"})
    assert await drifted(published, database) == (1, 0)
    assert await drifted(published, database) == (0, 0)
    page = (await published.get("/v1/drifts?cycle=jan")).json()
    (drift,) = page["items"]
    DriftDocument.model_validate(drift, strict=False)
    assert (page["total"], drift["subject"], drift["cycle"]) == (1, "employee:e-2", "jan")
    assert drift["figures"] == [
        {"figure": "/total", "published": "22.00", "recomputed": "16.00"},
        {"figure": "/lines/sales/target", "published": "500", "recomputed": "1000"},
        {"figure": "/lines/sales/attainment", "published": "0.2", "recomputed": "0.1"},
        {"figure": "/lines/sales/score", "published": "20", "recomputed": "10"},
        {"figure": "/lines/sales/points", "published": "12", "recomputed": "6"},
    ]
    # What was accepted is no drift: the card is held against it from then on.
    await sell_late(published, late(31, "499.5"))
    await decide(published, "accepted")
    assert await drifted(published, database) == (0, 0)
    assert [(await published.get(path)).content for path in paths][:2] == before[:2]


async def test_requirement_22_a_late_fact_that_waits_is_no_drift_and_an_altered_measure_is(
    published: Company, database: TestDatabase
) -> None:
    await sell_late(published, late(31, "499.5"))
    assert await drifted(published, database) == (0, 1)
    # Of who shares the shop the figures are no others by it.
    await alter_sales(published, "e-2")
    assert await drifted(published, database) == (1, 1)
    drift = await newest_drift(published)
    assert (drift["subject"], drift["figures"][0]) == (
        "employee:e-2",
        {"figure": "/total", "published": "22.00", "recomputed": "22.12"},
    )
    # What is no fact drifts beside one that waits, on the figures that were published.
    await set_targets(published, {"e-1": "3001"})
    assert await drifted(published, database) == (1, 1)
    figures = {each["figure"]: each for each in (await newest_drift(published))["figures"]}
    assert "/lines/sales/value" not in figures
    assert figures["/lines/sales/attainment"]["recomputed"] == "0.5"
    await set_targets(published, {"e-1": "2000"})

    # Rejected it stays out; accepted it is what the card is held against.
    await decide(published, "rejected")
    assert await drifted(published, database) == (0, 1)
    await sell_late(published, late(30, "1", "more"))
    assert await drifted(published, database) == (0, 1)
    await decide(published, "accepted")
    assert await drifted(published, database) == (0, 0)
    await sell_late(published, late(29, "2", "last"))
    assert await drifted(published, database) == (0, 1)
    await decide(published, "accepted")
    await alter_sales(published, "e-1")
    assert await drifted(published, database) == (1, 0)
    assert (await newest_drift(published))["subject"] == "employee:e-1"


async def test_requirement_22_a_late_refund_of_an_order_that_was_paid_for_is_no_drift(
    published: Company, database: TestDatabase
) -> None:
    # It counts for the score of February, for the pay of January.
    await refund_late(published, order="first", on=date(2026, 2, 9), amount="800")
    assert await drifted(published, database) == (0, 1)
    await decide(published, "rejected")
    assert await drifted(published, database) == (0, 1)
