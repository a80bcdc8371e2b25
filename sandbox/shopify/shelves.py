"""What lies on a Shopify shop's shelves: pieces by place, some sold already, some uncounted."""

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

from sandbox.articles import ARTICLES, Article
from sandbox.shops import Shop

Row = dict[str, Any]

PLACES = 12
"""Of one article; the others lie at two."""


class Level(NamedTuple):
    """The pieces of an article at a place."""

    on_hand: int
    available: int
    """Below zero where more was sold than there was."""


def levels_of(shop: Shop, day: date, place: int) -> list[Level]:
    """An article's pieces, at every place that has it."""
    there = (day.toordinal() * 5 + place * 7 + shop.number) % 30
    if place == 3:
        return [Level(there + at, there + at - 1) for at in range(PLACES)]
    if place == 5:
        return [Level(1, -2), Level(0, 0)]
    sold = there if place % 9 == 4 else there // 10
    return [Level(there, there - sold), Level(0, 0)]


def variant_rows(shop: Shop, day: date) -> list[Row]:
    """Every article, and what a shop keeps beside: one not on sale, one uncounted, one in a set."""
    rows = [_variant(article, place, shop, day) for place, article in enumerate(ARTICLES)]
    draft = _variant(ARTICLES[0], 90, shop, day)
    draft["product"]["status"] = "DRAFT"
    uncounted = {**_variant(ARTICLES[1], 91, shop, day), "sku": None}
    uncounted["inventoryItem"]["tracked"] = False
    # The same pieces under another price.
    shared = {**_variant(ARTICLES[2], 92, shop, day), "inventoryItem": rows[2]["inventoryItem"]}
    return [*rows, draft, uncounted, shared]


def _variant(article: Article, place: int, shop: Shop, day: date) -> Row:
    return {
        "__typename": "ProductVariant",
        "id": f"gid://shopify/ProductVariant/{7000 + place}",
        "sku": article.sku,
        "title": article.title,
        "product": {
            "id": f"gid://shopify/Product/{6000 + place}",
            "title": article.title,
            "status": "UNLISTED" if place == 1 else "ACTIVE",
        },
        "inventoryItem": {
            "id": f"gid://shopify/InventoryItem/{5000 + place}",
            "sku": article.sku,
            "tracked": True,
            "inventoryLevels": [
                {
                    "id": f"gid://shopify/InventoryLevel/{place}{at}",
                    "quantities": _asked(level),
                }
                for at, level in enumerate(levels_of(shop, day, place))
            ],
        },
    }


def _asked(level: Level) -> Callable[..., list[Row]]:
    def quantities(_: object, *, names: list[str]) -> list[Row]:
        known = {"available": level.available, "incoming": 7, "on_hand": level.on_hand}
        return [{"name": name, "quantity": known[name]} for name in names]

    return quantities
