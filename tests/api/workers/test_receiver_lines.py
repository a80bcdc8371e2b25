"""The twenty lines of the README that receive webhooks, run as a program of their own."""

import asyncio
import os
import re
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

from services.api.core.webhooks import signed_headers
from services.api.receivers import Receivers
from services.api.store.deliveries import tell_webhooks
from services.api.workers.webhooks import WebhookWorker
from services.local.processes import free_port
from services.schema.shapes.webhooks import WebhookEvent
from tests.api.appraisals import ask
from tests.api.companies import Company

README = Path(__file__).parents[3] / "README.md"
LOOPBACK = Receivers(plain=True, loopback=True)


def lines() -> str:
    """The program in the README's section for receivers."""
    section = README.read_text().split("## Webhooks")[1].split("\n## ")[0]
    block = re.findall(r"^(?: {4}.*)?$", section, re.MULTILINE)
    return dedent("\n".join(block))


@asynccontextmanager
async def running(folder: Path, port: int, secret: str) -> AsyncIterator[None]:
    """The program, from when it listens."""
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        lines(),
        cwd=folder,
        env={**os.environ, "PORT": str(port), "KAOHE_WEBHOOK_SECRETS": secret},
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(20):
            while (await LOOPBACK.post(f"http://127.0.0.1:{port}/", {}, b"")).status is None:
                await asyncio.sleep(0.1)
        yield
    finally:
        program.kill()
        await program.wait()


def heard(folder: Path) -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(folder / "heard.db")) as book:
        return book.execute("SELECT id, what, ids FROM heard").fetchall()


def test_they_are_twenty() -> None:
    assert len([line for line in lines().splitlines() if line]) == 20


async def test_they_hear_once_and_take_nothing_forged(company: Company, tmp_path: Path) -> None:
    state, port = company.app.state, free_port()
    state.receivers = LOOPBACK
    url = f"http://127.0.0.1:{port}/"
    wanted = {"url": url, "events": ["alert.raised"]}
    webhook = await ask(company, "POST", "/v1/webhooks", wanted)
    worker = WebhookWorker(state.database, state.keyring, LOOPBACK, kept=timedelta(days=30))
    async with running(tmp_path, port, webhook["secret"]):
        async with state.database.write(company.number) as session:
            await tell_webhooks(session, WebhookEvent.ALERT_RAISED, [{"alert": "alr_1"}])
        await worker.deliver(company.number)
        page = (await company.get(f"/v1/webhooks/{webhook['id']}/deliveries")).json()
        (delivery,) = page["items"]
        await ask(company, "POST", f"/v1/deliveries/{delivery['id']}/replay", None)
        await worker.deliver(company.number)
        forged = signed_headers("dlv_2", b"{}", [bytes(32)], at=datetime.now(UTC))
        assert (await LOOPBACK.post(url, forged, b"{}")).status == 401
    assert heard(tmp_path) == [(delivery["id"], "alert.raised", '{"alert": "alr_1"}')]
    page = (await company.get(f"/v1/webhooks/{webhook['id']}/deliveries")).json()
    assert [each["status"] for each in page["items"][0]["attempts"]] == [204, 204]
