"""Plays seeds: `python -m tests.simulation 1-1000 77`; a failing one is told, and to be kept.

With `--defects` it plants each defect in turn, keeps some of the seeds that catch it, and prints
the share that is caught.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.corpus import caught_by, keep, keep_catching, seeds_catching, seeds_kept
from tests.simulation.defects import DEFECTS
from tests.simulation.stories import play
from tests.simulation.verdicts import Verdict

SEEDS_FOR_DEFECTS = range(1, 1001)
"""As many as the rarest of them needs."""
ENOUGH = 3
"""Of seeds that catch a defect: a change of the code may make one of them another story."""


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
    began, caught = time.monotonic(), dict[str, list[int]]()
    with ProcessPoolExecutor() as pool:
        for defect, seeds in zip(DEFECTS, pool.map(_catch, range(len(DEFECTS))), strict=True):
            caught[defect.__name__] = seeds
            told = f"caught by {' '.join(map(str, seeds))}" if seeds else "SURVIVES"
            _say(f"{defect.__name__}: {told}")
    keep_catching(caught)
    share = sum(map(bool, caught.values()))
    _say(f"{share} of {len(DEFECTS)} planted defects caught, {time.monotonic() - began:.0f} s")
    return 0 if share == len(DEFECTS) else 1


def _catch(place: int) -> list[int]:
    """Those that have caught it before, and others until there are enough."""
    defect = DEFECTS[place]
    known = seeds_catching().get(defect.__name__, [])
    return caught_by(defect, dict.fromkeys([*known, *SEEDS_FOR_DEFECTS]), enough=ENOUGH)


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
