"""A refused row that is tried again lands or is refused anew, and is counted once."""

import pytest

from services.ingest.core.buyers import resealer, sealer
from services.ingest.flows.landing import Tally
from services.ingest.flows.rejected import retry_row
from services.schema.errors import NotFound
from services.schema.ids import IdKind, new_id
from services.schema.shapes.feeds import Supplement
from services.schema.shapes.people import Caller
from services.schema.words import FactKind, Role
from tests.ingest import rows
from tests.ingest.tenants import (
    AT,
    BUYER_KEY,
    Books,
    faults,
    make_shop,
    no_mapping,
    outcomes,
)

ORDERS = FactKind.ORDERS
FEEDS = "SELECT shop, accepted, applied, rejected FROM feeds WHERE tenant_id = $1 ORDER BY shop"


async def retry(books: Books, id: str) -> Tally:
    seal = resealer(BUYER_KEY, 1)
    again = Caller(books.session.tenant, Role.ERP, None, "key:again")
    return await retry_row(
        books.session, id, caller=again, seal=seal, supplement=Supplement, find=no_mapping, at=AT
    )


async def kept(books: Books) -> list[str]:
    found = await books.rows("SELECT id FROM rejected_rows WHERE tenant_id = $1")
    return [row["id"] for row in found]


async def test_a_row_of_a_shop_that_is_known_by_now_lands_with_its_buyer(books: Books) -> None:
    await books.post(ORDERS, rows.full(ORDERS, shop="s-9"))
    (first,) = await kept(books)
    assert await books.rows(FEEDS) == [{"shop": "", "accepted": 1, "applied": 0, "rejected": 1}]
    assert faults(await retry(books, first)) == [(1, "unknown_shop", "/shop")]
    (again,) = await kept(books)
    assert again != first
    assert await books.rows(FEEDS) == [{"shop": "", "accepted": 1, "applied": 0, "rejected": 1}]
    await make_shop(books.owner, books.tenant, "s-9", "Asia/Shanghai", "CNY")
    assert outcomes(await retry(books, again)) == {"created": 1}
    assert await kept(books) == []
    assert await books.rows(FEEDS) == [
        {"shop": "", "accepted": 0, "applied": 0, "rejected": 0},
        {"shop": "s-9", "accepted": 1, "applied": 1, "rejected": 0},
    ]
    (stored,) = await books.rows("SELECT buyer FROM order_facts WHERE tenant_id = $1")
    assert stored["buyer"] == sealer(BUYER_KEY, 1)("erp", "b-1")


async def test_a_conflict_stays_one_and_is_gone_when_it_is_overtaken(books: Books) -> None:
    row = rows.full(ORDERS)
    await books.post(ORDERS, row)
    await books.post(ORDERS, row | {"paid_amount": "1"})
    (first,) = await kept(books)
    before = await books.digest()
    assert outcomes(await retry(books, first)) == {"conflict": 1}
    assert await books.digest() == before
    (again,) = await kept(books)
    await books.post(ORDERS, row | {"modified_at": "2027-01-01T00:00:00Z"})
    assert await kept(books) == []
    with pytest.raises(NotFound):
        await retry(books, again)


async def test_another_sources_row_stays_refused_and_changes_nothing(books: Books) -> None:
    await books.post(ORDERS, rows.full(ORDERS, id="SO-2"))
    await books.post(ORDERS, rows.full(ORDERS, source="new"))
    (first,) = await kept(books)
    before = await books.digest()
    assert faults(await retry(books, first)) == [(1, "other_source", "/source")]
    assert await books.digest() == before


async def test_a_row_that_could_not_be_read_cannot_be_read_again(books: Books) -> None:
    await books.post(ORDERS, '{"id": ')
    (first,) = await kept(books)
    assert faults(await retry(books, first)) == [(1, "unreadable", "")]


async def test_there_is_nothing_to_try_again(books: Books) -> None:
    with pytest.raises(NotFound):
        await retry(books, new_id(IdKind.REJECTED))
