"""What the environment may say about ingest."""

import hmac
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from services.door.sealing import Keyring
from services.door.secret_files import read_or_make_key, read_or_make_keys
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
    # What all buyers' ids were hashed with before each tenant had a key of its own; it wraps those
    # where there is no master key. 32 bytes or more; the file is made where it is missing.
    buyer_key: SecretStr | None = Field(default=None, min_length=32)
    buyer_key_file: Path | None = None
    # What cursors are signed with; drawn from the key for buyers, or the master key, unless stated.
    signing_key: SecretStr | None = Field(default=None, min_length=32)
    signing_key_file: Path | None = None
    # What wraps the tenants' keys: those under which the shops' accounts are sealed, and those that
    # buyers are hashed with. The file is made where it is missing; keys that only open stand beside
    # it, or apart by spaces.
    master_key: SecretStr | None = Field(default=None, min_length=32)
    master_key_file: Path | None = None
    further_master_keys: SecretStr | None = None
    marketplaces: Path | None = None  # the shops' accounts with their marketplaces, as JSON
    # For how many days a marketplace's own words are kept, without anything that names a buyer.
    page_life_days: int = Field(default=30, ge=1, le=3650)
    # For how many days it is kept what a refused row held; that it was refused stays.
    rejected_life_days: int = Field(default=90, ge=1, le=3650)
    # Hosts with ports that are called beside the marketplaces' own, also without TLS and inside:
    # a developer's sandbox, and nothing else. Apart by spaces.
    sandbox: str = ""

    @field_validator("master_key", "further_master_keys", mode="before")
    @classmethod
    def _take_no_text_as_unset(cls, stated: object) -> object:
        return stated or None

    @property
    def documented(self) -> bool:
        return self.environment != "production"

    def read_buyer_key(self) -> bytes | None:
        """What was the key for all tenants' buyers; null where there never was one, or is none."""
        if self.buyer_key is not None:
            return self.buyer_key.get_secret_value().encode()
        return None if self.buyer_key_file is None else read_or_make_key(self.buyer_key_file)

    def read_buyer_ring(self) -> Keyring:
        """What wraps the tenants' keys for buyers; without it none can be taken."""
        if not self._read_all_keys():
            what = "Neither KAOHE_MASTER_KEY_FILE nor KAOHE_BUYER_KEY_FILE names a file"
            raise ValueError(f"{what}: buyers must be hashed with a key")
        return Keyring(self._read_all_keys)

    @property
    def sandbox_hosts(self) -> tuple[str, ...]:
        return tuple(self.sandbox.split())

    def read_master_keys(self) -> Keyring | None:
        """What opens the accounts; null where nothing can be sealed."""
        if self.master_key is None and self.master_key_file is None:
            return None
        return Keyring(self._read_master_keys)

    def _read_all_keys(self) -> list[bytes]:
        masters = [] if self.read_master_keys() is None else self._read_master_keys()
        former = self.read_buyer_key()
        return masters if former is None else [*masters, former]

    def _read_master_keys(self) -> list[bytes]:
        further = self.further_master_keys.get_secret_value() if self.further_master_keys else ""
        keys = [key.encode() for key in further.split()]
        if self.master_key is not None:
            return [self.master_key.get_secret_value().encode(), *keys]
        assert self.master_key_file is not None
        return [*read_or_make_keys(self.master_key_file), *keys]

    def read_signing_key(self) -> bytes:
        if self.signing_key is not None:
            return self.signing_key.get_secret_value().encode()
        if self.signing_key_file is not None:
            return read_or_make_key(self.signing_key_file)
        return hmac.digest(self.read_buyer_key() or self._read_all_keys()[0], b"cursors", "sha256")
