"""What a fact adds to which measures on which day, and takes away again when it changes."""

from datetime import date
from decimal import Decimal

import pytest

from services.schema.words import FactKind
from tests.databases import TestDatabase
from tests.figures import Figures, Wrong
from tests.ingest import rows
from tests.ingest.tenants import Books, open_books, outcomes

ORDERS, REFUNDS = FactKind.ORDERS, FactKind.REFUNDS
LATER = "2026-11-05T10:00:01+08:00"


async def test_an_order_in_all_its_measures(books: Books) -> None:
    await books.post(ORDERS, rows.full(ORDERS))
    named = {
        "shop": "s-1", "employee": "e-1", "channel": "search", "campaign": "double-11",
        "currency": "CNY",
    }  # fmt: skip
    placed = await books.measures("order_measures", day=date(2026, 10, 31), **named)
    assert placed == {"records": 1, "placed_orders": 1}
    paid = await books.measures("order_measures", day=date(2026, 11, 1), **named)
    assert paid == {
        "records": 2,
        "gross_amount": 128,
        "paid_orders": 1,
        "paid_amount": 128,
        "discount_amount": 12,
        "cost_amount": 70,
        "units_sold": 3,
        "multi_sku_orders": 1,
        "alipay_orders": 1,
        "alipay_amount": 128,
        "new_amount": 100,
        "profit_amount": 28,
        "hit_amount": 100,
        "shipped_orders": 1,
        "shipped_within_24h_orders": 1,
        "processing_seconds": 12 * 3600,
    }
    touched = await books.rows(
        "SELECT day, shop, unit, employee FROM touched_days WHERE tenant_id = $1"
    )
    assert touched == [
        {"day": date(2026, 10, 31), "shop": "s-1", "unit": "", "employee": "e-1"},
        {"day": date(2026, 11, 1), "shop": "s-1", "unit": "", "employee": "e-1"},
    ]


@pytest.mark.parametrize(
    ("shipped_at", "within", "seconds"),
    [
        ("2026-11-02T00:10:00+08:00", 1, 86400),
        ("2026-11-02T00:10:00.000001+08:00", None, 86400),
        ("2026-11-02T00:10:01+08:00", None, 86401),
        ("2026-10-31T10:00:00+08:00", 1, None),
    ],
)
async def test_a_day_to_ship_is_24_hours_from_payment(
    books: Books, shipped_at: str, within: int | None, seconds: int | None
) -> None:
    await books.post(ORDERS, rows.full(ORDERS, status="shipped", shipped_at=shipped_at))
    day = date.fromisoformat(shipped_at[:10])
    shipped = await books.measures("order_measures", day=day)
    assert shipped["shipped_orders"] == 1
    assert shipped.get("shipped_within_24h_orders") == within
    assert shipped.get("processing_seconds") == seconds


async def test_what_is_shipped_and_not_paid_has_waited_for_nothing(books: Books) -> None:
    unpaid = {"status": "unpaid", "paid_at": None, "completed_at": None}
    await books.post(ORDERS, rows.full(ORDERS, **unpaid))
    shipped = await books.measures("order_measures", day=date(2026, 11, 1))
    assert (shipped["shipped_orders"], shipped["shipped_within_24h_orders"]) == (1, 1)
    assert "processing_seconds" not in shipped


async def test_a_corrected_order_leaves_nothing_where_it_was(books: Books) -> None:
    row = rows.full(ORDERS, shipped_at=None, status="paid", completed_at=None)
    await books.post(ORDERS, row)
    moved = row | {
        "modified_at": LATER, "salesperson": "e-9", "paid_at": "2026-11-02T10:00:00+08:00",
        "created_at": "2026-11-02T10:00:00+08:00",
    }  # fmt: skip
    assert outcomes(await books.post(ORDERS, moved)) == {"updated": 1}
    stored = await books.rows(
        "SELECT day, employee, records FROM order_measures WHERE tenant_id = $1"
    )
    assert stored == [{"day": date(2026, 11, 2), "employee": "e-9", "records": 2}]


