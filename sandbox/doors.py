"""The sandbox's marketplaces: where each one answers, and how a seller's software signs in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from sandbox import amazon, doudian, jd, pinduoduo, shopify, taobao, woocommerce
from sandbox.articles import article_list
from sandbox.gateways import Gateway, Open
from sandbox.lives import first_day
from sandbox.shops import MARKETPLACE_SHOPS, Shop

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Door:
    """One marketplace."""

    paths: Mapping[str, tuple[str, ...]]
    """Each path with the methods that it answers."""
    open: Open
    sign_in: Callable[[Shop, str], Row]
    """What a seller's software knows of a shop, where the sandbox stands at an address."""


DOORS: Mapping[str, Door] = {
    "douyin": Door({f"{doudian.PATH}/{{path:path}}": ("POST",)}, doudian.Gateway, doudian.sign_in),
    "jd": Door({jd.PATH: ("POST",)}, jd.Gateway, jd.sign_in),
    "pinduoduo": Door({pinduoduo.PATH: ("POST",)}, pinduoduo.Gateway, pinduoduo.sign_in),
    "amazon": Door(amazon.PATHS, amazon.Gateway, amazon.sign_in),
    "shopify": Door(
        {shopify.PATH: ("POST",), shopify.FILES: ("GET",)}, shopify.Gateway, shopify.sign_in
    ),
    "taobao": Door({taobao.PATH: ("POST",)}, taobao.Gateway, taobao.sign_in),
    "woocommerce": Door(
        {f"{woocommerce.PATH}{{path:path}}": ("GET",)}, woocommerce.Gateway, woocommerce.sign_in
    ),
}
_OTHER_NAMES = {"tmall": "taobao"}


def door_of(shop: Shop) -> str:
    """The marketplace behind whose door a shop stands."""
    assert shop.marketplace, "a shop on the street has no door here"
    return _OTHER_NAMES.get(shop.marketplace, shop.marketplace)


def open_all(first: date, now: Callable[[], datetime]) -> dict[str, Gateway]:
    """The gateways by name, over the days from the first on."""
    return {name: door.open(first=first, now=now) for name, door in DOORS.items()}


def credentials(tenant: str, address: str, today: date) -> Row:
    """The file that ingest's `KAOHE_MARKETPLACES` names, for the whole company."""
    return {
        # Without this, only the marketplaces' own addresses are called.
        "sandbox": [urlsplit(address).netloc],
        "articles": article_list(),
        "people": {**jd.people(), **doudian.people(), **taobao.people()},
        "shops": [
            {
                "tenant": tenant,
                "shop": shop.code,
                **DOORS[door_of(shop)].sign_in(shop, address),
                "since": _since(shop, today).isoformat(),
                "calls_per_second": 300,
            }
            for shop in MARKETPLACE_SHOPS
        ],
    }


def _since(shop: Shop, today: date) -> date:
    """Pinduoduo tells of refunds by the half hour: two months would hold up a first start."""
    first = first_day(today)
    return max(first, today - timedelta(days=14)) if shop.marketplace == "pinduoduo" else first
