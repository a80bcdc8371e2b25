"""What was read for a batch of values, found again by slice: daily sums, distinct counts, rates."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from operator import attrgetter

from services.api.core.filters import Filter
from services.schema.shapes.indicators import Slice
from services.schema.shapes.measures import Crowd, CrowdCount, DailySum
from services.schema.shapes.people import Rate

_start = attrgetter("start")
_Index = Mapping[str, list[DailySum]]


class Sums:
    """The daily sums of one kind of fact, or of one posted measure."""

    def __init__(self, columns: Sequence[str], rows: Sequence[DailySum]) -> None:
        self.columns = {column: place for place, column in enumerate(columns)}
        self._all = sorted(rows, key=_start)
        self._by_shop = _indexed(self._all, "shop")
        self._by_employee = _indexed(self._all, "employee")
        self._by_unit = _indexed(self._all, "unit")
        self._reached: dict[Slice, bool] = {}

    def rows_in(self, one: Slice) -> Iterator[DailySum]:
        """The sums of a slice, each once, though shop and employee may both be of it."""
        if one.shops is None and one.employees is None:
            yield from _between(self._all, one)
            return
        shops = one.shops or frozenset()
        for shop in shops:
            yield from _between(self._by_shop.get(shop, []), one)
        for employee in one.employees or ():
            named = _between(self._by_employee.get(employee, []), one)
            yield from (row for row in named if row.shop not in shops)
        for unit in one.units:
            yield from _between(self._by_unit.get(unit, []), one)

    def reach(self, slices: Sequence[Slice]) -> bool:
        """Whether any fact came in for any of these slices."""
        return any(self._reaches(one) for one in slices)

    def _reaches(self, one: Slice) -> bool:
        if one not in self._reached:
            self._reached[one] = next(self.rows_in(one), None) is not None
        return self._reached[one]


class Rates:
    """What foreign amounts are worth in the tenant's currency, by day."""

    def __init__(self, home: str, stated: Sequence[Rate]) -> None:
        self.home = home
        self._stated: dict[str, list[Rate]] = defaultdict(list)
        for rate in sorted(stated, key=lambda rate: (rate.from_currency, rate.day)):
            assert rate.to_currency == home, "rates are read into the tenant's currency alone"
            self._stated[rate.from_currency].append(rate)

    def at(self, currency: str, day: date) -> Rate | None:
        """The last rate that was stated for the day or before it."""
        stated = self._stated.get(currency, [])
        place = bisect_right(stated, day, key=lambda rate: rate.day)
        return stated[place - 1] if place else None


@dataclass(slots=True)
class Subtotal:
    """What a measure comes to over some facts, whole."""

    amount: Decimal = Decimal(0)
    records: int = 0
    """How many facts or posted rows are in it."""
    rate_missing: bool = False
    converted: dict[Rate, Decimal] = field(default_factory=dict)
    """Foreign amounts by the rate they were taken at."""

    def add(self, other: "Subtotal", share: Decimal) -> None:
        """Take a share of another in, in percent."""
        self.amount += other.amount * share / 100
        self.records += other.records
        self.rate_missing = self.rate_missing or other.rate_missing
        for rate, amount in other.converted.items():
            self.converted[rate] = self.converted.get(rate, Decimal(0)) + amount * share / 100


SubtotalKey = tuple[str, Filter, Slice]
"""A measure, its filter, and a slice of whole facts."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """All that a batch of values is computed from."""

    sums: Mapping[str, Sums]
    """By what was read: a kind of fact, or the code of a posted measure."""
    counts: Mapping[Crowd, CrowdCount]
    skus: Mapping[Crowd, int]
    rates: Rates
    first_uses: Mapping[tuple[str, str], date]
    """The first day on which the traffic of a shop names a campaign."""
    subtotals: dict[SubtotalKey, Subtotal] = field(default_factory=dict)
    """What slices came to already: many people answer for the same shops, or are of one unit."""


def _indexed(rows: Sequence[DailySum], name: str) -> _Index:
    index: dict[str, list[DailySum]] = defaultdict(list)
    for row in rows:
        if key := getattr(row, name):
            index[key].append(row)
    return index


def _between(rows: Sequence[DailySum], one: Slice) -> Iterator[DailySum]:
    first = bisect_left(rows, one.start, key=_start)
    after = bisect_left(rows, one.end, key=_start)
    return iter(rows[first:after])
