"""The file that says how each shop's marketplace is reached: `KAOHE_MARKETPLACES`.

    {"sandbox": ["127.0.0.1:8100"],
     "articles": {"A-1": {"cost": "12.50", "tags": ["new", "hit"]}},
     "people": {"6800012345": "e-016"},
     "shops": [{"tenant": "acme", "shop": "tm-1", "gateway": null, "app_key": "21...",
                "secret": "...", "session": "...", "since": "2026-09-01", "calls_per_second": 20}]}

`gateway` is the marketplace's own address unless stated: a WooCommerce site's, a Shopify shop's
(`https://x.myshopify.com`), or Amazon's with the number of the marketplace behind it
(`https://sellingpartnerapi-na.amazon.com/ATVPDKIKX0DER`, the refresh token as `session`).
`articles` states what no marketplace does: cost and tags by the seller's own article number;
`people` says which employee is meant by a marketplace's name for who sells. A shop whose sessions
come in pairs has `"refresh"` beside its session; the pairs that follow are kept sealed in the
database. A shop of Douyin may leave its session empty: then `"refresh": "shop:4463798"` names the
shop to an application of the seller's own, and `"code:..."` is the code of a seller's consent.
(`"tokens"` named the file where they stood in the clear before: it is taken over, and removed.)
This file is a secret; nothing of it goes into a log. An account that was put into the database goes
before one that stands here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.ingest.sources.reading import Credential
from services.schema.errors import Invalid, Unavailable
from services.schema.shapes.feeds import Article, Supplement

CALLS_PER_SECOND = 20


@dataclass(frozen=True, slots=True)
class Account:
    """How one shop is reached."""

    tenant: str
    shop: str
    credential: Credential
    since: date | None
    """The first day to be read; as far back as the marketplace remembers, unless stated."""
    calls_per_second: int


@dataclass(frozen=True, slots=True)
class Accounts:
    """Everything that the file says."""

    accounts: tuple[Account, ...]
    supplement: Supplement
    sandbox: tuple[str, ...]
    """Hosts with ports that may be called beside the marketplaces' own."""
    left_pairs: Path
    """Where an older version kept pairs in the clear."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Article(_Strict):
    cost: Decimal = Field(ge=0, max_digits=18, decimal_places=4)
    tags: tuple[str, ...] = ()


class _Shop(_Strict):
    tenant: str
    shop: str
    gateway: str | None = None
    app_key: str
    secret: str
    session: str
    # What gives the next session, at a marketplace where sessions come in pairs.
    refresh: str | None = None
    since: date | None = None
    # What a marketplace may not have, and is asked for only where it is wanted.
    also: frozenset[str] = frozenset()
    calls_per_second: int = Field(default=CALLS_PER_SECOND, ge=1, le=1000)


class _File(_Strict):
    shops: tuple[_Shop, ...]
    articles: Mapping[str, _Article] = {}
    people: Mapping[str, str] = {}
    sandbox: tuple[str, ...] = ()
    tokens: Path | None = None


def read_accounts(path: Path) -> Accounts:
    """The file's accounts; an error names the place in it and never what stands there."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        file = _File.model_validate(document)
    except ValidationError as error:
        places = sorted({".".join(map(str, fault["loc"])) for fault in error.errors()})
        raise Invalid("marketplaces_invalid", f"{path}: see {', '.join(places)}.") from None
    except (OSError, ValueError) as error:
        raise Invalid("marketplaces_invalid", f"{path} cannot be read.") from error
    return Accounts(
        accounts=tuple(_account(shop) for shop in file.shops),
        supplement=Supplement(
            {sku: Article(article.cost, article.tags) for sku, article in file.articles.items()},
            file.people,
        ),
        sandbox=file.sandbox,
        # Beside this file unless stated; a relative path is one beside it.
        left_pairs=path.parent / (file.tokens or f"{path.name}.tokens"),
    )


def read_supplement(path: Path | None) -> Supplement:
    """What the file says of articles and people; without a file nothing is known of them."""
    try:
        return read_accounts(path).supplement if path is not None else Supplement()
    except Invalid as error:
        raise Unavailable("The marketplaces' accounts cannot be read.") from error


def read_credential(path: Path | None, tenant: str, shop: str) -> Credential | None:
    """How one shop is reached; null where the file, or there is none, does not say."""
    try:
        accounts = read_accounts(path).accounts if path is not None else ()
    except Invalid as error:
        raise Unavailable("The marketplaces' accounts cannot be read.") from error
    named = (each.credential for each in accounts if (each.tenant, each.shop) == (tenant, shop))
    return next(named, None)


def _account(shop: _Shop) -> Account:
    credential = Credential(
        shop.gateway,
        shop.app_key,
        shop.secret,
        shop.session,
        refresh=shop.refresh,
        also=shop.also,
    )
    return Account(shop.tenant, shop.shop, credential, shop.since, shop.calls_per_second)
