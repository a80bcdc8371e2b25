"""What the made-up company's ERP posts to Kaohe, in the form of `api.md`, section 2."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from sandbox.campaigns import campaigns_between
from sandbox.daily import Row, campaign_row, chats_of, stock_of, traffic_of
from sandbox.lives import SEED, first_day, midnight, sales_of, sales_until
from sandbox.plans import days_of, months
from sandbox.posted import measures_of
from sandbox.sales import Claim, Sale
from sandbox.shops import (
    SHOPS,
    TELL_NO_REFUNDS,
    TELL_SERVICE,
    TELL_STOCK,
    TELL_TRAFFIC,
    Shop,
)


def erp_facts(today: date) -> dict[str, list[Row]]:
    """Everything up to the midnight at which a day begins, by kind of fact.

    Posted again later it holds the same rows, some of them newer, and more.
    """
    first, at = first_day(today), midnight(today)
    days = [first + timedelta(days=number) for number in range((today - first).days)]
    own = [shop for shop in SHOPS if shop.marketplace is None]
    # Of the others' orders the ERP knows only what no marketplace tells.
    paying_back = [shop for shop in SHOPS if shop.marketplace in TELL_NO_REFUNDS]
    watched = [shop for shop in SHOPS if shop.marketplace not in TELL_TRAFFIC]
    served = [shop for shop in SHOPS if shop.marketplace not in TELL_SERVICE]
    stocked = [shop for shop in SHOPS if shop.marketplace not in TELL_STOCK]
    return {
        "campaigns": [campaign_row(campaign) for campaign in campaigns_between(first, today)],
        "traffic": [row for shop in watched for day in days for row in traffic_of(shop, day)],
        "stock": [stock_of(shop, day) for shop in stocked for day in days],
        "orders": [_order(sale, at) for shop in own for sale in sales_until(shop, first, at)],
        "refunds": [row for shop in (*own, *paying_back) for row in _refunds(shop, first, at)],
        "ratings": [row for shop in own for row in _ratings(shop, first, at)],
        "chats": [row for shop in served for day in days for row in chats_of(shop, day)],
        "measures": [row for day in days for row in measures_of(day)],
    }


def late_refunds(today: date) -> list[Row]:
    """Money that goes back today for an order of last month, once that month is published."""
    last_month = months(today)[0]
    shop = next(shop for shop in SHOPS if shop.marketplace is None)
    sale = next(
        sale
        for day in days_of(last_month.replace(day=10), today)
        for sale in sales_of(shop, day)
        if sale.guide and not sale.claims and not sale.exclusion and len(sale.lines) > 1
    )
    line = sale.lines[0]
    claim = Claim(
        id=f"{sale.id}9",
        line=line,
        amount=line.paid,
        requested_at=midnight(today) - timedelta(hours=5),
        agreed_at=midnight(today) - timedelta(hours=3),
        settled_at=midnight(today),
        succeeds=True,
    )
    return [_refund(sale, claim, midnight(today))]


def brushed_orders(today: date) -> list[Row]:
    """Orders of last month that finance found to be nobody's, as the ledger takes them."""
    last_month = months(today)[0]
    shop = next(shop for shop in SHOPS if shop.marketplace is None)
    found = [
        sale
        for day in days_of(last_month.replace(day=12), last_month.replace(day=20))
        for sale in sales_of(shop, day)
        if sale.guide and sale.paid_at and not sale.claims and not sale.exclusion
    ]
    return [
        {
            "source": sale.shop.source,
            "order": str(sale.id),
            "reason": "brushing",
            "note": "同一手机号连拍，均无出库 one phone, and nothing ever left the shop",
            "rule": "same_phone",
        }
        for sale in found[:3]
    ]


def _order(sale: Sale, at: datetime) -> Row:
    return {
        "source": sale.shop.source,
        "id": str(sale.id),
        "shop": sale.shop.code,
        "status": sale.status(at),
        "modified_at": sale.modified_at(at).isoformat(),
        "created_at": sale.created_at.isoformat(),
        "paid_at": _by(sale.paid_at, at),
        "shipped_at": _by(sale.shipped_at, at),
        "completed_at": _by(sale.completed_at, at),
        "buyer": f"b-{sale.buyer}",
        "salesperson": sale.guide,
        "channel": "walk_in",
        "campaign": sale.campaign,
        "payment_method": _payment_of(sale),
        "currency": "CNY",
        "paid_amount": f"{sale.paid_amount:f}" if _by(sale.paid_at, at) else None,
        "discount_amount": f"{sum(line.discount + line.share for line in sale.lines):f}",
        "cost_amount": f"{sale.cost:f}",
        "exclusion": sale.exclusion,
        "lines": [
            {
                "id": str(line.id),
                "sku": line.article.sku,
                "quantity": line.quantity,
                "amount": f"{line.paid:f}",
                "tags": list(line.article.tags),
            }
            for line in sale.lines
        ],
    }


def _payment_of(sale: Sale) -> str:
    """Month by month some more of them pay with Alipay, until summer brings other guests.

    By their turn at the till and no chance, so that of a few hundred as many do as should.
    """
    share = 40 + 2 * ((sale.created_at.month - 7) % 12)
    turn = sale.created_at.toordinal() * 14 + sale.id // 100 % 1000
    return "alipay" if turn * 61 % 100 < share else "cash"


def _refunds(shop: Shop, first: date, at: datetime) -> list[Row]:
    return [
        _refund(sale, claim, at)
        for sale in sales_until(shop, first, at)
        for claim in sale.claims
        if claim.requested_at <= at
    ]


def _refund(sale: Sale, claim: Claim, at: datetime) -> Row:
    settled = claim.settled_at <= at
    word = "succeeded" if claim.succeeds else "closed"
    return {
        "source": sale.shop.source,
        "id": claim.id,
        "order": sale.number,
        "shop": sale.shop.code,
        "status": word if settled else "requested",
        "kind": "return" if claim.agreed_at else "refund",
        "amount": f"{claim.amount:f}",
        "requested_at": claim.requested_at.isoformat(),
        "refunded_at": claim.settled_at.isoformat() if claim.succeeded_by(at) else None,
        "modified_at": (claim.settled_at if settled else claim.requested_at).isoformat(),
    }


def _ratings(shop: Shop, first: date, at: datetime) -> Iterator[Row]:
    """What buyers said on leaving the shop in the street."""
    for sale in sales_until(shop, first, at):
        chance = Random(f"{SEED}/leaving/{sale.id}")
        if sale.paid_at is None or sale.paid_at > at or sale.exclusion or chance.random() > 0.3:
            continue
        yield {
            "source": shop.source,
            "id": f"r-{sale.id}",
            "shop": shop.code,
            "order": sale.number,
            "employee": sale.guide,
            "score": str(chance.choices((5, 4, 3, 2, 1), (84, 12, 2, 1, 1))[0]),
            "scale": 5,
            "comment": None,
            "rated_at": sale.paid_at.isoformat(),
            "modified_at": sale.paid_at.isoformat(),
        }


def _by(moment: datetime | None, at: datetime) -> str | None:
    return moment.isoformat() if moment and moment <= at else None
