"""What each marketplace has of its own in every scenario: its throttle, its pages, its rows."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from sandbox.amazon.gateway import REAL_QUOTAS
from sandbox.pinduoduo.rows import order_number
from sandbox.sales import Sale
from services.ingest.sources import taobao

Row = dict[str, Any]
Path = tuple[str, ...]
_MINUTES, _SECONDS = timedelta(minutes=1), timedelta(seconds=1)


@dataclass(frozen=True)
class Manner:
    """One marketplace."""

    lists: frozenset[str]
    """What lists orders, as its gateway calls it."""
    banned: str
    """What it says to a call while a ban lasts."""
    ban_seconds: int
    """Long enough to be met, as short as such a ban is."""
    writer: str
    """The function of its sandbox that writes an order's row."""
    id: Path
    amount: Path
    """In such a row: its number, and what was paid."""
    texts: tuple[object, object]
    """A price below zero, and one that is none, in its own form."""
    word: tuple[Path, object]
    """Where an order's state stands, and a word for one that nobody knows."""
    vanished: Path
    """A field without which an order says nothing."""
    calls_of_outage: int
    """To list the orders of three days takes no fewer."""
    pages: tuple[str, ...]
    """Where the sizes of its pages stand; empty where each list has its own."""
    buyer: tuple[Path, object] | None = None
    """Where an order says who bought, and what nobody is called; null where it does not say, or
    where its schema lets it say nothing but a text.
    """
    currency: Path = ()
    """Where an order says its currency; empty where there is but one."""
    name: Callable[[int], object] = str
    """How a row states a number."""
    number: Callable[[Sale], str] = lambda sale: str(sale.id)
    """What its order's fact is known by."""
    prices: bool = False
    """Whether only an answer tells what a question costs, so that the first may be too dear."""
    ahead: timedelta = 5 * _MINUTES
    """As far may our clock be ahead of its own."""

    def with_small_pages(self, patch: pytest.MonkeyPatch, size: int) -> None:
        for place in self.pages:
            patch.setattr(place, size)
        if not self.pages:
            lists = {kind: replace(each, page_size=size) for kind, each in taobao._LISTS.items()}
            patch.setattr(taobao, "_LISTS", lists)


