"""A marketplace that speaks TOP over ledgers of truth, and treats its callers as weather says."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from random import Random
from typing import Any
from urllib.parse import parse_qsl

import httpx

from tests.simulation.ledgers import CHINA, Ledger, Version, row_of, text_of
from tests.simulation.weathers import Weather

LONGEST_LAG = 240.0
"""Seconds that a copy of the marketplace's books may be behind."""
LONGEST_OBEYED = 3600.0
_LISTS = {
    "taobao.trades.sold.increment.get": ("orders", "trades", "trade", "modified"),
    "taobao.refunds.receive.get": ("refunds", "refunds", "refund", "modified"),
    "taobao.traderates.get": ("", "trade_rates", "trade_rate", "date"),
}
_HTML = "<html><body>系统繁忙</body></html>"


@dataclass(slots=True)
class Marketplace:
    """One for all shops; a session names the shop."""

    weather: Weather
    chance: Random
    ledgers: dict[str, Ledger]
    now: Callable[[], datetime]
    tell: Callable[[str], None]
    unsafe: Callable[[str], None]
    is_encoded: bool
    """Forms come as they are really written, and not in plain text."""
    is_fair: bool = False
    """Nothing goes wrong any more."""
    banned_until: float = 0.0
    calls: int = 0
    revoked: dict[str, int] = field(default_factory=dict)
    """Calls after a session was revoked, since its credentials were last changed."""
    naps: int = 0
    """Workers that fell asleep since then: each may lose a lease by it, and another tries anew."""

    def read_form(self, form: str) -> dict[str, str]:
        """As whoever called has written it."""
        return (
            dict(parse_qsl(form))
            if self.is_encoded
            else dict(part.split("=", 1) for part in form.split("&"))
        )

    def seconds(self) -> float:
        return asyncio.get_running_loop().time()

    def happens(self, share: float) -> bool:
        return not self.is_fair and share > 0 and self.chance.random() < share

    def is_within(self, span: tuple[float, float] | None) -> bool:
        return span is not None and span[0] <= self.seconds() < span[1]


@dataclass(slots=True)
class Response:
    """What a call brings, as far as ingest's client looks at it."""

    status_code: int
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)
    until: float = 0.0
    """Up to when no call may be made by whoever hears this."""

    async def aiter_raw(self) -> AsyncIterator[bytes]:
        yield self.content


