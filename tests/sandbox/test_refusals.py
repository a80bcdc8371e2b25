"""JD, Pinduoduo and Doudian of the sandbox refuse what the real ones refuse, in their own words."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import pytest

from sandbox import doudian, jd, pinduoduo, woocommerce
from sandbox.accounts import APP_KEY, APP_SECRET, session_of
from sandbox.doudian.tokens import first_pair, pair_of
from sandbox.faults import Fault
from sandbox.gateways import Asked, Gateway
from sandbox.lives import first_day, midnight
from services.ingest.sources.client import Client, Pace
from services.ingest.sources.doudian import DoudianSource
from services.ingest.sources.jd import JdSource
from services.ingest.sources.pinduoduo import PinduoduoSource
from services.ingest.sources.reading import Credential
from tests.sandbox.test_company import TODAY

NOW = midnight(TODAY) + timedelta(hours=12)
CLIENT = Client([], Pace(10), now=lambda: NOW)
UNIX = int(NOW.timestamp())


def asked(path: str, body: bytes, query: str = "") -> Asked:
    return Asked("POST", f"http://x{path}", path, query.encode(), {}, body)


def told(gateway: Gateway, call: Asked) -> dict[str, object]:
    answer = gateway.answer(call)
    assert answer.status == 200
    document = json.loads(answer.body)
    assert isinstance(document, dict)
    return document


def gateway_of(module: object) -> Gateway:
    made: Gateway = module.Gateway(first=first_day(TODAY), now=lambda: NOW)  # type: ignore[attr-defined]  # each has one
    return made


JD_PARAMS = {
    "start_date": "2026-11-20 00:00:00",
    "end_date": "2026-11-22 00:00:00",
    "order_state": "FINISHED_L",
    "optional_fields": "orderState",
    "page": "1",
    "page_size": "100",
}


def jd_code(params: Mapping[str, object], **form: str) -> str:
    credential = Credential(None, APP_KEY, APP_SECRET, session_of("jd-qinghe"))
    signed = JdSource(CLIENT, credential, now=lambda: NOW)._signed(
        "jingdong.pop.order.search", params
    )
    return code_in(told(gateway_of(jd), asked(jd.PATH, urlencode({**signed, **form}).encode())))


def code_in(document: Mapping[str, object]) -> str:
    """In whichever of its places JD has put it."""
    (inner, *more) = document.values()
    code = inner.get("code") if isinstance(inner, dict) and not more else document["code"]
    return "ok" if code == "0" else str(code)


@pytest.mark.parametrize(
    ("changes", "form", "code"),
    [
        ({}, {}, "ok"),
        ({}, {"sign": "0" * 32}, "12"),
        ({}, {"360buy_param_json": "{}"}, "12"),
        ({}, {"timestamp": "2026-11-22 12:06:01"}, "8"),
        ({}, {"access_token": "x"}, "12"),
        ({"start_date": "2026-10-20 00:00:00"}, {}, "26"),
        ({"page": 1}, {}, "26"),
        ({"page_size": "101"}, {}, "26"),
        ({"optional_fields": ""}, {}, "20"),
        ({"order_state": ""}, {}, "20"),
    ],
)
def test_jd(changes: Mapping[str, object], form: dict[str, str], code: str) -> None:
    assert jd_code({**JD_PARAMS, **changes}, **form) == code


def test_jd_refuses_in_three_places_and_spells_in_two_ways() -> None:
    gateway = gateway_of(jd)
    credential = Credential(None, APP_KEY, APP_SECRET, session_of("jd-qinghe"))
    source = JdSource(CLIENT, credential, now=lambda: NOW)
    signed = source._signed("jingdong.pop.order.search", JD_PARAMS)
    call = asked(jd.PATH, urlencode(signed).encode())
    torn = asked(jd.PATH, urlencode({**signed, "sign": "0"}).encode())
    answers = [told(gateway, call) for _ in range(5)]
    refusals = [told(gateway, torn) for _ in range(3)]
    roots = {f"jingdong_pop_order_search_{word}" for word in ("responce", "response")}
    assert {name for each in answers for name in each} == roots
    firsts = {next(iter(each)) for each in refusals}
    assert len(firsts) == 3
    assert firsts - roots == {"error_response", "code"}
    assert {code_in(each) for each in refusals} == {"12"}


PDD_PARAMS = {
    "start_updated_at": str(UNIX - 3600),
    "end_updated_at": str(UNIX - 1800),
    "order_status": "5",
    "refund_status": "5",
    "is_lucky_flag": "0",
    "page": "1",
    "page_size": "100",
}


@pytest.mark.parametrize(
    ("changes", "form", "code"),
    [
        ({}, {}, "ok"),
        ({}, {"sign": "0" * 32}, "20004"),
        ({}, {"client_id": "1"}, "10001"),
        ({}, {"timestamp": "1"}, "20005"),
        ({"end_updated_at": str(UNIX - 1799)}, {}, "10002"),
        ({"start_updated_at": str(UNIX - 1800), "end_updated_at": str(UNIX - 179)}, {}, "10003"),
        ({"start_updated_at": str(UNIX - 1800), "end_updated_at": str(UNIX - 180)}, {}, "ok"),
        ({"page_size": "101"}, {}, "10007"),
        ({"page": "0"}, {}, "10006"),
    ],
)
def test_pinduoduo(changes: dict[str, str], form: dict[str, str], code: str) -> None:
    credential = Credential(None, APP_KEY, APP_SECRET, session_of("pdd-qinghe"))
    params = {**PDD_PARAMS, **changes}
    signed = PinduoduoSource(CLIENT, credential, now=lambda: NOW)._signed(
        "pdd.order.number.list.increment.get", params
    )
    call = asked(pinduoduo.PATH, urlencode({**signed, **form}).encode())
    refusal = told(gateway_of(pinduoduo), call).get("error_response")
    assert (str(refusal["error_code"]) if isinstance(refusal, dict) else "ok") == code


def test_pinduoduo_counts_or_says_whether_there_is_more() -> None:
    credential = Credential(None, APP_KEY, APP_SECRET, session_of("pdd-qinghe"))
    source = PinduoduoSource(CLIENT, credential, now=lambda: NOW)
    params = {**PDD_PARAMS, "use_has_next": "true"}
    signed = source._signed("pdd.order.number.list.increment.get", params)
    document = told(gateway_of(pinduoduo), asked(pinduoduo.PATH, urlencode(signed).encode()))
    content = document["order_sn_increment_get_response"]
    assert isinstance(content, dict)
    assert "total_count" not in content
    assert content["has_next"] is False


DY_PARAMS = {
    "update_time_start": UNIX - 86_400,
    "update_time_end": UNIX,
    "order_by": "update_time",
    "order_asc": True,
    "page": 0,
    "size": 100,
}
Change = Callable[[str, str, bytes], tuple[str, str, bytes]]


@pytest.mark.parametrize(
    ("changes", "spoil", "code"),
    [
        ({}, lambda path, query, body: (path, query, body), 10000),
        ({}, lambda path, query, body: (path + "x", query, body), 40004),
        ({}, lambda path, query, body: (path, query.replace("sign=", "sign=0"), body), 40001),
        ({}, lambda path, query, body: (path, query, body.replace(b",", b", ")), 40001),
        ({}, lambda path, query, body: (path, query.replace("access_token=", "x="), body), 40003),
        ({}, lambda path, query, body: (path, query.replace("v=2", "v=1"), body), 40002),
        ({"size": 101}, lambda path, query, body: (path, query, body), 40004),
        ({"page": -1}, lambda path, query, body: (path, query, body), 40004),
        ({"page": 501}, lambda path, query, body: (path, query, body), 40004),
        ({"order_by": "create_time"}, lambda path, query, body: (path, query, body), 40004),
    ],
)
def test_doudian(changes: Mapping[str, object], spoil: Change, code: int) -> None:
    pair = first_pair("dy-qinghe")
    credential = Credential("http://x/doudian", APP_KEY, APP_SECRET, pair.access)
    source = DoudianSource(CLIENT, credential, now=lambda: NOW)
    made = source._question("order.searchList", {**DY_PARAMS, **changes}, pair.access)
    url = urlsplit(made.url)
    path, query, body = spoil(url.path, url.query, made.body)
    assert told(gateway_of(doudian), asked(path, body, query))["code"] == code


def test_doudians_pairs_follow_one_another_and_are_known_after_a_restart() -> None:
    """An hour before its end a pair becomes the next, before that it stays, after a fortnight it
    is gone.
    """
    now = [NOW]
    gateway = doudian.Gateway(first=first_day(TODAY), now=lambda: now[0])
    renew = gateway.tokens.renew
    now[0] = NOW + timedelta(days=7, hours=-1, seconds=-1)
    assert (same := renew(pair_of("dy-qinghe", 0).refresh)) is not None
    assert same.number == 0
    now[0] += timedelta(seconds=1)
    assert (after := renew(pair_of("dy-qinghe", 0).refresh)) is not None
    assert after.number == 1
    now[0] += timedelta(days=14)
    assert renew(after.refresh) is None
    again = doudian.Gateway(first=first_day(TODAY), now=lambda: now[0])
    assert (known := again.tokens.renew(pair_of("dy-qinghe", 4).refresh)) is not None
    assert known.number == 5
    assert again.tokens.renew("rft.stranger") is None


@pytest.mark.parametrize(
    "module",
    [jd, pinduoduo, doudian, woocommerce],
    ids=["jd", "pinduoduo", "doudian", "woocommerce"],
)
def test_a_ban_holds_for_every_call_until_it_is_over(module: object) -> None:
    now = [NOW]
    gateway: Gateway = module.Gateway(first=first_day(TODAY), now=lambda: now[0])  # type: ignore[attr-defined]  # each has one
    gateway.trouble.add(Fault("throttle", seconds=2))
    for seconds, banned in ((0, True), (1, True), (1, False)):
        now[0] += timedelta(seconds=seconds)
        gateway.answer(asked("/", b""))
        outcome = gateway.trouble.calls[-1].outcome
        bans = {"throttle", "2", "70031", "60000", "too_many_requests"}
        assert (outcome in bans) is banned
