"""Plays seeds: `python -m tests.simulation 1-1000 77`; a failing one is told, and to be kept.

With `--defects` it plants each defect in turn and prints the share that is caught.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.corpus import SEEDS_FOR_DEFECTS, caught_by, keep, seeds_kept
from tests.simulation.defects import DEFECTS
from tests.simulation.stories import play
from tests.simulation.verdicts import Verdict


def main(words: Sequence[str]) -> int:
    if "--defects" in words:
        return _plant_all()
    seeds = sorted({*seeds_kept(), *_numbers(words or ["1-1000"])})
    began, good, calls, commits = time.monotonic(), 0, 0, 0
    unsafe = behind = 0
    with ProcessPoolExecutor() as pool:
        for verdict in pool.map(play, seeds, chunksize=4):
            good += verdict.is_good
            unsafe += bool(verdict.unsafe)
            behind += bool(verdict.behind)
            calls += verdict.calls
            commits += verdict.commits
            if not verdict.is_good:
                _tell(verdict)
    spent = time.monotonic() - began
    _say(
        f"{len(seeds)} seeds in {spent:.0f} s ({len(seeds) / spent:.1f} a second):"
        f" {unsafe} unsafe, {behind} not caught up; {calls} calls, {commits} commits"
    )
    if good == len(seeds):
        # With no failure in n seeds the rate of failures is below 3/n, nineteen times in twenty.
        _say(f"at most {3 / len(seeds):.2%} of all seeds fail, as far as these can tell")
    return 0 if good == len(seeds) else 1


def _plant_all() -> int:
    """Each defect in turn, and the share of them that is caught."""
    caught = 0
    with ProcessPoolExecutor() as pool:
        for defect, seed in zip(DEFECTS, pool.map(_catch, range(len(DEFECTS))), strict=True):
            caught += seed is not None
            _say(f"{defect.__name__}: {'SURVIVES' if seed is None else f'caught by seed {seed}'}")
    _say(f"{caught} of {len(DEFECTS)} planted defects caught")
    return 0 if caught == len(DEFECTS) else 1


def _catch(place: int) -> int | None:
    return caught_by(DEFECTS[place], SEEDS_FOR_DEFECTS)


def _tell(verdict: Verdict) -> None:
    _say(verdict.told())
    keep(verdict.seed)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _numbers(words: Sequence[str]) -> Iterator[int]:
    for word in words:
        first, _, last = word.partition("-")
        yield from range(int(first), int(last or first) + 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