async def test_an_update_that_changes_no_sum_touches_no_day(books: Books) -> None:
    row = rows.full(ORDERS, status="shipped", completed_at=None)
    await books.post(ORDERS, row)
    await books.rows("SELECT 1 FROM (SELECT $1::int) AS x")
    driver = await books.session.driver()
    await driver.execute("UPDATE touched_days SET touched_at = 'epoch'")
    completed = {"status": "completed", "completed_at": LATER, "modified_at": LATER}
    await driver.execute("TRUNCATE touched")
    assert outcomes(await books.post(ORDERS, row | completed)) == {"updated": 1}
    touched = "SELECT DISTINCT touched_at FROM touched_days WHERE tenant_id = $1"
    assert [row["touched_at"].year for row in await books.rows(touched)] == [1970]
    other = {"buyer": "b-2", "modified_at": "2026-11-06T00:00:00Z"}
    await books.post(ORDERS, row | completed | other)
    marked = await books.rows(
        "SELECT day, employee FROM touched_days WHERE tenant_id = $1 AND touched_at > 'epoch'"
    )
    assert marked == [{"day": date(2026, 11, 1), "employee": "e-1"}]


async def test_an_excluded_order_counts_in_gross_sales_alone_and_its_refund_nowhere(
    books: Books,
) -> None:
    row = rows.full(ORDERS)
    await books.post(ORDERS, row)
    await books.post(REFUNDS, rows.full(REFUNDS))
    brushed = row | {"exclusion": "brushing", "modified_at": LATER}
    assert outcomes(await books.post(ORDERS, brushed)) == {"updated": 1}
    (only,) = await books.rows("SELECT * FROM order_measures WHERE tenant_id = $1")
    shown = {name: value for name, value in only.items() if value not in (0, "")}
    assert shown == {
        "tenant_id": books.tenant, "day": date(2026, 11, 1), "shop": "s-1", "employee": "e-1",
        "channel": "search", "campaign": "double-11", "currency": "CNY", "records": 1,
        "gross_amount": 128, "excluded_orders": 1, "excluded_amount": 128,
    }  # fmt: skip
    assert await books.rows("SELECT * FROM refund_measures WHERE tenant_id = $1") == []
    cleared = row | {"modified_at": "2026-11-20T00:00:00Z"}
    await books.post(ORDERS, cleared)
    assert (await books.measures("refund_measures"))["refund_amount"] == 28
    assert (await books.measures("order_measures", day=date(2026, 11, 1)))["paid_orders"] == 1


async def test_a_refund_counts_on_its_own_day_for_its_orders_people(books: Books) -> None:
    await books.post(ORDERS, rows.full(ORDERS))
    await books.post(REFUNDS, rows.full(REFUNDS))
    assert await books.measures("refund_measures") == {
        "day": date(2026, 11, 7), "shop": "s-1", "employee": "e-1", "channel": "search",
        "campaign": "double-11", "currency": "CNY", "records": 1, "refund_amount": 28,
        "refunds": 1, "returns": 1, "return_amount": 28, "refund_seconds": 86400,
        "timed_refunds": 1,
    }  # fmt: skip


async def test_scenario_s07_a_refund_before_its_order_finds_its_people_when_that_comes(
    books: Books, figure: Figures
) -> None:
    await books.post(REFUNDS, rows.full(REFUNDS))
    alone = await books.measures("refund_measures")
    assert (alone["shop"], alone["refund_amount"], alone.get("employee")) == ("s-1", 28, None)
    await books.post(ORDERS, rows.full(ORDERS))
    assert (await books.measures("refund_measures"))["employee"] == "e-1"
    moved = rows.full(ORDERS, salesperson="e-2", campaign=None, modified_at=LATER)
    await books.post(ORDERS, moved)
    followed = await books.measures("refund_measures")
    assert (followed["employee"], followed.get("campaign"), followed["records"]) == ("e-2", None, 1)
    touched = await books.rows(
        "SELECT employee FROM touched_days WHERE tenant_id = $1 AND day = '2026-11-07'"
    )
    assert [row["employee"] for row in touched] == ["", "e-1", "e-2"]
    figure("S07", Wrong.CENTS, 0, tried=3, of="sums, of a refund that comes before its order")


async def test_a_refund_withdrawn_counts_no_more(books: Books) -> None:
    await books.post(REFUNDS, rows.full(REFUNDS))
    await books.post(
        REFUNDS, rows.full(REFUNDS, status="closed", modified_at="2027-01-01T00:00:00Z")
    )
    assert await books.rows("SELECT * FROM refund_measures WHERE tenant_id = $1") == []


async def test_an_exchange_counts_apart(books: Books) -> None:
    exchange = rows.full(REFUNDS, kind="exchange", amount=None, requested_at=None)
    await books.post(REFUNDS, exchange)
    measures = await books.measures("refund_measures")
    assert (measures["exchanges"], measures.get("refunds"), measures.get("timed_refunds")) == (
        1, None, None,
    )  # fmt: skip


