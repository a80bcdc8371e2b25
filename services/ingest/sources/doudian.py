"""How Doudian, the shops of Douyin, is asked: a path for each method, signed JSON, pages from 0.

What its rows mean is known in `core/readers/doudian.py`. Its tokens live for days: a pair is
renewed when the old one is refused, and the new one is kept. The first pair may come from a shop's
consent, from the code that stands for it (`code:...` instead of what renews a pair), or, for an
application of the seller's own, from the number of the shop (`shop:4463798`): such a one is let in
again by itself, however long it was away.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from services.ingest.sources.client import Answer, Client, Question, refuse_unwell
from services.ingest.sources.errors import (
    NotAuthorised,
    NotPermitted,
    Refused,
    SourceError,
    TryLater,
    Unreadable,
)
from services.ingest.sources.opening import Opening
from services.ingest.sources.passes import (
    Page,
    Pass,
    counted_page,
    read_pages,
    read_window,
)
from services.ingest.sources.reading import Credential, Reading, Row, read_document
from services.ingest.sources.tokens import Tokens
from services.schema.shapes.feeds import Stream, Window
from services.schema.words import FactKind, Marketplace

T = TypeVar("T")

HOSTS = ("openapi-fxg.jinritemai.com",)
GATEWAY = "https://openapi-fxg.jinritemai.com"
ZONE = ZoneInfo("Asia/Shanghai")
PAGE_ROWS = 100

_DAY, _MINUTE, _LAG = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=3)
_SECOND = timedelta(seconds=1)

STREAMS: Mapping[FactKind, Stream] = {
    # Orders are forgotten ninety days after they were placed, whatever changes later.
    FactKind.ORDERS: Stream(7 * _DAY, 10 * _MINUTE, _LAG, 90 * _DAY, _MINUTE),
    FactKind.REFUNDS: Stream(7 * _DAY, 10 * _MINUTE, _LAG, 90 * _DAY, _MINUTE),
}

REPUTATION = "reputation"
"""The day's score of a shop's service, where a seller wants it: not every application is told."""
# Only today's is told; it is asked for now and then.
_REPUTATION = Stream(_DAY, timedelta(0), _LAG, _DAY, timedelta(hours=1))

_BUSY = {"20000", "20001", "90000"}
_TOO_OFTEN = "60000"
_PERMISSION = {"30001", "30002"}
_EXPIRED = {"isv.access-token-expired", "isv.access-token-no-existed"}


_GRANTS = {"shop": ("authorization_self", "shop_id"), "code": ("authorization_code", "code")}
"""How a first pair is asked for: the kind of grant, and what is shown for it."""


class _TokenExpired(NotAuthorised):
    """The access token has run out; the other one of its pair gives the next."""


class DoudianSource:
    """One shop of Douyin."""

    def __init__(
        self, client: Client, credential: Credential, *, now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._credential = credential
        self._now = now
        self.streams: Mapping[FactKind, Stream] = STREAMS
        if REPUTATION in credential.also:
            self.streams = {**STREAMS, FactKind.RATINGS: _REPUTATION}

    async def read(self, kind: FactKind, window: Window) -> Reading:
        """Every row that changed in a window; of reputation today's."""
        if kind is FactKind.RATINGS:
            return await self._read_reputation(window)
        if kind is FactKind.ORDERS:
            rows = await read_window(
                lambda part, *, whole: self._pass(
                    "order.searchList", _order_params(part), _orders, "order_id", whole=whole
                ),
                window,
                number="order_id",
                changed="update_time",
                by="update_time",
                what="order.searchList",
            )
        else:
            rows = await read_window(
                lambda part, *, whole: self._pass(
                    "afterSale.List", _refund_params(part), _refunds, "aftersale_id", whole=whole
                ),
                window,
                number="aftersale_id",
                changed="update_time",
                by="update_time",
                what="afterSale.List",
            )
        return Reading(f"{kind} {window.start.isoformat()} to {window.end.isoformat()}", rows)

    async def detail(self, kind: FactKind, row: Row) -> Row:
        """What really went back, and when: the list knows only what was asked for."""
        if kind is not FactKind.REFUNDS:
            return row
        params = {"after_sale_id": str(row["aftersale_id"])}
        return await self._call(
            "afterSale.Detail", params, lambda data: {**row, **_really_refunded(data)}
        )

    async def _read_reputation(self, window: Window) -> Reading:
        """Today's, if the window holds a part of today; of days that are over nobody tells."""
        today = self._now().astimezone(ZONE).date()
        if (window.end - _SECOND).astimezone(ZONE).date() != today:
            return Reading("reputation of days gone by", (), days=())
        scores = await self._call("shop.reputation", {}, dict)
        row = {**scores, "day": today.isoformat()}
        return Reading(f"reputation of {today}", (row,), days=(today,))

    async def _pass(
        self,
        method: str,
        params: Mapping[str, object],
        read: Callable[[Mapping[str, Any]], tuple[list[Row], int]],
        number: str,
        *,
        whole: bool,
    ) -> Pass:
        async def page(place: int) -> Page:
            return await self._call(
                method,
                # Its pages are counted from nought.
                {**params, "page": place - 1, "size": PAGE_ROWS},
                lambda data: counted_page(*read(data), place=place, size=PAGE_ROWS),
            )

        return await read_pages(page, size=PAGE_ROWS, what=method, number=number, whole=whole)

    async def _call(
        self, method: str, params: Mapping[str, object], read: Callable[[Mapping[str, Any]], T]
    ) -> T:
        """The reading of a method's data; once with a new pair of tokens, if the old one is out."""
        pairs = self._credential.pairs
        access = await self._access()
        try:
            return await self._ask(method, params, read, access)
        except _TokenExpired:
            if pairs is None:
                raise
            made = await pairs.renew(access, self._renew)
            return await self._ask(method, params, read, made.access)

    async def _access(self) -> str:
        """What opens the shop now; a consent without a session is shown for the first pair."""
        pairs = self._credential.pairs
        if pairs is None:
            if not self._credential.session:
                raise NotPermitted("a first pair of tokens is made only where pairs can be kept")
            return self._credential.session
        pair = await pairs.read()
        return pair.access or (await pairs.renew(pair.access, self._renew)).access

    async def _renew(self, refresh: str) -> Tokens:
        """The next pair; the first one, too, where what it is asked for with can be shown again."""
        consent = self._credential.refresh or ""
        if refresh == consent and (grant := _grant_of(consent)):
            return await self._ask("token.create", grant, _tokens, None)
        params = {"grant_type": "refresh_token", "refresh_token": refresh}
        try:
            return await self._ask("token.refresh", params, _tokens, None)
        except NotAuthorised:
            grant = _grant_of(consent)
            # A code is taken once; the number of a shop stays what it is.
            if grant is None or not grant["shop_id"]:
                raise
            return await self._ask("token.create", grant, _tokens, None)

    async def _ask(
        self,
        method: str,
        params: Mapping[str, object],
        read: Callable[[Mapping[str, Any]], T],
        access: str | None,
    ) -> T:
        def make() -> Question:
            return self._question(method, params, access)

        def read_answer(answer: Answer) -> T:
            refuse_unwell(answer)
            return read(_unwrap(method, answer.body))

        return await self._client.ask(make, read_answer)

    def _question(self, method: str, params: Mapping[str, object], access: str | None) -> Question:
        credential, body = self._credential, canonical(params)
        signed = {
            "app_key": credential.app_key,
            "method": method,
            "param_json": body,
            "timestamp": str(int(self._now().timestamp())),
            "v": "2",
        }
        query = {name: value for name, value in signed.items() if name != "param_json"}
        query |= {"sign": sign(signed, credential.secret), "sign_method": "hmac-sha256"}
        if access is not None:
            query["access_token"] = access
        gateway = (credential.gateway or GATEWAY).rstrip("/")
        url = f"{gateway}/{method.replace('.', '/')}?{urlencode(query)}"
        return Question("POST", url, {"Content-Type": "application/json"}, body.encode())


