"""Amazon's one address: tokens of an hour, quotas by operation, refusals, what a test breaks."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Any
from urllib.parse import parse_qsl

from sandbox.amazon.answers import OPERATIONS, Asking, Content, Refusal
from sandbox.books import Books
from sandbox.faults import Call, Fault, Trouble
from sandbox.gateways import Answer, Asked, broken_answer, stall_seconds
from sandbox.shops import MARKETPLACE_SHOPS, Shop

CLIENT = "amzn1.application-oa2-client.qinghe"
SECRET = sha256(b"qinghe sandbox amazon").hexdigest()[:40]
MARKETPLACE = "ATVPDKIKX0DER"
PATHS: Mapping[str, tuple[str, ...]] = {
    "/auth/o2/token": ("POST",),
    "/orders/{rest:path}": ("GET",),
    "/reports/2021-06-30/{rest:path}": ("GET", "POST"),
    "/fba/inventory/v1/summaries": ("GET",),
    "/sales/v1/orderMetrics": ("GET",),
    "/amazon-files/{name}": ("GET",),
}
REAL_QUOTAS: Mapping[str, tuple[str, int]] = {
    "searchOrders": ("0.0056", 20),
    "getOrders": ("0.0167", 20),
    "getOrderItems": ("0.5", 30),
    "createReport": ("0.0167", 15),
    "getReport": ("2", 15),
    "getReportDocument": ("0.0167", 15),
    "getInventorySummaries": ("2", 2),
    "getOrderMetrics": ("0.5", 15),
}
_GENEROUS = ("100.0", 100)
"""Nobody waits three minutes for a page of a demo; answers say so, as they would at Amazon's."""
_LASTS = timedelta(hours=1)


def consent_of(shop: str) -> str:
    """The refresh token that a seller's consent gave for a shop."""
    return "Atzr|" + sha256(f"qinghe sandbox consent {shop}".encode()).hexdigest()[:40]


@dataclass(slots=True)
class Quota:
    """Calls of one operation that are left."""

    rate: Decimal
    burst: Decimal
    left: Decimal
    seen_at: datetime

    def take(self, at: datetime) -> bool:
        seconds = Decimal((at - self.seen_at) / timedelta(microseconds=1)) / 10**6
        self.left = min(self.burst, self.left + seconds * self.rate)
        self.seen_at = at
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass(slots=True)
class Consents:
    """The sellers that have let the application in, and the tokens that were given out."""

    shops: dict[str, Shop] = field(default_factory=dict)
    tokens: dict[str, tuple[Shop, datetime]] = field(default_factory=dict)

    def add(self, shop: Shop) -> str:
        self.shops[consent_of(shop.code)] = shop
        return consent_of(shop.code)