async def test_ratings_come_to_one_scale(books: Books) -> None:
    def rating(number: int, score: str, scale: int) -> rows.Row:
        return rows.full(FactKind.RATINGS, id=f"T-{number}", score=score, scale=scale)

    await books.post(
        FactKind.RATINGS,
        rating(1, "5", 5), rating(2, "8", 10), rating(3, "79.9999", 100), rating(4, "40", 100),
        rating(5, "4.0001", 10), rating(6, "0", 5),
    )  # fmt: skip
    measures = await books.measures("rating_measures")
    assert (measures["ratings"], measures["good_ratings"], measures["bad_ratings"]) == (6, 2, 2)
    assert measures["rating_points"] == Decimal(5) + 4 + Decimal("3.999995") + 2 + Decimal(
        "2.000050"
    )


async def test_chats_traffic_and_campaigns_in_their_measures(books: Books) -> None:
    await books.post(
        FactKind.CHATS,
        rows.full(FactKind.CHATS),
        rows.full(
            FactKind.CHATS, id="C-2", answered=False, order=None, satisfied=None, complaint=True,
            first_response_seconds=None, response_seconds=None, responses=None,
        ),
    )  # fmt: skip
    assert await books.measures("chat_measures") == {
        "day": date(2026, 10, 31), "shop": "s-1", "employee": "e-2", "records": 2, "chats": 2,
        "answered_chats": 1, "unanswered_chats": 1, "inquiries": 2, "inquiry_orders": 1,
        "first_response_seconds": Decimal("12.5"), "first_responses": 1, "response_seconds": 40,
        "responses": 3, "satisfaction_answers": 1, "satisfied_answers": 1, "complaints": 1,
    }  # fmt: skip
    await books.post(FactKind.TRAFFIC, rows.full(FactKind.TRAFFIC, carts=None))
    assert await books.measures("traffic_measures") == {
        "day": date(2026, 10, 31), "shop": "s-1", "channel": "search", "campaign": "double-11",
        "currency": "CNY", "records": 1, "visitors": 100, "new_visitors": 40, "page_views": 300,
        "bounces": 20, "dwell_seconds": Decimal("4500.5"), "impressions": 1000, "clicks": 120,
        "ad_cost": Decimal("35.2"), "favourites": 7,
    }  # fmt: skip
    await books.post(FactKind.CAMPAIGNS, rows.full(FactKind.CAMPAIGNS))
    assert await books.measures("campaign_measures") == {
        "day": date(2026, 11, 1), "shop": "s-1", "campaign": "double-11", "currency": "CNY",
        "records": 1, "campaigns": 1, "campaign_target_amount": 100000,
        "campaign_cost_amount": 5000,
    }  # fmt: skip


async def test_stock_and_posted_measures_mark_their_days(books: Books) -> None:
    await books.post(FactKind.STOCK, rows.full(FactKind.STOCK))
    await books.post(
        FactKind.MEASURES,
        rows.full(FactKind.MEASURES, shop=None, unit="u-1", measure="own_thing"),
        rows.full(FactKind.MEASURES, shop=None, employee="nobody", day="2026-10-30"),
    )
    touched = await books.rows(
        "SELECT day, shop, unit, employee FROM touched_days WHERE tenant_id = $1 ORDER BY day, shop"
    )
    assert touched == [
        {"day": date(2026, 10, 30), "shop": "", "unit": "", "employee": "nobody"},
        {"day": date(2026, 10, 31), "shop": "", "unit": "u-1", "employee": ""},
        {"day": date(2026, 10, 31), "shop": "s-1", "unit": "", "employee": ""},
    ]
    stored = await books.rows("SELECT currency FROM measure_facts WHERE tenant_id = $1")
    assert [row["currency"] for row in stored] == ["CNY", "CNY"]


async def test_a_touched_tenant_is_notified_of_when_it_commits(
    fresh_database: TestDatabase,
) -> None:
    heard: list[str] = []
    async with open_books(fresh_database) as books:
        driver = await books.session.driver()
        await driver.add_listener("kaohe_touched", lambda *event: heard.append(str(event[-1])))
        await books.post(FactKind.STOCK, rows.full(FactKind.STOCK))
        assert heard == []
        await driver.execute("COMMIT")
        assert heard == [str(books.tenant)]
        await driver.remove_listener("kaohe_touched", lambda *_: None)
        await driver.reset()