class Door(httpx.AsyncBaseTransport):
    """The way of one client to the marketplace; it remembers what the client was told to leave."""

    def __init__(
        self, market: Marketplace, gate: Callable[[], Any], sleep: Callable[[], None]
    ) -> None:
        self._market = market
        self._gate = gate
        self._sleep = sleep
        self._forbidden_until = 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.call(request.content)
        # As it would come from a connection: to be read once, while it arrives.
        stream = httpx.ByteStream(answer.content)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=stream)

    async def call(self, body: bytes) -> Response:
        market = self._market
        # What is known when a call is made; whoever then sleeps makes it later, and may be told
        # meanwhile to make none.
        if market.seconds() < self._forbidden_until - 0.001:
            market.unsafe(f"S01: a call {self._forbidden_until - market.seconds():.0f} s too early")
        await self._gate()
        params = market.read_form(body.decode())
        market.calls += 1
        await asyncio.sleep(market.chance.uniform(0.02, 1.5))
        answer = await self._answer(params)
        if market.happens(market.weather.asleep):
            self._sleep()
        await self._gate()
        # What was said is known once it was heard.
        self._forbidden_until = max(self._forbidden_until, answer.until)
        market.tell(f"{params['method'][7:]} {params.get('page_no', '')}: {answer.status_code}")
        return answer

    async def _answer(self, params: dict[str, str]) -> Response:
        market, weather = self._market, self._market.weather
        if (broken := await self._broken()) is not None:
            return broken
        if market.is_within(weather.revoked):
            shop = params["session"]
            market.revoked[shop] = market.revoked.get(shop, 0) + 1
            return _refuse(27, "invalid-sessionkey")
        left = market.banned_until - market.seconds()
        if market.happens(weather.throttled):
            left = market.chance.choice((1.0, 5.0, 61.0, 400.0))
            market.banned_until = market.seconds() + left
        if left > 0:
            seconds = int(left)
            detail = f"This ban will last for {seconds} more seconds"
            refusal = _refuse(7, "accesscontrol.limited-by-api-access-count", detail)
            return replace(refusal, until=self._until(seconds))
        if market.happens(weather.heavy):
            start, end = (params.get(name) for name in ("start_modified", "end_modified"))
            if start and end and _moment(end) - _moment(start) > timedelta(minutes=20):
                return _refuse(15, "isp.top-remote-connection-timeout")
        return self._garbled(json.dumps(self._content(params), ensure_ascii=False))

    async def _broken(self) -> Response | None:
        """What the network, or whoever stands in between, makes of a call."""
        market, weather = self._market, self._market.weather
        is_out = not market.is_fair and market.is_within(weather.outage)
        if market.happens(weather.stalled):
            await asyncio.sleep(60)
        if market.happens(weather.cut) or (is_out and market.chance.random() < 0.3):
            raise market.chance.choice((httpx.ConnectError, httpx.ReadError))("cut")
        if market.happens(weather.failing) or is_out:
            return Response(market.chance.choice((500, 502, 503, 504)), _HTML.encode())
        if market.happens(weather.too_many):
            return self._too_many()
        return None

    def _too_many(self) -> Response:
        market = self._market
        seconds = market.chance.choice((1, 7, 90, 10**9, 10**30))
        at = market.now() + timedelta(seconds=min(seconds, 10**6))
        form = market.chance.choice(("seconds", "date", "none", "nonsense"))
        headers = {
            "seconds": {"Retry-After": str(seconds)},
            "date": {"Retry-After": format_datetime(at.replace(microsecond=0), usegmt=True)},
            "none": {},
            "nonsense": {"Retry-After": "soon"},
        }[form]
        # A date is in whole seconds, and so may be a second early.
        is_said = form in {"seconds", "date"}
        until = self._until(seconds - (form == "date")) if is_said else 0.0
        return Response(429, _HTML.encode(), headers, until)

    def _until(self, seconds: float) -> float:
        return self._market.seconds() + min(seconds, LONGEST_OBEYED)

    def _garbled(self, text: str) -> Response:
        body = text.encode()
        if self._market.happens(self._market.weather.garbled):
            body = self._market.chance.choice(
                (
                    _HTML.encode(),
                    b"{}",
                    b"",
                    b"[]",
                    body[: len(body) // 2],
                    b'{"error_response": {"code": 15, "sub_code": "isp.unknown-error"}}',
                    _HTML.encode("gb18030"),
                    b'{"trades_sold_increment_get_response": null}',
                    b'{"trades_sold_increment_get_response": {"total_results": NaN}}',
                )
            )
        return Response(200, body)

    def _content(self, params: dict[str, str]) -> dict[str, Any]:
        """A method's own envelope."""
        method = params["method"]
        root = method.removeprefix("taobao.").replace(".", "_") + "_response"
        ledger = self._market.ledgers[params["session"]]
        if method in _LISTS:
            return {root: self._page(ledger, params, *_LISTS[method])}
        if method == "taobao.trade.fullinfo.get":
            number = int(params["tid"])
            promotion = {"promotion_id": f"C{number % 3}_1", "discount_fee": "5.00"}
            promotions = {"promotion_detail": [promotion]}
            return {root: {"trade": {"tid": number, "promotion_details": promotions}}}
        known = ledger.versions["refunds"][int(params["refund_id"])]
        refund = {"refund_id": params["refund_id"], "end_time": text_of(known[-1].state.ended)}
        return {root: {"refund": {k: v for k, v in refund.items() if v}}}

    def _page(
        self, ledger: Ledger, params: dict[str, str], kind: str, outer: str, inner: str, by: str
    ) -> dict[str, Any]:
        """A page of a window, whose ends both belong to it: what changed last comes first."""
        market, weather = self._market, self._market.weather
        lag = market.chance.uniform(1, LONGEST_LAG) if market.happens(weather.lagging) else 0.0
        first, last = (_moment(params[f"{end}_{by}"]) for end in ("start", "end"))
        seen = ledger.seen(kind, market.seconds() - lag) if kind else []
        found = [version for version in seen if first <= version.stamp <= last]
        size, page = int(params["page_size"]), int(params["page_no"])
        here = found[(page - 1) * size : page * size]
        rows = [row_of(kind, version) for version in here]
        if "use_has_next" in params:
            if market.happens(weather.hollow):
                rows = []
            content: dict[str, Any] = {"has_next": page * size < len(found)}
        else:
            content = {"total_results": len(found)}
        if rows:
            content[outer] = {inner: self._disturbed(ledger, kind, here, rows)}
        return content

    def _disturbed(
        self, ledger: Ledger, kind: str, here: list[Version], rows: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        market, weather = self._market, self._market.weather
        if market.happens(weather.doubled):
            version = market.chance.choice(here)
            known = ledger.versions[kind][version.state.number]
            rows = [*rows, rows[0], row_of(kind, market.chance.choice(known[: 1 + known.index(version)]))]  # fmt: skip  # noqa: E501
        if market.happens(weather.shuffled):
            market.chance.shuffle(rows)
        if market.happens(weather.moving):
            number = market.chance.choice(here).state.number
            known = ledger.versions[kind][number]
            if known[-1].seen_from <= market.seconds():
                ledger.touch(kind, number, market.seconds())
        return rows


class Line:
    """A door in the place of httpx's client."""

    def __init__(self, door: Door) -> None:
        self._door = door

    @asynccontextmanager
    async def stream(
        self, _method: str, _url: str, *, content: bytes | None, **_: Any
    ) -> AsyncIterator[Response]:
        yield await self._door.call(content or b"")

    async def aclose(self) -> None:
        """Nothing is open."""


def open_market(market: Marketplace) -> None:
    """The end phase: nothing goes wrong any more."""
    market.is_fair = True
    market.weather = replace(market.weather, outage=None, revoked=None)


def _refuse(code: int, sub_code: str, detail: str = "") -> Response:
    refusal = {"code": code, "msg": "refused", "sub_code": sub_code, "sub_msg": detail}
    return Response(200, json.dumps({"error_response": refusal}).encode())


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
