"""Rates of exchange over REST: all of a request or none."""

from typing import Any

import pytest

from tests.api.companies import Company

USD = {"from": "USD", "to": "CNY", "day": "2026-10-01", "rate": "7.1234567891"}
EUR = {"from": "EUR", "to": "CNY", "day": "2026-10-01", "rate": 8}


async def test_rates_are_stated_and_listed(company: Company) -> None:
    answer = await company.put("/v1/rates", [USD, EUR])
    assert (answer.status_code, answer.json()) == (200, {"received": 2, "changed": 2})
    assert (await company.get("/v1/rates")).json() == {
        "items": [{**EUR, "rate": "8"}, USD],
        "total": 2,
        "next_cursor": None,
    }


async def test_a_rate_stated_again_replaces_and_the_same_changes_nothing(company: Company) -> None:
    await company.put("/v1/rates", [USD, EUR])
    before = await company.digest()
    same = await company.put("/v1/rates", [{**EUR, "rate": "8.0"}, USD])
    assert same.json() == {"received": 2, "changed": 0}
    assert await company.digest() == before
    other = await company.put("/v1/rates", [{**EUR, "rate": "7.9"}, USD])
    assert other.json() == {"received": 2, "changed": 1}
    assert (await company.get("/v1/rates")).json()["items"][0]["rate"] == "7.9"
    last = (await company.get("/v1/audit?limit=500")).json()["items"][-1]
    assert last["action"] == "rates.put"
    assert last["detail"] == {
        "rates": [{"from": "EUR", "to": "CNY", "day": "2026-10-01", "before": "8", "rate": "7.9"}]
    }


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"rate": "0"}, "/1/rate", "rate_not_positive"),
        ({"rate": "-1"}, "/1/rate", "rate_not_positive"),
        ({"rate": "7.12345678912"}, "/1/rate", "invalid"),
        ({"rate": "12345678901"}, "/1/rate", "invalid"),
        ({"rate": "1e3"}, "/1/rate", "invalid"),
        ({"rate": None}, "/1/rate", "invalid"),
        ({"to": "EUR"}, "/1/to", "same_currency"),
        ({"day": "2026-02-30"}, "/1/day", "invalid"),
        ({"from": "USD"}, "/1", "stated_twice"),
        ({"source": "ecb"}, "/1/source", "unknown_field"),
    ],
)
async def test_one_bad_rate_refuses_all(
    company: Company, change: dict[str, Any], pointer: str, code: str
) -> None:
    before = await company.digest()
    answer = await company.put("/v1/rates", [USD, {**EUR, **change}])
    found = [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]
    assert (answer.status_code, found) == (422, [(pointer, code)])
    assert await company.digest() == before


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"1e999", b"1" * 70])
async def test_what_is_no_number_is_not_read(company: Company, number: bytes) -> None:
    before = await company.digest()
    body = b'[{"from": "USD", "to": "CNY", "day": "2026-10-01", "rate": ' + number + b"}]"
    headers = {"Content-Type": "application/json"}
    answer = await company.ask("PUT", "/v1/rates", content=body, headers=headers)
    assert answer.status_code in {400, 422}
    assert await company.digest() == before


async def test_a_number_is_read_exactly(company: Company) -> None:
    body = b'[{"from": "USD", "to": "CNY", "day": "2026-10-01", "rate": 1234567890.0123456789}]'
    headers = {"Content-Type": "application/json"}
    assert (await company.ask("PUT", "/v1/rates", content=body, headers=headers)).is_success
    assert (await company.get("/v1/rates")).json()["items"][0]["rate"] == "1234567890.0123456789"


async def test_nothing_stated_is_refused(company: Company) -> None:
    assert (await company.put("/v1/rates", [])).status_code == 422
