"""Seeds in which everything goes wrong, and nothing is lost, doubled or mixed up."""

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence

import pytest

from tests.figures import Figures, Wrong
from tests.simulation import defects
from tests.simulation.corpus import (
    ROOT,
    caught_by,
    read_commit,
    seeds_catching,
    seeds_kept,
    seeds_of,
)
from tests.simulation.stories import play

SEEDS, OF_THE_COMMIT = 1000, 50
"""All seeds, and how many of them nobody has played before; `make simulate` plays any."""
SEEDS_FOR_DEFECTS = range(1, 101)


# Two classes: a class is one worker's, and each of two workers plays half.


class TestOddSeeds:
    def test_they_end_in_the_truth_whatever_the_weather(self, figure: Figures) -> None:
        _play_all(_seeds()[::2], figure)


class TestEvenSeeds:
    def test_they_end_in_the_truth_whatever_the_weather(self, figure: Figures) -> None:
        _play_all(_seeds()[1::2], figure)


def _seeds() -> list[int]:
    """Those that once failed, new ones from the commit, and for the rest always the same."""
    first = [*seeds_kept(), *seeds_of(read_commit(), OF_THE_COMMIT)]
    return list(dict.fromkeys([*first, *range(1, SEEDS + 1)]))[:SEEDS]


def _play_all(seeds: Iterable[int], figure: Figures) -> None:
    """S01 to S12, C01 and C12, after every commit and at the end."""
    verdicts = [play(seed) for seed in dict.fromkeys(seeds)]
    bad = [verdict.told() for verdict in verdicts if not verdict.is_good]
    assert not bad, "\n".join(["`make simulate SEEDS=...` plays them again:", *bad])
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


def test_each_commit_has_seeds_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = seeds_of("here", OF_THE_COMMIT), seeds_of("there", OF_THE_COMMIT)
    assert here == seeds_of("here", OF_THE_COMMIT)
    assert len({*here, *there, *range(1, SEEDS + 1), *seeds_kept()}) > SEEDS + 1.9 * OF_THE_COMMIT
    assert {*seeds_of(read_commit(), OF_THE_COMMIT)} <= {*_seeds()}
    monkeypatch.setenv("PATH", "")
    assert read_commit() == ""
    assert len({*_seeds()}) == SEEDS


def test_planted_defects_are_caught(figure: Figures) -> None:
    """By seeds that have caught them before or by others of the first hundred, in which a change of
    the code may have made them other stories; rarer ones are planted by the test below.
    """
    known = seeds_catching()
    planted = [each for each in defects.DEFECTS if known[each.__name__][0] in SEEDS_FOR_DEFECTS]
    assert len(planted) > len(defects.DEFECTS) * 3 / 4
    _plant(planted, SEEDS_FOR_DEFECTS, figure, of="planted defects")


@pytest.mark.long
def test_rare_planted_defects_are_caught(figure: Figures) -> None:
    """`make simulate SEEDS=--defects` plants them too, and writes down which seeds caught them."""
    known = seeds_catching()
    planted = [each for each in defects.DEFECTS if known[each.__name__][0] not in SEEDS_FOR_DEFECTS]
    _plant(planted, range(1, SEEDS + 1), figure, of="planted defects, rare ones")


def _plant(
    planted: Sequence[defects.Defect], seeds: Iterable[int], figure: Figures, *, of: str
) -> None:
    known = seeds_catching()
    living = [
        defect.__name__
        for defect in planted
        if not caught_by(defect, dict.fromkeys([*known[defect.__name__], *seeds]))
    ]
    figure("seeds", Wrong.DEFECTS, living, tried=len(planted), of=of)
