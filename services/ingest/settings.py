"""What the environment may say about ingest."""

import hmac
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from services.door.secret_files import read_or_make_key
from services.door.settings import DoorSettings


class IngestSettings(DoorSettings):
    model_config = SettingsConfigDict(env_prefix="KAOHE_", frozen=True)

    dsn: SecretStr  # in the role kaohe_ingest
    behind_pooler: bool = False  # a pooler in transaction mode stands between
    host: str = "127.0.0.1"
    port: int = Field(default=8002, ge=0, le=65535)
    # `/docs` is open in development and demo.
    environment: Literal["development", "demo", "production"] = "production"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    # What buyers' ids are hashed with: 32 bytes or more, the same for ever; destroying it unlinks
    # them. The file is made where it is missing.
    buyer_key: SecretStr | None = Field(default=None, min_length=32)
    buyer_key_file: Path | None = None
    # What cursors are signed with; drawn from the key for buyers unless stated.
    signing_key: SecretStr | None = Field(default=None, min_length=32)
    signing_key_file: Path | None = None
    marketplaces: Path | None = None  # the shops' accounts with their marketplaces, as JSON

    @property
    def documented(self) -> bool:
        return self.environment != "production"

    def read_buyer_key(self) -> bytes:
        """The key of this deployment; without one no buyer can be taken."""
        if self.buyer_key is not None:
            return self.buyer_key.get_secret_value().encode()
        if self.buyer_key_file is not None:
            return read_or_make_key(self.buyer_key_file)
        raise ValueError("KAOHE_BUYER_KEY_FILE names no file: buyers must be hashed with a key")

    def read_signing_key(self) -> bytes:
        if self.signing_key is not None:
            return self.signing_key.get_secret_value().encode()
        if self.signing_key_file is not None:
            return read_or_make_key(self.signing_key_file)
        return hmac.digest(self.read_buyer_key(), b"cursors", "sha256")
