"""TOP as it answers from a ledger: forms, windows with both ends, pages by number."""

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from tests.simulation.ledgers import CHINA, Ledger, row_of, text_of
from tests.simulation.marketplaces import HTML, Call, Marketplace, Response

_LISTS = {
    "taobao.trades.sold.increment.get": ("orders", "trades", "trade", "modified"),
    "taobao.refunds.receive.get": ("refunds", "refunds", "refund", "modified"),
    "taobao.traderates.get": ("ratings", "trade_rates", "trade_rate", "date"),
}


class Top:
    """How TOP refuses, garbles and answers."""

    def __init__(self, market: Marketplace, call: Call, *, is_encoded: bool) -> None:
        self._market = market
        form = call.body.decode()
        self._params = (
            dict(parse_qsl(form))
            if is_encoded
            else dict(part.split("=", 1) for part in form.split("&"))
        )
        self.shop = self._params["session"]

    def __str__(self) -> str:
        return f"{self._params['method'][7:]} {self._params.get('page_no', '')}"

    def refuse_session(self) -> Response:
        return _refuse(27, "invalid-sessionkey")

    def refuse_for(self, seconds: float) -> Response:
        """A ban; it is told in whole seconds."""
        detail = f"This ban will last for {int(seconds)} more seconds"
        refusal = _refuse(7, "accesscontrol.limited-by-api-access-count", detail)
        refusal.until = self._market.until(int(seconds))
        return refusal

    def refuse_heavy(self) -> Response | None:
        """What asks for much at once takes too long."""
        start, end = (self._params.get(name) for name in ("start_modified", "end_modified"))
        if start and end and _moment(end) - _moment(start) > timedelta(minutes=20):
            return _refuse(15, "isp.top-remote-connection-timeout")
        return None

    def garbage(self, whole: bytes) -> tuple[bytes, ...]:
        return (
            HTML.encode(),
            b"{}",
            b"",
            b"[]",
            whole[: len(whole) // 2],
            b'{"error_response": {"code": 15, "sub_code": "isp.unknown-error"}}',
            HTML.encode("gb18030"),
            b'{"trades_sold_increment_get_response": null}',
            b'{"trades_sold_increment_get_response": {"total_results": NaN}}',
        )

    def answer(self) -> Response:
        """A method's own envelope."""
        method, params = self._params["method"], self._params
        root = method.removeprefix("taobao.").replace(".", "_") + "_response"
        ledger = self._market.ledgers[self.shop]
        return Response(200, _written({root: self._content(method, ledger, params)}))

    def _content(self, method: str, ledger: Ledger, params: dict[str, str]) -> dict[str, Any]:
        if method in _LISTS:
            return self._page(ledger, params, *_LISTS[method])
        if method == "taobao.trade.fullinfo.get":
            number = int(params["tid"])
            promotion = {"promotion_id": f"C{number % 3}_1", "discount_fee": "5.00"}
            promotions = {"promotion_detail": [promotion]}
            return {"trade": {"tid": number, "promotion_details": promotions}}
        known = ledger.versions["refunds"][int(params["refund_id"])]
        refund = {"refund_id": params["refund_id"], "end_time": text_of(known[-1].state.ended)}
        return {"refund": {k: v for k, v in refund.items() if v}}

    def _page(
        self, ledger: Ledger, params: dict[str, str], kind: str, outer: str, inner: str, by: str
    ) -> dict[str, Any]:
        """A page of a window, whose ends both belong to it: what changed last comes first."""
        market = self._market
        first, last = (_moment(params[f"{end}_{by}"]) for end in ("start", "end"))
        seen = ledger.seen(kind, market.seconds() - market.lag())
        found = [version for version in seen if first <= version.stamp <= last]
        size, page = int(params["page_size"]), int(params["page_no"])
        here = found[(page - 1) * size : page * size]
        rows = [row_of(kind, version) for version in here]
        if "use_has_next" in params:
            if market.happens(market.weather.hollow):
                rows = []
            content: dict[str, Any] = {"has_next": page * size < len(found)}
        else:
            content = {"total_results": len(found)}
        if rows:
            rows = market.disturbed(ledger, kind, here, rows, row_of)
            content[outer] = {inner: rows}
        return content


def _refuse(code: int, sub_code: str, detail: str = "") -> Response:
    refusal = {"code": code, "msg": "refused", "sub_code": sub_code, "sub_msg": detail}
    return Response(200, _written({"error_response": refusal}))


def _written(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)
