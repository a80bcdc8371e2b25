"""Plays seeds: `python -m tests.simulation 1-1000 77`; a failing one is told, and to be kept.

With `--defects` it plants each defect in turn and prints the share that is caught.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.corpus import caught_by, keep, seeds_kept
from tests.simulation.defects import DEFECTS
from tests.simulation.stories import play
from tests.simulation.verdicts import Verdict


def main(words: Sequence[str]) -> int:
    if "--defects" in words:
        caught: dict[str, int | None] = {}
        for defect in DEFECTS:
            name = defect.__name__
            seed = caught[name] = caught_by(defect, range(1, 101))
            _say(f"{name}: {'SURVIVES' if seed is None else f'caught by seed {seed}'}")
        living = [name for name, seed in caught.items() if seed is None]
        _say(f"{len(caught) - len(living)} of {len(caught)} planted defects caught")
        return 1 if living else 0
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
    return 0 if good == len(seeds) else 1


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
