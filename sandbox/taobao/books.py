"""What TOP holds of each shop at an instant, and what a test has moved or held back in it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from sandbox.lives import sales_of, sales_until
from sandbox.sales import Claim, Review, Sale
from sandbox.shops import ZONE, Shop
from sandbox.taobao.params import invalid
from sandbox.taobao.rows import (
    STATUS,
    Row,
    claim_modified_at,
    promotions_of,
    refund_end,
    refund_row,
    trade_row,
)

_TEN_MILLION = 10**7


@dataclass(slots=True)
class Books:
    """The trades, refunds and ratings of all shops from a first day on."""

    first: date
    touched: dict[int, datetime] = field(default_factory=dict)
    """Trades that changed in nothing but their time of change: a seller's memo."""
    held: set[int] = field(default_factory=set)
    """Trades that are not to be seen yet, though their time has passed."""

    def trades(self, shop: Shop, at: datetime) -> Iterator[tuple[datetime, Sale]]:
        """The trades to be seen at an instant, each with its time of change."""
        for sale in sales_until(shop, self.first, at):
            if sale.id not in self.held:
                yield self._modified_at(sale, at), sale

    def full_trade(self, shop: Shop, number: int, at: datetime) -> Row:
        """Everything about one trade."""
        sale = self._sale(shop, number, at)
        row = trade_row(sale, at, self._modified_at(sale, at))
        promotions = promotions_of(sale)
        return {**row, "promotion_details": promotions} if promotions else row

    def refunds(self, shop: Shop, at: datetime) -> Iterator[tuple[datetime, Sale, Claim]]:
        """The refunds to be seen at an instant, each with its time of change."""
        for _, sale in self.trades(shop, at):
            for claim in sale.claims:
                if claim.requested_at <= at:
                    yield claim_modified_at(claim, at), sale, claim

    def full_refund(self, shop: Shop, number: int, at: datetime) -> Row:
        """Everything about one refund, with the instant at which it ended."""
        sale = self._sale(shop, number // 10, at)
        for claim in sale.claims:
            if claim.id == str(number) and claim.requested_at <= at:
                end = refund_end(claim, at)
                row = refund_row(sale, claim, at)
                return {**row, "end_time": end} if end else row
        raise invalid("refund_id", "no such refund")

    def ratings(self, shop: Shop, at: datetime) -> Iterator[tuple[Sale, Review]]:
        """The ratings given by an instant."""
        for _, sale in self.trades(shop, at):
            for review in sale.reviews:
                if review.created_at <= at:
                    yield sale, review

    def statistics(self, shop: Shop, day: date, at: datetime) -> Counter[str]:
        """How many trades placed on a day stand where."""
        return Counter(
            STATUS[sale.status(at)]
            for _, sale in self.trades(shop, at)
            if sale.created_at.astimezone(ZONE).date() == day
        )

    def _modified_at(self, sale: Sale, at: datetime) -> datetime:
        modified = sale.modified_at(at)
        touched = self.touched.get(sale.id)
        return max(modified, touched) if touched and touched <= at else modified

    def _sale(self, shop: Shop, number: int, at: datetime) -> Sale:
        """A trade's number tells its shop, its day and its place in the day."""
        ordinal, place = divmod(number, 10**10)
        try:
            day = date.fromordinal(ordinal - 3 * 10**8)
        except (ValueError, OverflowError) as error:
            raise invalid("tid", "no such trade") from error
        of_shop, place = divmod(place, _TEN_MILLION)
        sales = sales_of(shop, day) if of_shop == shop.number and day >= self.first else ()
        index = place // 100 - 1
        if 0 <= index < len(sales) and sales[index].id == number:
            sale = sales[index]
            if sale.created_at <= at and sale.id not in self.held:
                return sale
        raise invalid("tid", "no such trade")
