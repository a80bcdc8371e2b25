"""`kaohe reset`: everything that `kaohe run` has kept is forgotten."""

import shutil

from services.local.database import remove
from services.local.processes import only_one
from services.local.settings import LocalSettings


def reset(settings: LocalSettings) -> None:
    """Stop the embedded database and remove its data, the keys, the secrets and the logs."""
    with only_one(settings.var):
        remove(settings.var / "postgres", bin_folder=settings.pg_bin)
        for name in ("secrets", "log", "bench"):
            shutil.rmtree(settings.var / name, ignore_errors=True)
        for name in ("demo-keys.json", "posted-until"):
            (settings.var / name).unlink(missing_ok=True)
