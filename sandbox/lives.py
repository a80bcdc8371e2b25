"""How the orders of a day come about: a function of the seed, the shop and the day alone.

So a sandbox that is started again, or later, tells the same story, and later days only add to it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache
from random import Random

from sandbox.articles import ARTICLES
from sandbox.campaigns import campaign_on
from sandbox.sales import Claim, Line, Review, Sale
from sandbox.shops import ZONE, Shop

SEED = "qinghe"

_CENT = Decimal("0.01")
_HOURS = (1, 1, 1, 1, 1, 1, 2, 4, 7, 10, 11, 10, 9, 9, 9, 9, 9, 9, 10, 13, 17, 18, 13, 6)
"""How busy each hour of the day is."""
_WEEKDAYS = (95, 92, 94, 98, 104, 116, 112)
"""How busy each day of the week is, Monday first."""


def first_day(today: date) -> date:
    """Where the story begins: a week before last month, and some sixty days ago at least.

    Without the week what grows against the month before would have nothing to grow from.
    """
    last_month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    return min(last_month - timedelta(days=7), today - timedelta(days=59))


def midnight(day: date) -> datetime:
    """The instant at which a day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=ZONE)


def sales_until(shop: Shop, first: date, at: datetime) -> list[Sale]:
    """The orders of a shop that were placed from a day on and not after an instant."""
    last = at.astimezone(ZONE).date()
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [sale for day in days for sale in sales_of(shop, day) if sale.created_at <= at]


@lru_cache(maxsize=4000)
def sales_of(shop: Shop, day: date) -> tuple[Sale, ...]:
    """The orders that are placed in a shop on a day, first to last."""
    chance = Random(f"{SEED}/orders/{shop.code}/{day}")
    busy = busyness(shop, day) * Decimal(chance.randint(88, 112)) / 100
    moments = sorted(_moment_of(chance, day) for _ in range(int(shop.orders * busy)))
    return tuple(
        _make_sale(chance, shop, day, number, moment)
        for number, moment in enumerate(moments, start=1)
    )


def busyness(shop: Shop, day: date) -> Decimal:
    """How busy a shop is on a day against an ordinary one: weekends and promotions draw."""
    promoted = Decimal("1.25") if campaign_on(shop, day) else Decimal("0.8")
    return promoted * _WEEKDAYS[day.weekday()] / 100


def _moment_of(chance: Random, day: date) -> datetime:
    hour = chance.choices(range(24), _HOURS)[0]
    return midnight(day) + timedelta(hours=hour, seconds=chance.randrange(3600))


def _make_sale(chance: Random, shop: Shop, day: date, number: int, created_at: datetime) -> Sale:
    order = (3 * 10**8 + day.toordinal()) * 10**10 + shop.number * 10**7 + number * 100
    campaign = campaign_on(shop, day)
    promoted = campaign is not None and chance.random() < 0.66
    lines = _make_lines(chance, order, off=10 if promoted else 0)
    paid_at = _paid_at(chance, shop, created_at)
    sale = Sale(
        shop=shop,
        id=order,
        type=_type_of(chance, shop),
        # The square makes some buyers come again and again, and most only once.
        buyer=int(shop.buyers * chance.random() ** 2),
        guide=_guide_of(chance, shop, number) if chance.random() < shop.guided_share else None,
        campaign=campaign.id if campaign is not None and promoted else None,
        postage=Decimal(chance.choice(("0", "0", "0", "0", "8.00", "12.00"))),
        lines=lines,
        exclusion=_exclusion_of(chance, shop),
        created_at=created_at,
        paid_at=paid_at,
        part_shipped_at=None,
        shipped_at=None,
        completed_at=None,
        closed_at=None,
        claims=(),
        reviews=(),
    )
    return _live(chance, sale)


