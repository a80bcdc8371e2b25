"""The embedded database behind `make run` and the tests: where it lives, and what is in it before
any table.
"""

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from services.local.accounts import Account, account_for
from services.local.binaries import find_binaries
from services.local.cluster import ANSWERS, PORT, SUPERUSER, Cluster, DatabaseFailed
from services.local.settings import LocalSettings

DATABASE = "kaohe"
ROLES = Path(__file__).resolve().parents[2] / "deploy" / "roles.sql"
# Where root's server lives when its account cannot reach root's own folders.
REACHABLE = Path("/var/lib/kaohe")
ELSEWHERE = "elsewhere"
# macOS takes 104 bytes for a socket's whole path, with its end.
SOCKET_PATH_BYTES = 103


@dataclass(frozen=True)
class Server:
    """A PostgreSQL that answered when this was made. It outlives us unless it is stopped."""

    cluster: Cluster
    folder: Path

    def dsn(self, role: str = SUPERUSER, database: str = DATABASE) -> str:
        where = quote(str(self.cluster.sockets), safe="/")
        return f"postgresql://{role}@/{database}?host={where}&port={PORT}"

    def is_alive(self) -> bool:
        return self.cluster.ready() == ANSWERS

    def process_id(self) -> int:
        return self.cluster.process_id()

    def stop(self) -> None:
        with _locked(self.folder):
            self.cluster.stop()

    def make_database(self, name: str, *, template: str = "template1") -> None:
        """An empty database, or a copy of a quiet one, with the grants a copy leaves behind."""
        with _locked(self.folder):
            statement = f"CREATE DATABASE {_checked(name)} TEMPLATE {_checked(template)}"
            self.cluster.psql("postgres", ["--command", statement])
            self.cluster.psql(name, ["--file", ROLES])

    def drop_database(self, name: str) -> None:
        """Also when somebody is still connected."""
        statement = f"DROP DATABASE IF EXISTS {_checked(name)} WITH (FORCE)"
        self.cluster.psql("postgres", ["--command", statement])


@contextmanager
def opened(settings: LocalSettings) -> Iterator[Callable[[str], str]]:
    """What gives each role its DSN: on the database KAOHE_DSN names, or on ours until the end."""
    if settings.dsn is not None:
        yield settings.dsn_of
        return
    server = start(settings.var / "postgres", bin_folder=settings.pg_bin, durable=True)
    try:
        yield server.dsn
    finally:
        server.stop()


def start(folder: Path, *, bin_folder: Path | None, durable: bool) -> Server:
    """The server of this folder, with Kaohe's roles and database: made, started or attached to.

    `durable` is for data that counts: without it a crash of the machine may lose everything.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        cluster = _cluster(folder, bin_folder)
        cluster.initialise(durable=durable)
        cluster.start(durable=durable)
        known = f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"  # noqa: S608 - a constant
        if not cluster.psql("postgres", ["--command", known]).strip():
            cluster.psql("postgres", ["--command", f"CREATE DATABASE {DATABASE}"])
        cluster.psql(DATABASE, ["--file", ROLES])
    return Server(cluster, folder)


def remove(folder: Path, *, bin_folder: Path | None) -> None:
    """Stops the server of this folder and forgets all its data."""
    folder = folder.resolve()
    if not folder.is_dir():
        return
    with _locked(folder):
        cluster = _cluster(folder, bin_folder)
        cluster.stop()
        shutil.rmtree(cluster.sockets)
        shutil.rmtree(cluster.folder)
        shutil.rmtree(folder, ignore_errors=True)


def _cluster(folder: Path, bin_folder: Path | None) -> Cluster:
    moved = folder / ELSEWHERE
    place = moved.resolve() if moved.exists() else folder
    account = account_for(place / "data")
    if not account.reaches(place):
        place = _move_elsewhere(moved)
    return Cluster(
        binaries=find_binaries(bin_folder, account, place),
        account=account,
        folder=place,
        sockets=_socket_folder(place, account),
    )


def _move_elsewhere(link: Path) -> Path:
    """A new folder each time: a new clone at an old path must not find the old one's data."""
    REACHABLE.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="database-", dir=REACHABLE))
    place.chmod(0o755)
    link.unlink(missing_ok=True)
    link.symlink_to(place)
    return place


def _socket_folder(place: Path, account: Account) -> Path:
    """Closed to everybody else, for whoever reaches the socket is believed to be who he says."""
    name = f"kaohe-{account.uid}-{hashlib.sha256(os.fsencode(place)).hexdigest()[:12]}"
    choices = (place / "run", Path(tempfile.gettempdir()) / name, Path("/tmp") / name)  # noqa: S108 - its owner is checked
    for folder in choices:
        path = os.fsencode(folder / f".s.PGSQL.{PORT}")
        if len(path) <= SOCKET_PATH_BYTES and account.reaches(folder.parent):
            account.own(folder)
            return folder
    raise DatabaseFailed("No folder has a path short enough for PostgreSQL's socket.")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One at a time makes, starts, stops or copies: the second waits and then attaches."""
    try:
        file = (folder / "lock").open("w")
    except PermissionError as refusal:
        raise DatabaseFailed(f"{folder} belongs to another account: run as that one.") from refusal
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _checked(name: str) -> str:
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name), name
    return name
