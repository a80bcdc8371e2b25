"""The marketplaces that can be pulled: how each is asked, and what its rows mean.

A new one is a file in `sources`, a file in `core/readers`, and a line here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from services.ingest.core.buyers import Seal
from services.ingest.core.readers import amazon as amazon_reader
from services.ingest.core.readers import doudian as doudian_reader
from services.ingest.core.readers import jd as jd_reader
from services.ingest.core.readers import pinduoduo as pinduoduo_reader
from services.ingest.core.readers import shopify as shopify_reader
from services.ingest.core.readers import taobao as taobao_reader
from services.ingest.core.readers import woocommerce as woocommerce_reader
from services.ingest.sources import amazon as amazon_source
from services.ingest.sources import doudian as doudian_source
from services.ingest.sources import jd as jd_source
from services.ingest.sources import pinduoduo as pinduoduo_source
from services.ingest.sources import shopify as shopify_source
from services.ingest.sources import taobao as taobao_source
from services.ingest.sources import woocommerce as woocommerce_source
from services.ingest.sources.client import Client
from services.ingest.sources.reading import Credential, Row, Source
from services.schema.shapes.facts import Fact
from services.schema.shapes.feeds import Known, Origin
from services.schema.words import FactKind, Marketplace


class Reader(Protocol):
    """What a marketplace's rows mean; a module of `core/readers` keeps this promise."""

    def number_of(self, kind: FactKind, row: Row) -> str:
        """What a row is known by; empty where it does not say."""
        ...

    def changed_at(self, kind: FactKind, row: Row) -> datetime | None:
        """When a row last changed; null where that cannot be read, whatever else can."""
        ...

    def read_fact(self, kind: FactKind, row: Row, origin: Origin, known: Known) -> Fact:
        """The fact that a row states; raises Unfit."""
        ...

    def lacks_detail(self, kind: FactKind, row: Row, known: Known) -> bool:
        """Whether a call for this row alone has to be made before it can be read."""
        ...

    def row_to_keep(self, row: Row, origin: Origin, seal: Seal) -> dict[str, Any]:
        """The row without anything that names a buyer."""
        ...


@dataclass(frozen=True, slots=True)
class Connector:
    """One marketplace."""

    hosts: Callable[[Credential], tuple[str, ...]]
    """The only ones that are called for a shop."""
    open: Callable[[Client, Credential, Callable[[], datetime]], Source]
    reader: Reader
    names_gateway: bool = False
    """Whether each shop has an address of its own, so that its account has to name it."""
    needs_session: bool = True
    """Whether more than key and secret opens a shop."""
    makes_session: bool = False
    """Whether its `refresh` can be what the first session is made of."""


def _open_taobao(
    client: Client, credential: Credential, now: Callable[[], datetime]
) -> taobao_source.TaobaoSource:
    return taobao_source.TaobaoSource(client, credential, now=now)


def _open_doudian(
    client: Client, credential: Credential, now: Callable[[], datetime]
) -> doudian_source.DoudianSource:
    return doudian_source.DoudianSource(client, credential, now=now)


def _open_jd(
    client: Client, credential: Credential, now: Callable[[], datetime]
) -> jd_source.JdSource:
    return jd_source.JdSource(client, credential, now=now)


def _open_pinduoduo(
    client: Client, credential: Credential, now: Callable[[], datetime]
) -> pinduoduo_source.PinduoduoSource:
    return pinduoduo_source.PinduoduoSource(client, credential, now=now)


def _open_amazon(
    client: Client, credential: Credential, now: Callable[[], datetime]
) -> amazon_source.AmazonSource:
    return amazon_source.AmazonSource(client, credential, now=now)


def _open_shopify(
    client: Client, credential: Credential, now: Callable[[], datetime]
) -> shopify_source.ShopifySource:
    return shopify_source.ShopifySource(client, credential, now=now)


def _open_woocommerce(
    client: Client, credential: Credential, now: Callable[[], datetime]
) -> woocommerce_source.WooCommerceSource:
    return woocommerce_source.WooCommerceSource(client, credential, now=now)


_TOP = Connector(lambda _: taobao_source.HOSTS, _open_taobao, taobao_reader)

CONNECTORS: Mapping[Marketplace, Connector] = {
    Marketplace.TAOBAO: _TOP,
    Marketplace.TMALL: _TOP,
    Marketplace.DOUYIN: Connector(
        lambda _: doudian_source.HOSTS, _open_doudian, doudian_reader, makes_session=True
    ),
    Marketplace.JD: Connector(lambda _: jd_source.HOSTS, _open_jd, jd_reader),
    Marketplace.PINDUODUO: Connector(
        lambda _: pinduoduo_source.HOSTS, _open_pinduoduo, pinduoduo_reader
    ),
    Marketplace.AMAZON: Connector(
        amazon_source.hosts_of, _open_amazon, amazon_reader, names_gateway=True
    ),
    Marketplace.SHOPIFY: Connector(
        shopify_source.hosts_of, _open_shopify, shopify_reader, names_gateway=True
    ),
    Marketplace.WOOCOMMERCE: Connector(
        woocommerce_source.hosts_of,
        _open_woocommerce,
        woocommerce_reader,
        names_gateway=True,
        needs_session=False,
    ),
}
