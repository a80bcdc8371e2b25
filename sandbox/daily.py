"""What the made-up company's other systems know of a day: its traffic, its stock, its chats.

No marketplace tells these through an open door; in life they come by file or from the ERP.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from sandbox.campaigns import Campaign, campaign_on
from sandbox.lives import SEED, busyness, midnight, sales_of
from sandbox.people import holders_of
from sandbox.sales import Sale
from sandbox.shops import Shop

Row = dict[str, object]

_CHANNELS = (
    # name, share of visitors in percent, advertisement cost of a click
    ("search", 36, None),
    ("recommend", 22, None),
    ("paid", 19, Decimal("0.74")),
    ("direct", 13, None),
    ("live", 10, Decimal("0.31")),
)
_SKILLED = frozenset({"e-019", "e-020", "e-021", "e-034"})
"""Agents who seldom talk in vain, and answer soon."""
_STREET = (("walk_in", 100, None),)


def traffic_of(shop: Shop, day: date) -> Iterator[Row]:
    """The visitors of a shop's day by channel; a promotion's own are stated apart."""
    chance = Random(f"{SEED}/traffic/{shop.code}/{day}")
    visitors = int(shop.visitors * busyness(shop, day) * chance.randint(94, 106) / 100)
    campaign = campaign_on(shop, day)
    for channel, share, click_cost in _CHANNELS if shop.marketplace else _STREET:
        here = visitors * share // 100
        promoted = here * chance.randint(55, 66) // 100 if campaign else 0
        yield _traffic(chance, shop, day, channel, None, here - promoted, click_cost)
        if campaign:
            yield _traffic(chance, shop, day, channel, campaign, promoted, click_cost)


def visits_of(shop: Shop, day: date, at: datetime) -> tuple[int, int]:
    """Visitors and pages of a day as a marketplace counts them: nothing at first, then most."""
    rows = list(traffic_of(shop, day))
    visitors, views = (
        sum(int(str(row[name])) for row in rows) for name in ("visitors", "page_views")
    )
    since = at - midnight(day + timedelta(days=1))
    if since < timedelta(hours=6):
        return 0, 0
    if since < timedelta(hours=30):
        return visitors * 9 // 10, views * 9 // 10
    return visitors, views


def feedback_of(shop: Shop, day: date, at: datetime) -> tuple[int, int]:
    """How much feedback of a day a marketplace counts, and how much of it is negative.

    Some of it comes late, as its count of visits does.
    """
    chance = Random(f"{SEED}/feedback/{shop.code}/{day}")
    received = chance.randint(0, 4)
    negative = min(received, chance.choices((0, 1, 2), (80, 15, 5))[0])
    since = at - midnight(day + timedelta(days=1))
    if since < timedelta(hours=6):
        return 0, 0
    if since < timedelta(hours=30):
        return received - negative, 0
    return received, negative


def stock_of(shop: Shop, day: date) -> Row:
    """A shop's shelves at the end of a day."""
    chance = Random(f"{SEED}/stock/{shop.code}/{day}")
    demanded = sum(line.quantity for sale in sales_of(shop, day) for line in sale.lines)
    return {
        "source": "erp",
        "shop": shop.code,
        "day": day.isoformat(),
        "skus": shop.skus,
        "skus_out": chance.choice((0, 0, 0, 1, 1, 2)),
        "skus_new": shop.skus * chance.randint(18, 22) // 100,
        "skus_dead": shop.skus * chance.randint(3, 6) // 100,
        "stock_value": f"{shop.stock_value + chance.randint(-4_000, 4_000)}.00",
        "demanded_units": str(demanded),
        "supplied_units": str(demanded - chance.choice((0, 0, 0, 0, 1))),
        "modified_at": _told_at(day),
    }


