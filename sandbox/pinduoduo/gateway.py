"""Pinduoduo's one URL: who calls, whether the signature holds, windows, pages, what breaks."""

import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from urllib.parse import parse_qsl

from sandbox.accounts import Account
from sandbox.books import Books
from sandbox.faults import Call, Fault, Trouble
from sandbox.gateways import Answer, Asked, Ban, broken_answer, disturb, md5_of, stall_seconds
from sandbox.pinduoduo.rows import Row, confirmed_at, is_seen, order_row, refund_row
from sandbox.shops import SHOP_OF, Shop

PATH = "/api/router"
_CLOCK_SKEW = timedelta(minutes=10)
_NOT_YET = timedelta(minutes=3)
_HALF_AN_HOUR, _DAY, _REACH = timedelta(minutes=30), timedelta(days=1), timedelta(days=92)
LARGEST_PAGE = 100

Params = Mapping[str, str]
Entry = tuple[datetime, str, Callable[[], Row]]
"""When something happened, its number, and how its row is made once it is on the page."""


class Refusal(Exception):
    """An error envelope, which comes with HTTP status 200."""

    def __init__(self, code: int, words: str, sub_code: str | None = None) -> None:
        super().__init__(words)
        self.code, self._sub_code = str(code), sub_code

    def document(self) -> Row:
        refusal = {
            "error_code": int(self.code),
            "error_msg": str(self),
            "sub_code": self._sub_code,
            "sub_msg": str(self),
            "request_id": "sandbox",
        }
        return {"error_response": refusal}


class Gateway:
    """The one URL; its clock, its account and its trouble are a test's to turn."""

    def __init__(self, *, first: date, now: Callable[[], datetime]) -> None:
        self.now = now
        self.account = Account.of("pinduoduo")
        self.trouble = Trouble()
        self.books = Books(first)
        self._ban = Ban()

    def answer(self, asked: Asked) -> Answer:
        """Answer one call; every answer has status 200."""
        params = dict(parse_qsl(asked.body.decode(), keep_blank_values=True))
        method = params.get("type", "")
        fault = self.trouble.next(method)
        shop, outcome = "", "ok"
        try:
            self._refuse_in_trouble(fault)
            shop = self._shop_of(params, expired=fault is not None and fault.kind == "expired")
            document = self._call(method, params, SHOP_OF[shop], fault)
        except Refusal as refusal:
            document, outcome = refusal.document(), refusal.code
        self.trouble.calls.append(Call(self.now(), method, shop, fault.kind if fault else outcome))
        body = json.dumps(document, ensure_ascii=False).encode()
        return broken_answer(fault) or Answer(body, wait_seconds=stall_seconds(fault))

    def _refuse_in_trouble(self, fault: Fault | None) -> None:
        if self._ban.seconds_left(fault, self.now()):
            raise Refusal(70031, "调用过于频繁，请调整调用频率")
        if fault and fault.kind in {"busy", "heavy"}:
            raise Refusal(50000, "系统内部错误")

    def _shop_of(self, params: Params, *, expired: bool) -> str:
        if params.get("client_id") != self.account.app_key:
            raise Refusal(10001, "client_id 错误")
        text = params.get("timestamp", "")
        stamp = int(text) if text.isascii() and text.isdigit() else 0
        if abs(self.now() - datetime.fromtimestamp(stamp, UTC)) > _CLOCK_SKEW:
            raise Refusal(20005, "timestamp 错误")
        if not hmac.compare_digest(params.get("sign", ""), md5_of(params, self.account.secret)):
            raise Refusal(20004, "sign 错误")
        shop = self.account.sessions.get(params.get("access_token", ""))
        if shop is None or expired:
            raise Refusal(10019, "access_token 已过期")
        return shop

    def _call(self, method: str, params: Params, shop: Shop, fault: Fault | None) -> Row:
        at = self.now()
        make, name, root = _METHODS.get(method, (None, "", ""))
        if make is None:
            raise Refusal(10000, "type 错误")
        entries = make(params, shop, self.books, at)
        page = _page_of(params, entries, name)
        if fault:
            self._disturb(fault, page[name])
        return {root: {**page, "request_id": f"sandbox{len(self.trouble.calls)}"}}

    def _disturb(self, fault: Fault, rows: object) -> None:
        assert isinstance(rows, list)

        def number(row: Row) -> int:
            """The sale's own: its day's ordinal and its place in it."""
            day, place = str(row["order_sn"]).split("-")
            ordinal = datetime.strptime(day, "%y%m%d").replace(tzinfo=UTC).toordinal()
            return (3 * 10**8 + ordinal) * 10**10 + int(place) % 10**10

        disturb(fault, rows, self.books, number, self.now())