class Gateway:
    """All shops of the company behind one address: the token tells which."""

    def __init__(self, *, first: date, now: Callable[[], datetime]) -> None:
        self.now = now
        self.trouble = Trouble()
        self.books = Books(first)
        self.consents = Consents()
        self.closed: set[str] = set()
        """Operations that this application may not call."""
        self.quotas: Mapping[str, tuple[str, int]] = dict.fromkeys(REAL_QUOTAS, _GENEROUS)
        self.stated_rate: str | None = None
        """What answers say of the rate instead of it."""
        self.reports: dict[str, Any] = {}
        self._left: dict[tuple[str, str], Quota] = {}
        for shop in MARKETPLACE_SHOPS:
            if shop.marketplace == "amazon":
                self.consents.add(shop)

    def answer(self, asked: Asked) -> Answer:
        """Answer a call, give out a token, or a file."""
        if asked.path == "/auth/o2/token":
            return self._give_token(asked)
        operation, place = _operation_of(asked)
        fault = self.trouble.next(operation)
        headers: dict[str, str] = {}
        shop, outcome = "", "ok"
        try:
            if operation == "unknown":
                raise Refusal(404, "NotFound", "The requested resource is not found.")
            if operation == "file":
                content = self._file(place, asked.query.decode())
            else:
                of = self._shop_of(asked, expired=fault is not None and fault.kind == "expired")
                shop = of.code
                self._refuse(operation, shop, fault)
                content = OPERATIONS[operation](self._asking(asked, of, place))
                rate = self.stated_rate or self.quotas[operation][0]
                headers["x-amzn-RateLimit-Limit"] = rate
            if fault:
                self._disturb(fault, content)
            answer = Answer(content.written(), content.status, headers, content.media_type)
        except Refusal as refusal:
            answer, outcome = refusal.answer(), refusal.code
        self.trouble.calls.append(
            Call(self.now(), operation, shop, fault.kind if fault else outcome)
        )
        late = Answer(
            answer.body,
            answer.status,
            answer.headers,
            answer.media_type,
            wait_seconds=stall_seconds(fault),
        )
        return broken_answer(fault) or late

    def _give_token(self, asked: Asked) -> Answer:
        form = dict(parse_qsl(asked.body.decode()))
        fault = self.trouble.next("token")
        shop = self.consents.shops.get(form.get("refresh_token", ""))
        known = form.get("client_id") == CLIENT and form.get("client_secret") == SECRET
        word = None
        if form.get("grant_type") != "refresh_token":
            word = "unsupported_grant_type"
        elif not known:
            word = "invalid_client"
        elif shop is None:
            word = "invalid_grant"
        code = shop.code if shop else ""
        self.trouble.calls.append(
            Call(self.now(), "token", code, fault.kind if fault else word or "ok")
        )
        if word or shop is None:
            status = 401 if word == "invalid_client" else 400
            return Answer(json.dumps({"error": word}).encode(), status)
        token = f"Atza|{len(self.consents.tokens):06}"
        self.consents.tokens[token] = (shop, self.now() + _LASTS)
        document = {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": int(_LASTS.total_seconds()),
            "refresh_token": form["refresh_token"],
        }
        return broken_answer(fault) or Answer(json.dumps(document).encode())

    def _shop_of(self, asked: Asked, *, expired: bool) -> Shop:
        known = self.consents.tokens.get(asked.headers.get("x-amz-access-token", ""))
        if known is None or known[1] <= self.now() or expired:
            raise Refusal(403, "Unauthorized", "Access to requested resource is denied.")
        return known[0]

    def _refuse(self, operation: str, shop: str, fault: Fault | None) -> None:
        if operation in self.closed:
            raise Refusal(403, "Unauthorized", "Access to requested resource is denied.")
        kind = fault.kind if fault else None
        if kind in {"busy", "heavy"}:
            raise Refusal(503, "InternalFailure", "We encountered an internal error.")
        rate, burst = self.quotas[operation]
        at = self.now()
        quota = self._left.setdefault(
            (shop, operation), Quota(Decimal(rate), Decimal(burst), Decimal(burst), at)
        )
        if kind == "throttle":
            # Another program of the seller's has used up what was left.
            quota.left, quota.seen_at = Decimal(0), at
        if not quota.take(at):
            raise Refusal(
                429, "QuotaExceeded", "You exceeded your quota for the requested resource."
            )

    def _asking(self, asked: Asked, shop: Shop, place: str) -> Asking:
        return Asking(
            shop=shop,
            params=dict(parse_qsl(asked.query.decode())),
            place=place,
            body=asked.body,
            at=self.now(),
            books=self.books,
            reports=self.reports,
            address=asked.url.removesuffix(asked.path),
            marketplace=MARKETPLACE,
        )

    def _file(self, name: str, query: str) -> Content:
        """Of a place that was told five minutes ago at most."""
        report = self.reports.get(name)
        if report is None:
            raise Refusal(404, "NoSuchKey", "The specified key does not exist.")
        text = dict(parse_qsl(query)).get("Expires", "")
        until = int(text) if text.isascii() and text.isdigit() else 0
        if query != report.query(until):
            raise Refusal(403, "SignatureDoesNotMatch", "The request signature does not match.")
        if self.now().timestamp() > until:
            raise Refusal(403, "AccessDenied", "Request has expired")
        return Content(report.written(), media_type="application/octet-stream")

    def _disturb(self, fault: Fault, content: Content) -> None:
        """Spoil a good page, or the books behind it once the page is made."""
        rows = content.rows
        if not rows:
            return
        if fault.kind == "duplicate":
            rows.append(rows[0])
        elif fault.kind == "shuffle":
            Random(fault.detail).shuffle(rows)
        elif fault.kind == "move":
            number = str(rows[0].get("orderId") or rows[0].get("AmazonOrderId"))
            self.books.touched[int("30" + number.replace("-", ""))] = self.now()
        elif fault.kind == "late":
            self.books.held.discard(int(fault.detail))


_PLACES = (
    ("GET", r"/orders/2026-01-01/orders", "searchOrders"),
    ("GET", r"/orders/v0/orders", "getOrders"),
    ("GET", r"/orders/v0/orders/([0-9-]+)/orderItems", "getOrderItems"),
    ("POST", r"/reports/2021-06-30/reports", "createReport"),
    ("GET", r"/reports/2021-06-30/reports/([^/]+)", "getReport"),
    ("GET", r"/reports/2021-06-30/documents/([^/]+)", "getReportDocument"),
    ("GET", r"/fba/inventory/v1/summaries", "getInventorySummaries"),
    ("GET", r"/sales/v1/orderMetrics", "getOrderMetrics"),
    ("GET", r"/amazon-files/([^/]+)", "file"),
)


def _operation_of(asked: Asked) -> tuple[str, str]:
    """What is asked for, and of what."""
    for method, pattern, operation in _PLACES:
        found = re.fullmatch(pattern, asked.path)
        if found and asked.method == method:
            return operation, found[1] if found.groups() else ""
    return "unknown", ""
