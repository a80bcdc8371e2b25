"""`kaohe run` as a new user meets it: the demo stands, all doors agree, a killed start goes on."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.doors import DOORS, door_of
from sandbox.shops import SHOP_OF
from services.local.database import remove
from services.local.processes import ROOT, free_port
from services.schema.words import PayPlan

_HIDDEN = frozenset(
    {
        *("id", "computed_at", "published_at", "scorecard", "approvals", "corrects"),
        # Whoever starts anew has other keys, and draws another sample.
        *("author", "stated_at", "assessment", "fingerprint"),
    }
)
UP_SECONDS = 420
STOP_SECONDS = 60
KNOCKED_SECONDS = 90
QUERY = """
{ scorecards(first: 100, after: %s) { totalCount pageInfo { endCursor hasNextPage } nodes {
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

    def cards(self) -> list[Any]:
        found: list[Any] = self.ask("hr", "/v1/scorecards?limit=500")["items"]
        return found

    def figures(self) -> dict[str, Any]:
        """Everything a reader is shown, without ids, times, and whose keys and samples it was."""
        cards = self.cards()
        results = self.ask("hr", "/v1/results?limit=500")["items"]
        entries = self.ask("payroll", "/v1/payroll/entries?after=0&limit=500")["items"]
        return {
            name: sorted(
                (_without(each, _HIDDEN) for each in rows),
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


def test_rest_graphql_page_and_feed_agree_on_every_figure(demo: Demo) -> None:
    cards, nodes, pages = _seen_at_once(demo)
    for node in nodes:
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
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    assert len(results) > 40
    owed: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for entry in entries:
        if entry["kind"] == "result" and entry["plan"] is not None:
            key = entry["cycle"], f"employee:{entry['employee']}", entry["plan"]
            owed[key] += Decimal(entry["amount"])
    for result in results:
        for payout in result["payouts"]:
            key = result["cycle"], result["subject"], payout["plan"]
            assert owed.pop(key) == Decimal(payout["amount"]), key
    assert owed == {}
    # The late refund that two of HR accepted: its seller is paid less, and no result is another.
    kept = {entry["id"]: entry["employee"] for entry in entries if entry["kind"] == "result"}
    less = [entry for entry in entries if entry["corrects"]]
    assert [kept[entry["corrects"]] for entry in less] == [entry["employee"] for entry in less]
    assert less
    assert all(Decimal(entry["amount"]) < 0 for entry in less)


def test_all_seven_marketplaces_are_pulled_and_three_of_them_knock(demo: Demo) -> None:
    listed = demo.ask("hr", "/v1/shops?limit=500")["items"]
    shops = {each["code"]: each["marketplace"] for each in listed if each["marketplace"]}
    feeds = [
        feed
        for feed in demo.ask("hr", "/v1/feeds?limit=500")["items"]
        if feed["source"] == f"{shops.get(feed['shop'])}:{feed['shop']}"
    ]
    orders = {(shop, "orders") for shop in shops}
    wanted = orders | {("jd-qinghe", "chats"), ("az-qinghe", "measures")}
    assert wanted <= {(feed["shop"], feed["kind"]) for feed in feeds if feed["applied"] > 20}
    assert {door_of(SHOP_OF[code]) for code in shops} == DOORS.keys()
    assert len(DOORS) == 7
    assert {feed["problem"] for feed in feeds} == {None}
    assert all(feed["last_success"] for feed in feeds)
    assert {(feed["rejected"], feed["waiting"]) for feed in feeds} == {(0, 0)}
    until = time.monotonic() + KNOCKED_SECONDS
    while len(knocked := _knocked(demo)) < 3 and time.monotonic() < until:
        time.sleep(0.5)
    assert knocked == {"dy-qinghe", "sp-qinghe", "wc-qinghe"}


def _knocked(demo: Demo) -> set[str]:
    """The shops whose webhooks were heard, as the log of ingest tells."""
    log = (demo.var / "log" / "ingest.log").read_text(encoding="utf-8")
    lines = (line for line in log.splitlines() if "feed.knocked" in line)
    return {found[0] for line in lines for found in [re.findall(r"[a-z]+-qinghe", line)] if found}


def _seen_at_once(demo: Demo) -> tuple[dict[str, Any], list[Any], dict[str, str]]:
    """Cards by REST, the graph and the page; again, while live ones are computed in between."""
    board = f"http://127.0.0.1:{demo.port}/"
    for _ in range(20):
        cards = _cards(demo)
        nodes: list[Any] = []
        after = "null"
        while True:
            shown = demo.ask("hr", "/graphql", QUERY % after)["data"]["scorecards"]
            nodes += shown["nodes"]
            if not shown["pageInfo"]["hasNextPage"]:
                break
            after = json.dumps(shown["pageInfo"]["endCursor"])
        pages = {
            cycle: httpx.get(board, params={"cycle": cycle}).raise_for_status().text
            for cycle in {card["cycle"] for card in cards.values()}
        }
        if cards == _cards(demo):
            assert shown["totalCount"] == len(cards) == len(nodes) > 100
            return cards, nodes, pages
    raise AssertionError("cards are computed anew again and again")


def _cards(demo: Demo) -> dict[str, Any]:
    return {card["id"]: card for card in demo.ask("hr", "/v1/scorecards?limit=500")["items"]}


def test_every_template_scores_somebody_in_last_month_and_in_this(demo: Demo) -> None:
    codes = {each["code"] for each in demo.ask("hr", "/v1/templates?limit=500")["items"]}
    cards = demo.cards()
    cycles = {each["code"]: each for each in demo.ask("hr", "/v1/cycles?limit=500")["items"]}
    last = max(each["to"] for each in cycles.values() if each["status"] == "published")
    before, now = set(), set()
    for card in cards:
        cycle = cycles[card["cycle"]]
        if cycle["from"] < last <= cycle["to"]:
            before.add(card["scheme"])
        if cycle["to"] > last:
            now.add(card["scheme"])
        if cycle["to"] <= last:
            assert card["status"] == "published"
            assert {line["status"] for line in card["lines"]} == {"ok"}
    assert before == now == codes


def test_the_story_is_told(demo: Demo) -> None:
    """A forced distribution with moves, a failed gate and a cap, a 360°, a transfer, a joiner."""
    last = max(
        each["period"]
        for each in demo.ask("hr", "/v1/cycles?limit=500")["items"]
        if each["status"] == "published" and re.fullmatch(r"\d{4}-\d\d", each["period"])
    )
    ranked = demo.ask("hr", f"/v1/cycles/{last}-pre_sales_agent/distribution")
    (population,) = ranked["populations"]
    assert (population["people"], population["forced"], population["meets"]) == (12, True, True)
    assert [each["share"] for each in population["grades"]][:3] == ["20", "70", "10"]
    assert len(ranked["moves"]) == 2
    assert all(move["reason"] for move in ranked["moves"])
    cards = demo.cards()
    by = {(card["cycle"], card["subject"]): card for card in cards}
    failed = [card for card in cards if {"fail": True} in [g["then"] for g in card["gates"]]]
    assert {card["subject"] for card in failed} == {"employee:e-004"}
    assert {card["grade"] for card in failed} == {"C"}
    capped = by[f"{last}-live_host", "employee:e-017"]
    assert [gate["then"] for gate in capped["gates"]] == [{"cap": "59"}]
    assert capped["total"] == "59.00"
    assert {a["points"] for card in cards for a in card["adjustments"]} == {"3", "-2"}
    moved = by[f"{last}-promotion_specialist", "employee:e-014"]["segments"]
    assert [(each["scheme"], each["from"][-2:]) for each in moved] == [
        ("operations_specialist", "01"),
        ("promotion_specialist", "16"),
    ]
    cases = demo.ask("hr", "/v1/cases")["items"]
    assert {(each["state"], each["overdue"]) for each in cases} == {
        ("closed", False),
        ("open", True),
    }
    (joined,) = by[f"{last}-designer", "employee:e-030"]["segments"]
    assert joined["from"] == f"{last}-09"
    leader = by[f"{last}-team_leader_360", "employee:e-018"]["id"]
    told = demo.ask("viewer", f"/v1/scorecards/{leader}/ratings")["items"]
    assert {each["role"] for each in told} == {"customer", "branch", "member", "supervisor"}
    assert all(each["mark"] and not each["rater"] for each in told)
    colleague = by[f"{last}-operations_specialist", "employee:e-011"]["id"]
    peers = demo.ask("viewer", f"/v1/scorecards/{colleague}/ratings")["items"]
    assert [(each["role"], each["rater"]) for each in peers] == [
        ("self", "e-011"), ("manager", "e-003"), *[("peer", None)] * 3,
    ]  # fmt: skip
    asked = demo.ask("hr", f"/v1/scorecards/{leader}/raters")["items"]
    assert [each["role"] for each in asked] == ["member"] * 4
    hosts = [by[f"{last}-live_host", f"employee:{code}"] for code in ("e-016", "e-017")]
    converted = [line for card in hosts for line in card["lines"] if "conversion" in line["item"]]
    assert [line["score"] for line in converted] == ["80", "80"]
    excluded = demo.ask("hr", "/v1/exclusions")["items"]
    assert [(each["rule"], each["undone"]) for each in excluded] == [("same_phone", None)] * 3


def test_levels_are_held_and_kept_back_and_every_plan_pays(demo: Demo) -> None:
    levels = demo.ask("hr", "/v1/ladders/service_agent/assessments?limit=500")["items"]
    assert Counter(each["level"] for each in levels) == {"gold": 2, "silver": 2, "bronze": 8}
    missing = {
        each["employee"]: [criterion["criterion"] for criterion in each["missing"]]
        for each in levels
    }
    assert (missing["e-019"], missing["e-021"], missing["e-034"]) == (
        [], ["service_slips"], ["attendance"],
    )  # fmt: skip
    results = demo.ask("hr", "/v1/results?limit=500")["items"]
    payouts = [payout for result in results for payout in result["payouts"]]
    paid = {payout["plan"] for payout in payouts if Decimal(payout["amount"])}
    assert paid == set(PayPlan)
    commissions = [p["inputs"]["bands"] for p in payouts if p["plan"] == "commission"]
    assert {len(bands) for bands in commissions} == {1, 2, 3}
    entries = demo.ask("payroll", "/v1/payroll/entries?after=0&limit=500")["items"]
    corrections = [e for e in entries if e["kind"] == "correction" and Decimal(e["amount"])]
    assert {(e["employee"], Decimal(e["amount"]) < 0) for e in corrections} == {
        (corrections[0]["employee"], True)
    }
    assert all(e["reason"] and e["corrects"] for e in corrections)


def test_what_is_printed_works_as_it_stands(demo: Demo) -> None:
    last_start = demo.printed().rpartition("Stopping.")[2]
    calls = re.findall(r"^  (curl .*)$", last_start, flags=re.MULTILINE)
    assert len(calls) == 6
    for call in calls:
        answer = subprocess.run(call, shell=True, capture_output=True, check=True)  # noqa: S602  it is meant to be pasted
        answered = json.loads(answer.stdout)
        assert "status" not in answered, answered
        assert answered.get("rows", []) == []


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


def _without(value: Any, hidden: AbstractSet[str]) -> Any:
    """A document without some of its fields, however deep."""
    if isinstance(value, list):
        return [_without(each, hidden) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: _without(value[key], hidden) for key in sorted(value.keys() - hidden)}


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
