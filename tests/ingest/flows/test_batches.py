"""Facts enter once: newest wins, replays change nothing, the refused is kept, all is counted."""

from datetime import date
from decimal import Decimal

import pytest

from services.ingest.core.facts import check_row
from services.ingest.core.fields import Unfit
from services.ingest.flows.arrivals import Stated, Unread
from services.schema.words import FactKind, Outcome
from tests.ingest import rows
from tests.ingest.tenants import Books, faults, outcomes

ORDERS, REFUNDS = FactKind.ORDERS, FactKind.REFUNDS
CHANGED: dict[FactKind, rows.Row] = {
    FactKind.ORDERS: {"paid_amount": "130"},
    FactKind.REFUNDS: {"amount": "7"},
    FactKind.RATINGS: {"score": "1"},
    FactKind.CHATS: {"responses": 9},
    FactKind.TRAFFIC: {"visitors": 7},
    FactKind.STOCK: {"skus": 9},
    FactKind.CAMPAIGNS: {"target_amount": "1"},
    FactKind.MEASURES: {"amount": "7"},
}
EARLIER, LATER = "2026-11-05T09:59:59+08:00", "2026-11-05T10:00:01+08:00"


@pytest.mark.parametrize("kind", FactKind)
async def test_requirement_15_each_row_is_created_duplicate_conflict_updated_or_stale(
    books: Books, kind: FactKind
) -> None:
    row = rows.full(kind)
    changed = CHANGED[kind]
    later = {"modified_at": "2027-01-01T00:00:00Z"}
    assert outcomes(await books.post(kind, row)) == {"created": 1}
    first = await books.digest()
    assert outcomes(await books.post(kind, row)) == {"duplicate": 1}
    conflict = await books.post(kind, row | changed)
    assert outcomes(conflict) == {"conflict": 1}
    assert faults(conflict) == [(1, "conflict", "/modified_at")]
    after = await books.digest()
    assert {table for table in first if first[table] != after[table]} == {"feeds", "rejected_rows"}
    assert outcomes(await books.post(kind, row | changed | later)) == {"updated": 1}
    stale = await books.post(kind, row)
    assert outcomes(stale) == {"stale": 1}
    assert faults(stale) == [(1, "stale", "/modified_at")]
    (stored,) = await books.rows(f"SELECT * FROM {_table(kind)} WHERE tenant_id = $1")  # noqa: S608
    ((name, value),) = changed.items()
    assert str(stored[name]).removesuffix(".0000") == str(value)
    assert stored["modified_at"].isoformat() == "2027-01-01T00:00:00+00:00"


async def test_equal_content_in_other_words_is_a_duplicate(books: Books) -> None:
    row = rows.full(ORDERS)
    await books.post(ORDERS, row)
    reordered = dict(reversed(row.items())) | {
        "paid_amount": 128, "modified_at": "2026-11-05T02:00:00Z", "exclusion": None,
    }  # fmt: skip
    del reordered["exclusion"]
    assert outcomes(await books.post(ORDERS, reordered)) == {"duplicate": 1}


async def test_rows_of_one_batch_count_as_if_posted_one_after_another(books: Books) -> None:
    row = rows.full(ORDERS)
    tally = await books.post(
        ORDERS,
        row,  # created
        row | {"paid_amount": "1"},  # conflict with the first
        row | {"modified_at": EARLIER},  # stale
        row,  # duplicate of the first
        row | {"modified_at": LATER, "paid_amount": "2"},  # updated
        row | {"modified_at": LATER, "paid_amount": "2"},  # duplicate of the update
        row | {"modified_at": LATER, "paid_amount": "3"},  # conflict with the update
        row,  # stale by now
        rows.full(ORDERS, id="SO-2"),  # created
    )
    assert outcomes(tally) == {
        "created": 2, "updated": 1, "duplicate": 2, "stale": 2, "conflict": 2,
    }  # fmt: skip
    assert faults(tally) == [
        (2, "conflict", "/modified_at"),
        (3, "stale", "/modified_at"),
        (7, "conflict", "/modified_at"),
        (8, "stale", "/modified_at"),
    ]
    stored = await books.rows("SELECT id, paid_amount FROM order_facts WHERE tenant_id = $1")
    assert {row["id"]: row["paid_amount"] for row in stored} == {"SO-1": 2, "SO-2": 128}
    measures = await books.measures("order_measures", day=date(2026, 11, 1))
    assert measures["paid_amount"] == Decimal(130)
    assert measures["paid_orders"] == 2


