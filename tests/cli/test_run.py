"""`kaohe run` as a new user meets it: the demo stands, all doors agree, a killed start goes on."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.local.database import remove
from services.local.processes import ROOT, free_port

UP_SECONDS = 420
STOP_SECONDS = 60
QUERY = """
{ scorecards(first: 100) { totalCount nodes {
    id cycle subject total grade coefficient rank status fingerprint
    lines { item value target attainment score weight points status }
} } }
"""


@dataclass
class Demo:
    """One folder of data, and the process tree over it."""

    var: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    seconds: float = 0
    """How long the first start took."""

    def start(self) -> None:
        environment = {**os.environ, "KAOHE_VAR": str(self.var), "KAOHE_PORT": str(self.port)}
        with (self.var / "out.log").open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.cli", "run"],
                cwd=ROOT, env=environment, stdout=out, stderr=out,
            )  # fmt: skip

    def wait_until_up(self) -> None:
        """Until the demo stands; what was printed if it does not."""
        until = time.monotonic() + UP_SECONDS
        while time.monotonic() < until and not (self.var / "demo-keys.json").exists():
            assert self.process is not None
            assert self.process.poll() is None, self.printed()
            time.sleep(0.2)
        assert (self.var / "demo-keys.json").exists(), self.printed()
        while "Kaohe is up." not in self.printed().rpartition("Stopping.")[2]:
            assert time.monotonic() < until, self.printed()
            time.sleep(0.1)

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=STOP_SECONDS)

    def printed(self) -> str:
        return (self.var / "out.log").read_text(encoding="utf-8")

    def ask(self, role: str, path: str, query: str | None = None) -> Any:
        keys = json.loads((self.var / "demo-keys.json").read_text())
        headers = {"Authorization": f"Bearer {keys[role]}"}
        url = f"http://127.0.0.1:{self.port}{path}"
        if query is not None:
            return httpx.post(url, json={"query": query}, headers=headers).raise_for_status().json()
        return httpx.get(url, headers=headers).raise_for_status().json()

    def figures(self) -> dict[str, Any]:
        """Everything a reader is shown, without ids and times."""
        hidden = {"id", "computed_at", "published_at", "scorecard", "approvals"}
        cards = self.ask("hr", "/v1/scorecards?limit=500")["items"]
        results = self.ask("hr", "/v1/results?limit=500")["items"]
        entries = self.ask("payroll", "/v1/payroll/entries?after=0&limit=500")["items"]
        return {
            name: sorted(
                ({key: each[key] for key in sorted(each.keys() - hidden)} for each in rows),
                key=lambda each: json.dumps(each, sort_keys=True),
            )
            for name, rows in (("cards", cards), ("results", results), ("entries", entries))
        }


@contextlib.contextmanager
def demo_in(folder: Path) -> Iterator[Demo]:
    demo = Demo(folder)
    try:
        yield demo
    finally:
        if demo.process is not None and demo.process.poll() is None:
            demo.process.kill()
            demo.process.wait()
        remove(folder / "postgres", bin_folder=None)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo_in(tmp_path_factory.mktemp("demo")) as made:
        began = time.monotonic()
        made.start()
        made.wait_until_up()
        made.seconds = time.monotonic() - began
        yield made


@pytest.mark.xdist_group("demo")
def test_rest_graphql_page_and_feed_agree_on_every_figure(demo: Demo) -> None:
    cards = {card["id"]: card for card in demo.ask("hr", "/v1/scorecards?limit=500")["items"]}
    shown = demo.ask("hr", "/graphql", QUERY)["data"]["scorecards"]
    assert shown["totalCount"] == len(cards) == len(shown["nodes"]) > 10
    board = f"http://127.0.0.1:{demo.port}/"
    pages = {
        cycle: httpx.get(board, params={"cycle": cycle}).raise_for_status().text
        for cycle in {card["cycle"] for card in cards.values()}
    }
    for node in shown["nodes"]:
        card = cards[node["id"]]
        for name in ("cycle", "subject", "total", "grade", "coefficient", "rank", "fingerprint"):
            assert node[name] == card[name], (node["id"], name)
        for line, other in zip(node["lines"], card["lines"], strict=True):
            assert {**line, "status": line["status"].lower()} == {
                name: other[name] for name in line
            }
        # In the first hours of a month nobody has sold yet, and no card has a total.
        assert card["total"] is not None or card["status"] == "incomplete", card["id"]
        assert (card["total"] or "incomplete") in pages[card["cycle"]]
        assert f"/scorecards/{card['id']}" in pages[card["cycle"]]
    entries = demo.ask("payroll", "/v1/payroll/entries?after=0&limit=500")["items"]
    results = demo.ask("hr", "/v1/results?limit=500")["items"]
    paid = {(r["cycle"], r["subject"]): r for r in results}
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    assert len(entries) >= len(results) == len(paid) > 0
    for entry in entries:
        result = paid[entry["cycle"], f"employee:{entry['employee']}"]
        assert (entry["total"], entry["grade"]) == (result["total"], result["grade"])
        assert entry["amount"] in {payout["amount"] for payout in result["payouts"]}
    owed = sum(Decimal(payout["amount"]) for result in results for payout in result["payouts"])
    assert sum(Decimal(entry["amount"]) for entry in entries) == owed > 0


@pytest.mark.xdist_group("demo")
def test_what_is_printed_works_as_it_stands(demo: Demo) -> None:
    calls = re.findall(r"^  (curl .*)$", demo.printed(), flags=re.MULTILINE)
    assert len(calls) == 6
    for call in calls:
        answer = subprocess.run(call, shell=True, capture_output=True, check=True)  # noqa: S602  it is meant to be pasted
        answered = json.loads(answer.stdout)
        assert "status" not in answered, answered
        assert answered.get("rows", []) == []


@pytest.mark.xdist_group("demo")
def test_a_second_start_takes_seconds_and_loses_nothing(demo: Demo) -> None:
    before = demo.figures()
    raw = _feed(demo)
    assert demo.stop() == 0
    began = time.monotonic()
    demo.start()
    demo.wait_until_up()
    assert time.monotonic() - began < 60
    assert demo.figures() == before
    assert _feed(demo) == raw


def _feed(demo: Demo) -> bytes:
    keys = json.loads((demo.var / "demo-keys.json").read_text())
    url = f"http://127.0.0.1:{demo.port}/v1/payroll/entries?after=0"
    return httpx.get(url, headers={"Authorization": f"Bearer {keys['payroll']}"}).content


@pytest.mark.long
@pytest.mark.parametrize(
    "victim", ["services.cli run", "postgres", "services.ingest", "services.api"]
)
@pytest.mark.parametrize("share", [0.1, 0.4, 0.7, 0.9])
def test_a_start_that_is_killed_goes_on_and_ends_alike(
    demo: Demo, tmp_path: Path, victim: str, share: float
) -> None:
    """`share` is how far into an undisturbed start the victim gets kill -9."""
    with demo_in(tmp_path) as other:
        other.start()
        time.sleep(demo.seconds * share)
        _kill(other, victim)
        time.sleep(2)
        if other.process is not None and other.process.poll() is not None:
            other.start()
        with contextlib.suppress(AssertionError):
            other.wait_until_up()
        if other.process is not None and other.process.poll() is not None:
            other.start()
            other.wait_until_up()
        assert other.figures() == demo.figures()
        other.stop()


def _kill(demo: Demo, victim: str) -> None:
    """Kill -9 of one process of this tree, found among the descendants of ours."""
    assert demo.process is not None
    if victim == "services.cli run":
        demo.process.kill()
        demo.process.wait()
        return
    if victim == "postgres":
        data = next(demo.var.glob("postgres/**/postmaster.pid"), None)
        if data is not None:
            os.kill(int(data.read_text().split()[0]), signal.SIGKILL)
        return
    listed = subprocess.run(
        ["/bin/ps", "-o", "pid=,args=", "--ppid", str(demo.process.pid)],
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    for line in listed.splitlines():
        number, _, command = line.strip().partition(" ")
        if command.split()[3:4] == [victim]:
            os.kill(int(number), signal.SIGKILL)
