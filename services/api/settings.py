"""What the environment may say about the api."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Literal

import structlog
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

_log = structlog.get_logger("kaohe.settings")


class ApiSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="KAOHE_", frozen=True)

    dsn: SecretStr  # in the role kaohe_api
    payroll_dsn: SecretStr  # of the same database, in the role kaohe_payroll
    behind_pooler: bool = False  # a pooler in transaction mode stands between
    host: str = "127.0.0.1"
    port: int = Field(default=8001, ge=0, le=65535)
    # `/docs` and GraphiQL are open in development and demo.
    environment: Literal["development", "demo", "production"] = "production"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    # What cursors are signed with: 32 bytes or more; the file is made where it is missing.
    signing_key: SecretStr | None = Field(default=None, min_length=32)
    signing_key_file: Path | None = None

    # In a demo, the company whose scores the page at `/` shows without a key.
    scoreboard_tenant: int | None = None

    @property
    def documented(self) -> bool:
        return self.environment != "production"

    @property
    def guest_tenant(self) -> int | None:
        """Whose scores a guest sees: nobody's, unless this is a demo."""
        return self.scoreboard_tenant if self.environment == "demo" else None

    def read_signing_key(self) -> bytes:
        """The key of this deployment; one for this process alone where none is named."""
        if self.signing_key is not None:
            return self.signing_key.get_secret_value().encode()
        if self.signing_key_file is not None:
            return _read_or_make(self.signing_key_file)
        _log.warning("signing_key.missing", consequence="cursors end with this process")
        return secrets.token_bytes(32)


def _read_or_make(path: Path) -> bytes:
    """The file's content; of several processes that make it at once, one does and all read it."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft, name = tempfile.mkstemp(dir=path.parent)  # readable by its owner alone
        with os.fdopen(draft, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        with suppress(FileExistsError):
            os.link(name, path)
        Path(name).unlink()
    key = path.read_text(encoding="ascii").strip().encode()
    if len(key) < 32:
        raise ValueError(f"{path} holds less than 32 bytes")
    return key
