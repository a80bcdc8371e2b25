"""WooCommerce of the sandbox refuses what a real site refuses, in its words and with its status."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from sandbox.gateways import Answer, Asked
from sandbox.lives import first_day
from sandbox.woocommerce import Gateway, key_of
from services.ingest.sources.woocommerce import sign
from tests.sandbox.clocks import NOW, At
from tests.sandbox.test_company import TODAY

SITE = "http://site.test:8100/wp-json/wc/v3/orders"
KEY, CONSUMER_SECRET = key_of("wc-qinghe")
Params = dict[str, str]


@pytest.fixture
def clock() -> At:
    return At()


def code_of(answer: Answer) -> str:
    if answer.status == 200:
        return "ok"
    document = json.loads(answer.body)
    assert document["data"] == {"status": answer.status}
    return f"{answer.status} {document['code'].removeprefix('woocommerce_').removeprefix('rest_')}"


class Site:
    def __init__(self, clock: At) -> None:
        self.clock = clock
        self.gateway = Gateway(first=first_day(TODAY), now=clock)
        self.nonce = 0

    def signed(self, secret: str = CONSUMER_SECRET, **params: str) -> Params:
        """The parameters of a good call, some of them others; those that are empty left out."""
        self.nonce += 1
        whole = {
            "dates_are_gmt": "true",
            "oauth_consumer_key": KEY,
            "oauth_nonce": f"n{self.nonce}",
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_timestamp": str(int(self.clock.now.timestamp())),
            **params,
        }
        whole = {name: value for name, value in whole.items() if value}
        return {**whole, "oauth_signature": sign("GET", SITE, whole, secret)}

    def ask(self, params: Params, url: str = SITE, **headers: str) -> Answer:
        return self.gateway.answer(
            Asked("GET", url, urlsplit(url).path, urlencode(params).encode(), headers, b"")
        )

    def told(self, **params: str) -> str:
        return code_of(self.ask(self.signed(**params)))


@pytest.fixture
def site(clock: At) -> Site:
    return Site(clock)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "ok"),
        ({"per_page": "100"}, "ok"),
        ({"per_page": "101"}, "400 invalid_param"),
        ({"per_page": "0"}, "400 invalid_param"),
        ({"per_page": "ten"}, "400 invalid_param"),
        ({"page": "0"}, "400 invalid_param"),
        ({"page": "-1"}, "400 invalid_param"),
        ({"orderby": "modified"}, "400 invalid_param"),
        ({"orderby": "date"}, "ok"),
        ({"order": "up"}, "400 invalid_param"),
        ({"modified_after": "yesterday"}, "400 invalid_param"),
        ({"oauth_consumer_key": "ck_other"}, "401 cannot_view"),
        ({"oauth_consumer_key": ""}, "401 cannot_view"),
        ({"oauth_nonce": ""}, "401 authentication_missing_parameter"),
        ({"oauth_timestamp": ""}, "401 authentication_missing_parameter"),
        ({"oauth_signature_method": ""}, "401 authentication_missing_parameter"),
        ({"oauth_signature_method": "PLAINTEXT"}, "401 authentication_error"),
        ({"oauth_timestamp": "now"}, "401 authentication_error"),
    ],
)
def test_a_site_takes_what_is_right_alone(site: Site, params: Params, code: str) -> None:
    assert site.told(**params) == code


def test_a_sites_signature_covers_every_parameter_and_a_nonce_is_good_once(site: Site) -> None:
    params = site.signed()
    assert code_of(site.ask(params)) == "ok"
    assert code_of(site.ask(params)) == "401 authentication_error"
    assert code_of(site.ask(site.signed(secret="cs_other"))) == "401 authentication_error"
    for changed in ({"per_page": "2"}, {"oauth_nonce": "another"}, {"oauth_signature": "AAAA"}):
        assert code_of(site.ask({**site.signed(), **changed})) == "401 authentication_error"
    del params["oauth_signature"]
    assert code_of(site.ask(params)) == "401 authentication_missing_parameter"
    # One that was refused for its signature is not used up.
    fresh = site.signed()
    assert code_of(site.ask({**fresh, "oauth_signature": "AAAA"})) == "401 authentication_error"
    assert code_of(site.ask(fresh)) == "ok"


@pytest.mark.parametrize(("seconds", "code"), [(900, "ok"), (901, "401 authentication_error")])
def test_a_sites_clock_may_be_a_quarter_of_an_hour_off(site: Site, seconds: int, code: str) -> None:
    for way in (1, -1):
        stamp = int(NOW.timestamp()) + way * seconds
        assert site.told(oauth_timestamp=str(stamp)) == code


def test_where_the_way_is_closed_key_and_secret_come_along(site: Site) -> None:
    closed = SITE.replace("http://", "https://")
    asked = {"dates_are_gmt": "true"}

    def told(pair: str, kind: str = "Basic") -> str:
        shown = base64.b64encode(pair.encode()).decode()
        return code_of(site.ask(asked, closed, authorization=f"{kind} {shown}"))

    assert told(f"{KEY}:{CONSUMER_SECRET}") == "ok"
    assert told(f"{KEY}:cs_other") == "401 authentication_error"
    assert told(f"ck_other:{CONSUMER_SECRET}") == "401 cannot_view"
    assert told(f"{KEY}:{CONSUMER_SECRET}", "Bearer") == "401 cannot_view"
    assert code_of(site.ask(asked, closed, authorization="Basic é")) == "401 cannot_view"
    assert code_of(site.ask(asked, closed)) == "401 cannot_view"
    # On an open way they would be for all to read, and are not looked at.
    shown = base64.b64encode(f"{KEY}:{CONSUMER_SECRET}".encode()).decode()
    assert code_of(site.ask(asked, authorization=f"Basic {shown}")) == "401 cannot_view"


def test_a_sites_window_leaves_its_ends_out_and_pages_name_their_neighbours(site: Site) -> None:
    def rows(**params: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(site.ask(site.signed(**params)).body)
        return found

    row = rows(orderby="id")[-1]
    changed = datetime.fromisoformat(row["date_modified_gmt"])
    before, at, after = (
        (changed + timedelta(seconds=seconds)).isoformat() for seconds in (-1, 0, 1)
    )
    for first, last, is_there in ((before, after, True), (at, after, False), (before, at, False)):
        found = rows(modified_after=first, modified_before=last, per_page="100")
        assert (row["id"] in {each["id"] for each in found}) is is_there
    assert [row["id"] for row in rows(orderby="id")] == sorted(
        (row["id"] for row in rows(per_page="10", orderby="id")), reverse=True
    )
    assert len(rows()) == 10
    newest = [row["date_created"] for row in rows(per_page="100")]
    assert newest == sorted(newest, reverse=True)
    for page, ways in (("1", {"next"}), ("2", {"prev", "next"}), ("1000", set())):
        headers = site.ask(site.signed(page=page, per_page="20")).headers
        links = dict(_links(headers.get("Link", "")))
        assert links.keys() == ways
        assert all(f"page={int(page) + (1 if way == 'next' else -1)}" in links[way] for way in ways)
        assert all("oauth" not in url and "per_page=20" in url for url in links.values())


def _links(header: str) -> list[tuple[str, str]]:
    pairs = (part.split("; rel=") for part in header.split(", ") if part)
    return [(way.strip('"'), url.strip("<>")) for url, way in pairs]
