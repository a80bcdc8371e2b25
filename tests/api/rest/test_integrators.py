"""The twenty lines of the README that read the payroll feed, against a real socket."""

import asyncio
import contextlib
import os
import re
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from services.door.limits import Limits, Rate
from services.local.database import Server
from tests.api.appraisals import (
    found,
    move,
    open_cycle,
    publish_scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company, open_companies, reopened
from tests.api.facts import Sale
from tests.api.graph.serving import served
from tests.databases import TestDatabase
from tests.figures import Figures, Wrong

README = Path(__file__).parents[3] / "README.md"
PUBLISHED = ("closed", "review", "approved", "published")
KEPT = (
    "/v1/payroll/entries?limit=1",
    "/v1/payroll/entries?after=1&limit=2",
    "/v1/payroll/entries?limit=1000",
    "/v1/payroll/acknowledgements",
    *(f"/v1/payroll/export?cycle=jan&format={kind}" for kind in ("csv", "ndjson", "xlsx")),
    "/v1/results?limit=500",
    "/v1/audit?limit=500",
    "/v1/audit/verify",
)
"""What a restored company reads as it was, to the last byte."""


def lines() -> str:
    """The program in the README's section for payroll."""
    section = README.read_text().split("## Bonus payroll")[1].split("\n## ")[0]
    block = re.findall(r"^(?: {4}.*)?$", section, re.MULTILINE)
    return dedent("\n".join(block))


async def integrate(company: Company, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run the lines as a program of their own would, in the folder of its book."""
    async with served(company.app) as port:
        monkeypatch.setenv("KAOHE_URL", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("KAOHE_KEY", company.keys["payroll"])
        names: dict[str, Any] = {}
        await asyncio.to_thread(_run, names)
        return names


def _run(names: dict[str, Any]) -> None:
    exec(lines(), names)  # noqa: S102  the README's own lines are what is tested
    names["book"].close()


@pytest.fixture
async def paid(
    fresh_database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Company]:
    """Two agents whose January was published, and a folder for payroll's book."""
    monkeypatch.chdir(tmp_path)
    async with open_companies(fresh_database, 1) as (company,):
        await company.make_key("payroll", "payroll")
        await found(company, ["e-1", "e-2"])
        await publish_scheme(company)
        for period in ("2026-01", "2026-02"):
            await set_targets(company, {"e-1": "1000", "e-2": "500"}, period)
        await sell(
            company,
            Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1500.5"),
            Sale(paid_on=date(2026, 2, 5), salesperson="e-2", amount="500"),
        )
        await open_cycle(company)
        await move(company, "jan", *PUBLISHED)
        yield company


def test_they_are_twenty() -> None:
    written = [line for line in lines().splitlines() if line]
    assert len(written) == 20
    compile(lines(), str(README), "exec")


async def test_they_take_what_is_owed_once(paid: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await integrate(paid, monkeypatch)
    entries = (await paid.get("/v1/payroll/entries")).json()["items"]
    assert first["owed"] == {
        entry["id"]: int(entry["amount"].replace(".", "")) for entry in entries
    }
    assert sum(first["owed"].values()) == 2001 + 50000 + 0 + 25000
    acknowledged = (await paid.get("/v1/payroll/acknowledgements", key="payroll")).json()
    assert acknowledged == {"through": 4, "last": 4, "unacknowledged": 0}
    assert (await integrate(paid, monkeypatch))["owed"] == first["owed"]

    # A correction adds up with its original; lines that nobody has taken are in sight.
    await move(paid, "jan", "open", reason="an order was missing")
    await sell(paid, Sale(paid_on=date(2026, 1, 7), salesperson="e-1", amount="500"))
    await move(paid, "jan", *PUBLISHED)
    acknowledged = (await paid.get("/v1/payroll/acknowledgements", key="admin")).json()
    assert acknowledged == {"through": 4, "last": 6, "unacknowledged": 2}
    again = await integrate(paid, monkeypatch)
    assert again["owed"].keys() == first["owed"].keys()
    assert again["owed"][entries[0]["id"]] == 3601
    assert again["to_settle"] == []


async def test_they_come_again_when_they_are_told_to(
    paid: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One request every second: what is owed is taken all the same, and nothing twice."""
    first = await integrate(paid, monkeypatch)
    clock, waits = [1000.0], []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += seconds

    usual: Limits = paid.app.state.limits
    allowance = replace(usual.allowance, tenant=Rate(1, 1), key=Rate(1, 1))
    paid.app.state.limits = Limits(allowance, lambda: clock[0])
    monkeypatch.setattr(time, "sleep", sleep)
    again = await integrate(paid, monkeypatch)
    assert again["owed"] == first["owed"]
    # Of two pages and what is acknowledged the first is let in at once.
    assert waits == [1, 1]
    # Whoever is refused for another reason is told so, and does not ask again.
    paid.keys["payroll"] = paid.keys["admin"][:-1] + "x"
    del waits[:]
    with pytest.raises(SystemExit, match="401"):
        await integrate(paid, monkeypatch)
    assert waits == []


async def kept(company: Company) -> list[str]:
    """What is read before and after: lists, and each result with the card that it was."""
    results = (await company.get("/v1/results")).json()["items"]
    cards = (await company.get("/v1/scorecards?cycle=jan")).json()["items"]
    below = ("", "/explanation", "/receipt")
    return [
        *KEPT,
        *(f"/v1/results/{each['id']}" for each in results),
        *(f"/v1/scorecards/{each['id']}{part}" for each in cards for part in below),
    ]


async def test_scenario_p01_after_a_restore_they_begin_anew_and_name_what_is_lost(
    paid: Company,
    server: Server,
    worker: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    figure: Figures,
) -> None:
    """Promise 3 of reliability, across a dump: what was read is known, what was lost is told."""
    first = await integrate(paid, monkeypatch)
    before = {path: await paid.get(path) for path in await kept(paid)}
    assert {answer.status_code for answer in before.values()} == {200}
    dump = tmp_path / "kaohe.dump"
    await asyncio.to_thread(_dump, server, paid, dump)

    # The company goes on, payroll reads; then the machine burns down, and the dump is all there is.
    await open_cycle(paid, "feb", period="2026-02")
    await move(paid, "feb", *PUBLISHED)
    second = await integrate(paid, monkeypatch)
    lost = set(second["owed"]) - set(first["owed"])
    assert len(lost) == 4

    async with (
        _restored(server, f"kaohe_{worker}_restored", dump) as database,
        reopened(paid, database) as restored,
    ):
        # The deployment's, as all keys: no backup of the database holds it.
        restored.app.state.receipt_keys = paid.app.state.receipt_keys
        after = {path: await restored.get(path) for path in before}
        differing = [path for path in before if after[path].content != before[path].content]
        of = "answers that a restored company gives again"
        figure("P01", Wrong.BYTES, differing, tried=len(before), of=of)
        epochs = [
            {each.headers.get("kaohe-feed-epoch") for each in answers.values()} - {None}
            for answers in (before, after)
        ]
        assert [len(each) for each in epochs] == [1, 1]
        assert epochs[0] != epochs[1]
        third = await integrate(restored, monkeypatch)
        assert third["owed"] == first["owed"]
        assert set(third["to_settle"]) == lost
        # February is published anew, under the numbers that were given before.
        await open_cycle(restored, "feb", period="2026-02")
        await move(restored, "feb", *PUBLISHED)
        last = await integrate(restored, monkeypatch)
        assert len(last["owed"]) == 8
        assert not lost & set(last["owed"])
        assert set(last["to_settle"]) == lost
        assert sum(last["owed"].values()) == sum(second["owed"].values())


def _dump(server: Server, company: Company, file: Path) -> None:
    name = company.app.state.settings.dsn.get_secret_value().split("@/")[1].split("?")[0]
    program = server.cluster.binaries / "pg_dump"
    _call(program, "--format=custom", f"--file={file}", f"--dbname={server.dsn(database=name)}")


@contextlib.asynccontextmanager
async def _restored(server: Server, name: str, dump: Path) -> AsyncIterator[TestDatabase]:
    await asyncio.to_thread(server.make_database, name)
    try:
        program = server.cluster.binaries / "pg_restore"
        await asyncio.to_thread(
            _call, program, "--exit-on-error", f"--dbname={server.dsn(database=name)}", str(dump)
        )
        yield TestDatabase(server, name)
    finally:
        await asyncio.to_thread(server.drop_database, name)


def _call(program: Path, *options: str) -> None:
    done = subprocess.run(
        [program, *options], capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert done.returncode == 0, done.stderr
