"""Amazon of the sandbox refuses what the real one refuses, in its words and with its status."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from sandbox.amazon.gateway import CLIENT, MARKETPLACE, REAL_QUOTAS, SECRET, Gateway, consent_of
from sandbox.gateways import Answer, Asked
from sandbox.lives import first_day
from tests.sandbox.clocks import NOW, At, text
from tests.sandbox.test_company import TODAY

LIST, OLD = "/orders/2026-01-01/orders", "/orders/v0/orders"
Params = dict[str, str]


@pytest.fixture
def clock() -> At:
    return At()


class Seller:
    def __init__(self, clock: At) -> None:
        self.clock = clock
        self.gateway = Gateway(first=first_day(TODAY), now=clock)
        self.token = self.made()["access_token"]

    def made(self, **changes: str) -> dict[str, Any]:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": consent_of("az-qinghe"),
            "client_id": CLIENT,
            "client_secret": SECRET,
            **changes,
        }
        answer = self._ask("POST", "/auth/o2/token", body=urlencode(form).encode())
        return {"status": answer.status, **json.loads(answer.body)}

    def _ask(
        self, method: str, path: str, query: str = "", body: bytes = b"", token: str = ""
    ) -> Answer:
        headers = {"x-amz-access-token": token}
        address = f"http://amazon.test:8100{path}"
        return self.gateway.answer(Asked(method, address, path, query.encode(), headers, body))

    def get(self, path: str, token: str | None = None, **params: str) -> Answer:
        given = self.token if token is None else token
        return self._ask("GET", path, urlencode(params), token=given)

    def told(self, path: str = LIST, token: str | None = None, **params: str) -> str:
        return problem_of(self.get(path, token, **params))

    def post(self, body: object) -> str:
        path, made = "/reports/2021-06-30/reports", json.dumps(body).encode()
        return problem_of(self._ask("POST", path, body=made, token=self.token))


def problem_of(answer: Answer) -> str:
    if answer.status in {200, 202}:
        assert answer.headers.get("x-amzn-RateLimit-Limit") or b'"errors"' not in answer.body
        return "ok"
    (error,) = json.loads(answer.body)["errors"]
    assert error.keys() == {"code", "message", "details"}
    assert "x-amzn-RateLimit-Limit" not in answer.headers
    return f"{answer.status} {error['code']}"


@pytest.fixture
def seller(clock: At) -> Seller:
    return Seller(clock)


WINDOW = {
    "marketplaceIds": MARKETPLACE,
    "lastUpdatedAfter": text(NOW - timedelta(days=9)),
    "lastUpdatedBefore": text(NOW - timedelta(minutes=2)),
}
OLD_WINDOW = {name[:1].upper() + name[1:]: value for name, value in WINDOW.items()}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "ok"),
        ({"maxResultsPerPage": "100"}, "ok"),
        ({"maxResultsPerPage": "101"}, "400 InvalidInput"),
        ({"maxResultsPerPage": "0"}, "400 InvalidInput"),
        ({"maxResultsPerPage": "many"}, "400 InvalidInput"),
        ({"marketplaceIds": ""}, "400 InvalidInput"),
        ({"marketplaceIds": "A1F83G8C2ARO7P"}, "400 InvalidInput"),
        ({"createdAfter": text(NOW - timedelta(days=9))}, "400 InvalidInput"),
        ({"lastUpdatedAfter": ""}, "400 InvalidInput"),
        ({"lastUpdatedAfter": "yesterday"}, "400 InvalidInput"),
        ({"lastUpdatedAfter": "2026-11-01T00:00:00"}, "400 InvalidInput"),
        ({"lastUpdatedBefore": text(NOW - timedelta(seconds=119))}, "400 InvalidInput"),
        ({"paginationToken": "torn"}, "400 InvalidInput"),
    ],
)
def test_amazon_lists_what_is_asked_for_rightly_alone(
    seller: Seller, params: Params, code: str
) -> None:
    whole = {name: value for name, value in {**WINDOW, **params}.items() if value}
    assert seller.told(**whole) == code
    names = {"paginationToken": "NextToken"}
    old = {names.get(name, name[:1].upper() + name[1:]): value for name, value in whole.items()}
    assert seller.told(OLD, **old) == code


def test_amazons_token_is_an_hours_and_for_whom_a_seller_let_in(seller: Seller, clock: At) -> None:
    assert seller.made()["status"] == 200
    assert seller.made()["expires_in"] == 3600
    for changes, status, word in (
        ({"client_secret": "other"}, 401, "invalid_client"),
        ({"client_id": "other"}, 401, "invalid_client"),
        ({"refresh_token": "other"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ):
        assert seller.made(**changes) == {"status": status, "error": word}
    assert seller.told(token="", **WINDOW) == "403 Unauthorized"
    assert seller.told(token="Atza|other", **WINDOW) == "403 Unauthorized"
    clock.now += timedelta(minutes=59, seconds=59)
    assert seller.told(**WINDOW) == "ok"
    clock.now += timedelta(seconds=1)
    assert seller.told(**WINDOW) == "403 Unauthorized"


def test_what_names_amazons_next_page_is_good_for_a_day(seller: Seller, clock: At) -> None:
    seller.gateway.books.busier = 20
    first = json.loads(seller.get(LIST, **WINDOW).body)
    following = first["pagination"]["nextToken"]
    assert len(first["orders"]) == 100
    for hours, code in ((24, "ok"), (24.001, "400 InvalidInput")):
        clock.now = NOW + timedelta(hours=hours)
        seller.token = seller.made()["access_token"]
        assert seller.told(**WINDOW, paginationToken=following) == code
    assert seller.told("/orders/v0/orders/111-1-1/orderItems") == "404 NotFound"
    assert seller.told("/orders/v0/nothing") == "404 NotFound"


def test_amazons_quotas_are_its_own_by_operation(seller: Seller, clock: At) -> None:
    seller.gateway.quotas = REAL_QUOTAS
    assert [seller.told(**WINDOW) for _ in range(21)] == ["ok"] * 20 + ["429 QuotaExceeded"]
    assert [seller.told(OLD, **OLD_WINDOW) for _ in range(2)] == ["ok"] * 2
    clock.now += timedelta(seconds=178)
    assert seller.told(**WINDOW) == "429 QuotaExceeded"
    clock.now += timedelta(seconds=2)
    assert seller.told(**WINDOW) == "ok"


REPORT: dict[str, object] = {
    "reportType": "GET_SALES_AND_TRAFFIC_REPORT",
    "marketplaceIds": [MARKETPLACE],
    "dataStartTime": "2026-11-20T00:00:00Z",
    "dataEndTime": "2026-11-20T00:00:00Z",
    "reportOptions": {"dateGranularity": "DAY", "asinGranularity": "PARENT"},
}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "ok"),
        ({"marketplaceIds": [MARKETPLACE, "A1F83G8C2ARO7P"]}, "400 InvalidInput"),
        ({"reportType": "GET_NOTHING"}, "400 InvalidInput"),
        ({"dataEndTime": "2026-11-21T00:00:00Z"}, "400 InvalidInput"),
        ({"reportOptions": {}}, "400 InvalidInput"),
        ({"reportOptions": None}, "400 InvalidInput"),
    ],
)
def test_amazon_makes_the_report_that_is_named(
    seller: Seller, changes: dict[str, object], code: str
) -> None:
    assert seller.post({**REPORT, **changes}) == code


def test_amazons_file_is_open_for_five_minutes_to_whom_it_was_told(
    seller: Seller, clock: At
) -> None:
    assert seller.post(REPORT) == "ok"
    clock.now += timedelta(seconds=2)
    report = json.loads(seller.get("/reports/2021-06-30/reports/50000").body)
    path = f"/reports/2021-06-30/documents/{report['reportDocumentId']}"
    place = urlsplit(json.loads(seller.get(path).body)["url"])

    def opened(query: str) -> int:
        return seller._ask("GET", place.path, query).status

    assert opened(place.query) == 200
    assert opened("") == 403
    later = place.query.replace("Expires=", "Expires=1")
    assert opened(later) == 403
    clock.now += timedelta(minutes=5)
    assert opened(place.query) == 200
    clock.now += timedelta(seconds=1)
    assert opened(place.query) == 403
    assert seller._ask("GET", "/amazon-files/1", place.query).status == 404


def test_amazon_counts_stock_and_sales_for_a_marketplace_that_is_named(seller: Seller) -> None:
    stock = {
        "granularityType": "Marketplace",
        "granularityId": MARKETPLACE,
        "marketplaceIds": MARKETPLACE,
    }
    sales = {
        "marketplaceIds": MARKETPLACE,
        "interval": f"{text(NOW - timedelta(days=2))}--{text(NOW)}",
        "granularity": "Day",
    }
    for path, params, names in (
        ("/fba/inventory/v1/summaries", stock, stock.keys()),
        ("/sales/v1/orderMetrics", sales, sales.keys()),
    ):
        assert seller.told(path, **params) == "ok"
        for name in names:
            fewer = {each: value for each, value in params.items() if each != name}
            assert seller.told(path, **fewer) == "400 InvalidInput"
    torn = {**sales, "interval": "monday--tuesday"}
    assert seller.told("/sales/v1/orderMetrics", **torn) == "400 InvalidInput"
