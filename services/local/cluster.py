"""How one PostgreSQL cluster is made, started, asked and stopped, whatever killed it last time."""

import shlex
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from services.local.accounts import Account, ourselves
from services.local.binaries import Binaries

SUPERUSER = "kaohe"
PORT = 5432  # only the socket's name: nothing listens on the network
INIT_SECONDS = 120
START_SECONDS = 300  # a crash may leave much to recover
STOP_SECONDS = 30
QUERY_SECONDS = 60
# The orphans of a killed server hold its shared memory for up to two seconds.
ORPHAN_SECONDS = 15
LOG_BYTES = 10 * 1024 * 1024

BUILTIN_LOCALE_SINCE = 17
SAFETY = ("fsync", "synchronous_commit", "full_page_writes")

ANSWERS, CHANGING, AWAY = 0, 1, 2


class DatabaseFailed(Exception):
    """The embedded database could not be made, started, used or stopped."""


@dataclass(frozen=True)
class Cluster:
    binaries: Binaries
    account: Account
    folder: Path
    sockets: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log" / "postgres.log"

    def initialise(self, *, durable: bool) -> None:
        """Beside its place, then renamed: a killed initdb leaves no half cluster."""
        self.account.own(self.log.parent)
        if self.data.exists():
            self._check_version()
            return
        new = self.folder / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        self.account.own(new)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = self.account.run(
            [
                *(self.binaries / "initdb", "-D", new, "-U", SUPERUSER, "--encoding=UTF8"),
                *("--no-locale", "--data-checksums", "--auth-local=trust", "--auth-host=reject"),
                *(locale if self.binaries.major >= BUILTIN_LOCALE_SINCE else []),
                *([] if durable else ["--no-sync"]),
            ],
            seconds=INIT_SECONDS,
        )
        if done.returncode != 0:
            raise DatabaseFailed(f"initdb failed: {done.stderr.strip()}")
        new.rename(self.data)

    def start(self, *, durable: bool) -> None:
        """Attaches when it answers, waits while it is on its way, starts it otherwise."""
        began = time.monotonic()
        while (ready := self.ready()) != ANSWERS:
            waited = time.monotonic() - began
            if ready == CHANGING and waited < START_SECONDS:
                time.sleep(0.1)
                continue
            self._turn_log_over()
            where = ("-l", self.log, "-t", str(START_SECONDS), "-o", self._options(durable=durable))
            complaint = self._pg_ctl("start", *where)
            if complaint and waited > ORPHAN_SECONDS:
                raise DatabaseFailed(
                    f"PostgreSQL does not start: {complaint}\n{self._last_words()}"
                )
            if complaint:
                time.sleep(0.25)

    def stop(self) -> None:
        """Only one that answers is stopped: a stale file may name another's process."""
        if self.ready() == AWAY:
            return
        patience = ("-t", str(STOP_SECONDS))
        if self._pg_ctl("stop", "-m", "fast", *patience) and self.ready() != AWAY:
            complaint = self._pg_ctl("stop", "-m", "immediate", *patience)
            if complaint:
                raise DatabaseFailed(f"PostgreSQL does not stop: {complaint}")

    def ready(self) -> int:
        """Whether a connection is answered; a file that names a process proves nothing."""
        where = ("-h", self.sockets, "-p", str(PORT), "-U", SUPERUSER, "-d", "postgres", "-t", "3")
        return ourselves().run([self.binaries / "pg_isready", *where], seconds=10).returncode

    def process_id(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split("\n")[0])

    def psql(self, database: str, options: Sequence[str | Path]) -> str:
        done = ourselves().run(
            [
                *(self.binaries / "psql", "--no-psqlrc", "--quiet", "--no-password"),
                *("--set", "ON_ERROR_STOP=1", "--tuples-only", "--no-align"),
                *("--host", self.sockets, "--port", str(PORT)),
                *("--username", SUPERUSER, "--dbname", database, *options),
            ],
            seconds=QUERY_SECONDS,
        )
        if done.returncode != 0:
            raise DatabaseFailed(f"PostgreSQL refused: {done.stderr.strip()}")
        return done.stdout

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != str(self.binaries.major):
            raise DatabaseFailed(
                f"{self.data} was made by PostgreSQL {made_by}, and this is "
                f"{self.binaries.major}: name the old programs in KAOHE_PG_BIN."
            )

    def _pg_ctl(self, act: str, *options: str | Path) -> str:
        """What was complained of: nothing when it went well."""
        done = self.account.run(
            [self.binaries / "pg_ctl", act, "-w", "-D", self.data, *options],
            seconds=START_SECONDS + STOP_SECONDS,
        )
        return "" if done.returncode == 0 else done.stderr.strip() or done.stdout.strip()

    def _options(self, *, durable: bool) -> str:
        """By argument, not by file: root writes nothing into a folder that is another's."""
        settings = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": f'"{self.sockets}"',
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",
            **dict.fromkeys(SAFETY, "on" if durable else "off"),
        }
        return " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())

    def _turn_log_over(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.rename(self.log.with_suffix(".log.1"))

    def _last_words(self) -> str:
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])
