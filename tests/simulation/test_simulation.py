"""Seeds in which everything goes wrong, and nothing is lost, doubled or mixed up."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.figures import Figures, Wrong
from tests.simulation import defects
from tests.simulation.corpus import SEEDS_FOR_DEFECTS, caught_by, seeds_kept
from tests.simulation.stories import play

SECONDS = 30
"""For each of two processes; `make simulate` plays as many seeds as are asked for."""
AT_LEAST, AT_MOST = 5, 1000
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("part", [0, 1])
def test_seeds_end_in_the_truth_whatever_the_weather(part: int, figure: Figures) -> None:
    """S01 to S12, C01 and C12, after every commit and at the end."""
    began, played = time.monotonic(), 0
    seeds = [*seeds_kept()[part::2], *range(part + 1, AT_MOST + 1, 2)]
    for seed in seeds:
        verdict = play(seed)
        assert verdict.is_good, verdict.told()
        played += 1
        if played >= AT_LEAST and time.monotonic() - began > SECONDS:
            break
    for what in (Wrong.UNSAFE, Wrong.BEHIND):
        figure("seeds", what, 0, tried=played, of="seeds in memory")


def test_a_seed_is_the_same_story_each_time() -> None:
    """In this process, and in one that hashes otherwise."""
    told = [play(5).digest, play(5).digest]
    program = "from tests.simulation.stories import play; print(play(5).digest)"
    environment = {**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=ROOT, check=True, capture_output=True
    )
    assert {*told, done.stdout.decode().strip()} == {told[0]}
    assert play(6).digest != told[0]


@pytest.mark.parametrize(
    "defect",
    [
        defects.garbage_is_empty,
        defects.nothing_subtracted,
        defects.cursor_to_now,
        defects.other_zone,
    ],
)
def test_a_planted_defect_is_caught(defect: defects.Defect, figure: Figures) -> None:
    """`make simulate SEEDS=--defects` plants them all, and prints the share that is caught."""
    survives = int(caught_by(defect, range(1, 31)) is None)
    figure("seeds", Wrong.DEFECTS, survives, tried=1, of="planted defects")


@pytest.mark.long
def test_every_planted_defect_is_caught(figure: Figures) -> None:
    living = [d.__name__ for d in defects.DEFECTS if caught_by(d, SEEDS_FOR_DEFECTS) is None]
    figure(
        "seeds",
        Wrong.DEFECTS,
        living,
        tried=len(defects.DEFECTS),
        of="planted defects, all",
    )
