"""Makes `.venv` equal to `requirements/dev.txt` on any machine that has Python 3.11, with the
standard library only: `make run` and `make test` begin here, and pay only when the lock changed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "dev.txt"
UV_LOCK = ROOT / "requirements" / "bootstrap.txt"
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
STAMP = ENVIRONMENT / "locked-by"
# What makes the environment lives beside it, so that syncing never removes its own tool.
BESIDE = ROOT / ".bootstrap"
OLDEST = (3, 11)
KNOWN = ("python3.13", "python3.14", "python3.12", "python3.11")
USUAL_FOLDERS = ("/opt/homebrew/bin", "/usr/local/bin", "/usr/bin")

if TYPE_CHECKING:  # older Pythons must get as far as being refused
    Step = Callable[[int], bool]
    Command = list[str | Path]


def main() -> None:
    if sys.version_info < OLDEST:
        continue_with_newer_python()
    BESIDE.mkdir(exist_ok=True)
    with (BESIDE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        bring_up_to_date(lock.fileno())


def bring_up_to_date(lock: int) -> None:
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    stamped = STAMP.read_text() if STAMP.is_file() else ""
    if not runs():
        remove_environment()
    elif stamped == wanted:
        return
    elif stamped:
        STAMP.unlink()
    else:  # killed half-way: nothing in it can be trusted
        remove_environment()
    say("Setting up .venv (about half a minute, once).")
    if not PYTHON.exists() and not any(step(lock) for step in WAYS_TO_MAKE):
        stop(
            "No way to make a virtual environment: please install uv, or Python's venv module "
            "(on Debian: apt-get install python3-venv)."
        )
    if not any(step(lock) for step in WAYS_TO_FILL):
        stop("The packages of requirements/dev.txt could not be installed: the reason is above.")
    STAMP.write_text(wanted)


# Ways to make the environment, best first.


def make_with_uv(lock: int) -> bool:
    uv = find_uv()
    return uv is not None and run(lock, [uv, "venv", "-q", "--python", sys.executable, ENVIRONMENT])


def make_with_venv(lock: int) -> bool:
    return run(lock, [sys.executable, "-m", "venv", ENVIRONMENT], quiet=True) or clean_up()


def make_with_virtualenv(lock: int) -> bool:
    return run(lock, [sys.executable, "-m", "virtualenv", "-q", ENVIRONMENT], quiet=True)


def make_with_pip(lock: int) -> bool:
    """Pip without venv: it brings uv into a folder, and uv needs neither."""
    return install_uv(lock, [sys.executable, "-m", "pip"]) and make_with_uv(lock)


def make_with_apt(lock: int) -> bool:
    """A fresh Debian has neither venv nor pip; root may add them."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    say("Installing Debian's python3-venv.")
    quietly = {"DEBIAN_FRONTEND": "noninteractive"}
    install: Command = [apt, "install", "-y", "-q", "--no-install-recommends", "python3-venv"]
    installed = run(lock, install, quiet=True, extra=quietly) or (
        run(lock, [apt, "update", "-q"], quiet=True, extra=quietly)
        and run(lock, install, extra=quietly)
    )
    return installed and make_with_venv(lock)


WAYS_TO_MAKE: tuple[Step, ...] = (
    make_with_uv,
    make_with_venv,
    make_with_virtualenv,
    make_with_pip,
    make_with_apt,
)


# Ways to fill it from the hashed file, fastest first.


def fill_with_uv(lock: int) -> bool:
    if find_uv() is None:
        install_uv(lock, [PYTHON, "-m", "pip"])
    uv = find_uv()
    sync: Command = ["pip", "sync", "-q", "--require-hashes", "--python", PYTHON, LOCK]
    return uv is not None and run(lock, [uv, *sync])


def fill_with_pip(lock: int) -> bool:
    say("Installing with pip, which takes longer than uv.")
    install: Command = ["install", "-q", "--require-hashes", "-r", LOCK]
    inside: Command = [PYTHON, "-m", "pip"]
    if run(lock, [*inside, "--version"], quiet=True) or run(
        lock, [PYTHON, "-m", "ensurepip"], quiet=True
    ):
        return run(lock, [*inside, *install])
    return run(lock, [sys.executable, "-m", "pip", "--python", PYTHON, *install])


WAYS_TO_FILL: tuple[Step, ...] = (fill_with_uv, fill_with_pip)


# What the ways share.


def find_uv() -> Path | None:
    own = BESIDE / "uv" / "bin" / "uv"
    if own.is_file():
        return own
    found = shutil.which("uv")
    if found is None:
        return None
    # A version manager's shim may stand in the path without a uv behind it.
    answer = subprocess.run([found, "--version"], capture_output=True, check=False)
    return Path(found) if answer.returncode == 0 else None


def install_uv(lock: int, pip: Command) -> bool:
    folder = BESIDE / "uv"
    shutil.rmtree(folder, ignore_errors=True)
    options: Command = ["-q", "--require-hashes", "--only-binary", ":all:", "--target", folder]
    return run(lock, [*pip, "install", *options, "-r", UV_LOCK], quiet=True)


def run(
    lock: int,
    command: Command,
    *,
    quiet: bool = False,
    extra: dict[str, str] | None = None,
) -> bool:
    """The child inherits the lock: if we are killed, a second run waits for our orphan."""
    output = subprocess.DEVNULL if quiet else None
    settings = os.environ | {
        "UV_SYSTEM_CERTS": "1",  # or uv fails behind a company's proxy
        "UV_PYTHON_DOWNLOADS": "never",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        **(extra or {}),
    }
    if not has_home():
        settings.setdefault("UV_CACHE_DIR", str(BESIDE / "cache"))
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=settings,
        pass_fds=(lock,),
        check=False,
    )
    return done.returncode == 0


def has_home() -> bool:
    try:
        return os.access(Path.home(), os.W_OK)
    except RuntimeError:  # an account without an entry
        return False


def runs() -> bool:
    question = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    try:
        return subprocess.run([str(PYTHON), "-c", question], check=False).returncode == 0
    except OSError:
        return False


def remove_environment() -> None:
    if not ENVIRONMENT.exists() and not ENVIRONMENT.is_symlink():
        return
    if ENVIRONMENT.is_symlink() or not (ENVIRONMENT / "pyvenv.cfg").is_file():
        stop(f"{ENVIRONMENT} is not an environment made here: please move it away.")
    shutil.rmtree(ENVIRONMENT)


def clean_up() -> bool:
    """Debian's venv without ensurepip leaves half an environment behind."""
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    return False


def continue_with_newer_python() -> None:
    folders = [*os.get_exec_path(), *USUAL_FOLDERS]
    for name in KNOWN:
        found = shutil.which(name, path=os.pathsep.join(folders))
        # A version manager's shim may stand in the path without a Python behind it.
        if (
            found
            and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0
        ):
            os.execv(found, [found, *sys.argv])  # noqa: S606 - the same program, a newer Python
    stop("Kaohe needs Python 3.11 or newer: please install it, or run make PYTHON=/path/to/python.")


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def stop(sentence: str) -> None:
    say(sentence)
    sys.exit(1)


if __name__ == "__main__":
    main()