def canonical(params: Mapping[str, object]) -> str:
    """The one way in which JSON is signed, and sent: sorted, close, unescaped, whole as whole."""
    whole = _whole(params)
    return json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _whole(value: object) -> object:
    """A value in which `1.0` is written `1`, however deep it stands."""
    if isinstance(value, Mapping):
        return {name: _whole(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def sign(params: Mapping[str, str], secret: str, way: str = "hmac-sha256") -> str:
    """The signature over the five parameters that it covers, in small letters."""
    text = secret + "".join(name + params[name] for name in sorted(params)) + secret
    if way == "md5":
        return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - the protocol's choice
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def is_genuine(body: bytes, signature: str, *, app_key: str, secret: str) -> bool:
    """Whether a pushed message is the marketplace's own."""
    made = hashlib.md5(app_key.encode() + body + secret.encode()).hexdigest()  # noqa: S324 - theirs
    return hmac.compare_digest(made.encode(), signature.encode())


def _grant_of(consent: str) -> dict[str, str] | None:
    """What a first pair is asked for with; null for a consent that is a pair already."""
    kind, colon, shown = consent.partition(":")
    if not colon or kind not in _GRANTS:
        return None
    grant_type, name = _GRANTS[kind]
    return {"grant_type": grant_type, "code": "", "shop_id": "", name: shown}


def _order_params(window: Window) -> dict[str, object]:
    return {
        "update_time_start": int(window.start.timestamp()),
        # Its ends belong to its range.
        "update_time_end": int((window.end - _SECOND).timestamp()),
        # Without these the times mean nothing.
        "order_by": "update_time",
        "order_asc": True,
    }


def _refund_params(window: Window) -> dict[str, object]:
    return {
        "update_start_time": int(window.start.timestamp()),
        "update_end_time": int((window.end - _SECOND).timestamp()),
        "order_by": ["update_time asc"],
    }


def _unwrap(method: str, body: bytes) -> Mapping[str, Any]:
    """The data of an answer; whatever does not say 10000 is an error."""
    document = read_document(body)
    if isinstance(document, dict) and "code" in document:
        if str(document["code"]) != "10000":
            raise _classify(method, document)
        data = document.get("data")
        if isinstance(data, dict):
            return data
    raise Unreadable(f"{method} answers without its envelope")


def _classify(method: str, refusal: Mapping[str, Any]) -> SourceError:
    """What an error envelope means for us (`marketplaces.md`, section 4)."""
    code, sub_code = str(refusal["code"])[:10], str(refusal.get("sub_code") or "")[:80]
    problem = f"{method} is refused: code {code} {sub_code}".rstrip()
    if code in _BUSY:
        return TryLater(problem)
    if code == _TOO_OFTEN:
        return TryLater(problem, seconds=1)
    if method.startswith("token."):
        # Whoever was away for a fortnight has to sign in again.
        return NotAuthorised(problem)
    if sub_code in _EXPIRED:
        return _TokenExpired(problem)
    if code in _PERMISSION:
        return NotPermitted(problem)
    return Refused(problem)


def _orders(data: Mapping[str, Any]) -> tuple[list[Row], int]:
    return _objects(data.get("shop_order_list")), _total(data)


def _refunds(data: Mapping[str, Any]) -> tuple[list[Row], int]:
    """The refund's own part of each item, with the number of its order."""
    rows: list[Row] = []
    for item in _objects(data.get("items")):
        refund, order = item.get("aftersale_info"), item.get("order_info")
        if not isinstance(refund, dict):
            raise Unreadable("a refund has nothing in it")
        number = order.get("shop_order_id") if isinstance(order, dict) else None
        rows.append({**refund, "shop_order_id": number})
    return rows, _total(data)


def _really_refunded(data: Mapping[str, Any]) -> Row:
    process = data.get("process_info")
    info = process.get("after_sale_info") if isinstance(process, dict) else None
    if not isinstance(info, dict) or "real_refund_amount" not in info:
        raise Unreadable("afterSale.Detail does not say what went back")
    return {name: info.get(name) for name in ("real_refund_amount", "refund_time")}


def _tokens(data: Mapping[str, Any]) -> Tokens:
    access, refresh = data.get("access_token"), data.get("refresh_token")
    if not isinstance(access, str) or not isinstance(refresh, str) or not access or not refresh:
        raise Unreadable("a pair of tokens was asked for, and none is given")
    return Tokens(access, refresh)


def _total(data: Mapping[str, Any]) -> int:
    total = data.get("total")
    if type(total) is not int or total < 0:
        raise Unreadable("the answer has no count")
    return total


def _objects(value: object) -> list[Row]:
    rows = [] if value is None else value
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unreadable("the answer's rows cannot be told")
    return rows


OPENING = Opening((Marketplace.DOUYIN,), DoudianSource, lambda _: HOSTS, makes_session=True)
