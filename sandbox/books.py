"""What a marketplace holds of its shops at an instant, and what a test has moved or held back."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache

from sandbox.lives import sales_of, sales_until
from sandbox.sales import Claim, Review, Sale
from sandbox.shops import Shop

_TEN_MILLION = 10**7


@dataclass(slots=True)
class Books:
    """The orders, refunds and ratings of all shops from a first day on."""

    first: date
    touched: dict[int, datetime] = field(default_factory=dict)
    """Orders that changed in nothing but their time of change: a seller's memo."""
    held: set[int] = field(default_factory=set)
    """Orders that are not to be seen yet, though their time has passed."""
    busier: int = 1
    """How many times as many orders a day brings as in the story."""

    def sales(self, shop: Shop, at: datetime) -> Iterator[tuple[datetime, Sale]]:
        """The orders to be seen at an instant, each with its time of change."""
        for sale in sales_until(_grown(shop, self.busier), self.first, at):
            if sale.id not in self.held:
                yield self.modified_at(sale, at), sale

    def claims(self, shop: Shop, at: datetime) -> Iterator[tuple[datetime, Sale, Claim]]:
        """The refunds to be seen at an instant, each with its time of change."""
        for _, sale in self.sales(shop, at):
            for claim in sale.claims:
                if claim.requested_at <= at:
                    yield claim.modified_at(at), sale, claim

    def reviews(self, shop: Shop, at: datetime) -> Iterator[tuple[Sale, Review]]:
        """The ratings given by an instant."""
        for _, sale in self.sales(shop, at):
            for review in sale.reviews:
                if review.created_at <= at:
                    yield sale, review

    def sale(self, shop: Shop, number: int, at: datetime) -> Sale | None:
        """An order by its number, which tells its shop, its day and its place in the day."""
        ordinal, place = divmod(number, 10**10)
        try:
            day = date.fromordinal(ordinal - 3 * 10**8)
        except (ValueError, OverflowError):
            return None
        of_shop, place = divmod(place, _TEN_MILLION)
        ours = of_shop == shop.number and day >= self.first
        sales = sales_of(_grown(shop, self.busier), day) if ours else ()
        index = place // 100 - 1
        if 0 <= index < len(sales) and sales[index].id == number:
            sale = sales[index]
            if sale.created_at <= at and sale.id not in self.held:
                return sale
        return None

    def modified_at(self, sale: Sale, at: datetime) -> datetime:
        modified = sale.modified_at(at)
        touched = self.touched.get(sale.id)
        return max(modified, touched) if touched and touched <= at else modified


@cache
def _grown(shop: Shop, times: int) -> Shop:
    return shop if times == 1 else replace(shop, orders=shop.orders * times)
