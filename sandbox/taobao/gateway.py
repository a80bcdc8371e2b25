"""TOP's one URL: who calls, whether the signature holds, what is refused, what a test breaks."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import cast
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from sandbox.accounts import Account
from sandbox.books import Books
from sandbox.faults import Call, Fault, Trouble
from sandbox.gateways import Answer, Asked, broken_answer, stall_seconds
from sandbox.shops import SHOP_OF, ZONE
from sandbox.taobao.methods import METHODS
from sandbox.taobao.params import Params, Refusal, read_time
from sandbox.taobao.rows import Row

_TEXT = "text/javascript;charset=UTF-8"
_CLOCK_SKEW = timedelta(minutes=10)


class Gateway:
    """The one URL; its clock, its account and its trouble are a test's to turn."""

    def __init__(self, *, first: date, now: Callable[[], datetime]) -> None:
        self.now = now
        self.account = Account()
        self.trouble = Trouble()
        self.books = Books(first)
        self.closed: set[str] = set()
        """Methods that this application may not call."""
        self._banned_until = datetime.min.replace(tzinfo=UTC)

    def answer(self, asked: Asked) -> Answer:
        """Answer one call; parameters may be split between the query and the form."""
        text = asked.query.decode() + "&" + asked.body.decode()
        params = dict(parse_qsl(text, keep_blank_values=True))
        method = params.get("method", "")
        fault = self.trouble.next(method)
        shop, outcome = "", "ok"
        try:
            self._refuse_in_trouble(fault)
            shop = self._shop_of(params, expired=fault is not None and fault.kind == "expired")
            document = self._call(params, shop, fault)
        except Refusal as refusal:
            document, outcome = refusal.document(), refusal.code
        self.trouble.calls.append(Call(self.now(), method, shop, fault.kind if fault else outcome))
        broken = broken_answer(fault)
        if broken:
            return broken
        if params.get("format") != "json":
            return Answer(_xml(document).encode(), media_type="text/xml;charset=UTF-8")
        # TOP's own errors have status 200, too.
        body = json.dumps(document, ensure_ascii=False).encode()
        return Answer(body, media_type=_TEXT, wait_seconds=stall_seconds(fault))

    def _refuse_in_trouble(self, fault: Fault | None) -> None:
        kind = fault.kind if fault else None
        if fault and kind == "throttle":
            self._banned_until = self.now() + timedelta(seconds=fault.seconds)
        left = self._banned_until - self.now()
        if left > timedelta(0):
            seconds = -(-left // timedelta(seconds=1))
            raise Refusal(
                7,
                "App Call Limited",
                "accesscontrol.limited-by-app-api-access-count",
                f"This ban will last for {seconds} more seconds",
            )
        if kind == "busy":
            raise Refusal(15, "Remote service error", "isp.remote-service-error", "again, please")
        if kind == "heavy":
            sub_code = "isp.top-remote-connection-timeout"
            raise Refusal(15, "Remote service error", sub_code, "the call took too long")

    def _shop_of(self, params: Params, *, expired: bool) -> str:
        """The shop that is asked about, once the caller has shown who it is."""
        for name, code, words in _NEEDED:
            if not params.get(name):
                raise Refusal(code, words)
        if params["app_key"] != self.account.app_key:
            raise Refusal(29, "Invalid app Key", "isv.appkey-not-exists")
        if params["v"] != "2.0":
            raise Refusal(33, "Invalid version")
        if abs(self.now() - _timestamp(params["timestamp"])) > _CLOCK_SKEW:
            raise Refusal(31, "Invalid timestamp")
        if not hmac.compare_digest(params["sign"], sign_of(params, self.account.secret)):
            raise Refusal(25, "Invalid signature", "isv.invalid-signature")
        shop = self.account.sessions.get(params["session"])
        if shop is None or expired:
            raise Refusal(27, "Invalid session", "invalid-sessionkey", "the session has expired")
        return shop

    def _call(self, params: Params, shop: str, fault: Fault | None) -> Row:
        method = params["method"]
        if method not in METHODS:
            raise Refusal(22, "Invalid method", "isv.invalid-method")
        if method in self.closed:
            words = "Insufficient isv permissions"
            raise Refusal(11, words, "isv.permission-api-package-limit")
        content = METHODS[method](params, SHOP_OF[shop], self.books, self.now())
        if fault:
            self._disturb(fault, content)
        root = method.removeprefix("taobao.").replace(".", "_") + "_response"
        return {root: {**content, "request_id": f"sandbox{len(self.trouble.calls)}"}}

    def _disturb(self, fault: Fault, content: Row) -> None:
        """Spoil a good page, or the books behind it once the page is made."""
        rows = _rows_of(content)
        if fault.kind == "duplicate" and rows:
            rows.append(rows[0])
        elif fault.kind == "shuffle":
            Random(fault.detail).shuffle(rows)
        elif fault.kind == "move" and rows:
            self.books.touched[int(str(rows[0]["tid"]))] = self.now()
        elif fault.kind == "late":
            self.books.held.discard(int(fault.detail))


def sign_of(params: Params, secret: str) -> str:
    """The signature that a call with these parameters must carry."""
    signed = sorted((name, value) for name, value in params.items() if name != "sign" and value)
    text = "".join(name + value for name, value in signed)
    way = params.get("sign_method", "md5")
    if way == "md5":
        return hashlib.md5((secret + text + secret).encode()).hexdigest().upper()  # noqa: S324 - TOP's choice
    if way not in {"hmac", "hmac-sha256"}:
        raise Refusal(25, "Invalid signature", "isv.invalid-sign-method")
    digest = "md5" if way == "hmac" else "sha256"
    return hmac.new(secret.encode(), text.encode(), digest).hexdigest().upper()


_NEEDED = (
    ("method", 21, "Missing method"),
    ("app_key", 28, "Missing app key"),
    ("timestamp", 30, "Missing timestamp"),
    ("v", 32, "Missing version"),
    ("sign", 24, "Missing signature"),
    ("session", 26, "Missing session"),
)


def _timestamp(text: str) -> datetime:
    """A time of the platform's zone; some software sends milliseconds instead."""
    try:
        if text.isascii() and text.isdigit():
            return datetime.fromtimestamp(int(text) / 1000, ZONE)
        return read_time(text)
    except (ValueError, OverflowError, OSError) as error:
        raise Refusal(31, "Invalid timestamp") from error


def _rows_of(content: Row) -> list[Row]:
    """The one list of a page, which the answer still shares."""
    for outer in content.values():
        if isinstance(outer, dict):
            for inner in outer.values():
                if isinstance(inner, list):
                    return cast("list[Row]", inner)
    return []


def _xml(document: Row) -> str:
    """What comes without `format=json`."""

    def inner(value: object) -> str:
        if isinstance(value, dict):
            return "".join(f"<{name}>{inner(child)}</{name}>" for name, child in value.items())
        if isinstance(value, list):
            return "".join(f"<item>{inner(child)}</item>" for child in value)
        return escape(str(value))

    return '<?xml version="1.0" encoding="utf-8" ?>' + inner(document)
