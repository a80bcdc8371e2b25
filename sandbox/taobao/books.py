"""What TOP tells of one trade or refund alone, and how many stand where."""

from collections import Counter
from datetime import date, datetime

from sandbox.books import Books
from sandbox.sales import Sale
from sandbox.shops import ZONE, Shop
from sandbox.taobao.params import invalid
from sandbox.taobao.rows import STATUS, Row, promotions_of, refund_end, refund_row, trade_row


def full_trade(books: Books, shop: Shop, number: int, at: datetime) -> Row:
    """Everything about one trade."""
    sale = _sale(books, shop, number, at)
    row = trade_row(sale, at, books.modified_at(sale, at))
    promotions = promotions_of(sale)
    return {**row, "promotion_details": promotions} if promotions else row


def full_refund(books: Books, shop: Shop, number: int, at: datetime) -> Row:
    """Everything about one refund, with the instant at which it ended."""
    sale = _sale(books, shop, number // 10, at)
    for claim in sale.claims:
        if claim.id == str(number) and claim.requested_at <= at:
            end = refund_end(claim, at)
            row = refund_row(sale, claim, at)
            return {**row, "end_time": end} if end else row
    raise invalid("refund_id", "no such refund")


def statistics(books: Books, shop: Shop, day: date, at: datetime) -> Counter[str]:
    """How many trades placed on a day stand where."""
    return Counter(
        STATUS[sale.status(at)]
        for _, sale in books.sales(shop, at)
        if sale.created_at.astimezone(ZONE).date() == day
    )


def _sale(books: Books, shop: Shop, number: int, at: datetime) -> Sale:
    sale = books.sale(shop, number, at)
    if sale is None:
        raise invalid("tid", "no such trade")
    return sale
