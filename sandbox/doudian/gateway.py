"""Doudian's paths: who calls, whether the signature holds, tokens, pages from 0, what breaks."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import cast
from urllib.parse import parse_qsl

from sandbox.accounts import APP_KEY, APP_SECRET
from sandbox.books import Books
from sandbox.doudian.rows import Row, order_row, refund_detail, refund_item, reputation_row
from sandbox.doudian.tokens import Pair, Tokens
from sandbox.faults import Call, Fault, Trouble
from sandbox.gateways import Answer, Asked, Ban, broken_answer, disturb, stall_seconds
from sandbox.shops import SHOP_OF, Shop

_CLOCK_SKEW = timedelta(minutes=10)
_REACH = timedelta(days=90)
LARGEST_PAGE, LARGEST_REACH = 100, 50_000

Params = Mapping[str, object]
Entry = tuple[datetime, str, Callable[[], Row]]
"""When something happened, its number, and how its row is made once it is on the page."""


class Refusal(Exception):
    """An error envelope, which comes with HTTP status 200."""

    def __init__(self, code: int, words: str, sub_code: str = "") -> None:
        super().__init__(words)
        self.code, self._sub_code = str(code), sub_code

    def document(self) -> Row:
        return {
            "code": int(self.code),
            "msg": str(self),
            "sub_code": self._sub_code,
            "sub_msg": str(self),
            "log_id": "sandbox",
            "data": None,
        }


class Gateway:
    """All paths; its clock, its tokens and its trouble are a test's to turn."""

    def __init__(self, *, first: date, now: Callable[[], datetime]) -> None:
        self.now = now
        self.trouble = Trouble()
        self.books = Books(first)
        self.tokens = Tokens(self._clock)
        self._ban = Ban()

    def _clock(self) -> datetime:
        """Whatever a test has set it to by now."""
        return self.now()

    def answer(self, asked: Asked) -> Answer:
        """Answer one call; every answer has status 200."""
        query = dict(parse_qsl(asked.query.decode(), keep_blank_values=True))
        method = query.get("method", "")
        fault = self.trouble.next(method)
        shop, outcome = "", "ok"
        try:
            self._refuse_in_trouble(fault)
            params = self._checked(asked, query)
            if method == "token.refresh":
                data = self._renew(params)
            elif method == "token.create":
                data = self._create(params)
            else:
                expired = fault is not None and fault.kind == "expired"
                shop = self._shop_of(query, expired=expired)
                data = self._call(method, params, SHOP_OF[shop], fault)
            document: Row = {"code": 10000, "msg": "success", "log_id": "sandbox", "data": data}
        except Refusal as refusal:
            document, outcome = refusal.document(), refusal.code
        self.trouble.calls.append(Call(self.now(), method, shop, fault.kind if fault else outcome))
        body = json.dumps(document, ensure_ascii=False).encode()
        return broken_answer(fault) or Answer(body, wait_seconds=stall_seconds(fault))

    def _refuse_in_trouble(self, fault: Fault | None) -> None:
        if self._ban.seconds_left(fault, self.now()):
            raise Refusal(60000, "触发限流，请稍后重试", "isv.rate-limit")
        if fault and fault.kind in {"busy", "heavy"}:
            raise Refusal(20000, "系统错误", "isp.unknown-error")

    def _checked(self, asked: Asked, query: Mapping[str, str]) -> Params:
        """The parameters of a call that is what it says: path, time, form and signature."""
        method = query.get("method", "")
        if not asked.path.endswith("/" + method.replace(".", "/")):
            raise Refusal(40004, "method 与路径不一致", "isv.parameter-invalid")
        if query.get("app_key") != APP_KEY or query.get("v") != "2":
            raise Refusal(40002, "app_key 错误", "isv.app-key-not-existed")
        text = query.get("timestamp", "")
        stamp = int(text) if text.isascii() and text.isdigit() else 0
        if abs(self.now() - datetime.fromtimestamp(stamp, UTC)) > _CLOCK_SKEW:
            raise Refusal(40002, "timestamp 错误", "isv.timestamp-invalid")
        body = asked.body.decode()
        signed = {**query, "param_json": body}
        if not hmac.compare_digest(query.get("sign", ""), sign_of(signed, APP_SECRET)):
            raise Refusal(40001, "sign 错误", "isv.signature-invalid")
        try:
            params = json.loads(body)
        except ValueError as error:
            raise Refusal(40004, "param_json 错误", "isv.parameter-invalid") from error
        ordered = json.dumps(params, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        if ordered != body:
            raise Refusal(40001, "param_json 未按序", "isv.signature-invalid")
        return cast("Params", params)

    def _shop_of(self, query: Mapping[str, str], *, expired: bool) -> str:
        shop, is_good = self.tokens.shop_of(query.get("access_token", ""))
        if not shop:
            raise Refusal(40003, "access_token 不存在", "isv.access-token-no-existed")
        if expired or not is_good:
            raise Refusal(40003, "access_token 已过期", "isv.access-token-expired")
        return shop

    def _renew(self, params: Params) -> Row:
        if params.get("grant_type") != "refresh_token":
            raise Refusal(40004, "grant_type 错误", "isv.parameter-invalid")
        pair = self.tokens.renew(str(params.get("refresh_token")))
        if pair is None:
            raise Refusal(40003, "refresh_token 已过期", "isv.refresh-token-expired")
        return self._told(pair)

    def _create(self, params: Params) -> Row:
        """For one kind of grant or the other; what belongs to neither is left empty, not out."""
        grant = params.get("grant_type")
        if grant not in {"authorization_self", "authorization_code"} or "code" not in params:
            raise Refusal(40004, "grant_type 错误", "isv.parameter-invalid")
        pair = self.tokens.create(grant, params["code"], params.get("shop_id"))
        if pair is None:
            raise Refusal(50002, "授权关系不存在", "isv.business-failed:1")
        return self._told(pair)

    def _told(self, pair: Pair) -> Row:
        left = int((pair.access_ends() - self.now()).total_seconds())
        return {
            "access_token": pair.access,
            "refresh_token": pair.refresh,
            "expires_in": left,
        }

    def _call(self, method: str, params: Params, shop: Shop, fault: Fault | None) -> Row:
        at = self.now()
        if method == "afterSale.Detail":
            for _, _, claim in self.books.claims(shop, at):
                if claim.id == params.get("after_sale_id"):
                    return refund_detail(claim, at)
            raise Refusal(50002, "售后单不存在", "isv.business-failed:1")
        if method == "shop.reputation":
            return reputation_row(at)
        if method == "order.searchList":
            entries, name = _orders(params, shop, self.books, at), "shop_order_list"
        elif method == "afterSale.List":
            entries, name = _refunds(params, shop, self.books, at), "items"
        else:
            raise Refusal(40004, "method 错误", "isv.method-not-existed")
        page, size = _number(params, "page"), _number(params, "size")
        if not 1 <= size <= LARGEST_PAGE or page * size > LARGEST_REACH:
            raise Refusal(40004, "size 错误", "isv.parameter-invalid")
        ordered = sorted(entries, key=lambda entry: entry[:2])
        rows = [make() for _, _, make in ordered[page * size : (page + 1) * size]]
        if fault:
            disturb(fault, rows, self.books, _sale_number, at)
        return {"page": page, "size": size, "total": len(ordered), name: rows}


def sign_of(query: Mapping[str, str], secret: str) -> str:
    """Over five of the parameters, in the order of their names."""
    covered = ("app_key", "method", "param_json", "timestamp", "v")
    text = secret + "".join(name + query.get(name, "") for name in covered) + secret
    if query.get("sign_method") == "hmac-sha256":
        return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - Doudian's older choice


def _orders(params: Params, shop: Shop, books: Books, at: datetime) -> list[Entry]:
    """Of orders that were placed in the last ninety days, whatever has changed."""
    first, last = _span(params, "update_time_start", "update_time_end")
    if params.get("order_by") != "update_time" or params.get("order_asc") is not True:
        raise Refusal(40004, "order_by 错误", "isv.parameter-invalid")
    return [
        (modified, str(sale.id), partial(order_row, sale, at, modified))
        for modified, sale in books.sales(shop, at)
        if first <= modified.replace(microsecond=0) <= last and sale.created_at > at - _REACH
    ]


def _refunds(params: Params, shop: Shop, books: Books, at: datetime) -> list[Entry]:
    first, last = _span(params, "update_start_time", "update_end_time")
    if params.get("order_by") != ["update_time asc"]:
        raise Refusal(40004, "order_by 错误", "isv.parameter-invalid")
    return [
        (modified, claim.id, partial(refund_item, sale, claim, at))
        for modified, sale, claim in books.claims(shop, at)
        if first <= modified <= last
    ]


def _span(params: Params, start: str, end: str) -> tuple[datetime, datetime]:
    """Both ends, each of which belongs to the range."""
    first, last = (datetime.fromtimestamp(_number(params, name), UTC) for name in (start, end))
    if last < first:
        raise Refusal(40004, f"{end} 早于 {start}", "isv.parameter-invalid")
    return first, last


def _number(params: Params, name: str) -> int:
    value = params.get(name)
    if type(value) is not int or value < 0:
        raise Refusal(40004, f"{name} 错误", "isv.parameter-invalid")
    return value


def _sale_number(row: Row) -> int:
    info = row.get("aftersale_info")
    if isinstance(info, dict):
        return int(str(info["aftersale_id"])) // 10
    return int(str(row["order_id"]))
