"""What is true of the made-up company at an instant: its books, added up the plain way.

Tests hold facts, measures and indicators against these.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sandbox.lives import sales_until
from sandbox.sales import Sale
from sandbox.shops import ZONE, Shop


@dataclass(slots=True)
class Sums:
    """The sums of some orders and refunds."""

    orders: int = 0
    paid_amount: Decimal = Decimal(0)
    cost_amount: Decimal = Decimal(0)
    discount_amount: Decimal = Decimal(0)
    units: int = 0
    refunds: int = 0
    refund_amount: Decimal = Decimal(0)


def books(shop: Shop, first: date, at: datetime) -> dict[tuple[date, str, str], Sums]:
    """By day, salesperson and campaign: what was paid on it, and what was refunded on it.

    The orders are those placed from the first day on; excluded ones are left out, with refunds.
    """
    found: dict[tuple[date, str, str], Sums] = {}
    for sale in sales_until(shop, first, at):
        if sale.exclusion or sale.counted_at is None or sale.paid_at is None or sale.paid_at > at:
            continue
        _add_order(found.setdefault(_key(sale, sale.counted_at), Sums()), sale)
        for claim in sale.claims:
            if claim.succeeded_by(at):
                sums = found.setdefault(_key(sale, claim.settled_at), Sums())
                sums.refunds += 1
                sums.refund_amount += claim.amount
    return found


def total(found: dict[tuple[date, str, str], Sums]) -> Sums:
    """Everything in the books, added up."""
    whole = Sums()
    for sums in found.values():
        for name in Sums.__slots__:
            setattr(whole, name, getattr(whole, name) + getattr(sums, name))
    return whole


def statuses(shop: Shop, first: date, at: datetime) -> Counter[str]:
    """How many orders stand where; a part shipped is not shipped."""
    words = (sale.status(at) for sale in sales_until(shop, first, at))
    return Counter("paid" if word == "part_shipped" else word for word in words)


def ratings(shop: Shop, first: date, at: datetime) -> Counter[str]:
    """How many lines were found good, neutral and bad."""
    return Counter(
        review.result
        for sale in sales_until(shop, first, at)
        for review in sale.reviews
        if review.created_at <= at
    )


def _key(sale: Sale, moment: datetime) -> tuple[date, str, str]:
    return moment.astimezone(ZONE).date(), sale.guide or "", sale.campaign or ""


def _add_order(sums: Sums, sale: Sale) -> None:
    sums.orders += 1
    sums.paid_amount += sale.paid_amount
    sums.cost_amount += sale.cost
    sums.discount_amount += sum((line.discount + line.share for line in sale.lines), Decimal(0))
    sums.units += sum(line.quantity for line in sale.lines)
