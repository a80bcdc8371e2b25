"""What the environment may say about a Kaohe that runs on one machine."""

import os
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class LocalSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="KAOHE_", frozen=True)

    port: int = Field(default=8000, ge=1, le=65535)
    var: Path = Path("var")  # everything that `make run` keeps, and `make reset` forgets
    pg_bin: Path | None = None  # another PostgreSQL's programs instead of the embedded ones
    dsn: SecretStr | None = None  # another database altogether: nothing is embedded then
    # Where `kaohe import` posts to, and its key; the demo of this machine unless stated.
    url: str | None = None
    key: SecretStr | None = None
    # The roles' passwords there; the user named in the DSN itself is not used.
    migrate_password: SecretStr | None = None
    api_password: SecretStr | None = None
    ingest_password: SecretStr | None = None
    payroll_password: SecretStr | None = None

    def dsn_of(self, role: str) -> str:
        """For `kaohe_api` and the others, on the database that KAOHE_DSN names."""
        assert self.dsn is not None, "without KAOHE_DSN the database is embedded"
        password: SecretStr | None = getattr(self, f"{role.removeprefix('kaohe_')}_password")
        parts = urlsplit(self.dsn.get_secret_value())
        where = parts.netloc.rpartition("@")[2]
        who = role if password is None else f"{role}:{quote(password.get_secret_value(), safe='')}"
        return urlunsplit(parts._replace(netloc=f"{who}@{where}"))


def inherited_environment() -> dict[str, str]:
    """What our children are given besides their own settings."""
    return dict(os.environ)
