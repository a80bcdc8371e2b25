"""Seeds in which everything goes wrong, and nothing is lost, doubled or mixed up."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.figures import Figures, Wrong
from tests.simulation import defects
from tests.simulation.corpus import SEEDS_FOR_DEFECTS, caught_by, seeds_kept
from tests.simulation.stories import play

SEEDS = 1000
"""Beside those that once failed; `make simulate` plays as many as are asked for."""
ROOT = Path(__file__).parents[2]


# Two classes: a class is one worker's, and each of two workers plays half.


class TestOddSeeds:
    def test_they_end_in_the_truth_whatever_the_weather(self, figure: Figures) -> None:
        _play_all([*seeds_kept()[::2], *range(1, SEEDS + 1, 2)], figure)


class TestEvenSeeds:
    def test_they_end_in_the_truth_whatever_the_weather(self, figure: Figures) -> None:
        _play_all([*seeds_kept()[1::2], *range(2, SEEDS + 1, 2)], figure)


def _play_all(seeds: Iterable[int], figure: Figures) -> None:
    """S01 to S12, C01 and C12, after every commit and at the end."""
    verdicts = [play(seed) for seed in dict.fromkeys(seeds)]
    bad = [verdict.told() for verdict in verdicts if not verdict.is_good]
    assert not bad, "\n".join(bad)
    for what in (Wrong.UNSAFE, Wrong.BEHIND):
        figure("seeds", what, 0, tried=len(verdicts), of="seeds in memory")


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
