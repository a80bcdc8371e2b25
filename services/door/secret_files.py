"""Keys of a deployment that stand in files: read, and made where they are missing."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

KEY_BYTES = 32
"""The least that a key holds."""


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
