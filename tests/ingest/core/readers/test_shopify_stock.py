"""What lies on the shelves of a shop of Shopify: what is out of stock, and what it is worth."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.ingest.core.buyers import sealer
from services.ingest.core.fields import Unfit
from services.ingest.core.readers.shopify import read_fact, row_to_keep
from services.schema.shapes.facts import Stock
from services.schema.shapes.feeds import Article, Known, Origin
from services.schema.words import FactKind

STOCK = FactKind.STOCK
NOTHING = Known({}, {}, {})
ORIGIN = Origin("shopify:sp-1", "sp-1", {})
Row = dict[str, Any]


def shelf(number: int, **changes: object) -> Row:
    row: Row = {
        "id": f"gid://shopify/InventoryItem/{number}",
        "sku": f"A-{number}",
        "variant": {"id": f"gid://shopify/ProductVariant/{number}0"},
        "available": 4,
        "onHand": 5,
    }
    return {**row, **changes}


def stock(*shelves: Row) -> Stock:
    row = {"day": "2026-11-05", "readAt": "2026-11-05T21:00:00Z", "shelves": list(shelves)}
    articles = {"A-1": Article(Decimal("10.10"), ()), "A-2": Article(Decimal(3), ())}
    kept = row_to_keep(row, ORIGIN, sealer(b"0" * 32, 1))
    fact = read_fact(STOCK, row, replace(ORIGIN, articles=articles), NOTHING)
    assert read_fact(STOCK, kept, replace(ORIGIN, articles=articles), NOTHING) == fact
    assert isinstance(fact, Stock)
    return fact


def test_out_of_stock_is_what_cannot_be_sent_at_once() -> None:
    """Sold already, or sold more often than it was there; what nobody counts is always sold."""
    found = stock(shelf(1, available=0), shelf(2, available=-2, onHand=1), shelf(1, available=1))
    assert (found.day, found.skus, found.skus_out) == (date(2026, 11, 5), 2, 1)
    # Both shelves of the first article, and the one piece of the second.
    assert found.stock_value == Decimal("104.00")
    uncounted = shelf(3, sku=None, available=None, onHand=None)
    found = stock(shelf(1), uncounted)
    assert (found.skus, found.skus_out, found.stock_value) == (2, 0, None)
    assert stock(uncounted, shelf(3, sku="30", available=-9)).skus == 1


def test_what_a_shop_does_not_tell_of_its_shelves_is_not_nought() -> None:
    found = stock(shelf(9))
    assert (found.skus, found.skus_out, found.stock_value) == (1, 0, None)
    told = (found.skus_new, found.skus_dead, found.demanded_units, found.supplied_units)
    assert told == (None, None, None, None)
    empty = stock()
    assert (empty.skus, empty.skus_out, empty.stock_value) == (0, 0, Decimal(0))


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [({"available": "4x"}, "/skus_out"), ({"onHand": None}, "/stock_value")],
)
def test_pieces_that_are_no_number_are_refused(changes: Row, pointer: str) -> None:
    with pytest.raises(Unfit) as caught:
        stock(shelf(1, **changes))
    assert caught.value.pointer == pointer
