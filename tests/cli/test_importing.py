"""`kaohe import`: what is posted of a file, and what its bringer is shown."""

import io
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from rich.console import Console
from typer.testing import CliRunner

from services.cli.commands import app
from services.cli.importing import client_of, shown
from services.local.settings import LocalSettings
from services.schema.errors import Unavailable
from tests.cli.test_client import Kaohe
from tests.ingest.sheets import XLSX, table, workbook

ROW = {
    "row": 7, "outcome": "invalid", "code": "count_invalid", "pointer": "/visitors",
    "detail": 'Column "访客数": 12.5 is no whole number.',
}  # fmt: skip
NONE = dict.fromkeys(("created", "updated", "duplicate", "stale", "invalid", "conflict"), 0)
LANDED = {**NONE, "batch": "bat_1", "received": 3, "created": 2, "invalid": 1, "rows": [ROW]}
CHECKED = {
    **NONE, "mapping": "sycm_shop", "kind": "traffic", "note": "? try first", "header_row": 3,
    "received": 2, "created": 2, "skipped": 1, "rows": [],
    "columns": [
        {"column": "访客数", "place": "B", "fields": ["visitors"], "sample": "[b]1,2", "note": ""},
        {"column": "跳失率", "place": "G", "fields": [], "sample": "4%", "note": "left out: rate"},
        {"column": "加购人数", "place": None, "fields": ["carts"], "sample": None, "note": None},
    ],
    "sums": [{"field": "visitors", "rows": 2, "sum": "2221"}],
}  # fmt: skip


@pytest.fixture
def kaohe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kaohe]:
    server = Kaohe()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("KAOHE_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("KAOHE_KEY", "kh_1_x_y")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def bring(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["import", *words], env={"COLUMNS": "200"})
    return result.exit_code, result.output


def text(answer: dict[str, Any]) -> str:
    out = io.StringIO()
    console = Console(file=out, width=200, color_system=None)
    for each in shown(answer, "traffic"):
        console.print(each)
    return out.getvalue()


def test_a_file_is_posted_as_it_is_and_as_of_its_own_time(kaohe: Kaohe, tmp_path: Path) -> None:
    file = tmp_path / "店铺.csv"
    file.write_bytes(table(["日期", "访客数"], encoding="gb18030"))
    os.utime(file, (0, datetime(2026, 11, 6, 8, tzinfo=UTC).timestamp()))
    kaohe.answers = [(200, {"kind": "traffic"}), (200, LANDED)]
    code, output = bring(str(file), "--mapping", "sycm_shop", "--shop", "s-1")
    assert code == 1, output
    assert "12.5 is no whole number" in output
    assert "3 traffic are 2 created, 1 invalid." in output
    (_, mapping, _, _), (method, path, headers, body) = kaohe.asked
    assert mapping == "/v1/mappings/sycm_shop"
    assert (method, urlsplit(path).path, body) == ("POST", "/v1/facts/traffic", file.read_bytes())
    assert parse_qs(urlsplit(path).query) == {
        "mapping": ["sycm_shop"], "shop": ["s-1"], "stated_at": ["2026-11-06T08:00:00+00:00"],
    }  # fmt: skip
    assert headers["content-type"] == "text/csv"
    assert headers["authorization"] == "Bearer kh_1_x_y"
    assert headers["idempotency-key"].startswith("import-")


def test_a_check_of_a_spreadsheet_shows_columns_and_sums(kaohe: Kaohe, tmp_path: Path) -> None:
    file = tmp_path / "export.bin"
    file.write_bytes(workbook(["日期", "访客数"]))
    kaohe.answers = [(200, {"kind": "traffic"}), (200, CHECKED)]
    code, output = bring(
        *(str(file), "--mapping", "sycm_shop", "--shop", "s-1", "--check"),
        *("--stated-at", "2026-11-06T08:00:00"),
    )
    assert code == 0, output
    _, path, headers, _ = kaohe.asked[-1]
    assert parse_qs(urlsplit(path).query)["check"] == ["true"]
    assert headers["content-type"] == XLSX
    assert "2 traffic would be 2 created, 1 skipped." in output


def test_what_a_check_shows() -> None:
    found = text(CHECKED)
    for piece in ("visitors", "[b]1,2", "left out: rate", "not there", "2221", "? try first"):
        assert piece in found, found
    assert "stated" not in found
    assert "Days would be stated: 128." in text({**CHECKED, "days_stated": 128})
    assert "Days are stated: 1." in text({**LANDED, "days_stated": 1})
    many = {**LANDED, "rows": [ROW] * 25}
    assert "... and 5 more." in text(many)


def test_where_it_posts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KAOHE_URL", "KAOHE_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Unavailable, match="Nothing runs here"):
        client_of(LocalSettings(var=tmp_path))
    (tmp_path / "demo-keys.json").write_text('{"erp": "kh_1_a_b"}')
    demo = client_of(LocalSettings(var=tmp_path, port=8001))
    assert (demo._host, demo._port, demo._key, demo._secure) == (
        *("127.0.0.1", 8001, "kh_1_a_b"),
        False,
    )
    with pytest.raises(Unavailable, match="without KAOHE_KEY"):
        client_of(LocalSettings(var=tmp_path, url="https://kaohe.test"))
    there = {"url": "https://kaohe.test", "key": "kh_1_x_y"}
    far = client_of(LocalSettings.model_validate({"var": tmp_path, **there}))
    assert (far._host, far._port, far._key, far._secure) == ("kaohe.test", 443, "kh_1_x_y", True)
