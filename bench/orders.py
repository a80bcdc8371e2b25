"""Made-up orders as an ERP posts them: in the order in which they were placed, and ten percent come
again, a fifth of those too late.
"""

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bench.grounds import CURRENCY, Company

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 30
CHANNELS = ("search", "feed", "live", "ad", "direct", "share", "activity", "other")
CAMPAIGNS = (None, None, None, "spring", "members")
TAGS = ((), (), ("profit",), ("hit",), ("new", "core"))


def make_rows(company: Company, count: int, *, seed: int) -> list[bytes]:
    """Rows of JSON of some 450 bytes; a month's orders, numbered as they were placed."""
    chance = random.Random(seed)
    distinct = count - count // 10
    pace = DAYS * 86400 / distinct
    rows = [_order(company, number, pace, minutes=0) for number in range(distinct)]
    for place, number in enumerate(chance.sample(range(distinct), count - distinct)):
        late = -5 if place % 5 == 0 else 5
        rows.append(_order(company, number, pace, minutes=late))
    return rows


def shuffled(rows: Sequence[bytes], *, seed: int) -> list[bytes]:
    """The same rows in no order: nearly each falls on a day, seller and channel of its own."""
    return random.Random(seed).sample(rows, len(rows))


def as_ndjson(rows: Sequence[bytes]) -> bytes:
    return b"\n".join(rows) + b"\n"


def _order(company: Company, number: int, pace: float, *, minutes: int) -> bytes:
    """The same number is the same order: only what changes in an order's life is drawn anew."""
    own = random.Random(number)
    paid = FIRST + timedelta(seconds=int(number * pace) + own.randrange(3600))
    cents = own.randrange(100, 100_000)
    seller = own.randrange(len(company.employees))
    row = {
        "source": "erp",
        "id": f"SO-{number:08}",
        "shop": company.shops[seller % len(company.shops)],
        "status": "paid" if minutes <= 0 else "shipped",
        "modified_at": (paid + timedelta(hours=1, minutes=minutes)).isoformat(),
        "created_at": (paid - timedelta(minutes=own.randrange(60))).isoformat(),
        "paid_at": paid.isoformat(),
        "shipped_at": None if minutes <= 0 else (paid + timedelta(minutes=30)).isoformat(),
        "buyer": f"b-{own.randrange(1_000_000)}",
        "salesperson": company.employees[seller],
        "channel": own.choice(CHANNELS),
        "campaign": own.choice(CAMPAIGNS),
        "payment_method": "alipay",
        "currency": CURRENCY,
        "paid_amount": f"{cents / 100:.2f}",
        "discount_amount": "0.00",
        "cost_amount": f"{cents // 2 / 100:.2f}",
        "lines": [
            {
                "id": "1",
                "sku": f"K{own.randrange(5000)}",
                "quantity": own.randrange(1, 4),
                "amount": f"{cents / 100:.2f}",
                "tags": list(own.choice(TAGS)),
            }
        ],
    }
    return json.dumps(row, separators=(",", ":")).encode()
