"""Orders excluded by people: the sums move as if their source had said so, whoever comes later."""

import random
from typing import Any

import pytest

from services.ingest.flows.exclusions import exclude_order, undo_exclusion
from services.schema.errors import Conflict, Forbidden, NotFound
from services.schema.ids import IdKind, new_id
from services.schema.shapes.exclusions import LedgerLine, StatedExclusion
from services.schema.shapes.people import Caller
from services.schema.words import Exclusion, FactKind, Role
from tests.ingest import rows
from tests.ingest.flows.test_recount import assert_counted, order, refund
from tests.ingest.tenants import AT, Books

ORDERS, REFUNDS = FactKind.ORDERS, FactKind.REFUNDS
LATER = "2026-11-06T10:00:00+08:00"


def hr(books: Books, employee: str | None = None) -> Caller:
    return Caller(books.tenant, Role.HR, employee, "key:hr")


async def exclude(
    books: Books,
    id: str = "SO-1",
    reason: Exclusion = Exclusion.BRUSHING,
    employee: str | None = None,
) -> LedgerLine:
    stated = StatedExclusion("erp", id, reason, "seen", None)
    return await exclude_order(books.session, stated, caller=hr(books, employee), at=AT)


async def undo(books: Books, id: str, employee: str | None = None) -> LedgerLine:
    return await undo_exclusion(books.session, id, note="wrong", caller=hr(books, employee), at=AT)


async def stored(books: Books, id: str = "SO-1") -> tuple[Any, Any]:
    (row,) = await books.rows(
        "SELECT exclusion, stated_exclusion FROM order_facts WHERE tenant_id = $1 AND id = $2", id
    )
    return row["exclusion"], row["stated_exclusion"]


async def books_as_stated(books: Books) -> dict[str, list[str]]:
    """What the ledger is to leave as if the source had said it: all but the fact's own words."""
    digest = await books.digest()
    return {
        name: table
        for name, table in digest.items()
        if name.endswith("_measures") or name in {"refund_facts", "touched_days"}
    }


async def test_an_excluded_order_counts_in_gross_sales_alone_and_its_refunds_nowhere(
    books: Books,
) -> None:
    await books.post(ORDERS, rows.full(ORDERS))
    await books.post(REFUNDS, rows.full(REFUNDS))
    assert (await books.measures("refund_measures", shop="s-1"))["refund_amount"] == 28
    before = await books_as_stated(books)
    line = await exclude(books)
    assert await books.rows("SELECT * FROM refund_measures WHERE tenant_id = $1") == []
    held = await books.measures("order_measures", shop="s-1")
    names = ("gross_amount", "paid_amount", "excluded_amount", "excluded_orders", "placed_orders")
    assert [held.get(name, 0) for name in names] == [128, 0, 128, 1, 0]
    assert await books.rows("SELECT counts FROM refund_facts WHERE tenant_id = $1") == [
        {"counts": False}
    ]
    assert line.order.exclusion is Exclusion.BRUSHING
    await undo(books, line.entry.id)
    after = await books_as_stated(books)
    assert {**after, "touched_days": []} == {**before, "touched_days": []}
    marked = await books.rows("SELECT day::text FROM touched_days WHERE tenant_id = $1")
    assert {row["day"] for row in marked} == {"2026-10-31", "2026-11-01", "2026-11-07"}


@pytest.mark.parametrize("stated", [None, "staff"])
async def test_the_ledger_holds_however_often_the_order_is_posted_again(
    books: Books, stated: str | None
) -> None:
    await books.post(ORDERS, rows.full(ORDERS))
    line = await exclude(books)
    again = rows.full(ORDERS, modified_at=LATER, paid_amount="130.00", exclusion=stated)
    await books.post(ORDERS, rows.full(ORDERS), again)
    assert await stored(books) == ("brushing", stated)
    held = await books.measures("order_measures", shop="s-1")
    assert (held["excluded_amount"], held.get("paid_amount", 0)) == (130, 0)
    # A refund that comes now counts nowhere either.
    await books.post(REFUNDS, rows.full(REFUNDS))
    assert await books.rows("SELECT * FROM refund_measures WHERE tenant_id = $1") == []
    order = (await undo(books, line.entry.id)).order
    assert order.exclusion == stated
    assert await stored(books) == (stated, None)
    refunded = await books.rows("SELECT refund_amount FROM refund_measures WHERE tenant_id = $1")
    assert [row["refund_amount"] for row in refunded] == ([] if stated else [28])


async def test_what_is_refused_changes_nothing(books: Books) -> None:
    await books.post(ORDERS, rows.full(ORDERS), rows.full(ORDERS, id="SO-2"))
    line = await exclude(books)
    before = await books.digest()
    for number, employee, code in (
        ("SO-3", None, "unknown_order"),
        ("SO-1", None, "already_excluded"),
        ("SO-2", "e-1", "own_order"),
    ):
        with pytest.raises((Conflict, Forbidden)) as refused:
            await exclude(books, number, employee=employee)
        assert refused.value.code == code
    with pytest.raises(Forbidden):
        await undo(books, line.entry.id, "e-1")
    with pytest.raises(NotFound):
        await undo(books, new_id(IdKind.EXCLUSION))
    assert await books.digest() == before
    undone = await undo(books, line.entry.id)
    before = await books.digest()
    assert undone.entry.undone is not None
    for known in (line.entry.id, undone.entry.undone.id):
        with pytest.raises((Conflict, NotFound)):
            await undo(books, known)
    assert await books.digest() == before


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_comes_between_the_measures_are_the_facts_counted_anew(
    books: Books, seed: int
) -> None:
    chance = random.Random(seed)
    said: dict[str, tuple[str, str | None]] = {}
    held: dict[str, LedgerLine] = {}
    for _ in range(16):
        minute = chance.randrange(60)
        deed = chance.randrange(4)
        if deed == 0:
            batch = [order(chance, chance.randrange(8), minute) for _ in range(5)]
            for row in batch:
                if row["modified_at"] > said.get(row["id"], ("", None))[0]:
                    said[row["id"]] = (row["modified_at"], row["exclusion"])
            await books.post(ORDERS, *batch)
        elif deed == 1:
            refunds = [refund(chance, chance.randrange(8), minute) for _ in range(5)]
            await books.post(REFUNDS, *refunds)
        elif deed == 2 and said.keys() - held.keys():
            chosen = chance.choice(sorted(said.keys() - held.keys()))
            held[chosen] = await exclude(books, chosen, chance.choice(list(Exclusion)))
        elif held:
            await undo(books, held.pop(chance.choice(sorted(held))).entry.id)
        for kind in (ORDERS, REFUNDS):
            await assert_counted(books, kind)
    for number, (_, stated) in said.items():
        expected = (held[number].entry.reason, stated) if number in held else (stated, None)
        assert await stored(books, number) == expected
    wrong = await books.rows(
        "SELECT r.id FROM refund_facts AS r JOIN order_facts AS o"
        " ON o.tenant_id = r.tenant_id AND o.source = r.source AND o.id = r.order_id"
        " WHERE r.tenant_id = $1 AND r.counts <> (o.exclusion IS NULL)"
    )
    assert wrong == []
