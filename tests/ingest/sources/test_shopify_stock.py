"""A Shopify shop tells what lies at every place now: of articles on sale, each once."""

from datetime import timedelta

import pytest

from sandbox.faults import Fault
from sandbox.lives import midnight
from sandbox.shopify.shelves import PLACES, levels_of, variant_rows
from services.ingest.sources import shopify_documents
from services.ingest.sources.errors import NotPermitted, Unreadable
from services.ingest.sources.reading import Row
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind
from tests.ingest.sources.shops_of_shopify import NOW, SHOP, Shopify
from tests.sandbox.test_company import TODAY

STOCK = FactKind.STOCK
TODAYS = Window(midnight(TODAY), NOW)


@pytest.fixture
def shop() -> Shopify:
    return Shopify()


async def shelves(shop: Shopify) -> list[Row]:
    (row,) = (await shop.source.read(STOCK, TODAYS)).rows
    assert (row["day"], row["readAt"]) == (TODAY.isoformat(), "2026-11-22T04:00:00Z")
    return list(row["shelves"])


async def test_what_lies_at_all_places_is_told_of_each_article_on_sale(shop: Shopify) -> None:
    """Neither of a draft, nor twice of the same pieces; of what nobody counts no number."""
    found = await shelves(shop)
    everything = variant_rows(SHOP, TODAY)
    assert [row["id"].rpartition("/")[2] for row in found] == [
        *(str(5000 + place) for place in range(22)),
        "5091",
    ]
    assert len(everything) == len(found) + 2 > shopify_documents.PAGE_SHELVES / 2
    for place, row in enumerate(found[:-1]):
        levels = levels_of(SHOP, TODAY, place)
        assert row["onHand"] == sum(level.on_hand for level in levels)
        assert row["available"] == sum(level.available for level in levels)
    assert found[5]["available"] == -2
    assert found[-1] == {
        "id": "gid://shopify/InventoryItem/5091",
        "sku": None,
        "variant": {"id": "gid://shopify/ProductVariant/7091"},
    }


async def test_places_and_articles_that_do_not_fit_on_a_page_are_read_on(
    shop: Shopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = await shelves(shop)
    assert shop.outcomes("Places") == ["ok"]
    assert len(levels_of(SHOP, TODAY, 3)) == PLACES > shopify_documents.PAGE_PLACES
    monkeypatch.setattr(shopify_documents, "PAGE_SHELVES", 7)
    fewer = shopify_documents.MORE_PLACES.replace("first: 100", "first: 2")
    monkeypatch.setattr(shopify_documents, "MORE_PLACES", fewer)
    before = len(shop.outcomes("Shelves"))
    assert await shelves(shop) == expected
    assert len(shop.outcomes("Shelves")) - before == 4
    assert len(shop.outcomes("Places")) == 1 + 4


async def test_of_days_gone_by_nothing_is_told(shop: Shopify) -> None:
    gone = await shop.source.read(STOCK, Window(midnight(TODAY) - timedelta(days=1), TODAYS.start))
    assert (gone.rows, gone.days) == ((), ())
    assert shop.outcomes() == []
    assert (await shop.source.read(STOCK, TODAYS)).days == (TODAY,)


async def test_points_are_waited_for(shop: Shopify) -> None:
    expected = await shelves(shop)
    shop.spend(100)
    assert await shelves(shop) == expected
    assert shop.slept


async def test_without_the_scope_the_feed_says_so(shop: Shopify) -> None:
    shop.gateway.tokens.scopes -= {"read_products"}
    with pytest.raises(NotPermitted, match="ACCESS_DENIED"):
        await shop.source.read(STOCK, TODAYS)


@pytest.mark.parametrize("info", ["{}", '{"hasNextPage": false}'])
async def test_a_torn_answer_is_no_empty_shelf(shop: Shopify, info: str) -> None:
    page = f'{{"nodes": [{{"id": "1"}}], "pageInfo": {info}}}'
    body = f'{{"data": {{"productVariants": {page}}}}}'
    shop.gateway.trouble.add(Fault("garbage", detail=body, times=9))
    with pytest.raises(Unreadable):
        await shop.source.read(STOCK, TODAYS)
