"""The sandbox's TOP keeps to the protocol: signatures, windows, pages, wrappers, refusals."""

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox import truth
from sandbox.accounts import APP_KEY, APP_SECRET, session_of
from sandbox.faults import Fault
from sandbox.gateways import Asked
from sandbox.lives import first_day, midnight
from sandbox.shops import SHOP_OF
from sandbox.taobao import Gateway, sign_of
from tests.sandbox.test_company import TODAY

NOW = midnight(TODAY) + timedelta(hours=12)
INCREMENT = {
    "method": "taobao.trades.sold.increment.get",
    "fields": "tid,status,modified",
    "start_modified": "2026-11-18 00:00:00",
    "end_modified": "2026-11-19 00:00:00",
}


def asked(form: bytes, query: bytes = b"") -> Asked:
    return Asked("POST", "http://top.test/router/rest", "/router/rest", query, {}, form)


class Caller:
    """Signs and posts, as a seller's software does."""

    def __init__(self) -> None:
        self.now = NOW
        self.gateway = Gateway(first=first_day(TODAY), now=lambda: self.now)

    def params(self, **params: str) -> dict[str, str]:
        whole = {
            "app_key": APP_KEY,
            "session": session_of("tm-qinghe"),
            "timestamp": self.now.strftime("%Y-%m-%d %H:%M:%S"),
            "format": "json",
            "v": "2.0",
            "sign_method": "hmac-sha256",
            **params,
        }
        return {"sign": sign_of(whole, APP_SECRET), **whole}

    def send(self, params: dict[str, str]) -> dict[str, Any]:
        answer = self.gateway.answer(asked(urlencode(params).encode()))
        assert answer.status == 200
        document: dict[str, Any] = json.loads(answer.body)
        return document

    def call(self, **params: str) -> dict[str, Any]:
        return self.send(self.params(**params))

    def refusal(self, **params: str) -> str:
        return str(self.call(**params)["error_response"]["code"])

    def rows(self, **params: str) -> list[dict[str, Any]]:
        """All rows of a list, page by page."""
        found: list[dict[str, Any]] = []
        for page in range(1, 100):
            (content,) = self.call(**params, page_no=str(page), use_has_next="true").values()
            (rows,) = [
                inner
                for outer in content.values()
                if isinstance(outer, dict)
                for inner in outer.values()
            ] or [[]]
            found += rows
            if not content["has_next"]:
                return found
        raise AssertionError("it never ends")


@pytest.fixture
def caller() -> Caller:
    return Caller()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sign": "0" * 32}, "25"),
        ({"sign": ""}, "24"),
        ({"session": ""}, "26"),
        ({"app_key": ""}, "28"),
        ({"timestamp": ""}, "30"),
        ({"v": ""}, "32"),
        ({"method": ""}, "21"),
    ],
)
def test_a_call_that_is_not_whole_is_refused(
    caller: Caller, change: dict[str, str], code: str
) -> None:
    document = caller.send({**caller.params(**INCREMENT), **change})
    assert document["error_response"]["code"] == int(code)


def test_who_is_unknown_is_refused(caller: Caller) -> None:
    assert caller.refusal(**INCREMENT, session="gone") == "27"
    assert caller.refusal(**INCREMENT, app_key="other") == "29"
    assert caller.refusal(method="taobao.nothing.get") == "22"


@pytest.mark.parametrize("way", ["md5", "hmac", "hmac-sha256"])
def test_each_way_of_signing_is_taken_and_covers_every_parameter(caller: Caller, way: str) -> None:
    params = caller.params(**INCREMENT, sign_method=way)
    assert "error_response" not in caller.send(params)
    assert caller.send({**params, "page_no": "2"})["error_response"]["code"] == 25


def test_the_clock_may_be_ten_minutes_off_and_no_more(caller: Caller) -> None:
    def at(moment: datetime) -> dict[str, Any]:
        return caller.call(**INCREMENT, timestamp=moment.strftime("%Y-%m-%d %H:%M:%S"))

    assert "error_response" not in at(NOW + timedelta(minutes=10))
    assert at(NOW + timedelta(minutes=10, seconds=1))["error_response"]["code"] == 31
    assert "error_response" not in at(NOW - timedelta(minutes=10))
    assert at(NOW - timedelta(minutes=10, seconds=1))["error_response"]["code"] == 31
    milliseconds = str(int(NOW.timestamp() * 1000))
    assert "error_response" not in caller.call(**INCREMENT, timestamp=milliseconds)


