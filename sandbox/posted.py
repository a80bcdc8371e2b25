"""What the made-up company's people and other systems count by the day, and no fact gives."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from sandbox.daily import Row
from sandbox.lives import SEED, busyness, midnight
from sandbox.people import holders_of
from sandbox.shops import SHOPS, Shop


def measures_of(day: date) -> Iterator[Row]:
    """The posted measures of a day, as `POST /v1/facts/measures` takes them."""
    for shop in SHOPS:
        if shop.marketplace:
            yield from _rows(day, "shop", shop.code, _of_shop(shop, day))
    for host in holders_of("live_host"):
        # Each host has one day off a week.
        if (day.toordinal() + int(host[-1])) % 7:
            amounts = _of_live(Random(f"{SEED}/live/{host}/{day}"))
            yield from _rows(day, "employee", host, amounts)
    for agent in holders_of("after_sales_agent"):
        amounts = _of_after_sales(Random(f"{SEED}/cases/{agent}/{day}"))
        yield from _rows(day, "employee", agent, amounts)


def _of_shop(shop: Shop, day: date) -> dict[str, int]:
    chance = Random(f"{SEED}/shop/{shop.code}/{day}")
    visitors = int(shop.visitors * busyness(shop, day))
    applied = chance.choice((0, 0, 1, 2))
    return {
        "core_product_visitors": visitors * chance.randint(43, 50) // 100,
        "ad_budget": shop.visitors * 22 // 100,
        "campaign_applications": applied,
        "campaign_approvals": applied - (1 if applied and chance.random() < 0.25 else 0),
        "refund_disputes": 1 if chance.random() < 0.04 else 0,
    }


def _of_live(chance: Random) -> dict[str, int]:
    viewers = chance.randint(18_000, 36_000)
    amount = chance.randint(9_000, 21_000)
    return {
        "live_sessions": 1,
        "live_days": 1,
        "live_seconds": chance.randint(22_000, 31_000),
        "live_viewers": viewers,
        "live_buyers": viewers * chance.randint(12, 34) // 1000,
        "live_amount": amount,
        "live_cost_amount": amount * chance.randint(50, 57) // 100,
        "live_followers": viewers * chance.randint(3, 8) // 100,
        "live_likes": viewers * chance.randint(112, 206) // 100,
        "live_dwell_seconds": viewers * chance.randint(150, 330),
    }


def _of_after_sales(chance: Random) -> dict[str, int]:
    cases, inspections = chance.randint(4, 14), chance.randint(1, 3)
    return {
        "after_sales_cases": cases,
        "after_sales_resolved": cases - chance.choices((0, 1, 2), (70, 25, 5))[0],
        "quality_inspections": inspections,
        "quality_points": sum(chance.randint(82, 99) for _ in range(inspections)),
    }


def _rows(day: date, subject: str, code: str, amounts: dict[str, int]) -> Iterator[Row]:
    for measure, amount in amounts.items():
        yield {
            "source": "erp",
            "day": day.isoformat(),
            "measure": measure,
            "amount": str(amount),
            subject: code,
            "modified_at": midnight(day + timedelta(days=1)).isoformat(),
        }
