"""Heads that every reader understands alike are read; all others are refused."""

import pytest

from services.local.requests import Framing, Refused, read_head
from tests.figures import Figures, Wrong

GOOD = b"GET /v1/x?a=1 HTTP/1.1\r\nHost: here\r\n"


def test_a_plain_head() -> None:
    head = read_head(GOOD + b"Accept: */*\r\n\r\n")
    assert (head.method, head.target, head.path) == (b"GET", b"/v1/x?a=1", b"/v1/x")
    assert head.headers == ((b"Host", b"here"), (b"Accept", b"*/*"))
    assert (head.framing, head.length, head.upgrade) == (Framing.NONE, 0, False)


@pytest.mark.parametrize(
    ("lines", "framing", "length"),
    [
        (b"Content-Length: 0\r\n", Framing.LENGTH, 0),
        (b"content-length:\t12 \r\n", Framing.LENGTH, 12),
        (b"Content-Length: 999999999999999\r\n", Framing.LENGTH, 999_999_999_999_999),
        (b"Transfer-Encoding: Chunked\r\n", Framing.CHUNKED, 0),
    ],
)
def test_how_long_a_body_is(lines: bytes, framing: Framing, length: int) -> None:
    head = read_head(GOOD + lines + b"\r\n")
    assert (head.framing, head.length) == (framing, length)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"GET /\r\n\r\n", "bad_request_line"),
        (b"GET / HTTP/2.0\r\n\r\n", "bad_request_line"),
        (b"GET  / HTTP/1.1\r\nHost: here\r\n\r\n", "bad_request_line"),
        (b"GET http://here/ HTTP/1.1\r\nHost: here\r\n\r\n", "bad_request_line"),
        (b"OPTIONS * HTTP/1.1\r\nHost: here\r\n\r\n", "bad_request_line"),
        (b"CONNECT here:80 HTTP/1.1\r\nHost: here\r\n\r\n", "bad_request_line"),
        (b"GET /a\x00b HTTP/1.1\r\nHost: here\r\n\r\n", "bad_request_line"),
        (b"GET /\xc3\xa9 HTTP/1.1\r\nHost: here\r\n\r\n", "bad_request_line"),
        (b"GET / HTTP/1.1\nHost: here\r\n\r\n", "bad_request_line"),
        (b"GET / HTTP/1.1\r\n\r\n", "bad_host"),
        (GOOD + b"host: there\r\n\r\n", "bad_host"),
        (GOOD + b"A: b\r\n folded\r\n\r\n", "bad_header"),
        (GOOD + b" A: b\r\n\r\n", "bad_header"),
        (GOOD + b"A : b\r\n\r\n", "bad_header"),
        (GOOD + b"A\r\n\r\n", "bad_header"),
        (GOOD + b": b\r\n\r\n", "bad_header"),
        (GOOD + b"A: b\nContent-Length: 3\r\n\r\n", "bad_header"),
        (GOOD + b"A: b\rc\r\n\r\n", "bad_header"),
        (GOOD + b"A: b\x00\r\n\r\n", "bad_header"),
        (GOOD + b"Connection: content-length\r\nContent-Length: 3\r\n\r\n", "bad_header"),
        (GOOD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "bad_framing"),
        (GOOD + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\n", "bad_framing"),
        (GOOD + b"Content-Length: 3, 3\r\n\r\n", "bad_framing"),
        (GOOD + b"Content-Length: +3\r\n\r\n", "bad_framing"),
        (GOOD + b"Content-Length: -1\r\n\r\n", "bad_framing"),
        (GOOD + b"Content-Length: 0x3\r\n\r\n", "bad_framing"),
        (GOOD + b"Content-Length:\r\n\r\n", "bad_framing"),
        (GOOD + b"Content-Length: 1000000000000000\r\n\r\n", "bad_framing"),
        (GOOD + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "bad_framing"),
        (GOOD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n", "bad_framing"),
        (GOOD + b"Transfer-Encoding: \x0bchunked\r\n\r\n", "bad_header"),
        (b"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "bad_framing"),
    ],
)
def test_scenario_h04_what_two_readers_might_read_differently_is_refused(
    raw: bytes, code: str, figure: Figures
) -> None:
    with pytest.raises(Refused) as refusal:
        read_head(raw)
    figure("H04", Wrong.ACCEPTED, 0, tried=1, of="heads that two readers might read differently")
    assert (refusal.value.status, refusal.value.code) == (400, code)


def test_a_hundred_headers_pass_and_one_more_does_not() -> None:
    assert len(read_head(GOOD + b"A: b\r\n" * 99 + b"\r\n").headers) == 100
    with pytest.raises(Refused) as refusal:
        read_head(GOOD + b"A: b\r\n" * 100 + b"\r\n")
    assert refusal.value.status == 431


def test_scenario_h04_what_the_service_is_told(figure: Figures) -> None:
    head = read_head(
        GOOD + b"X-Forwarded-For: 6.6.6.6\r\nx-forwarded-proto: https\r\nX-Forwarded-Host: evil\r\n"
        b"Forwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nConnection: keep-alive, X-Hop\r\n"
        b"X-Hop: 1\r\nTE: trailers\r\nKeep-Alive: 9\r\nAuthorization: Bearer kh_x\r\n\r\n"
    )
    told = head.forwarded("127.0.0.1")
    forged = [word for word in (b"6.6.6.6", b"https", b"evil", b"Hop") if word in told]
    figure("H04", Wrong.ACCEPTED, forged, tried=4, of="headers that only a proxy may state")
    assert told == (
        b"GET /v1/x?a=1 HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer kh_x\r\n"
        b"X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nConnection: close\r\n\r\n"
    )


def test_only_a_websocket_is_upgraded() -> None:
    upgrade = b"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    assert (
        read_head(GOOD + upgrade + b"\r\n")
        .forwarded("1.2.3.4")
        .endswith(b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    )
    assert not read_head(GOOD + b"Connection: upgrade\r\nUpgrade: h2c\r\n\r\n").upgrade
    assert not read_head(GOOD + upgrade + b"Content-Length: 5\r\n\r\n").upgrade
    assert not read_head(b"POST / HTTP/1.1\r\nHost: here\r\n" + upgrade + b"\r\n").upgrade