MANNERS = {
    "amazon": Manner(
        frozenset({"searchOrders"}),
        "QuotaExceeded",
        0,
        "sandbox.amazon.answers.new_row",
        id=("orderId",),
        amount=("proceeds", "grandTotal", "amount"),
        texts=("-1.00", "1,5"),
        word=(("fulfillment", "fulfillmentStatus"), "BEAMED"),
        vanished=("lastUpdatedTime",),
        buyer=(("buyer",), {"buyerEmail": True}),
        # What has changed, and what is complete after thirty days.
        calls_of_outage=2,
        pages=("sandbox.amazon.answers.PAGE",),
        currency=("proceeds", "grandTotal", "currencyCode"),
        number=lambda sale: sale.number,
        # It tells nothing of the last two minutes; five seconds more are left.
        ahead=4 * _SECONDS,
    ),
    "douyin": Manner(
        frozenset({"order.searchList"}),
        "60000",
        1,
        "sandbox.doudian.gateway.order_row",
        id=("order_id",),
        amount=("pay_amount",),
        texts=(-100, "1,5"),
        word=(("order_status",), 77),
        vanished=("update_time",),
        buyer=(("doudian_open_id",), True),
        calls_of_outage=1,
        pages=("services.ingest.sources.doudian.PAGE_ROWS",),
    ),
    "jd": Manner(
        frozenset({"jingdong.pop.order.search"}),
        "2",
        1800,
        "sandbox.jd.gateway.order_row",
        id=("orderId",),
        amount=("actualPay",),
        texts=("-1.00", "1,5"),
        word=(("orderState",), "A_NEW_STATE"),
        vanished=("modified",),
        buyer=(("open_id_buyer",), True),
        calls_of_outage=1,
        pages=(
            "services.ingest.sources.jd.PAGE_ROWS",
            "services.ingest.sources.jd.REFUND_PAGE_ROWS",
        ),
    ),
    "pinduoduo": Manner(
        frozenset({"pdd.order.list.get", "pdd.order.number.list.increment.get"}),
        "70031",
        1,
        "sandbox.pinduoduo.gateway.order_row",
        id=("order_sn",),
        amount=("pay_amount",),
        texts=(-1.0, "1,5"),
        word=(("confirm_status",), 9),
        vanished=("updated_at",),
        calls_of_outage=3 * 48,
        pages=("services.ingest.sources.pinduoduo.PAGE_ROWS",),
        number=order_number,
        # It tells nothing of the last three minutes; one more is left.
        ahead=1 * _MINUTES,
    ),
    "shopify": Manner(
        frozenset({"Orders", "Start", "Look", "file"}),
        "THROTTLED",
        0,
        "sandbox.shopify.answers.order_row",
        id=("id",),
        amount=("totalPriceSet", "shopMoney", "amount"),
        texts=("-1.00", "1,5"),
        word=(("displayFinancialStatus",), "A_NEW_STATE"),
        vanished=("totalDiscountsSet",),
        # A file of orders: asked for, looked for, fetched; and one of refunds.
        calls_of_outage=6,
        pages=("services.ingest.sources.shopify_documents.PAGE_ORDERS",),
        currency=("totalPriceSet", "shopMoney", "currencyCode"),
        name=lambda number: f"gid://shopify/Order/{number}",
        prices=True,
    ),
    "taobao": Manner(
        frozenset({"taobao.trades.sold.increment.get"}),
        "7",
        20,
        "sandbox.taobao.methods.trade_row",
        id=("tid",),
        amount=("payment",),
        texts=("-1.00", "1,5"),
        word=(("status",), "TRADE_OF_A_NEW_KIND"),
        vanished=("modified",),
        buyer=(("buyer_open_uid",), True),
        calls_of_outage=3,
        pages=(),
        name=int,
    ),
    "woocommerce": Manner(
        frozenset({"orders"}),
        "too_many_requests",
        20,
        "sandbox.woocommerce.gateway.order_row",
        id=("id",),
        amount=("total",),
        texts=("-1.00", "1,5"),
        word=(("status",), "a-new-state"),
        vanished=("date_modified_gmt",),
        buyer=(("customer_id",), True),
        # Orders, and orders for the sake of their refunds.
        calls_of_outage=2,
        pages=("services.ingest.sources.woocommerce.PAGE_ROWS",),
        currency=("currency",),
        name=int,
    ),
}


def changed(row: Row, path: Path, value: object) -> Row:
    """A row in which one thing is stated otherwise."""
    whole = deepcopy(row)
    inner = whole
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return whole


def without(row: Row, path: Path) -> Row:
    """A row that does not say one thing."""
    whole = deepcopy(row)
    inner = whole
    for name in path[:-1]:
        inner = inner[name]
    inner.pop(path[-1])
    return whole


def use_real_quotas(gateway: Any) -> None:
    """What a throttle means at Amazon: nothing is left, and it comes back slowly."""
    if hasattr(gateway, "quotas"):
        gateway.quotas = REAL_QUOTAS


def forget_quotas(gateway: Any) -> None:
    """What was asked does not count any more: for a clock that is turned back."""
    for name in ("_left", "buckets"):
        getattr(gateway, name, {}).clear()


def revoke(gateway: Any) -> Callable[[], None]:
    """Take a shop's consent back; what gives it again."""
    if hasattr(gateway, "consents"):
        held = [gateway.consents.shops, gateway.consents.tokens]
    elif hasattr(gateway, "keys"):
        held = [gateway.keys.secrets]
    elif hasattr(gateway, "account"):
        held = [gateway.account.sessions]
    elif hasattr(gateway.tokens, "shops"):
        held = [gateway.tokens.shops]
    else:
        held = [gateway.tokens.pairs]
    kept = [dict(each) for each in held]
    for each in held:
        each.clear()

    def give_again() -> None:
        for each, before in zip(held, kept, strict=True):
            each.update(before)

    return give_again
