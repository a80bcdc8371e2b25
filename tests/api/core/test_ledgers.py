"""Ledgers: a slice finds each sum once, and a day finds the last rate."""

from datetime import date
from decimal import Decimal

from services.api.core.ledgers import Rates, Sums
from services.schema.shapes.indicators import Slice
from services.schema.shapes.measures import DailySum
from services.schema.shapes.people import Rate

FIRST, SECOND, AFTER = date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 3)
NOBODY: frozenset[str] = frozenset()


def row(day: date, records: int, *, shop: str = "", employee: str = "", unit: str = "") -> DailySum:
    return DailySum(day, shop, employee, unit, "", "", "", None, records, ())


ROWS = [
    row(SECOND, 1, shop="a", employee="ann"),
    row(FIRST, 2, shop="a"),
    row(FIRST, 4, shop="b", employee="ann"),
    row(FIRST, 8, employee="ann"),
    row(FIRST, 16, unit="sales"),
    row(AFTER, 32, shop="a"),
]


def records(start: date, end: date, *, shops: str = "", people: str = "", units: str = "") -> int:
    """The sum tells which rows were found: each has a bit of its own."""
    one = Slice(
        start,
        end,
        frozenset(shops.split()),
        frozenset(people.split()),
        frozenset(units.split()),
        Decimal(100),
    )
    return sum(found.records for found in Sums((), ROWS).rows_in(one))


def test_a_slice_finds_its_rows_once_each() -> None:
    assert records(FIRST, AFTER, shops="a") == 1 + 2
    assert records(FIRST, AFTER, people="ann") == 1 + 4 + 8
    assert records(FIRST, AFTER, shops="a", people="ann") == 1 + 2 + 4 + 8
    assert records(FIRST, AFTER, shops="a b", people="ann", units="sales") == 31
    assert records(FIRST, SECOND, shops="a") == 2
    assert records(SECOND, AFTER, shops="a") == 1
    assert records(FIRST, date(2026, 10, 4), shops="a") == 1 + 2 + 32
    assert records(FIRST, AFTER) == 0


def test_everything_is_every_row_of_the_days() -> None:
    whole = Slice(FIRST, AFTER, None, None, NOBODY, Decimal(100))
    assert sum(found.records for found in Sums((), ROWS).rows_in(whole)) == 31


def test_a_kind_reaches_a_subject_by_any_slice() -> None:
    sums = Sums((), ROWS)
    nothing = Slice(FIRST, AFTER, frozenset({"c"}), NOBODY, NOBODY, Decimal(100))
    something = Slice(FIRST, AFTER, frozenset({"b"}), NOBODY, NOBODY, Decimal(100))
    assert not sums.reach([])
    assert not sums.reach([nothing])
    assert sums.reach([nothing, something])


def test_the_last_rate_on_or_before_the_day_holds() -> None:
    def rate(day: date, value: str, currency: str = "USD") -> Rate:
        return Rate(currency, "CNY", day, Decimal(value))

    rates = Rates("CNY", [rate(AFTER, "7.3"), rate(FIRST, "7.1"), rate(FIRST, "8", "EUR")])
    assert rates.at("USD", date(2026, 9, 30)) is None
    assert rates.at("USD", FIRST) == rate(FIRST, "7.1")
    assert rates.at("USD", SECOND) == rate(FIRST, "7.1")
    assert rates.at("USD", AFTER) == rate(AFTER, "7.3")
    assert rates.at("USD", date(2027, 1, 1)) == rate(AFTER, "7.3")
    assert rates.at("EUR", AFTER) == rate(FIRST, "8", "EUR")
    assert rates.at("GBP", AFTER) is None