def chats_of(shop: Shop, day: date) -> Iterator[Row]:
    """The service sessions of a shop's day: before a purchase, instead of one, and after one."""
    chance = Random(f"{SEED}/chats/{shop.code}/{day}")
    if shop.marketplace is None:
        return
    number = 0
    hosts = holders_of("live_host")
    for sale in sales_of(shop, day):
        if sale.guide is None or sale.guide in hosts:
            continue
        start = sale.created_at - timedelta(seconds=chance.randint(180, 2400))
        start = max(start, midnight(day))
        number += 1
        bought = sale if sale.paid_at else None
        yield _chat(chance, shop, day, number, sale.guide, start, inquiry=True, sale=bought)
        in_vain = (88, 10, 2, 0) if sale.guide in _SKILLED else (28, 40, 22, 10)
        for _ in range(chance.choices((0, 1, 2, 3), in_vain)[0]):
            number += 1
            start = midnight(day) + timedelta(seconds=chance.randint(8 * 3600, 86_000))
            yield _chat(chance, shop, day, number, sale.guide, start, inquiry=True, sale=None)
    agents = [code for code, shops in holders_of("after_sales_agent").items() if shop.code in shops]
    for agent in agents:
        for _ in range(int(shop.orders * busyness(shop, day) / 5)):
            number += 1
            start = midnight(day) + timedelta(seconds=chance.randint(9 * 3600, 84_000))
            yield _chat(chance, shop, day, number, agent, start, inquiry=False, sale=None)


def campaign_row(campaign: Campaign) -> Row:
    """A promotion as `POST /v1/facts/campaigns` takes it."""
    return {
        "source": "erp",
        "id": campaign.id,
        "shop": campaign.shop,
        "name": campaign.name,
        "starts_on": campaign.starts_on.isoformat(),
        "ends_on": campaign.ends_on.isoformat(),
        "target_amount": f"{campaign.target}.00",
        "cost_amount": f"{campaign.cost}.00",
        "modified_at": midnight(campaign.starts_on).isoformat(),
    }


def _traffic(
    chance: Random,
    shop: Shop,
    day: date,
    channel: str,
    campaign: Campaign | None,
    visitors: int,
    click_cost: Decimal | None,
) -> Row:
    clicks = visitors * chance.randint(104, 118) // 100
    # A promotion's pictures draw better than the shop's others.
    rate = chance.randint(44, 52) if campaign else chance.randint(28, 34)
    cost = clicks * click_cost if click_cost else Decimal(0)
    return {
        "source": "erp",
        "shop": shop.code,
        "day": day.isoformat(),
        "channel": channel,
        "campaign": campaign.id if campaign else None,
        "visitors": visitors,
        "new_visitors": visitors * chance.randint(52, 64) // 100,
        "page_views": visitors * chance.randint(38, 56) // 10,
        "bounces": visitors * chance.randint(30, 41) // 100,
        "dwell_seconds": str(visitors * chance.randint(405, 520)),
        "impressions": clicks * 1000 // rate,
        "clicks": clicks,
        "ad_cost": f"{cost:f}",
        "favourites": visitors * chance.randint(5, 9) // 100,
        "carts": visitors * chance.randint(9, 15) // 100,
        "modified_at": _told_at(day),
    }


def _chat(
    chance: Random,
    shop: Shop,
    day: date,
    number: int,
    agent: str,
    start: datetime,
    *,
    inquiry: bool,
    sale: Sale | None,
) -> Row:
    answered = sale is not None or chance.random() > 0.03
    responses = chance.randint(2, 14) if answered else 0
    first = chance.randint(4, 40)
    slowest = 36 if agent in _SKILLED else 55
    later = sum(chance.randint(12, slowest) for _ in range(responses - 1))
    asked = chance.random() < 0.3
    return {
        "source": "erp",
        "id": f"c-{shop.number}-{day:%Y%m%d}-{number}",
        "shop": shop.code,
        "employee": agent,
        "buyer": f"b-{sale.buyer}" if sale else f"b-{chance.randrange(shop.buyers)}",
        "started_at": start.isoformat(),
        "first_response_seconds": str(first) if answered else None,
        "response_seconds": str(first + later) if answered else None,
        "responses": responses,
        "answered": answered,
        "inquiry": inquiry,
        "order": str(sale.id) if sale else None,
        "satisfied": chance.random() < 0.92 if asked and answered else None,
        "complaint": chance.random() < 0.006,
        "modified_at": _told_at(day),
    }


def _told_at(day: date) -> str:
    """A day's figures stand when it is over."""
    return midnight(day + timedelta(days=1)).isoformat()
