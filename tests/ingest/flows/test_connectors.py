"""A marketplace is two files and a word: found by them, opened, pulled into facts."""

import asyncio
import inspect
import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from sandbox.doors import DOORS, door_of
from sandbox.shops import MARKETPLACE_SHOPS
from services.ingest.flows.connectors import CONNECTORS, Reader
from services.local.processes import ROOT
from services.schema.words import Marketplace
from tests.databases import TestDatabase

HERE = Path(__file__).parent
CODE, SHOP, ORDERS = "pretend-company", "pretend-1", 25
PULL = """
import asyncio
from services.ingest.settings import IngestSettings
from services.ingest.workers.deployment import opened

async def main():
    async with opened(IngestSettings()) as schedule:
        problems = await schedule.pull_once()
        assert [each for each in problems if each.startswith("pretend-1 ")] == []

asyncio.run(main())
"""


def test_every_word_but_the_other_has_its_two_files() -> None:
    assert CONNECTORS.keys() == set(Marketplace) - {Marketplace.OTHER}
    assert {door_of(shop) for shop in MARKETPLACE_SHOPS} == DOORS.keys()
    assert {shop.marketplace for shop in MARKETPLACE_SHOPS} == {*CONNECTORS}


@pytest.mark.parametrize("marketplace", CONNECTORS)
def test_a_reader_keeps_its_promise_word_for_word(marketplace: Marketplace) -> None:
    """It is found by its name, where no type is checked: so its functions are, here."""
    promised = dict(inspect.getmembers(Reader, inspect.isfunction))
    for name, function in promised.items():
        if name.startswith("_"):
            continue
        wanted = inspect.signature(function)
        kept = inspect.signature(getattr(CONNECTORS[marketplace].reader, name))
        parameters = list(wanted.parameters.values())[1:]
        # What one has no use for begins with a line.
        assert [(p.name.lstrip("_"), p.annotation) for p in kept.parameters.values()] == [
            (p.name, p.annotation) for p in parameters
        ]
        assert kept.return_annotation == wanted.return_annotation


def orders(at: datetime) -> list[dict[str, Any]]:
    """Placed an hour after each other, every fifth of them unpaid, the last one an hour ago."""
    rows = []
    for number in range(ORDERS):
        moment = (at - timedelta(hours=ORDERS - number)).strftime("%Y-%m-%dT%H:%M:%SZ")
        rows.append(
            {
                "no": f"P-{number}",
                "placed": moment,
                "changed": moment,
                "paid": moment if number % 5 else None,
                "sum": f"{number}.25",
                "buyer": f"buyer-{number % 3}",
                "telephone": "13800138000",
            }
        )
    return rows


@contextmanager
def pretend_marketplace(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Ten orders a page, for whoever has the token."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(asked.query).items()}
            found = [row for row in rows if query["from"] <= row["changed"] < query["to"]]
            page = int(query["page"])
            document = {"total": len(found), "orders": found[10 * page - 10 : 10 * page]}
            body = json.dumps(document).encode()
            allowed = self.headers["Authorization"] == "Bearer let-in"
            self.send_response(200 if allowed and asked.path == "/orders" else 403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def written_beside(tree: Path) -> None:
    """A copy of the services in which somebody has added a marketplace, as CONTRIBUTING says."""
    shutil.copytree(
        ROOT / "services", tree / "services", ignore=shutil.ignore_patterns("__pycache__")
    )
    ingest = tree / "services" / "ingest"
    shutil.copy(HERE / "pretend_source.py", ingest / "sources" / "pretend.py")
    shutil.copy(HERE / "pretend_reader.py", ingest / "core" / "readers" / "pretend.py")
    words = tree / "services" / "schema" / "words.py"
    before, name, after = words.read_text(encoding="utf-8").partition("class Marketplace(StrEnum):")
    after = after.replace(
        '    OTHER = "other"\n', '    PRETEND = "pretend"\n    OTHER = "other"\n', 1
    )
    words.write_text(before + name + after, encoding="utf-8")


async def make_shop(owner: asyncpg.Connection) -> int:
    tenant: int = await owner.fetchval(
        "INSERT INTO tenants (code, created_at) VALUES ($1, now()) RETURNING id", CODE
    )
    await owner.execute(
        "INSERT INTO tenant_settings VALUES ($1, 'x', 'CNY', 'Asia/Shanghai', 'monday', '01-01')",
        tenant,
    )
    await owner.execute(
        "INSERT INTO shops (tenant_id, code, name, marketplace, timezone, currency, kind, version)"
        " VALUES ($1, $2, $2, 'pretend', 'Asia/Shanghai', 'CNY', 'online', 1)",
        tenant, SHOP,
    )  # fmt: skip
    return tenant


async def test_a_marketplace_of_two_files_and_a_word_is_pulled_into_facts(
    database: TestDatabase, tmp_path: Path
) -> None:
    written_beside(tmp_path)
    rows = orders(datetime.now(UTC))
    paid = [Decimal(row["sum"]) for row in rows if row["paid"]]
    owner = await asyncpg.connect(database.dsn("kaohe"))
    try:
        with pretend_marketplace(rows) as address:
            tenant = await make_shop(owner)
            accounts = tmp_path / "marketplaces.json"
            account = {"gateway": f"http://{address}", "app_key": "k", "secret": "s"}
            document = {
                "sandbox": [address],
                "shops": [{"tenant": CODE, "shop": SHOP, **account, "session": "let-in"}],
            }
            accounts.write_text(json.dumps(document), encoding="utf-8")
            environment = {
                **{name: value for name, value in os.environ.items() if name[:6] != "KAOHE_"},
                "KAOHE_DSN": database.dsn("kaohe_ingest"),
                "KAOHE_MARKETPLACES": str(accounts),
                "KAOHE_MASTER_KEY": "m" * 32,
            }
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", PULL, cwd=tmp_path, env=environment,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            printed, _ = await process.communicate()
            assert process.returncode == 0, printed.decode()
        facts = await owner.fetch(
            "SELECT id, status, paid_amount, source FROM order_facts WHERE tenant_id = $1", tenant
        )
        assert {fact["id"] for fact in facts} == {row["no"] for row in rows}
        assert {fact["source"] for fact in facts} == {f"pretend:{SHOP}"}
        assert sorted(fact["paid_amount"] for fact in facts if fact["status"] == "paid") == paid
        measured = await owner.fetchval(
            "SELECT sum(paid_amount) FROM order_measures WHERE tenant_id = $1", tenant
        )
        assert measured == sum(paid)
        (feed,) = await owner.fetch("SELECT * FROM feeds WHERE tenant_id = $1", tenant)
        assert (feed["kind"], feed["problem"], feed["rejected"]) == ("orders", None, 0)
        kept = b"".join(
            page["body"]
            for page in await owner.fetch("SELECT body FROM pages WHERE tenant_id = $1", tenant)
        )
        assert kept
        assert b"13800138000" not in kept
    finally:
        await owner.close()
