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


@pytest.mark.parametrize(
    ("dsn", "password", "expected"),
    [
        ("postgresql://db/kaohe", None, "postgresql://kaohe_api@db/kaohe"),
        ("postgresql://me:x@db:6/k?a=b", "p@:/", "postgresql://kaohe_api:p%40%3A%2F@db:6/k?a=b"),
        ("postgresql:///kaohe?host=/run/x", None, "postgresql://kaohe_api@/kaohe?host=/run/x"),
    ],
)
def test_each_role_has_its_own_dsn(
    monkeypatch: pytest.MonkeyPatch, dsn: str, password: str | None, expected: str
) -> None:
    monkeypatch.setenv("KAOHE_DSN", dsn)
    if password is not None:
        monkeypatch.setenv("KAOHE_API_PASSWORD", password)
    assert LocalSettings().dsn_of("kaohe_api") == expected
