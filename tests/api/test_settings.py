"""The api's settings: what is required, and a signing key that stays."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.api.settings import ApiSettings
from services.door.secret_files import rotate_key

DSNS = {"dsn": "postgresql://kaohe_api@/kaohe", "payroll_dsn": "postgresql://kaohe_payroll@/kaohe"}


def settings(**more: object) -> ApiSettings:
    return ApiSettings.model_validate({**DSNS, **more})


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("dsn", "payroll_dsn"):
        monkeypatch.setenv(f"KAOHE_{name.upper()}", DSNS[name])
    monkeypatch.setenv("KAOHE_PORT", "8123")
    monkeypatch.setenv("KAOHE_ENVIRONMENT", "demo")
    read = ApiSettings()  # type: ignore[call-arg]  # the environment gives them
    assert (read.port, read.documented) == (8123, True)
    assert read.dsn.get_secret_value() == DSNS["dsn"]
    monkeypatch.delenv("KAOHE_PAYROLL_DSN")
    with pytest.raises(ValidationError, match="payroll_dsn"):
        ApiSettings()  # type: ignore[call-arg]  # the environment lacks one


def test_docs_are_shut_unless_opened() -> None:
    assert not settings().documented
    assert settings(environment="development").documented
    with pytest.raises(ValidationError):
        settings(environment="prod")


def test_secrets_are_not_shown() -> None:
    shown = repr(settings(signing_key="k" * 32))
    assert "kaohe_api" not in shown
    assert "kkk" not in shown


def test_a_key_of_the_environment_is_used_and_a_short_one_refused() -> None:
    assert settings(signing_key="k" * 32).read_signing_key() == b"k" * 32
    with pytest.raises(ValidationError):
        settings(signing_key="k" * 31)


def test_a_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "signing.key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(
            pool.map(
                lambda _: settings(signing_key_file=path).read_signing_key(), range(8), timeout=20
            )
        )
    assert keys == {path.read_bytes()}
    assert len(path.read_bytes()) == 64
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_file_too_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    path.write_text("short")
    with pytest.raises(ValueError, match="less than 32 bytes"):
        settings(signing_key_file=path).read_signing_key()


def test_without_any_each_process_has_its_own() -> None:
    keys = {settings().read_signing_key() for _ in range(2)}
    assert len(keys) == 2


def test_webhooks_are_sealed_with_a_stated_key_and_mute_in_production_without_one(
    tmp_path: Path,
) -> None:
    assert settings().read_keyring() is None
    assert settings(environment="development").read_keyring() is not None
    stated, old = "w" * 32, "v" * 32
    (before, now) = (
        settings(webhook_key=old).read_keyring(),
        settings(webhook_key=stated, retired_webhook_keys=f"{old} {'u' * 32}").read_keyring(),
    )
    assert before is not None
    assert now is not None
    assert now.find(before.current().id) == before.current() != now.current()
    file = settings(webhook_key_file=tmp_path / "webhook.key").read_keyring()
    again = settings(webhook_key_file=tmp_path / "webhook.key").read_keyring()
    assert file is not None
    assert again is not None
    assert file.current() == again.current()
    # A process that runs reads the file again where it was changed.
    known = file.current()
    rotate_key(tmp_path / "webhook.key")
    assert again.current() != known == again.find(known.id)
    with pytest.raises(ValidationError):
        settings(webhook_key="w" * 31)


def test_receivers_on_this_machine_are_for_development() -> None:
    assert settings(environment="development", webhooks_to_loopback=True).webhooks_to_loopback
    for environment in ("demo", "production"):
        with pytest.raises(ValidationError, match="development"):
            settings(environment=environment, webhooks_to_loopback=True)