async def test_a_batch_meets_what_is_stored_as_single_rows_do(books: Books) -> None:
    row = rows.full(ORDERS)
    await books.post(ORDERS, row)
    tally = await books.post(
        ORDERS,
        row | {"modified_at": EARLIER},  # stale: older than what is stored
        row | {"modified_at": LATER, "status": "refunded"},  # updated
        row,  # stale by now, though stored a moment ago
        row | {"modified_at": LATER, "status": "refunded"},  # duplicate
    )
    assert outcomes(tally) == {"updated": 1, "duplicate": 1, "stale": 2}


async def test_what_rows_refer_to_must_be_known(books: Books) -> None:
    tally = await books.post(ORDERS, rows.full(ORDERS, shop="nowhere"), rows.full(ORDERS))
    assert faults(tally) == [(1, "unknown_shop", "/shop")]
    tally = await books.post(
        FactKind.MEASURES,
        rows.full(FactKind.MEASURES, measure="nothing"),
        rows.full(FactKind.MEASURES, measure="paid_amount"),
        rows.full(FactKind.MEASURES, shop=None, unit="nowhere"),
        rows.full(FactKind.MEASURES, shop="nowhere"),
        rows.full(FactKind.MEASURES, shop=None, employee="not yet known"),
        rows.full(FactKind.MEASURES, shop=None, employee="not-yet-known"),
    )
    assert faults(tally) == [
        (1, "unknown_measure", "/measure"),
        (2, "unknown_measure", "/measure"),
        (3, "unknown_unit", "/unit"),
        (4, "unknown_shop", "/shop"),
        (5, "code_invalid", "/employee"),
    ]
    assert outcomes(tally) == {"created": 1, "invalid": 5}


async def test_the_first_source_owns_a_shops_orders_and_refunds(books: Books) -> None:
    tally = await books.post(
        ORDERS,
        rows.full(ORDERS, source="bad", paid_amount="x"),  # owns nothing
        rows.full(ORDERS, source="erp"),
        rows.full(ORDERS, source="other"),
        rows.full(ORDERS, source="other", shop="s-2", id="SO-2"),
    )
    assert faults(tally) == [(1, "amount_invalid", "/paid_amount"), (3, "other_source", "/source")]
    tally = await books.post(
        REFUNDS, rows.full(REFUNDS, source="other"), rows.full(REFUNDS, source="erp")
    )
    assert faults(tally) == [(1, "other_source", "/source")]
    owners = await books.rows("SELECT shop, source FROM shop_sources WHERE tenant_id = $1")
    assert owners == [{"shop": "s-1", "source": "erp"}, {"shop": "s-2", "source": "other"}]
    chat = rows.full(FactKind.CHATS, source="other")
    assert outcomes(await books.post(FactKind.CHATS, chat)) == {"created": 1}


async def test_refused_rows_are_kept_until_a_good_one_replaces_them(books: Books) -> None:
    good = rows.full(ORDERS)
    bad = good | {"paid_amount": "12.34567"}
    await books.post(ORDERS, bad, rows.full(ORDERS, id="SO-2", status="?"))
    kept = await books.rows(
        "SELECT row, source, shop, fact, outcome, code, pointer, body FROM rejected_rows "
        "WHERE tenant_id = $1 ORDER BY row"
    )
    assert [(row["fact"], row["code"], row["pointer"]) for row in kept] == [
        ("SO-1", "too_many_decimals", "/paid_amount"),
        ("SO-2", "word_unknown", "/status"),
    ]
    assert [(row["source"], row["shop"], row["outcome"]) for row in kept] == [
        ("erp", "s-1", "invalid")
    ] * 2
    assert '"paid_amount": "12.34567"' in kept[0]["body"]
    assert "b-1" not in kept[0]["body"]
    await books.post(ORDERS, good)
    assert await _kept(books) == ["SO-2"]
    # A replay of what is stored replaces nothing: the row refused later may be the newer one.
    await books.post(ORDERS, bad | {"modified_at": LATER})
    await books.post(ORDERS, good)
    assert await _kept(books) == ["SO-1", "SO-2"]


