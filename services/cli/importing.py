"""Files that a person brings: posted by a mapping, and what became of them shown."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.cli.client import Client
from services.local.settings import LocalSettings
from services.schema.errors import Unavailable

SHOWN = 20
"""Refused rows that are shown; the answer of the door names all."""
_OUTCOMES = ("created", "updated", "duplicate", "stale", "invalid", "conflict")
_REFUSED = ("invalid", "conflict")
_ZIP, _OLE = b"PK", b"\xd0\xcf\x11\xe0"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def import_file(
    file: Path, mapping: str, shop: str | None, *, check: bool, stated_at: datetime | None
) -> int:
    """`kaohe import`; gives how many facts were refused, or would be."""
    client = client_of(LocalSettings())
    kind = client.get(f"/v1/mappings/{quote(mapping, safe='')}")["kind"]
    written_at = stated_at or datetime.fromtimestamp(file.stat().st_mtime, UTC)
    query = {"mapping": mapping, "stated_at": written_at.astimezone(UTC).isoformat()}
    if shop is not None:
        query["shop"] = shop
    if check:
        query["check"] = "true"
    body = file.read_bytes()
    answer = client.post_file(
        f"/v1/facts/{kind}?{urlencode(query)}",
        body,
        form=_SHEET if body.startswith((_ZIP, _OLE)) else "text/csv",
        key=f"import-{uuid4()}",
    )
    out = Console(highlight=False)
    for each in shown(answer, kind):
        out.print(each)
    return sum(answer[outcome] for outcome in _REFUSED)


def client_of(settings: LocalSettings) -> Client:
    """Kaohe as KAOHE_URL and KAOHE_KEY say; without them the demo that runs, as its ERP."""
    if settings.url is not None:
        if settings.key is None:
            raise Unavailable("KAOHE_URL is named without KAOHE_KEY: a key of an ERP or admin.")
        parts = urlsplit(settings.url)
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        host = parts.hostname or ""
        return Client(port, settings.key.get_secret_value(), host=host, secure=secure)
    if settings.key is not None:
        return Client(settings.port, settings.key.get_secret_value())
    keys = settings.var / "demo-keys.json"
    if not keys.is_file():
        raise Unavailable("Nothing runs here: start `make run`, or name KAOHE_URL and KAOHE_KEY.")
    return Client(settings.port, json.loads(keys.read_text(encoding="utf-8"))["erp"])


def shown(answer: Mapping[str, Any], kind: str) -> Iterator[Table | str]:
    """What became of a file, or would: of a check its columns and sums, of all the refused rows."""
    if "columns" in answer:
        yield _table("Columns", ("", "column", "becomes", "begins with", "note"), _columns(answer))
        yield _table("Sums that would land", ("field", "rows", "sum"), _sums(answer))
    if answer["rows"]:
        yield _table("Refused", ("row", "outcome", "why"), _rows(answer))
    if len(answer["rows"]) > SHOWN:
        yield f"... and {len(answer['rows']) - SHOWN} more."
    parts = [f"{answer[name]} {name}" for name in _OUTCOMES if answer[name]]
    parts += [f"{answer['skipped']} skipped"] if answer.get("skipped") else []
    verb = "would be" if "columns" in answer else "are"
    yield f"{answer['received']} {kind} {verb} {', '.join(parts) or 'nothing'}."
    if answer.get("days_stated"):
        number = answer["days_stated"]
        yield f"Days {verb} stated: {number}. /v1/reconciliations holds them against ours."
    if answer.get("note"):
        yield str(answer["note"])


def _columns(answer: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    for each in answer["columns"]:
        became = ", ".join(each["fields"]) or "left out"
        where = each["place"] or "not there"
        yield where, each["column"], became, each["sample"] or "", each["note"] or ""


def _sums(answer: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    return ((each["field"], str(each["rows"]), each["sum"]) for each in answer["sums"])


def _rows(answer: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    for each in answer["rows"][:SHOWN]:
        yield str(each["row"]), each["outcome"], f"{each['pointer']}: {each['detail']}"


def _table(title: str, heads: Sequence[str], rows: Iterator[Sequence[str]]) -> Table:
    table = Table(*heads, title=title, title_justify="left")
    for row in rows:
        # What stands in a file is text, and no markup.
        table.add_row(*(escape(cell) for cell in row))
    return table
