"""What marketplaces themselves say of a shop's day, where they have a word for it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from services.ingest.core.readers import taobao as taobao_reader
from services.ingest.sources.amazon import AmazonSource
from services.ingest.sources.errors import Unreadable
from services.ingest.sources.reading import Row, Source
from services.ingest.sources.taobao import TaobaoSource
from services.schema.days import start_of_day
from services.schema.shapes.feeds import Window
from services.schema.shapes.reconciliations import Basis, DayStatement
from services.schema.words import Marketplace


@dataclass(frozen=True, slots=True)
class DayFigures:
    """What a marketplace counts of a day."""

    basis: Basis
    orders: int
    amount: Decimal | None
    statuses: Mapping[str, int] | None

    def to_statement(
        self, *, source: str, shop: str, day: date, timezone: str, at: datetime
    ) -> DayStatement:
        return DayStatement(
            source=source,
            shop=shop,
            day=day,
            basis=self.basis,
            timezone=timezone,
            stated_at=at,
            orders=self.orders,
            amount=self.amount,
            statuses=self.statuses,
        )


async def _of_top(source: Source, day: date, _timezone: str) -> DayFigures:
    """How many trades placed on a day stand where; it states no amount."""
    assert isinstance(source, TaobaoSource)
    statuses: dict[str, int] = {}
    for word, count in (await source.count_trades(day)).items():
        status = taobao_reader.status_of(word)
        name = word if status is None else status.value
        statuses[name] = statuses.get(name, 0) + count
    return DayFigures(Basis.CREATED, sum(statuses.values()), None, statuses)


async def _of_amazon(source: Source, day: date, timezone: str) -> DayFigures:
    """Orders placed on a day that came to something, and the price of their goods."""
    assert isinstance(source, AmazonSource)
    following = day + timedelta(days=1)
    window = Window(start_of_day(day, timezone), start_of_day(following, timezone))
    rows = await source.metrics(window)
    orders = sum((_count(row) for row in rows), 0)
    amount = sum((_sales(row) for row in rows), Decimal(0))
    return DayFigures(Basis.PLACED, orders, amount, None)


def _count(row: Row) -> int:
    count = row.get("orderCount")
    if type(count) is not int or count < 0:
        raise Unreadable("the day's orders cannot be told")
    return count


def _sales(row: Row) -> Decimal:
    sales = row.get("totalSales")
    try:
        amount = Decimal(str(sales["amount"])) if isinstance(sales, Mapping) else None
    except (KeyError, InvalidOperation):
        amount = None
    if amount is None or not amount.is_finite():
        raise Unreadable("the day's sales cannot be told")
    return amount


FIGURES: Mapping[Marketplace, Callable[[Source, date, str], Awaitable[DayFigures]]] = {
    Marketplace.TAOBAO: _of_top,
    Marketplace.TMALL: _of_top,
    Marketplace.AMAZON: _of_amazon,
}
