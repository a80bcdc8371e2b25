"""A company of its own behind both doors: what a client can do with its keys, and nothing more."""

import csv
import gzip
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx

Row = dict[str, Any]
LIMIT = 500
BODY_BYTES = 48 * 1024 * 1024


@dataclass(frozen=True)
class Tenant:
    """Calls the doors as the admin, and as the ERP where facts go in."""

    number: int
    api: httpx.AsyncClient
    ingest: httpx.AsyncClient
    keys: dict[str, str]

    async def put(self, path: str, body: Any) -> Any:
        return _read(await self.api.put(path, json=body, headers=self._as("admin")))

    async def post(self, path: str, body: Any, *, role: str = "admin") -> Any:
        return _read(await self.api.post(path, json=body, headers=self._as(role)))

    async def get(self, path: str, *, role: str = "admin", **query: str | int) -> Any:
        return _read(await self.api.get(path, params=query, headers=self._as(role)))

    async def post_facts(self, kind: str, body: bytes, content_type: str) -> Row:
        """The answer of one batch; a body that is gzip says so."""
        headers = {**self._as("erp"), "Content-Type": content_type}
        if body[:2] == b"\x1f\x8b":
            headers["Content-Encoding"] = "gzip"
        answer = await self.ingest.post(f"/v1/facts/{kind}", content=body, headers=headers)
        tally: Row = _read(answer)
        return tally

    async def move(self, cycle: str, *stages: str, reason: str | None = None) -> None:
        """Move a cycle through stages; HR publishes, since the admin may have approved alone."""
        for stage in stages:
            role = "hr" if stage == "published" else "admin"
            body = {"to": stage, "reason": reason}
            await self.post(f"/v1/cycles/{cycle}/moves", body, role=role)

    async def series(
        self, indicator: str, *, period: str, grain: str | None = None, subject: str = "company"
    ) -> dict[str, Decimal | None]:
        """An indicator's values by the period of each."""
        query = {"subject": subject, "period": period} | ({"grain": grain} if grain else {})
        page = await self.get(f"/v1/indicators/{indicator}/values", limit=LIMIT, **query)
        assert page["next_cursor"] is None, page["total"]
        return {item["period"]: _decimal(item["value"]) for item in page["items"]}

    async def accept_late(self, cycle: str, reason: str) -> None:
        """What came late for the one card that waits corrects its pay, by two of HR."""
        (case,) = (await self.get("/v1/late-facts", cycle=cycle))["items"]
        for role in ("hr", "admin"):
            body = {"decision": "accepted", "reason": reason}
            await self.post(f"/v1/late-facts/{case['id']}/decision", body, role=role)

    def _as(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[role]}"}


def as_ndjson(rows: Iterable[Row]) -> bytes:
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def as_array(rows: Iterable[Row]) -> bytes:
    return json.dumps(list(rows)).encode()


def as_csv(rows: Sequence[Row]) -> bytes:
    """With the first row's fields as header; an empty cell is null."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_gzip(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=1)


def outcomes(tally: Row) -> Row:
    """How many rows had which outcome; those that none had are left out."""
    return {name: count for name, count in tally.items() if count and name not in {"batch", "rows"}}


def _read(answer: httpx.Response) -> Any:
    assert answer.status_code in {200, 201, 202, 204}, f"{answer.status_code} {answer.text[:2000]}"
    return answer.json() if answer.content else None


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
