"""The demo's client is a caller like any other: patient with a 503, and deaf to no refusal."""

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from services.cli import client as module
from services.cli.client import Client, Refused

Answer = tuple[int, object]
TAKEN: dict[str, list[object]] = {"rows": []}


class Kaohe(ThreadingHTTPServer):
    """Gives answers in turn and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Answer] = []
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []


class Handler(BaseHTTPRequestHandler):
    server: Kaohe

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((self.command, self.path, headers, body))
        status, document = self.server.answers.pop(0)
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    do_POST = do_GET  # noqa: N815  the names are the library's
    do_PUT = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def kaohe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kaohe]:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0)
    server = Kaohe()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(kaohe: Kaohe) -> Client:
    return Client(kaohe.server_port, "kh_1_x_y")


def test_it_comes_again_after_a_503_and_not_after_a_409(
    kaohe: Kaohe, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    kaohe.answers = [(503, {}), (429, {}), (200, {"code": "a"})]
    assert client.put("/v1/units/a", {"name": "甲"}) == {"code": "a"}
    assert waits == [0, 7]
    assert [asked[:2] for asked in kaohe.asked] == [("PUT", "/v1/units/a")] * 3
    assert json.loads(kaohe.asked[-1][3]) == {"name": "甲"}
    assert kaohe.asked[-1][2]["authorization"] == "Bearer kh_1_x_y"
    kaohe.answers = [(409, {"code": "period_open"})]
    with pytest.raises(Refused, match="period_open"):
        client.post("/v1/cycles/c/moves", {"to": "closed"})


@pytest.mark.parametrize(
    ("said", "seconds"),
    [(None, 0.5), ("0", 0), ("1", 1), ("60", 60), ("61", 60), ("99999999", 60), ("-1", 0.5),
     ("Mon, 30 Nov 2026 10:00:00 GMT", 0.5), ("１", 0.5), ("", 0.5)],
)  # fmt: skip
def test_it_waits_as_long_as_it_is_told(said: str | None, seconds: float) -> None:
    assert module._seconds_of(said) == seconds


def test_it_gives_up_in_the_end(kaohe: Kaohe, client: Client) -> None:
    kaohe.answers = [(503, {})] * module._ATTEMPTS
    with pytest.raises(Refused, match="503"):
        client.get("/v1/tenant")
    assert kaohe.answers == []


def test_it_waits_for_an_origin_that_is_not_there_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0)
    monkeypatch.setattr(module, "_ATTEMPTS", 3)
    with pytest.raises(OSError, match="refused"):
        Client(1, "k").get("/v1/tenant")


def test_what_is_not_there_is_null(kaohe: Kaohe, client: Client) -> None:
    kaohe.answers = [(404, {}), (403, {"code": "forbidden"})]
    assert client.find("/v1/cycles/c") is None
    with pytest.raises(Refused, match="forbidden"):
        client.find("/v1/cycles/c")


def test_a_refusal_says_why_and_where(kaohe: Kaohe, client: Client) -> None:
    fault = {"pointer": "?shop", "code": "unknown_shop", "detail": "There is no shop zz."}
    problem = {"code": "invalid", "detail": "It is malformed.", "errors": [fault]}
    kaohe.answers = [(422, problem), (500, {})]
    with pytest.raises(Refused) as refusal:
        client.get("/v1/x")
    told = "GET /v1/x answered 422: invalid: It is malformed.\n  ?shop: There is no shop zz."
    assert str(refusal.value) == told
    with pytest.raises(Refused, match=r"answered 500: \{\}"):
        client.get("/v1/x")


def test_facts_go_in_batches_each_under_a_key_of_its_own(kaohe: Kaohe, client: Client) -> None:
    kaohe.answers = [(200, TAKEN)] * 3
    rows: list[dict[str, object]] = [{"id": str(number)} for number in range(12_000)]
    assert list(client.post_facts("orders", rows, key="k")) == [5000, 5000, 2000]
    sent = [gzip.decompress(body).decode().splitlines() for *_, body in kaohe.asked]
    assert [json.loads(line) for lines in sent for line in lines] == rows
    keys = [headers["idempotency-key"] for _, _, headers, _ in kaohe.asked]
    assert keys == ["k-0", "k-5000", "k-10000"]


def test_a_refused_row_stops_everything(kaohe: Kaohe, client: Client) -> None:
    kaohe.answers = [(200, {"rows": [{"row": 3, "code": "unknown_shop"}]})]
    with pytest.raises(Refused, match="unknown_shop"):
        client.post_batch("/v1/shops/batch", [{}])
