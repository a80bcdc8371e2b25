"""Seeds to be played: those that once failed, those that catch a defect, a commit's own."""

import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from random import Random

from tests.simulation.defects import Defect
from tests.simulation.stories import play

ROOT = Path(__file__).parents[2]
_FAILED = Path(__file__).parent / "corpus.txt"
_CATCHING = Path(__file__).parent / "defects.txt"


def seeds_kept() -> list[int]:
    lines = _FAILED.read_text(encoding="utf-8").splitlines()
    return [int(line) for line in lines if line and not line.startswith("#")]


def keep(seed: int) -> None:
    if seed not in seeds_kept():
        with _FAILED.open("a", encoding="utf-8") as file:
            file.write(f"{seed}\n")


def seeds_of(commit: str, count: int) -> list[int]:
    """New weather for each commit, the same whenever it is tested."""
    return Random(commit).sample(range(10_000, 10**9), count)


def read_commit() -> str:
    """The hash of what is checked out; empty where there is no git to ask."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607  git is looked for where it is
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        return ""
    return done.stdout.strip()


def seeds_catching() -> dict[str, list[int]]:
    """Some of the seeds that catch each defect, by its name."""
    lines = _CATCHING.read_text(encoding="utf-8").splitlines()
    named = (line.split() for line in lines if line and not line.startswith("#"))
    return {name: [int(seed) for seed in seeds] for name, *seeds in named}


def keep_catching(found: dict[str, list[int]]) -> None:
    lines = [
        "# Seeds that catch a planted defect: written by `make simulate SEEDS=--defects`.",
        *(" ".join([name, *map(str, seeds)]) for name, seeds in found.items()),
    ]
    _CATCHING.write_text("\n".join(lines) + "\n", encoding="utf-8")


def caught_by(defect: Defect, seeds: Iterable[int], *, enough: int = 1) -> list[int]:
    """The first of some seeds that catch a planted defect and are good without it."""
    found: list[int] = []
    for seed in seeds:
        if len(found) == enough:
            break
        if not play(seed, plant=(defect,)).is_good and _is_good(seed):
            found.append(seed)
    return found


@cache
def _is_good(seed: int) -> bool:
    """Asked again and again: a few seeds catch most defects."""
    return play(seed).is_good
