"""A WooCommerce site tells what is on its shelves now: each variation for itself."""

from datetime import timedelta

import pytest

from sandbox.faults import Fault
from sandbox.lives import midnight
from sandbox.woocommerce.rows import product_rows, variation_rows
from services.ingest.sources import woocommerce
from services.ingest.sources.errors import WindowTooLarge
from services.ingest.sources.reading import Row
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind
from tests.ingest.sources.sites_of_woocommerce import NOW, Site
from tests.sandbox.test_company import TODAY

STOCK = FactKind.STOCK
TODAYS = Window(midnight(TODAY), NOW)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(monkeypatch)


async def shelves(site: Site) -> list[Row]:
    (row,) = (await site.source.read(STOCK, TODAYS)).rows
    assert (row["day"], row["readAt"]) == (TODAY.isoformat(), "2026-11-22T04:00:00Z")
    return list(row["shelves"])


def expected(site: Site) -> list[str]:
    """Of the books: what is for sale here, and of variable articles their variations."""
    found = []
    for row in product_rows(site.now):
        if row["type"] == "variable":
            found += [str(each["id"]) for each in variation_rows(int(str(row["id"])), site.now)]
        elif row["type"] == "simple" and row["status"] == "publish":
            found.append(str(row["id"]))
    return sorted(found)


async def test_every_article_on_sale_has_its_shelf_and_every_variation(site: Site) -> None:
    found = await shelves(site)
    assert sorted(str(row["id"]) for row in found) == expected(site)
    assert len(found) == 23 > 3 * woocommerce.PAGE_ROWS
    assert {row["manage_stock"] for row in found} == {True, False, "parent"}
    # Nothing comes along that was not asked for.
    assert all("name" not in row and "date_modified_gmt" not in row for row in found)


async def test_pages_agree_twice_though_a_sale_changes_what_is_on_them(site: Site) -> None:
    """Each page of the first list twice, the short ones of variations once."""
    await shelves(site)
    assert site.pages == [*"1234", *"1234", "1", "1"]


async def test_rows_twice_and_out_of_order_are_each_one_shelf(site: Site) -> None:
    wanted = await shelves(site)
    site.gateway.trouble.add(
        Fault("duplicate", times=2, method="products"), Fault("busy"), Fault("shuffle", detail="7")
    )
    found = await shelves(site)
    assert sorted(row["id"] for row in found) == sorted(row["id"] for row in wanted)


async def test_of_days_gone_by_nothing_is_told(site: Site) -> None:
    gone = await site.source.read(STOCK, Window(midnight(TODAY) - timedelta(days=1), TODAYS.start))
    assert (gone.rows, gone.days, site.pages) == ((), (), [])
    assert (await site.source.read(STOCK, TODAYS)).days == (TODAY,)


async def test_more_shelves_than_fit_are_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(woocommerce, "MOST_SHELVES", 20)
    with pytest.raises(WindowTooLarge):
        await site.source.read(STOCK, TODAYS)
