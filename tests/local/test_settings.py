"""What the environment may say, and what it may not."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.local.settings import LocalSettings


def test_nothing_needs_to_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORT", "VAR", "PG_BIN", "DSN"):
        monkeypatch.delenv(f"KAOHE_{name}", raising=False)
    settings = LocalSettings()
    assert (settings.port, settings.var, settings.pg_bin, settings.dsn) == (
        8000,
        Path("var"),
        None,
        None,
    )


@pytest.mark.parametrize("port", ["0", "65536", "x", ""])
def test_a_port_is_a_port(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("KAOHE_PORT", port)
    with pytest.raises(ValidationError):
        LocalSettings()


def test_a_dsn_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAOHE_DSN", "postgresql://kaohe:secret@db/kaohe")
    assert "secret" not in repr(LocalSettings())
