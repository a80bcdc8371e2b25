"""Whatever comes in whatever order, the measures are what counting all facts anew would give."""

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from services.ingest.flows import landing
from services.schema.shapes.facts import LINE_TAGS
from services.schema.words import FactKind
from tests.databases import TestDatabase
from tests.ingest import rows
from tests.ingest.recount import KEYS, count_again
from tests.ingest.tenants import Books, open_books, outcomes

CHUNK = 7
KINDS = (
    FactKind.ORDERS,
    FactKind.REFUNDS,
    FactKind.RATINGS,
    FactKind.CHATS,
    FactKind.TRAFFIC,
    FactKind.CAMPAIGNS,
)


@pytest.fixture(autouse=True)
def small_chunks() -> Iterator[None]:
    with patch.object(landing, "CHUNK_ROWS", CHUNK):
        yield


def order(chance: random.Random, number: int, minute: int) -> rows.Row:
    """One of few orders of few people on few days: everything meets everything."""
    status = chance.choice(["unpaid", "paid", "shipped", "completed", "cancelled", "refunded"])
    paid = status not in {"unpaid", "cancelled"} or (
        status == "cancelled" and chance.random() < 0.5
    )
    shipped = status in {"shipped", "completed"} or chance.random() < 0.2
    return {
        "source": "erp",
        "id": f"SO-{number}",
        "shop": chance.choice(["s-1", "s-1", "s-2"]),
        "status": status,
        "modified_at": f"2026-11-20T10:{minute:02}:00Z",
        "created_at": chance.choice([None, _instant(chance)]),
        "paid_at": _instant(chance) if paid else None,
        "shipped_at": _instant(chance) if shipped else None,
        "completed_at": _instant(chance) if status == "completed" else None,
        "buyer": chance.choice([None, "b-1", "b-2"]),
        "salesperson": chance.choice([None, "e-1", "e-2"]),
        "channel": chance.choice([None, "search"]),
        "campaign": chance.choice([None, "c-1"]),
        "payment_method": chance.choice([None, "alipay", "card"]),
        "currency": chance.choice([None, None, "EUR"]),
        "paid_amount": _amount(chance) if paid else None,
        "discount_amount": chance.choice([None, "1.05"]),
        "cost_amount": _amount(chance),
        "exclusion": chance.choice([None, None, None, "brushing", "staff"]),
        "lines": [
            {
                "id": str(line),
                "sku": chance.choice("AB"),
                "quantity": chance.randrange(4),
                "amount": _amount(chance),
                "tags": chance.sample([*LINE_TAGS, "x"], chance.randrange(3)),
            }
            for line in range(chance.randrange(3))
        ],
    }


def refund(chance: random.Random, number: int, minute: int) -> rows.Row:
    return {
        "source": "erp",
        "id": f"R-{number}",
        "order": chance.choice([None, f"SO-{chance.randrange(12)}"]),
        "shop": chance.choice(["s-1", "s-2"]),
        "status": chance.choice(["requested", "succeeded", "succeeded", "closed"]),
        "kind": chance.choice(["refund", "return", "exchange"]),
        "amount": _amount(chance),
        "requested_at": _instant(chance),
        "refunded_at": _instant(chance),
        "modified_at": f"2026-11-20T10:{minute:02}:00Z",
    }


def daily(chance: random.Random, kind: FactKind, number: int, minute: int) -> rows.Row:
    """A row of another kind; some of its numbers are left out."""
    by_kind: dict[FactKind, rows.Row] = {
        FactKind.RATINGS: {
            "id": f"T-{number}", "score": chance.choice(["0", "2", "3.3333", "4", "5"]),
            "scale": chance.choice([5, 10, 100]), "rated_at": _instant(chance),
            "employee": chance.choice([None, "e-1"]),
        },
        FactKind.CHATS: {
            "id": f"C-{number}", "started_at": _instant(chance), "answered": chance.random() < 0.5,
            "inquiry": chance.random() < 0.5, "order": chance.choice([None, "SO-1"]),
            "responses": chance.choice([None, 3]), "satisfied": chance.choice([None, True, False]),
            "first_response_seconds": chance.choice([None, "0.5"]),
            "employee": chance.choice([None, "e-1", "e-2"]),
            **(_whole_day(chance) if chance.random() < 0.3 else {}),
        },
        FactKind.TRAFFIC: {
            "day": f"2026-10-{28 + number % 3}", "channel": chance.choice([None, "search", "ads"]),
            "visitors": chance.choice([None, chance.randrange(99)]), "ad_cost": _amount(chance),
        },
        FactKind.CAMPAIGNS: {
            "id": f"c-{number}", "starts_on": f"2026-10-{28 + chance.randrange(3)}",
            "target_amount": chance.choice([None, _amount(chance)]),
        },
    }  # fmt: skip
    return rows.full(
        kind,
        shop=chance.choice(["s-1", "s-2"]),
        modified_at=f"2026-11-20T10:{minute:02}:00Z",
        **by_kind[kind],
    )


