"""Pinduoduo as it answers from a ledger: forms, windows of half an hour, pages by number."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from tests.simulation.ledgers import State, Version, text_of
from tests.simulation.marketplaces import HTML, Call, Marketplace, Response

_NOT_YET = timedelta(minutes=3)
"""It tells nothing of what was a moment ago, and refuses to be asked."""
_MOST_BEHIND = timedelta(seconds=50)
"""Its clock, of what a reader allows for: were it more, a feed would stop and say so."""
_LISTS = {
    "pdd.order.number.list.increment.get": (
        "orders", "order_sn_increment_get_response", "order_sn_list", "updated_at",
    ),
    "pdd.order.list.get": ("orders", "order_list_get_response", "order_list", "confirm_at"),
    "pdd.refund.list.increment.get": (
        "refunds", "refund_increment_get_response", "refund_list", "updated_at",
    ),
}  # fmt: skip
_CLAIMS = {"WAIT_SELLER_AGREE": 2, "CLOSED": 11, "SUCCESS": 10}


class Pinduoduo:
    """How Pinduoduo refuses, garbles and answers."""

    def __init__(self, market: Marketplace, call: Call, *, is_encoded: bool) -> None:
        self._market = market
        form = call.body.decode()
        self._params = (
            dict(parse_qsl(form))
            if is_encoded
            else dict(part.split("=", 1) for part in form.split("&"))
        )
        self.shop = self._params["access_token"]

    def __str__(self) -> str:
        return f"{self._params['type'][4:]} {self._params['page']}"

    def refuse_session(self) -> Response:
        return _refuse(10019)

    def refuse_for(self, _seconds: float) -> Response:
        """Too often; it does not say for how long."""
        return _refuse(70031)

    def refuse_heavy(self) -> Response:
        return _refuse(52001)

    def garbage(self, whole: bytes) -> tuple[bytes, ...]:
        return (
            HTML.encode(),
            b"{}",
            b"",
            b"[]",
            whole[: len(whole) // 2],
            b'{"error_response": {"error_code": 50000, "error_msg": "?"}}',
            HTML.encode("gb18030"),
            b'{"order_sn_increment_get_response": null}',
            b'{"order_sn_increment_get_response": {"order_sn_list": []}}',
            b'{"refund_increment_get_response": {"total_count": NaN}}',
        )

    def answer(self) -> Response:
        """A page of a window, whose ends both belong to it: what changed last comes first."""
        market, params = self._market, self._params
        kind, root, inner, by = _LISTS[params["type"]]
        ledger = market.ledgers[self.shop]
        first, last = (_moment(params[f"{end}_{by}"]) for end in ("start", "end"))
        clock = market.now() + max(ledger.skew, -_MOST_BEHIND)
        if last > clock - _NOT_YET or last - first > _longest(by):
            return _refuse(10003)
        seen = ledger.seen(kind, market.seconds() - market.lag())
        told = [version for version in seen if is_told(kind, version.state)]
        found = [version for version in told if first <= _place(version, by) <= last]
        found.sort(key=lambda version: (_place(version, by), version.state.number), reverse=True)
        size, page = int(params["page_size"]), int(params["page"])
        here = found[(page - 1) * size : page * size]
        rows = [row for version in here if (row := _row_of(kind, version))]
        if market.happens(market.weather.hollow):
            rows = []
        rows = market.disturbed(ledger, kind, here, rows, _row_of)
        return Response(200, _written({root: {"total_count": len(found), inner: rows}}))


def is_told(kind: str, state: State) -> bool:
    """Of an order that nobody has paid it never tells."""
    return kind != "orders" or state.paid is not None


def _longest(by: str) -> timedelta:
    return timedelta(days=1) if by == "confirm_at" else timedelta(minutes=30)


def _place(version: Version, by: str) -> datetime:
    """By which a row is found in a window."""
    if by == "updated_at":
        return version.stamp
    assert version.state.paid is not None
    return version.state.paid


def _row_of(kind: str, version: Version) -> dict[str, Any] | None:
    """Null for what is not told."""
    if not is_told(kind, version.state):
        return None
    write = {"orders": _order, "refunds": _refund}
    return write[kind](version)


def _order(version: Version) -> dict[str, Any]:
    state = version.state
    words = {"paid": 1, "shipped": 2, "completed": 3, "refunded": 2 if state.shipped else 1}
    row = {
        "order_sn": str(state.number),
        "order_status": words[state.word],
        "refund_status": 4 if state.word == "refunded" else 1,
        "confirm_status": 1,
        "pay_amount": float(state.amount),
        "goods_amount": float(state.amount - state.postage + state.off),
        "discount_amount": float(state.off),
        "postage": float(state.postage),
        "created_time": text_of(state.created),
        "pay_time": text_of(state.paid),
        "confirm_time": text_of(state.paid),
        "shipping_time": text_of(state.shipped),
        "receive_time": text_of(state.ended),
        "updated_at": text_of(version.stamp),
        "receiver_name": "收货人",
        "item_list": [
            {
                "sku_id": 900_000_000_001,
                "outer_id": "A-1",
                "goods_price": float(state.amount - state.postage + state.off),
                "goods_count": 1,
            }
        ],
    }
    return _spoilt(row, state) if state.poisoned else row


def _spoilt(row: dict[str, Any], state: State) -> dict[str, Any]:
    """What nobody can read, each order in its own way and always in the same."""
    (item,) = row["item_list"]
    spoil: tuple[Callable[[], dict[str, Any]], ...] = (
        lambda: {"confirm_status": 9},
        lambda: {"item_list": [{**item, "goods_price": -1.0}]},
        lambda: {"item_list": [{**item, "goods_count": "1,5"}]},
        lambda: {"pay_amount": None},
    )
    return {**row, **spoil[state.number % 4]()}


def _refund(version: Version) -> dict[str, Any]:
    state = version.state
    return {
        "id": state.number,
        "order_sn": str(state.order),
        "after_sales_status": 99 if state.poisoned else _CLAIMS[state.word],
        "after_sales_type": 2,
        "refund_amount": f"{state.amount:.2f}",
        "created_time": text_of(state.created),
        "updated_time": text_of(version.stamp),
    }


def _refuse(code: int) -> Response:
    refusal = {"error_code": code, "error_msg": "refused", "sub_code": None, "sub_msg": "refused"}
    return Response(200, _written({"error_response": refusal}))


def _written(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def _moment(text: str) -> datetime:
    return datetime.fromtimestamp(int(text), UTC)
