"""Seeds that once failed, played each time from then on; and which defects a few seeds catch."""

from collections.abc import Iterable
from pathlib import Path

from tests.simulation.defects import Defect
from tests.simulation.stories import play

SEEDS_FOR_DEFECTS = range(1, 301)
"""As many as the rarest of them needs."""
_FILE = Path(__file__).parent / "corpus.txt"


def seeds_kept() -> list[int]:
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    return [int(line) for line in lines if line and not line.startswith("#")]


def keep(seed: int) -> None:
    if seed not in seeds_kept():
        with _FILE.open("a", encoding="utf-8") as file:
            file.write(f"{seed}\n")


def caught_by(defect: Defect, seeds: Iterable[int]) -> int | None:
    """The first of some seeds that catches a planted defect and is good without; null if none."""
    for seed in seeds:
        if not play(seed, plant=(defect,)).is_good and play(seed).is_good:
            return seed
    return None
