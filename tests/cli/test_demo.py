"""The demo's secrets are its owner's alone, and written whole or not at all."""

import stat
from pathlib import Path

from services.cli.demo import write_private


def test_a_private_file_is_its_owners_and_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "var" / "keys.json"
    write_private(file, "one")
    (file.parent / ".keys.json.new").write_text("left by a killed start")
    write_private(file, "two")
    assert file.read_text() == "two"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["keys.json"]