def any_row(chance: random.Random, kind: FactKind, number: int, minute: int) -> rows.Row:
    if kind is FactKind.ORDERS:
        return order(chance, number, minute)
    if kind is FactKind.REFUNDS:
        return refund(chance, number, minute)
    return daily(chance, kind, number, minute)


@pytest.mark.parametrize("seed", range(12))
async def test_the_measures_are_the_facts_counted_anew(books: Books, seed: int) -> None:
    chance = random.Random(seed)
    stood: dict[tuple[FactKind, Any], tuple[str, rows.Row]] = {}
    for _ in range(12):
        kind = chance.choice([FactKind.ORDERS, FactKind.REFUNDS, *KINDS])
        batch = [
            any_row(chance, kind, chance.randrange(12), chance.randrange(6))
            for _ in range(chance.randrange(1, 20))
        ]
        # Now and then a row that came before comes again.
        batch += [row for (known, _), (_, row) in stood.items() if known is kind][:3]
        expected = Counter(judge(stood, kind, row) for row in batch)
        assert outcomes(await books.post(kind, *batch)) == expected
        for checked in KINDS:
            await assert_counted(books, checked)


@pytest.mark.parametrize("seed", range(4))
async def test_the_same_rows_in_any_order_end_as_the_same_books(
    database: TestDatabase, seed: int
) -> None:
    """P11: a row's content follows from its id and its modification time alone."""
    postings = [
        (kind, any_row(random.Random(f"{kind} {number} {minute}"), kind, number, minute))
        for kind in KINDS
        if kind is not FactKind.TRAFFIC
        for number in range(6)
        for minute in range(4)
    ]
    digests = []
    with patch.object(landing, "CHUNK_ROWS", CHUNK):
        for shuffle in (seed, seed + 100):
            chance = random.Random(shuffle)
            chance.shuffle(postings)
            async with open_books(database) as books:
                for kind in chance.sample(KINDS, len(KINDS)) * 2:
                    mine = [row for known, row in postings if known is kind]
                    await books.post(kind, *mine)
                digest = await books.digest()
                # How often rows came too late depends on their order, and so do the marks.
                digests.append({name: table for name, table in digest.items() if _is_book(name)})
    assert digests[0] == digests[1]
    assert len(digests[0]["order_facts"]) == 6


def judge(
    stood: dict[tuple[FactKind, Any], tuple[str, rows.Row]], kind: FactKind, row: rows.Row
) -> str:
    """What a row must be, said by a dictionary of what stands."""
    names = ("shop", "day", "channel", "campaign") if kind is FactKind.TRAFFIC else ("id",)
    key = (kind, tuple(row[name] for name in names))
    if key not in stood:
        stood[key] = (row["modified_at"], row)
        return "created"
    moment, standing = stood[key]
    if row["modified_at"] > moment:
        stood[key] = (row["modified_at"], row)
        return "updated"
    if row["modified_at"] < moment:
        return "stale"
    return "duplicate" if _content(row) == _content(standing) else "conflict"


async def assert_counted(books: Books, kind: FactKind) -> None:
    facts, measures = _tables(kind)
    stored = await books.rows(f"SELECT * FROM {facts} WHERE tenant_id = $1")  # noqa: S608
    counted = await books.rows(f"SELECT * FROM {measures} WHERE tenant_id = $1")  # noqa: S608
    key = KEYS[kind]
    found = {
        tuple(row[name] for name in key): {
            name: value for name, value in row.items() if name not in {"tenant_id", *key} and value
        }
        for row in counted
    }
    assert found == count_again(kind, stored)


def _content(row: rows.Row) -> rows.Row:
    """What tells two rows apart: currency as it counts, tags as a set, nothing as nothing."""
    if "lines" not in row:
        return row
    lines = [{**line, "tags": sorted(set(line["tags"]))} for line in row["lines"]]
    home = {"s-1": "CNY", "s-2": "USD"}[row["shop"]]
    return {**row, "lines": lines, "currency": row["currency"] or home}


def _tables(kind: FactKind) -> tuple[str, str]:
    noun = "traffic" if kind is FactKind.TRAFFIC else kind[:-1]
    return f"{noun}_facts", f"{noun}_measures"


def _is_book(table: str) -> bool:
    return table.endswith(("_facts", "_measures", "_sources"))


def _whole_day(chance: random.Random) -> rows.Row:
    """A chat that stands for all of an agent's day."""
    answered, inquiries = chance.randrange(9), chance.choice([None, chance.randrange(9)])
    return {
        **dict.fromkeys(("buyer", "order", "satisfied", "response_seconds", "responses")),
        **dict.fromkeys(("inquiry", "complaint"), False),
        "first_response_seconds": None,
        "totals": {
            "chats": 9,
            "answered": answered,
            "inquiries": inquiries,
            "inquiry_orders": None if inquiries is None else chance.randrange(inquiries + 1),
            "complaints": chance.choice([None, 2]),
        },
    }


def _instant(chance: random.Random) -> str:
    return f"2026-10-{28 + chance.randrange(4)}T{chance.randrange(24):02}:30:00.5Z"


def _amount(chance: random.Random) -> str:
    return f"{chance.randrange(100)}.{chance.randrange(10000):04}"
