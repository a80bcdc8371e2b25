"""What lies on the shelves of a WooCommerce site: what is out of stock, and what it is worth."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.ingest.core.buyers import sealer
from services.ingest.core.fields import Unfit
from services.ingest.core.readers.woocommerce import changed_at, number_of, read_fact, row_to_keep
from services.schema.shapes.facts import Stock
from services.schema.shapes.feeds import Article, Known, Origin
from services.schema.words import FactKind

STOCK = FactKind.STOCK
NOTHING = Known({}, {}, {})
ARTICLES = {"A-1": Article(Decimal("10.10"), ()), "A-2": Article(Decimal(3), ())}
ORIGIN = Origin("woocommerce:wc-1", "wc-1", ARTICLES)
Row = dict[str, Any]


def shelf(sku: str, quantity: object, word: str | None = "instock", **changes: object) -> Row:
    row: Row = {
        "id": 700,
        "sku": sku,
        "type": "simple",
        "manage_stock": True,
        "stock_quantity": quantity,
        "stock_status": word,
    }
    return {**row, **changes}


def day(*shelves: Row, read_at: str = "2026-11-05T21:00:00Z") -> Row:
    return {"day": "2026-11-05", "readAt": read_at, "shelves": list(shelves)}


def stock(*shelves: Row) -> Stock:
    fact = read_fact(STOCK, day(*shelves), ORIGIN, NOTHING)
    kept = row_to_keep(day(*shelves), ORIGIN, sealer(b"0" * 32, 1))
    assert read_fact(STOCK, kept, ORIGIN, NOTHING) == fact
    assert isinstance(fact, Stock)
    return fact


def test_what_can_be_ordered_and_is_not_there_is_out_of_stock() -> None:
    found = stock(shelf("A-1", 4), shelf("A-2", -3, "onbackorder"), shelf("A-3", 0, "outofstock"))
    assert (found.day, found.skus, found.skus_out) == (date(2026, 11, 5), 3, 2)
    # Of the third no cost is known.
    assert found.stock_value is None
    found = stock(shelf("A-1", 4), shelf("A-2", -3, "onbackorder"))
    assert found.stock_value == Decimal("31.40")


def test_the_sites_own_word_outweighs_its_count() -> None:
    """A site may call an article out of stock while some are left."""
    assert stock(shelf("A-1", 2, "outofstock")).skus_out == 1


@pytest.mark.parametrize(("managed", "quantity"), [(False, None), ("parent", 9), (True, None)])
def test_pieces_that_nobody_counts_for_this_article_are_worth_nobody_knows_what(
    managed: object, quantity: object
) -> None:
    found = stock(shelf("A-1", quantity, manage_stock=managed))
    assert (found.skus, found.skus_out, found.stock_value) == (1, 0, None)
    told = (found.skus_new, found.skus_dead, found.demanded_units, found.supplied_units)
    assert told == (None, None, None, None)


def test_shelves_of_one_number_are_one_article_and_one_without_has_the_sites() -> None:
    found = stock(shelf("A-1", 0, "outofstock"), shelf("A-1", 5), shelf("", 1, id=77))
    assert (found.skus, found.skus_out) == (2, 0)
    assert stock(shelf("A-1", Decimal("1.5"))).stock_value == Decimal("15.15")


def test_an_article_that_does_not_say_whether_it_is_there_is_refused() -> None:
    with pytest.raises(Unfit) as caught:
        stock(shelf("A-1", 1, None))
    assert (caught.value.code, caught.value.pointer) == ("missing", "/skus_out")
    with pytest.raises(Unfit) as caught:
        stock(shelf("A-1", "many"))
    assert caught.value.pointer == "/stock_value"


def test_shelves_that_stand_are_as_old_as_they_were() -> None:
    first = stock(shelf("A-1", 4))
    later = day(shelf("A-1", 4), read_at="2026-11-05T23:00:00Z")
    known = Known({}, {}, {}, {"2026-11-05": first})
    assert read_fact(STOCK, later, ORIGIN, known) == first
    assert read_fact(STOCK, later, ORIGIN, NOTHING) != first
    assert number_of(STOCK, later) == "2026-11-05"
    changed = changed_at(STOCK, later)
    assert changed is not None
    assert changed.isoformat() == "2026-11-05T23:00:00+00:00"