def test_parameters_may_stand_in_the_query_and_in_the_form(caller: Caller) -> None:
    params = caller.params(**INCREMENT)
    names = sorted(params)
    query = urlencode({name: params[name] for name in names[::2]}).encode()
    form = urlencode({name: params[name] for name in names[1::2]}).encode()
    answer = caller.gateway.answer(asked(form, query))
    assert b"trades_sold_increment_get_response" in answer.body


def test_without_format_it_answers_in_xml(caller: Caller) -> None:
    params = caller.params(**INCREMENT, format="xml")
    answer = caller.gateway.answer(asked(urlencode(params).encode()))
    assert answer.body.startswith(b"<?xml")
    assert answer.media_type.startswith("text/xml")


def test_pages_are_newest_first_and_hold_only_the_fields_asked_for(caller: Caller) -> None:
    rows = caller.rows(**INCREMENT, page_size="7")
    times = [row["modified"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert len(rows) > 50
    assert all(set(row) == {"tid", "status", "modified"} for row in rows)
    document = caller.call(**INCREMENT)["trades_sold_increment_get_response"]
    assert document["total_results"] == len(rows)
    assert len(document["trades"]["trade"]) == 40
    assert "has_next" not in document


def test_an_empty_list_has_no_key(caller: Caller) -> None:
    empty = {**INCREMENT, "start_modified": "2026-11-22 11:59:59"}
    empty["end_modified"] = "2026-11-22 12:00:00"
    content = caller.call(**empty)["trades_sold_increment_get_response"]
    assert set(content) == {"total_results", "request_id"}
    assert content["total_results"] == 0


def test_page_sizes_windows_and_reach_are_limited(caller: Caller) -> None:
    assert "error_response" not in caller.call(**INCREMENT, page_size="100")
    assert caller.refusal(**INCREMENT, page_size="101") == "41"
    assert caller.refusal(**{**INCREMENT, "end_modified": "2026-11-19 00:00:01"}) == "41"
    assert caller.refusal(**{**INCREMENT, "end_modified": "2026-11-17 00:00:00"}) == "41"
    assert caller.refusal(method=INCREMENT["method"], fields="tid") == "40"
    old = {"method": "taobao.trades.sold.get", "fields": "tid"}
    assert caller.refusal(**old, start_created="2026-08-21 00:00:00") == "41"
    assert "error_response" not in caller.call(**old, start_created="2026-08-23 00:00:00")


def test_unusual_kinds_of_trade_must_be_asked_for(caller: Caller) -> None:
    usual = caller.rows(**INCREMENT, page_size="100")
    everything = caller.rows(
        **INCREMENT, page_size="100", type="guarantee_trade,step,eticket,tmall_i18n"
    )
    assert len(usual) < len(everything)
    only = caller.rows(**{**INCREMENT, "fields": "tid,type"}, type="eticket,tmall_i18n")
    assert {row["type"] for row in only} <= {"eticket", "tmall_i18n"}
    assert len(usual) + len(only) == len(everything)


def test_every_trade_of_the_books_can_be_listed(caller: Caller) -> None:
    rows = caller.rows(
        method="taobao.trades.sold.get",
        fields="tid,status",
        page_size="100",
        type="guarantee_trade,step,eticket,tmall_i18n",
    )
    statuses = truth.statuses(SHOP_OF["tm-qinghe"], first_day(TODAY), NOW)
    assert len(rows) == len({row["tid"] for row in rows}) == sum(statuses.values())
    closed = [row for row in rows if row["status"] == "TRADE_CLOSED"]
    assert len(closed) == statuses["refunded"]


def test_a_trade_has_the_traps_of_the_real_ones(caller: Caller) -> None:
    params = {**INCREMENT, "fields": "tid,num,payment,post_fee,discount_fee,orders,buyer_nick"}
    rows = caller.rows(**params, page_size="100")
    several = [row for row in rows if len(row["orders"]["order"]) > 1]
    single = [row for row in rows if len(row["orders"]["order"]) == 1]
    assert {row["num"] for row in several} == {0}
    assert all(row["num"] >= 1 for row in single)
    assert all(row["orders"]["order"][0]["oid"] == row["tid"] for row in single)
    whole = [row for row in single if row["orders"]["order"][0]["refund_status"] == "NO_REFUND"]
    assert all(row["orders"]["order"][0]["payment"] == row["payment"] for row in whole)
    assert all("*" in row["buyer_nick"] for row in rows)


def test_only_a_single_trade_tells_its_promotions_and_a_single_refund_its_end(
    caller: Caller,
) -> None:
    listed = caller.rows(**{**INCREMENT, "fields": "tid,discount_fee,promotion_details"})
    assert not any("promotion_details" in row for row in listed)
    reduced = next(row for row in listed if row["discount_fee"] != "0.00")
    full = caller.call(
        method="taobao.trade.fullinfo.get", fields="tid,promotion_details", tid=str(reduced["tid"])
    )
    (promotion,) = full["trade_fullinfo_get_response"]["trade"]["promotion_details"][
        "promotion_detail"
    ]
    assert promotion["discount_fee"] == reduced["discount_fee"]
    refunds = caller.rows(method="taobao.refunds.receive.get", fields="refund_id,status,end_time")
    assert not any("end_time" in row for row in refunds)
    done = next(row for row in refunds if row["status"] == "SUCCESS")
    one = caller.call(
        method="taobao.refund.get", fields="refund_id,end_time", refund_id=done["refund_id"]
    )
    assert len(one["refund_get_response"]["refund"]["end_time"]) == 19
    assert caller.refusal(method="taobao.refund.get", fields="refund_id", refund_id="11") == "41"


def test_ratings_end_at_fifteen_hundred_of_a_range(caller: Caller) -> None:
    params = {
        "method": "taobao.traderates.get",
        "fields": "oid,result",
        "rate_type": "get",
        "role": "buyer",
    }
    assert len(caller.rows(**params, page_size="150")) == 1500
    assert sum(truth.ratings(SHOP_OF["tm-qinghe"], first_day(TODAY), NOW).values()) > 1500
    assert caller.refusal(**params, page_size="151") == "41"
    assert caller.refusal(**{**params, "role": "seller"}) == "41"


def test_statistics_count_the_days_trades(caller: Caller) -> None:
    document = caller.call(method="taobao.jds.trades.statistics.get", date="20261118")
    infos = document["jds_trades_statistics_get_response"]["status_infos"]["status_info"]
    day = midnight(TODAY - timedelta(days=4)).date()
    shop = SHOP_OF["tm-qinghe"]
    assert sum(info["count"] for info in infos) == sum(
        sale.created_at.date() == day for _, sale in caller.gateway.books.sales(shop, NOW)
    )
    assert caller.refusal(method="taobao.jds.trades.statistics.get", date="2026-11") == "41"


def test_a_ban_holds_for_every_call_until_it_is_over(caller: Caller) -> None:
    caller.gateway.trouble.add(Fault("throttle", seconds=2))
    first = caller.call(**INCREMENT)["error_response"]
    assert first["code"] == 7
    assert first["sub_msg"] == "This ban will last for 2 more seconds"
    caller.now += timedelta(seconds=1)
    again = caller.call(**INCREMENT)["error_response"]
    assert again["sub_msg"] == "This ban will last for 1 more seconds"
    caller.now += timedelta(seconds=1)
    assert "error_response" not in caller.call(**INCREMENT)


def test_a_moved_trade_leaves_its_window_and_a_late_one_appears(caller: Caller) -> None:
    params = {**INCREMENT, "page_size": "100"}
    before = caller.rows(**params)
    held = before[-1]["tid"]
    caller.gateway.books.held.add(held)
    assert [row["tid"] for row in caller.rows(**params)] == [r["tid"] for r in before[:-1]]
    caller.gateway.trouble.add(Fault("late", detail=str(held)), Fault("move"))
    caller.rows(**params)
    assert [row["tid"] for row in caller.rows(**params)] == [row["tid"] for row in before]
    assert [row["tid"] for row in caller.rows(**params)] == [row["tid"] for row in before[1:]]
