"""How a figure is measured: ways in turns, each compared with the limit of its own round.

The ratio is the message: it holds on another machine, where the rates do not.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

KEPT = Path(__file__).resolve().parents[1] / "var" / "bench"


@dataclass(frozen=True)
class Options:
    """How much is measured."""

    rows: int
    rounds: int


@dataclass(frozen=True)
class Way:
    """One way to do the same work."""

    name: str
    run: Callable[[], Awaitable[float]]
    """Does it once and says how many a second were done."""
    goal: float | None = None
    """The ratio to the limit that it should reach."""


@dataclass(frozen=True)
class Line:
    """What was measured of one way."""

    way: str
    ratio: float
    """The median of the rounds' ratios to the limit."""
    lowest: float
    highest: float
    rate: float
    """The median of the rounds, a second."""
    goal: float | None

    @property
    def reached(self) -> bool | None:
        return None if self.goal is None else self.ratio >= self.goal


@dataclass(frozen=True)
class Figure:
    """A question, and one line for each way; the first line is the limit."""

    name: str
    question: str
    unit: str
    """What is counted a second."""
    lines: tuple[Line, ...]
    measured_at: str


async def measure(
    name: str, question: str, unit: str, *, limit: Way, ways: Sequence[Way], rounds: int
) -> Figure:
    """Every way once a round, each second round backwards, so that a drift hits all alike."""
    every = [limit, *ways]
    rates: dict[str, list[float]] = {way.name: [] for way in every}
    for number in range(rounds):
        for way in every if number % 2 == 0 else reversed(every):
            rates[way.name].append(await way.run())
    lines = tuple(_line(way, rates[way.name], rates[limit.name]) for way in every)
    return Figure(name, question, unit, lines, datetime.now(UTC).isoformat(timespec="seconds"))


def show(figure: Figure, console: Console) -> None:
    """Print a figure as a table, ratios first."""
    title = f"[bold]{figure.name}[/bold]  {figure.question}"
    table = Table(title=title, title_justify="left", expand=False)
    table.add_column("way")
    for heading in ("x the limit", "lowest - highest", "goal", f"{figure.unit}/s"):
        table.add_column(heading, justify="right")
    for line in figure.lines:
        goal = "" if line.goal is None else f">= {line.goal:g} {'yes' if line.reached else 'NO'}"
        spread = f"{line.lowest:.3g} - {line.highest:.3g}"
        table.add_row(line.way, f"{line.ratio:.3g}", spread, goal, f"{line.rate:,.0f}")
    console.print(table)


def keep(figure: Figure) -> Path:
    """Write a figure where the next run, or a person, can compare with it."""
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{figure.name}.json"
    path.write_text(json.dumps(asdict(figure), indent=2) + "\n")
    return path


def _line(way: Way, rates: list[float], limits: list[float]) -> Line:
    ratios = [rate / limit for rate, limit in zip(rates, limits, strict=True)]
    return Line(way.name, median(ratios), min(ratios), max(ratios), median(rates), way.goal)
