"""Looks for planted words in whatever is kept or told: tables, dumps, archives, answers."""

import base64
import gzip
import json
import re
import subprocess
import zipfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from sqlalchemy import text

from services.cli.archives import export_tenant
from services.local.database import Server
from services.schema.words import FactKind
from tests.api.companies import Company


class Search:
    """Looks for all canaries in all that it is shown, in whatever form it is kept."""

    def __init__(self, canaries: list[str]) -> None:
        self._forms: set[bytes] = set()
        self.look_for(canaries)
        self.found: list[str] = []
        self.looked: Counter[str] = Counter()
        self.bytes = 0

    def look_for(self, canaries: Iterable[str | bytes]) -> None:
        """These too, as they are, escaped, in hexadecimals, and what is no text in base 64."""
        for canary in canaries:
            if isinstance(canary, str):
                raw = canary.encode()
                self._forms.add(json.dumps(canary)[1:-1].encode())
            else:
                raw = canary
                self._forms |= {base64.b64encode(raw), base64.urlsafe_b64encode(raw)}
            self._forms |= {raw, raw.hex().encode()}
        self._needle = re.compile(b"|".join(re.escape(form) for form in sorted(self._forms)))

    def look(self, where: str, value: object) -> None:
        self.looked[where.partition(" ")[0]] += 1
        whole = value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
        if whole[:2] == b"\x1f\x8b":
            whole = gzip.decompress(whole)
        self.bytes += len(whole)
        if hit := self._needle.search(whole):
            around = whole[max(0, hit.start() - 60) : hit.end() + 20]
            self.found.append(f"{where}: ...{around!r}")

    async def look_at_tables(self, dsn: str) -> None:
        owner = await asyncpg.connect(dsn)
        tables = await owner.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND relkind IN ('r', 'm') ORDER BY 1"
        )
        for (table,) in tables:
            self.looked["tables"] += 1
            for row in await owner.fetch(f"SELECT * FROM {table}"):  # noqa: S608 - the catalogue's
                for column, value in row.items():
                    self.look(f"columns {table}.{column}", value)
        await owner.close()

    def look_at_dump(self, server: Server, dsn: str) -> None:
        """The database as PostgreSQL's own program writes it down."""
        program = str(server.cluster.binaries / "pg_dump")
        dump = subprocess.run([program, f"--dbname={dsn}"], capture_output=True, check=True)
        for line in dump.stdout.splitlines():
            self.look("dumped line", line)

    async def look_at_archive(self, dsn: str, company: Company, folder: Path) -> None:
        """A company as the operator writes it down."""
        code = "SELECT code FROM tenants WHERE id = :id"
        async with company.owner.register() as session:
            code = await session.scalar(text(code), {"id": company.number})
        await export_tenant(dsn, code, folder / "company.zip")
        with zipfile.ZipFile(folder / "company.zip") as archive:
            for name in archive.namelist():
                for line in archive.read(name).splitlines():
                    self.look(f"archived {name}", line)

    async def look_at_hooks(self, company: Company) -> None:
        """Webhooks, what was sent to each, and what is told of all that became of them."""
        page = (await company.get("/v1/webhooks")).json()
        paths = [f"/v1/webhooks/{each['id']}" for each in page["items"]]
        logs = [f"{path}/deliveries?limit=500" for path in paths]
        for path in (*paths, *logs, "/v1/audit?limit=500"):
            answer = await company.get(path)
            assert answer.status_code == 200, answer.text
            self.look(f"answers {path}", answer.text)

    async def look_at_facts(self, ingest: httpx.AsyncClient, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        for kind in FactKind:
            answer = await ingest.get(f"/v1/facts/{kind}?limit=500", headers=headers)
            assert answer.status_code == 200, answer.text
            self.look(f"answers /v1/facts/{kind}", answer.text)

    async def look_at_doors(self, app: Any, client: httpx.AsyncClient, key: str) -> None:
        """All that can be read without naming a thing."""
        headers = {"Authorization": f"Bearer {key}"}
        for path, methods in app.openapi()["paths"].items():
            if "get" in methods and "{" not in path:
                answer = await client.get(path, params={"limit": "500"}, headers=headers)
                self.look(f"answers {path}", answer.text)
