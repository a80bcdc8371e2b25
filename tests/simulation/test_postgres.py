"""The same stories on PostgreSQL: transactions cut, processes killed, and memory as good as SQL."""

import time
from collections.abc import Iterable

import pytest

from tests.databases import TestDatabase
from tests.figures import Figures, Wrong
from tests.simulation import defects
from tests.simulation.lives import play_lives
from tests.simulation.patches import patching
from tests.simulation.pay_defects import OF_PAY
from tests.simulation.stories import play_on
from tests.simulation.twins import differences

SECONDS, AT_LEAST = 10, 2
DEATHS = 4
"""Of the processes of one story."""


def play_all(database: TestDatabase, seeds: Iterable[int], *, seconds: float) -> int:
    began, played = time.monotonic(), 0
    for seed in seeds:
        verdict = play_on(database, seed)
        assert verdict.is_good, verdict.told()
        played += 1
        if played >= AT_LEAST and time.monotonic() - began > seconds:
            break
    return played


def test_seeds_end_in_the_truth_on_postgresql(database: TestDatabase, figure: Figures) -> None:
    """S01 to S12, C01, C04 and C12: connections are cut in the middle of transactions."""
    played = play_all(database, range(1, 61), seconds=SECONDS / 2)
    for what in (Wrong.UNSAFE, Wrong.BEHIND):
        figure("seeds", what, 0, tried=played, of="seeds on PostgreSQL")


@pytest.mark.long
@pytest.mark.parametrize("defect", [defects.garbage_is_empty, defects.no_detail])
def test_a_planted_defect_is_caught_on_postgresql(
    database: TestDatabase, defect: defects.Defect
) -> None:
    assert not all(play_on(database, seed, plant=(defect,)).is_good for seed in range(1, 21))


def play_killed(database: TestDatabase, seed: int, figure: Figures) -> None:
    """One story whose processes are killed; cards, pay and audit are looked at between them."""
    killed, verdict = play_lives(database, seed, deaths=DEATHS)
    kills, stories = "kills of a process in the middle of pulls", "seeds on PostgreSQL with kills"
    unsafe, behind = ([verdict.told()] if each else [] for each in (verdict.unsafe, verdict.behind))
    figure("C01", Wrong.FACTS, unsafe, tried=killed, of=kills)
    figure("seeds", Wrong.UNSAFE, unsafe, tried=1, of=stories)
    figure("seeds", Wrong.BEHIND, behind, tried=1, of=stories)
    assert killed > 1


def test_scenario_c01_killed_processes_lose_and_double_nothing(
    database: TestDatabase, figure: Figures
) -> None:
    """`kill -9` of the process itself, again and again in each story."""
    began = time.monotonic()
    for seed in range(1, 61):
        play_killed(database, seed, figure)
        if time.monotonic() - began > SECONDS:
            break


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 61))
def test_scenario_c01_sixty_seeds_with_killed_processes(
    database: TestDatabase, seed: int, figure: Figures
) -> None:
    play_killed(database, seed, figure)


@pytest.mark.long
@pytest.mark.parametrize("defect", OF_PAY)
def test_a_planted_defect_is_caught_in_pay(
    database: TestDatabase, defect: defects.Defect, figure: Figures
) -> None:
    with patching() as patch:
        defect(patch)
        caught = any(not play_lives(database, seed, deaths=2)[1].is_good for seed in range(1, 21))
    figure("seeds", Wrong.DEFECTS, int(not caught), tried=1, of="planted defects, in pay")


@pytest.mark.parametrize("seed", [1, 4, 34])
def test_memory_says_what_sql_says(database: TestDatabase, seed: int) -> None:
    """The same calls in the same order: the same answers, and the same tables."""
    played, found = differences(database, seed)
    assert found == []
    assert played > 300


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 130))
def test_memory_says_what_sql_says_in_many_seeds(database: TestDatabase, seed: int) -> None:
    assert differences(database, seed)[1] == []


def test_memory_that_says_anything_else_is_found_out(database: TestDatabase) -> None:
    played, found = differences(database, 1, plant=(defects.nothing_subtracted,))
    assert played > 0
    assert any(each.startswith("order_measures") for each in found)
