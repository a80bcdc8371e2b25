"""The made-up company's shops: where each sells, and how much."""

from dataclasses import dataclass
from datetime import date, timedelta, timezone
from decimal import Decimal

ZONE = timezone(timedelta(hours=8))
"""The whole company lives in one zone without daylight saving."""
TIMEZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop and the scale of its days."""

    code: str
    number: int
    """Part of its order numbers."""
    name: str
    marketplace: str | None
    opened_on: date
    orders: Decimal
    """Orders of an ordinary day."""
    visitors: int
    """Visitors of an ordinary day."""
    buyers: int
    """People it may sell to."""
    guides: tuple[str, ...]
    """Employees named on its orders as salespeople, desk after desk, then whom these relieve."""
    desks: int
    """How many of them serve at once; at a desk they take turns."""
    guided_share: Decimal
    """The share of orders that names one of them."""
    skus: int
    stock_value: int
    currency: str = "CNY"

    @property
    def kind(self) -> str:
        return "online" if self.marketplace else "offline"

    @property
    def source(self) -> str:
        """Who states its orders: the connector's name, or the ERP's."""
        return f"{self.marketplace}:{self.code}" if self.marketplace else "erp"


SHOPS = (
    Shop(
        code="tm-qinghe",
        number=11,
        name="青禾家居旗舰店",
        marketplace="tmall",
        opened_on=date(2021, 3, 1),
        orders=Decimal(56),
        visitors=760,
        buyers=4200,
        guides=("e-019", "e-020", "e-036", "e-034", "e-035", "e-037"),
        desks=3,
        guided_share=Decimal("0.42"),
        skus=124,
        stock_value=68_000,
    ),
    Shop(
        code="tb-qinghe",
        number=12,
        name="青禾家居工厂店",
        marketplace="taobao",
        opened_on=date(2019, 9, 9),
        orders=Decimal(30),
        visitors=430,
        buyers=2600,
        guides=("e-021", "e-022", "e-038", "e-039"),
        desks=2,
        guided_share=Decimal("0.38"),
        skus=98,
        stock_value=38_000,
    ),
    Shop(
        code="tm-life",
        number=13,
        name="青禾生活专营店",
        marketplace="tmall",
        opened_on=date(2026, 4, 18),
        orders=Decimal(21),
        visitors=320,
        buyers=2400,
        guides=("e-020", "e-022", "e-040", "e-041"),
        desks=2,
        guided_share=Decimal("0.35"),
        skus=76,
        stock_value=41_000,
    ),
    Shop(
        code="jd-qinghe",
        number=14,
        name="青禾家居京东旗舰店",
        marketplace="jd",
        opened_on=date(2024, 6, 1),
        orders=Decimal(7),
        visitors=120,
        buyers=600,
        guides=("e-021", "e-022"),
        desks=2,
        guided_share=Decimal("0.3"),
        skus=48,
        stock_value=12_000,
    ),
    Shop(
        code="pdd-qinghe",
        number=15,
        name="青禾家居拼多多店",
        marketplace="pinduoduo",
        opened_on=date(2025, 2, 10),
        orders=Decimal(6),
        visitors=110,
        buyers=700,
        guides=(),
        desks=0,
        guided_share=Decimal(0),
        skus=40,
        stock_value=9_000,
    ),
    Shop(
        code="dy-qinghe",
        number=16,
        name="青禾家居抖音店",
        marketplace="douyin",
        opened_on=date(2025, 8, 8),
        orders=Decimal(8),
        visitors=160,
        buyers=900,
        guides=("e-016", "e-017"),
        desks=2,
        guided_share=Decimal("0.5"),
        skus=44,
        stock_value=11_000,
    ),
    Shop(
        code="wc-qinghe",
        number=41,
        name="Qinghe Home",
        marketplace="woocommerce",
        opened_on=date(2025, 5, 12),
        orders=Decimal(6),
        visitors=90,
        buyers=500,
        guides=("e-021",),
        desks=1,
        guided_share=Decimal("0.2"),
        skus=36,
        stock_value=6_000,
        currency="EUR",
    ),
    Shop(
        code="sp-qinghe",
        number=51,
        name="Qinghe Living",
        marketplace="shopify",
        opened_on=date(2025, 8, 4),
        orders=Decimal(8),
        visitors=140,
        buyers=700,
        guides=("e-022",),
        desks=1,
        guided_share=Decimal("0.2"),
        skus=44,
        stock_value=8_000,
        currency="USD",
    ),
    Shop(
        code="az-qinghe",
        number=61,
        name="Qinghe US",
        marketplace="amazon",
        opened_on=date(2024, 10, 21),
        orders=Decimal(8),
        visitors=160,
        buyers=900,
        guides=(),
        desks=0,
        guided_share=Decimal(0),
        skus=22,
        stock_value=9_000,
        currency="USD",
    ),
    Shop(
        code="st-hangzhou",
        number=31,
        name="青禾家居杭州湖滨店",
        marketplace=None,
        opened_on=date(2023, 5, 20),
        orders=Decimal(13),
        visitors=95,
        buyers=900,
        guides=("e-031", "e-032"),
        desks=2,
        guided_share=Decimal("0.95"),
        skus=64,
        stock_value=27_000,
    ),
)
_RATES = {"EUR": ("8.2145", "8.1920"), "USD": ("7.1068", "7.0951")}
TELL_TRAFFIC = frozenset({"amazon", "shopify"})
"""Marketplaces that tell the visits of a day themselves."""
TELL_STOCK = frozenset({"amazon", "shopify", "woocommerce"})
TELL_SERVICE = frozenset({"jd"})
"""Those that are asked what their agents did on a day. At the others agents are appraised by the
inquiries that became orders, of which no desk tells."""
TELL_NO_REFUNDS = frozenset({"amazon"})
SHOP_OF = {shop.code: shop for shop in SHOPS}
MARKETPLACE_SHOPS = tuple(shop for shop in SHOPS if shop.marketplace)


def worth_of(shop: Shop) -> Decimal:
    """About what a shop's currency is worth in the company's."""
    return Decimal(_RATES[shop.currency][0]) if shop.currency in _RATES else Decimal(1)


def rate_list(first: date) -> list[dict[str, object]]:
    """What the currencies of the shops abroad are worth, as `PUT /v1/rates` takes it."""
    return [
        {"from": currency, "to": "CNY", "day": day.isoformat(), "rate": rate}
        for currency, rates in _RATES.items()
        for day, rate in zip((first, first + timedelta(days=30)), rates, strict=True)
    ]


def shop_list() -> list[dict[str, object]]:
    """The shops as `POST /v1/shops/batch` takes them."""
    return [
        {
            "code": shop.code,
            "name": shop.name,
            "marketplace": shop.marketplace,
            "timezone": TIMEZONE,
            "currency": shop.currency,
            "kind": shop.kind,
            "opened_on": shop.opened_on.isoformat(),
        }
        for shop in SHOPS
    ]