def _guide_of(chance: Random, shop: Shop, number: int) -> str:
    """Chance sends a buyer to a desk; there the people take turns."""
    desk, turns = chance.randrange(shop.desks), len(shop.guides) // shop.desks
    return shop.guides[desk + shop.desks * (number % turns)]


def _type_of(chance: Random, shop: Shop) -> str:
    """Now and then a kind of trade that a marketplace leaves out unless it is asked for."""
    if shop.marketplace is None:
        return "store"
    return chance.choices(("fixed", "step", "eticket", "tmall_i18n"), (92, 4, 2, 2))[0]


def _exclusion_of(chance: Random, shop: Shop) -> str | None:
    """Staff buy in the street; Shopify says which orders were made to try something out."""
    if shop.marketplace == "shopify":
        return "test" if chance.random() < 0.02 else None
    return "staff" if shop.marketplace is None and chance.random() < 0.03 else None


def _paid_at(chance: Random, shop: Shop, created_at: datetime) -> datetime | None:
    fate = chance.random()
    if shop.marketplace is None:
        return created_at + timedelta(seconds=chance.randint(20, 240))
    if fate < 0.08:
        return None
    if fate < 0.14:
        return created_at + timedelta(seconds=chance.randint(3600, 72_000))
    return created_at + timedelta(seconds=chance.randint(12, 1500))


def _make_lines(chance: Random, order: int, *, off: int) -> tuple[Line, ...]:
    count = chance.choices((1, 2, 3), (70, 22, 8))[0]
    weights = [article.weight for article in ARTICLES]
    chosen = dict.fromkeys(chance.choices(ARTICLES, weights, k=count))
    plain = []
    for number, article in enumerate(chosen, start=1):
        quantity = chance.choices((1, 2, 3), (82, 14, 4))[0]
        price = article.price * quantity
        discount = (price * chance.choice((0, 0, 0, 5, 8)) / 100).quantize(_CENT)
        # An order of one line has one number for both.
        plain.append((order if len(chosen) == 1 else order + number, article, quantity, discount))
    totals = [article.price * quantity - discount for _, article, quantity, discount in plain]
    shares = _shares(totals, off)
    return tuple(Line(*line, share) for line, share in zip(plain, shares, strict=True))


def _shares(totals: Sequence[Decimal], percent: int) -> list[Decimal]:
    """What comes off the whole order, shared out to the cent; the last line takes what is left."""
    whole = (sum(totals, Decimal(0)) * percent / 100).quantize(_CENT, ROUND_DOWN)
    shares = [(total * percent / 100).quantize(_CENT, ROUND_DOWN) for total in totals[:-1]]
    return [*shares, whole - sum(shares, Decimal(0))]


def _live(chance: Random, sale: Sale) -> Sale:
    """What becomes of an order once it is placed."""
    if sale.paid_at is None:
        hours = 24 if chance.random() < 0.7 else chance.uniform(0.1, 6)
        return replace(sale, closed_at=_whole(sale.created_at + timedelta(hours=hours)))
    if sale.shop.marketplace is None:
        return _live_in_store(chance, sale, sale.paid_at)
    fate = chance.random()
    if fate < 0.022 and sale.shop.marketplace == "amazon":
        # The money is taken when the goods are sent: this was never paid.
        hours = chance.uniform(1, 30)
        closed_at = _whole(sale.created_at + timedelta(hours=hours))
        return replace(sale, paid_at=None, closed_at=closed_at)
    if fate < 0.022:
        return _refund_before_shipping(chance, sale, sale.paid_at)
    hours = chance.uniform(2, 20) if chance.random() < 0.93 else chance.uniform(24, 52)
    shipped_at = _whole(sale.paid_at + timedelta(hours=hours))
    partly = len(sale.lines) > 1 and chance.random() < 0.12
    sale = replace(
        sale,
        shipped_at=shipped_at,
        part_shipped_at=_whole(sale.paid_at + timedelta(hours=hours / 2)) if partly else None,
        completed_at=_whole(shipped_at + timedelta(days=chance.uniform(2.5, 9))),
    )
    if fate < 0.05:
        return _review(chance, _refund_on_the_way(chance, sale, shipped_at))
    if fate < 0.085:
        sale = _refund_after_sale(chance, sale, succeeds=True)
    elif fate < 0.095:
        sale = _refund_after_sale(chance, sale, succeeds=False)
    return _review(chance, sale)


