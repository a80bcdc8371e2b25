"""Keys of a deployment that stand in files: read, and made where they are missing."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

KEY_BYTES = 32
"""The least that a key holds."""


def read_or_make_keys(path: Path) -> list[bytes]:
    """The key of a file, and those that stood in it before, the last one first."""
    retired = _retired_file(path)
    before = retired.read_text(encoding="ascii").split() if retired.exists() else []
    return [read_or_make_key(path), *(key.encode() for key in before)]


def rotate_key(path: Path) -> None:
    """A new key for the file; the old one stays beside it, until nothing needs it any more.

    It is written there first: killed in between, it only stands twice.
    """
    before = read_or_make_keys(path)
    kept = "".join(f"{key.decode()}\n" for key in before)
    for file, text in ((_retired_file(path), kept), (path, secrets.token_hex(KEY_BYTES))):
        draft, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(draft, "w", encoding="ascii") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(file)


def read_or_make_key(path: Path) -> bytes:
    """The file's content; of several processes that make it at once, one does and all read it."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft, name = tempfile.mkstemp(dir=path.parent)  # readable by its owner alone
        with os.fdopen(draft, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES))
        with suppress(FileExistsError):
            os.link(name, path)
        Path(name).unlink()
    key = path.read_text(encoding="ascii").strip().encode()
    if len(key) < KEY_BYTES:
        raise ValueError(f"{path} holds less than {KEY_BYTES} bytes")
    return key


def _retired_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.retired")
