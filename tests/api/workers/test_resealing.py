"""Secrets of webhooks are sealed under another key while messages go out and webhooks are made."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from services.api.flows.webhooks import open_secret, reseal
from services.cli.commands import app
from services.door.sealing import Keyring, master_key_of
from services.door.secret_files import read_or_make_keys, rotate_key
from services.schema.shapes.people import Caller
from services.schema.words import Role
from tests.api.appraisals import ask
from tests.api.companies import Company, Json, open_companies
from tests.api.receiving import receiving
from tests.api.workers.test_webhooks import deliveries, happen, hook, verify, worker_of
from tests.databases import TestDatabase
from tests.figures import Figures, Wrong

ROTATIONS = 5


@pytest.fixture
def file(company: Company, tmp_path: Path) -> Path:
    """The key stands in a file, as in a deployment."""
    path = tmp_path / "webhook.key"
    company.app.state.keyring = Keyring(lambda: read_or_make_keys(path))
    return path


async def sealed(company: Company) -> list[bytes]:
    """Every secret as it is kept, also those that sign for an overlap."""
    statement = text("SELECT secret, previous_secret FROM webhooks ORDER BY id")
    async with company.owner.read(company.number) as session:
        rows = await session.execute(statement)
    return [bytes(each) for row in rows for each in row if each is not None]


async def reseal_all(company: Company) -> int:
    caller = Caller(company.number, Role.ADMIN, None, "system:operator")
    async with company.app.state.database.write(company.number) as session:
        done = await reseal(session, company.app.state.keyring, caller=caller, at=datetime.now(UTC))
    assert done is not None
    assert done.shut == ()
    return done.secrets


async def test_scenario_x07_keys_are_rotated_while_messages_go_out(
    company: Company, file: Path, figure: Figures
) -> None:
    """No message goes unsigned, no secret changes, and nothing is left under a key that was."""
    async with receiving() as receiver:
        first = await hook(company, receiver)
        worker, ended, alerts = worker_of(company), asyncio.Event(), 0
        made: list[Json] = [first]

        async def send() -> None:
            nonlocal alerts
            while not ended.is_set():
                await happen(company, f"alr_{alerts}")
                alerts += 1
                await worker.deliver(company.number)

        async def make() -> None:
            wanted = {"url": "https://example.com/hook", "events": ["cycle.moved"]}
            while not ended.is_set() and len(made) < 15:
                made.append(await ask(company, "POST", "/v1/webhooks", wanted))
                path = f"/v1/webhooks/{made[-1]['id']}/rotate"
                made[-1] = {**made[-1], **await ask(company, "POST", path, {})}

        async def rotate() -> int:
            try:
                total = 0
                for _ in range(ROTATIONS):
                    rotate_key(file)
                    total += await reseal_all(company)
            finally:
                ended.set()
            return total

        *_, resealed = await asyncio.gather(send(), make(), rotate())
        rotate_key(file)
        resealed += await reseal_all(company)
        assert resealed > 0
        assert {verify(receiver, first["secret"], at)["type"] for at in range(alerts)} == {
            "alert.raised"
        }
    told = await deliveries(company, first)
    failed = [each["status"] for each in told if each["status"] != "delivered"]
    of = f"messages during {ROTATIONS + 1} rotations"
    figure("X07", Wrong.FAILED, failed, tried=alerts, of=of)
    key, *retired = read_or_make_keys(file)
    assert len(retired) == ROTATIONS + 1
    now = Keyring(lambda: [key])
    kept = await sealed(company)
    under_others = [each for each in kept if not each.startswith(now.current().id.encode())]
    figure("X07", Wrong.LEAKS, under_others, tried=len(kept), of="secrets, by their key")
    statement = text("SELECT secret FROM webhooks WHERE id = :id")
    async with company.owner.read(company.number) as session:
        one = await session.scalar(statement, {"id": first["id"]})
    assert open_secret(company.number, first["id"], bytes(one), now)


async def test_what_signs_no_more_is_forgotten_and_what_does_not_open_stays(
    company: Company, file: Path
) -> None:
    async with receiving() as receiver:
        over, shut = await hook(company, receiver), await hook(company, receiver)
        for webhook in (over, shut):
            await ask(company, "POST", f"/v1/webhooks/{webhook['id']}/rotate", {})
        async with company.owner.write(company.number) as session:
            for statement, webhook in (
                ("UPDATE webhooks SET previous_until = now() WHERE id = :id", over),
                ("UPDATE webhooks SET secret = previous_secret || 'x' WHERE id = :id", shut),
            ):
                await session.execute(text(statement), {"id": webhook["id"]})
    before = await sealed(company)
    rotate_key(file)
    caller = Caller(company.number, Role.ADMIN, None, "system:operator")
    async with company.app.state.database.write(company.number) as session:
        done = await reseal(session, company.app.state.keyring, caller=caller, at=datetime.now(UTC))
    assert done is not None
    assert (done.secrets, done.shut) == (1, (shut["id"],))
    after = await sealed(company)
    assert after[1:] == before[2:]
    assert (await company.get(f"/v1/webhooks/{over['id']}")).json()["previous_until"] is None


async def test_the_command_seals_anew_and_says_what_does_not_open(
    fresh_database: TestDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = tmp_path / "webhook.key"
    monkeypatch.setattr("services.door.logs.configure_logs", lambda _: None)
    monkeypatch.setenv("KAOHE_DSN", fresh_database.dsn("kaohe_api"))
    monkeypatch.setenv("KAOHE_PAYROLL_DSN", fresh_database.dsn("kaohe_payroll"))
    monkeypatch.setenv("KAOHE_WEBHOOK_KEY_FILE", str(key))
    async with open_companies(fresh_database, 2) as companies:
        for company in companies:
            company.app.state.keyring = Keyring(lambda: read_or_make_keys(key))
            wanted = {"url": "https://example.com/hook", "events": ["cycle.moved"]}
            await ask(company, "POST", "/v1/webhooks", wanted)
        lines = await said("reseal", "--new-key")
        (now, *_) = read_or_make_keys(key)
        assert lines[0] == f"key: {master_key_of(now).id}"
        assert [line.partition(": ")[2] for line in lines[1:]] == ["1 secrets sealed anew"] * 2
        assert (await said("reseal"))[1].endswith(": 0 secrets sealed anew")
        (last,) = [
            each
            for each in (await companies[0].get("/v1/audit?limit=500")).json()["items"]
            if each["action"] == "webhook.reseal" and each["detail"]["secrets"] == 1
        ]
        assert (last["actor"], last["detail"]["left"]) == ("system:operator", 0)
        # A key that is lost, with nothing beside it.
        key.unlink()
        key.with_name("webhook.key.retired").unlink()
        shut = await said("reseal", code=1)
        assert sum(line.endswith(": does not open") for line in shut) == 2


async def said(*arguments: str, code: int = 0) -> list[str]:
    """What the command prints, in a thread with a loop of its own."""
    result = await asyncio.to_thread(CliRunner().invoke, app, ["webhook", *arguments])
    assert result.exit_code == code, result.output
    return result.output.splitlines()
