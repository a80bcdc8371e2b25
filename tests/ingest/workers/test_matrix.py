"""Each marketplace goes through each scenario, with PostgreSQL, the schedule and its sandbox."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.doors import DOORS
from services.ingest.flows.connectors import CONNECTORS
from services.schema.words import Marketplace
from tests.databases import TestDatabase
from tests.figures import Figures
from tests.ingest.hurried import hurried
from tests.ingest.manners import MANNERS
from tests.ingest.markets import CASES
from tests.ingest.stages import stage_of
from tests.ingest.workers.scenes import SCENES

LEFT_OUT = {("S07", "amazon"): "Amazon's orders know of no refund: what was paid back is posted."}
"""Cells that there are not, each with its reason."""
CELLS = [
    (scenario, name) for scenario in SCENES for name in CASES if (scenario, name) not in LEFT_OUT
]


@pytest.fixture(scope="module", autouse=True)
def _hurried() -> Iterator[None]:
    with hurried():
        yield


def test_no_cell_is_missing() -> None:
    """A marketplace that comes to be goes through all of it."""
    scenarios = {f"S{number:02}" for number in range(1, 13)}
    wanted = {(scenario, name) for scenario in scenarios for name in DOORS}
    assert {*CELLS, *LEFT_OUT} == wanted
    assert not {*CELLS} & LEFT_OUT.keys()
    # Tmall is asked as Taobao is.
    asked = {word.value for word in CONNECTORS if word is not Marketplace.TMALL}
    assert asked == DOORS.keys() == MANNERS.keys()
    assert {case.door for case in CASES.values()} == asked


@pytest.mark.parametrize(("scenario", "name"), CELLS)
async def test_scenarios_s01_to_s12_at_each_marketplace(
    scenario: str,
    name: str,
    database: TestDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    figure: Figures,
    request: pytest.FixtureRequest,
) -> None:
    async with stage_of(name, database, tmp_path, monkeypatch) as stage:
        await SCENES[scenario](stage, figure)
    stated = [told for _, told in request.node.user_properties]
    assert scenario in {told["scenario"] for told in stated}
