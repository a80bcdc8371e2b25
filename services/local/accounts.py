"""As whom PostgreSQL runs: it refuses root, so root lends it an account and what it can reach."""

import os
import pwd
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

NAMES = ("postgres", "nobody")
# A clean environment: a PGDATA or PGHOST of the caller's must not lead our programs elsewhere.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


class AccountFailed(Exception):
    """No account can run PostgreSQL here, or a folder belongs to another one."""


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int

    def is_us(self) -> bool:
        return self.uid == os.geteuid()

    def run(
        self, command: Sequence[str | Path], *, seconds: float
    ) -> subprocess.CompletedProcess[str]:
        lent = not self.is_us()
        return subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=ENVIRONMENT,
            timeout=seconds,
            user=self.uid if lent else None,
            group=self.gid if lent else None,
            extra_groups=[] if lent else None,
        )

    def reaches(self, path: Path) -> bool:
        """Whether the account can walk to the path: root's home, for one, is closed to it."""
        return self.run(["/bin/sh", "-c", 'test -x "$0"', path], seconds=10).returncode == 0

    def own(self, folder: Path) -> None:
        """Makes a folder of the account's alone; one that is there must already be so."""
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.uid:
                raise AccountFailed(
                    f"{folder} belongs to another account: run as that one, or move it away."
                ) from None
        else:
            os.chown(folder, self.uid, self.gid)
        folder.chmod(0o700)

    def own_all(self, folder: Path) -> None:
        for root, folders, files in os.walk(folder):
            for name in [".", *folders, *files]:
                os.chown(Path(root) / name, self.uid, self.gid, follow_symlinks=False)


def ourselves() -> Account:
    return Account(uid=os.geteuid(), gid=os.getegid())


def account_for(data: Path) -> Account:
    """Ourselves; for root, the owner of the data that is there, or the first of `NAMES`."""
    if os.geteuid() != 0:
        return ourselves()
    if data.exists():
        owner = data.stat()
        return Account(uid=owner.st_uid, gid=owner.st_gid)
    for name in NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid)
    raise AccountFailed(
        "PostgreSQL does not run as root, and no account is named postgres or nobody."
    )