async def test_in_one_batch_only_a_later_row_replaces_a_refused_one(books: Books) -> None:
    good, bad = rows.full(ORDERS), rows.full(ORDERS, paid_amount="x")
    tally = await books.post(ORDERS, bad, good)
    assert faults(tally) == [(1, "amount_invalid", "/paid_amount")]
    assert await _kept(books) == []
    tally = await books.post(ORDERS, good | {"modified_at": LATER}, bad)
    assert outcomes(tally) == {"updated": 1, "invalid": 1}
    assert await _kept(books) == ["SO-1"]


async def test_daily_rows_are_replaced_by_their_day(books: Books) -> None:
    kind = FactKind.TRAFFIC
    await books.post(kind, rows.full(kind, visitors=-1), rows.full(kind, visitors=-1, channel=None))
    await books.post(kind, rows.full(kind))
    assert await _kept(books) == ["s-1/2026-10-31//double-11"]


async def test_requirement_16_accepted_is_applied_and_rejected(books: Books) -> None:
    row = rows.full(ORDERS)
    await books.post(
        ORDERS,
        row, row, row | {"paid_amount": "1"}, row | {"modified_at": EARLIER},
        row | {"status": "?"}, row | {"shop": "nowhere"}, row | {"shop": "elsewhere"}, "broken",
    )  # fmt: skip
    await books.post(ORDERS, row, row | {"status": "?"})
    feeds = await books.rows(
        "SELECT shop, kind, source, accepted, applied, rejected FROM feeds "
        "WHERE tenant_id = $1 ORDER BY shop, source"
    )
    assert feeds == [
        {"shop": "", "kind": "orders", "source": "", "accepted": 1, "applied": 0, "rejected": 1},
        {"shop": "", "kind": "orders", "source": "erp", "accepted": 2, "applied": 0, "rejected": 2},
        {"shop": "s-1", "kind": "orders", "source": "erp", "accepted": 7, "applied": 4,
         "rejected": 3},
    ]  # fmt: skip
    (first, second) = await books.rows(
        "SELECT received, created, updated, duplicate, stale, invalid, conflict FROM batches "
        "WHERE tenant_id = $1 ORDER BY received DESC"
    )
    assert first == {
        "received": 8, "created": 1, "updated": 0, "duplicate": 1, "stale": 1, "invalid": 4,
        "conflict": 1,
    }  # fmt: skip
    assert second == {
        "received": 2, "created": 0, "updated": 0, "duplicate": 1, "stale": 0, "invalid": 1,
        "conflict": 0,
    }  # fmt: skip


async def test_a_feed_has_the_days_of_its_facts(books: Books) -> None:
    await books.post(
        FactKind.STOCK,
        rows.full(FactKind.STOCK),
        rows.full(FactKind.STOCK, day="2026-10-28"),
        rows.full(FactKind.STOCK, day="2026-10-20", skus=-1),
    )
    days = await books.rows("SELECT day FROM feed_days WHERE tenant_id = $1 ORDER BY day")
    assert [row["day"] for row in days] == [date(2026, 10, 28), date(2026, 10, 31)]


async def test_a_connector_states_facts_and_what_it_could_not_read(books: Books) -> None:
    order = check_row(ORDERS, rows.full(ORDERS, source="taobao:s-1"))
    refused = Unfit("status_unknown", "No such status.", "/status")
    tally = await books.add(
        ORDERS,
        [
            Stated(1, order, '{"tid": 1}'),
            Unread(2, refused, "taobao:s-1", "s-1", "77", '{"tid": 77}'),
        ],
    )
    assert outcomes(tally) == {"created": 1, "invalid": 1}
    assert tally.rows[0].outcome is Outcome.INVALID
    (kept,) = await books.rows("SELECT fact, code FROM rejected_rows WHERE tenant_id = $1")
    assert kept == {"fact": "77", "code": "status_unknown"}


async def test_no_rows_are_a_batch_too(books: Books) -> None:
    assert outcomes(await books.post(ORDERS)) == {}
    assert len(await books.rows("SELECT 1 FROM batches WHERE tenant_id = $1")) == 1


def _table(kind: FactKind) -> str:
    return {"traffic": "traffic_facts", "stock": "stock_facts"}.get(kind, f"{kind[:-1]}_facts")


async def _kept(books: Books) -> list[str]:
    kept = await books.rows("SELECT fact FROM rejected_rows WHERE tenant_id = $1 ORDER BY fact")
    return [row["fact"] for row in kept]