def _live_in_store(chance: Random, sale: Sale, paid_at: datetime) -> Sale:
    """Over the counter: taken along at once, now and then brought back."""
    sale = replace(sale, shipped_at=paid_at, completed_at=paid_at)
    return _refund_after_sale(chance, sale, succeeds=True) if chance.random() < 0.04 else sale


def _refund_before_shipping(chance: Random, sale: Sale, paid_at: datetime) -> Sale:
    requested_at = _whole(paid_at + timedelta(hours=chance.uniform(0.2, 2)))
    settled_at = _whole(requested_at + timedelta(hours=chance.uniform(0.5, 30)))
    claims = []
    for number, line in enumerate(sale.lines):
        # The postage goes back with the first line.
        amount = line.paid + (sale.postage if number == 0 else Decimal(0))
        claim = Claim(
            _claim_id(sale, number), line, amount, requested_at, None, settled_at, succeeds=True
        )
        claims.append(claim)
    return replace(sale, claims=tuple(claims), closed_at=settled_at)


def _refund_on_the_way(chance: Random, sale: Sale, shipped_at: datetime) -> Sale:
    """One line comes back before the order is done; the order is closed if that was all of it."""
    assert sale.completed_at is not None
    line = chance.choice(sale.lines)
    requested_at = _whole(shipped_at + timedelta(hours=chance.uniform(20, 50)))
    agreed_at = _whole(requested_at + timedelta(hours=chance.uniform(1, 12)))
    settled_at = _whole(agreed_at + timedelta(hours=chance.uniform(12, 70)))
    claim = Claim(
        _claim_id(sale, 0), line, line.paid, requested_at, agreed_at, settled_at, succeeds=True
    )
    if len(sale.lines) == 1:
        return replace(sale, claims=(claim,), completed_at=None, closed_at=settled_at)
    later = max(sale.completed_at, settled_at + timedelta(days=1))
    return replace(sale, claims=(claim,), completed_at=later)


def _refund_after_sale(chance: Random, sale: Sale, *, succeeds: bool) -> Sale:
    """Part of one line's money, or all of it with the goods, after the order is done."""
    assert sale.completed_at is not None
    line = chance.choice(sale.lines)
    part = chance.choice((20, 30, 50, 100, 100))
    amount = (line.paid * part / 100).quantize(_CENT)
    requested_at = _whole(sale.completed_at + timedelta(hours=chance.uniform(3, 150)))
    settled_at = _whole(requested_at + timedelta(hours=chance.uniform(4, 80)))
    agreed_at = _whole(requested_at + (settled_at - requested_at) / 3) if part == 100 else None
    claim = Claim(
        _claim_id(sale, 0), line, amount, requested_at, agreed_at, settled_at, succeeds=succeeds
    )
    return replace(sale, claims=(*sale.claims, claim))


def _review(chance: Random, sale: Sale) -> Sale:
    if sale.completed_at is None or chance.random() > 0.42:
        return sale
    likes = (60, 20, 20) if sale.claims else (95, 3, 2)
    moment = _whole(sale.completed_at + timedelta(hours=chance.uniform(0.1, 96)))
    reviews = tuple(
        Review(line, chance.choices(("good", "neutral", "bad"), likes)[0], moment)
        for line in sale.lines
    )
    return replace(sale, reviews=reviews)


def _claim_id(sale: Sale, number: int) -> str:
    return str(sale.id * 10 + number + 1)


def _whole(moment: datetime) -> datetime:
    """Marketplaces tell whole seconds."""
    return moment.replace(microsecond=0)