def _increment(params: Params, shop: Shop, books: Books, at: datetime) -> list[Entry]:
    """By time of change; nothing of the last three minutes."""
    first, last = _span(params, "start_updated_at", "end_updated_at", _HALF_AN_HOUR, at)
    _expect(params, order_status="5", refund_status="5", is_lucky_flag="0")
    return [
        (modified, str(sale.id), partial(order_row, sale, at, modified))
        for modified, sale in books.sales(shop, at)
        if is_seen(sale, at) and first <= modified <= last
    ]


def _by_confirmation(params: Params, shop: Shop, books: Books, at: datetime) -> list[Entry]:
    """By the time at which a group came together."""
    first, last = _span(params, "start_confirm_at", "end_confirm_at", _DAY, at)
    _expect(params, order_status="5", refund_status="5")
    return [
        (confirmed, str(sale.id), partial(order_row, sale, at, modified))
        for modified, sale in books.sales(shop, at)
        if (confirmed := confirmed_at(sale)) and first <= confirmed <= last
    ]


def _refunds(params: Params, shop: Shop, books: Books, at: datetime) -> list[Entry]:
    first, last = _span(params, "start_updated_at", "end_updated_at", _HALF_AN_HOUR, at)
    _expect(params, after_sales_status="1", after_sales_type="1")
    return [
        (modified, claim.id, partial(refund_row, sale, claim, at))
        for modified, sale, claim in books.claims(shop, at)
        if first <= modified <= last
    ]


_METHODS: dict[
    str, tuple[Callable[[Params, Shop, Books, datetime], list[Entry]] | None, str, str]
] = {
    "pdd.order.number.list.increment.get": (
        _increment,
        "order_sn_list",
        "order_sn_increment_get_response",
    ),
    "pdd.order.list.get": (_by_confirmation, "order_list", "order_list_get_response"),
    "pdd.refund.list.increment.get": (_refunds, "refund_list", "refund_increment_get_response"),
}


def _page_of(params: Params, entries: list[Entry], name: str) -> Row:
    """One page, the newest first."""
    page, size = _number(params, "page"), _number(params, "page_size")
    if size > LARGEST_PAGE:
        raise Refusal(10007, "page_size 超过 100")
    start = (page - 1) * size
    ordered = sorted(entries, key=lambda entry: entry[:2], reverse=True)
    content: Row = {name: [make() for _, _, make in ordered[start : start + size]]}
    if params.get("use_has_next") == "true":
        content["has_next"] = len(ordered) > start + size
    else:
        content["total_count"] = len(ordered)
    return content


def _span(
    params: Params, start: str, end: str, longest: timedelta, at: datetime
) -> tuple[datetime, datetime]:
    """Both ends, each of which belongs to the range."""
    first = datetime.fromtimestamp(_number(params, start), UTC)
    last = datetime.fromtimestamp(_number(params, end), UTC)
    if not first <= last <= first + longest:
        raise Refusal(10002, f"{start} 与 {end} 间隔错误")
    if last > at - _NOT_YET:
        raise Refusal(10003, f"{end} 须早于当前时间 3 分钟")
    if first < at - _REACH:
        raise Refusal(10004, f"{start} 超过三个月")
    return first, last


def _expect(params: Params, **values: str) -> None:
    """What the sandbox has been asked for in no other way."""
    for name, value in values.items():
        if params.get(name) != value:
            raise Refusal(10005, f"{name} 错误")


def _number(params: Params, name: str) -> int:
    text = params.get(name, "")
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise Refusal(10006, f"{name} 错误")
    return int(text)
