"""What the environment may say about the api."""

import secrets
from pathlib import Path
from typing import Literal

import structlog
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from services.door.sealing import Keyring
from services.door.secret_files import read_or_make_key, read_or_make_keys
from services.door.settings import DoorSettings
from services.door.signing_keys import (
    SigningKeys,
    read_or_make_signing_keys,
    signing_keys_of,
)

_log = structlog.get_logger("kaohe.settings")


class ApiSettings(DoorSettings):
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
    # What receipts are signed with: the same, and a file of retired public keys beside the file.
    receipt_key: SecretStr | None = Field(default=None, min_length=32)
    receipt_key_file: Path | None = None
    # Public keys that signed receipts before, apart by spaces; in addition to those of the file.
    retired_receipt_keys: str = ""

    # What the secrets of webhooks are sealed with: the same; keys before it, apart by spaces.
    webhook_key: SecretStr | None = Field(default=None, min_length=32)
    webhook_key_file: Path | None = None
    retired_webhook_keys: SecretStr = SecretStr("")
    # For who develops a receiver: it may stand on this machine. In development alone, where http
    # is allowed as well.
    webhooks_to_loopback: bool = False
    # How long what was delivered, or could not be, is kept.
    deliveries_kept_days: int = Field(default=30, ge=7, le=3650)

    # Where the heads of audits are put every day, on a disk of its own; without one, in the log.
    audit_heads: Path | None = None

    # How long accepted facts may wait to be on live cards before `/health/ready` turns red.
    waiting_limit_seconds: int = Field(default=900, ge=1)

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
            return read_or_make_key(self.signing_key_file)
        _log.warning("signing_key.missing", consequence="cursors end with this process")
        return secrets.token_bytes(32)

    def read_keyring(self) -> Keyring | None:
        """What opens the secrets of webhooks; in production there are none without a key."""
        retired = [each.encode() for each in self.retired_webhook_keys.get_secret_value().split()]
        if self.webhook_key is not None:
            key = self.webhook_key.get_secret_value().encode()
        elif (file := self.webhook_key_file) is not None:
            # Read again when it was changed, with those that stood in it before.
            return Keyring(lambda: [*read_or_make_keys(file), *retired])
        elif self.environment == "production":
            _log.warning("webhook_key.missing", consequence="no webhook can be made or called")
            return None
        else:
            _log.warning("webhook_key.missing", consequence="webhooks are mute after this process")
            key = secrets.token_bytes(32)
        return Keyring(lambda: [key, *retired])

    @model_validator(mode="after")
    def _keep_loopback_to_development(self) -> "ApiSettings":
        if self.webhooks_to_loopback and self.environment != "development":
            raise ValueError("KAOHE_WEBHOOKS_TO_LOOPBACK is for development alone")
        return self

    def read_receipt_keys(self) -> SigningKeys:
        """The keys of this deployment's receipts."""
        retired = self.retired_receipt_keys.split()
        if self.receipt_key is not None:
            return signing_keys_of(self.receipt_key.get_secret_value().encode(), retired)
        if self.receipt_key_file is not None:
            kept = read_or_make_signing_keys(self.receipt_key_file)
            return kept.also_known(retired)
        _log.warning("receipt_key.missing", consequence="receipts outlive the key they name")
        return signing_keys_of(secrets.token_bytes(32), retired)
