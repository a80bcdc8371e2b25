"""What lands for a period that is over is noted under each day and name that it counts under."""

import pytest

from services.schema.words import FactKind
from tests.ingest import rows
from tests.ingest.tenants import Books

ORDERS, REFUNDS = FactKind.ORDERS, FactKind.REFUNDS
LATER = "2026-11-21T10:00:00+08:00"
_CYCLE = (
    "INSERT INTO cycles (tenant_id, code, scheme, period, starts_on, ends_on, population, timezone,"
    " grace_days, status, revision, version, created_at) VALUES ($1, 'c', 's', '2026-11-01',"
    " '2026-10-30', '2026-11-02', '{}', 'UTC', 0, $2, 1, 1, now())"
)


async def noted(books: Books) -> list[tuple[object, ...]]:
    found = await books.rows(
        "SELECT fact, day::text, employee, basis FROM late_facts WHERE tenant_id = $1"
        " ORDER BY fact, day, employee, basis"
    )
    return [tuple(row.values()) for row in found]


@pytest.fixture
async def over(books: Books) -> Books:
    """The books of a company whose cycle ended on the first of November."""
    await books.owner.execute(_CYCLE, books.tenant, "open")
    return books


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ORDERS, [("SO-1", "2026-10-31", "e-1", "both"), ("SO-1", "2026-11-01", "e-1", "both")]),
        (FactKind.RATINGS, []),
        (FactKind.CHATS, [("C-1", "2026-10-31", "e-2", "both")]),
        (FactKind.TRAFFIC, [("s-1/2026-10-31/search/double-11", "2026-10-31", "", "both")]),
        (FactKind.STOCK, [("s-1/2026-10-31", "2026-10-31", "", "both")]),
        (FactKind.CAMPAIGNS, [("double-11", "2026-11-01", "", "both")]),
        (
            FactKind.MEASURES,
            [("registrations/2026-10-31/s-1///search/", "2026-10-31", "", "both")],
        ),
    ],
)
async def test_each_kind_is_noted_on_its_days(
    over: Books, kind: FactKind, expected: list[tuple[object, ...]]
) -> None:
    await over.post(kind, rows.full(kind))
    found = await noted(over)
    assert found == expected


async def test_a_refund_is_noted_on_its_own_day_and_for_pay_on_that_of_its_order(
    over: Books,
) -> None:
    await over.post(ORDERS, rows.full(ORDERS))
    await over.post(REFUNDS, rows.full(REFUNDS))
    # Refunded on the 7th, which is of no period that is over; its order was paid on the 1st.
    assert (await noted(over))[0] == ("R-1", "2026-11-01", "e-1", "pay")
    await over.post(REFUNDS, rows.full(REFUNDS, id="R-2", refunded_at="2026-11-01T12:00:00+08:00"))
    await over.post(
        REFUNDS,
        rows.full(REFUNDS, id="R-3", order="SO-9", refunded_at="2026-11-01T12:00:00+08:00"),
    )
    refunds = [row for row in await noted(over) if str(row[0]) in {"R-2", "R-3"}]
    assert refunds == [
        ("R-2", "2026-11-01", "e-1", "pay"),
        ("R-2", "2026-11-01", "e-1", "score"),
        ("R-3", "2026-11-01", "", "both"),
    ]


async def test_a_statement_that_counts_as_before_is_not_noted(over: Books) -> None:
    shipped = rows.full(ORDERS, status="shipped", completed_at=None)
    await over.post(ORDERS, shipped)
    driver = await over.session.driver()
    before = len(await noted(over))
    await driver.execute("UPDATE late_facts SET came_at = now() WHERE tenant_id = $1", over.tenant)
    await over.post(ORDERS, rows.full(ORDERS, modified_at=LATER))
    fresh = await over.rows("SELECT fact FROM late_facts WHERE tenant_id = $1 AND came_at IS NULL")
    assert (before, fresh) == (2, [])
    # Another salesperson is another matter: both are concerned, on each day.
    later = "2026-11-21T11:00:00+08:00"
    await over.post(ORDERS, rows.full(ORDERS, modified_at=later, salesperson="e-2"))
    fresh = await over.rows(
        "SELECT day::text, employee FROM late_facts WHERE tenant_id = $1 AND came_at IS NULL"
        " ORDER BY day, employee"
    )
    assert [tuple(row.values()) for row in fresh] == [
        ("2026-10-31", "e-1"),
        ("2026-10-31", "e-2"),
        ("2026-11-01", "e-1"),
        ("2026-11-01", "e-2"),
    ]


async def test_where_no_period_is_over_nothing_is_noted(books: Books) -> None:
    await books.post(ORDERS, rows.full(ORDERS))
    assert await noted(books) == []
    await books.owner.execute(_CYCLE, books.tenant, "draft")
    await books.post(ORDERS, rows.full(ORDERS, modified_at=LATER, paid_amount="1.00"))
    assert await noted(books) == []
