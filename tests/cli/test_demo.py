"""The demo's cycles go through their stages; its secrets are its owner's alone, written whole."""

import stat
from pathlib import Path
from typing import Any, cast

import pytest

from services.cli.client import Client
from services.cli.demo import _move, write_private


def test_a_private_file_is_its_owners_and_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "var" / "keys.json"
    write_private(file, "one")
    (file.parent / ".keys.json.new").write_text("left by a killed start")
    write_private(file, "two")
    assert file.read_text() == "two"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["keys.json"]


class Cycle:
    """A cycle that answers as the api does, with a distribution or without one."""

    def __init__(self, distribution: Any) -> None:
        self._distribution = distribution
        self.stages = ["draft"]

    def get(self, _path: str) -> dict[str, str]:
        return {"status": self.stages[-1]}

    def find(self, path: str) -> Any:
        assert path == "/v1/cycles/jan/distribution"
        return self._distribution

    def post(self, _path: str, body: dict[str, str]) -> None:
        self.stages.append(body["to"])


@pytest.mark.parametrize("forced", [True, False])
def test_a_cycle_is_calibrated_where_its_scheme_has_a_distribution(forced: bool) -> None:  # noqa: FBT001  a column of the table
    cycle = Cycle({"populations": []} if forced else None)
    _move(cast("Client", cycle), "jan", "published")
    calibration = ["calibration"] if forced else []
    assert cycle.stages == [
        "draft", "open", "closed", "review", *calibration, "approved", "published",
    ]  # fmt: skip
