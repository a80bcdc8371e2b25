"""Pulls seen by a person: what is due, or given days again, with a bar."""

import asyncio
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from services.ingest.settings import IngestSettings
from services.ingest.workers.deployment import opened
from services.ingest.workers.pulling import Step

_out = Console(highlight=False, soft_wrap=True)


async def pull_all(settings: IngestSettings, show: Callable[[int, int], None]) -> None:
    """Read all that is due; `show` is given the local days behind the cursors, and in all."""
    behind: dict[tuple[str, str], Step] = {}

    def note(step: Step) -> None:
        behind[step.shop, step.kind] = step
        show(sum(s.days for s in behind.values()), sum(s.days_in_all for s in behind.values()))

    async with opened(settings, show=note) as schedule:
        problems = await schedule.pull_once()
    if problems:
        raise SystemExit("\n".join(["Not all could be read; the next pull goes on:", *problems]))


def pull_with_bar() -> None:
    """`kaohe pull`"""
    with _bar() as progress:
        task = progress.add_task("Pull", total=None)

        def show(done: int, whole: int) -> None:
            progress.update(task, completed=done, total=whole)

        asyncio.run(pull_all(_settings(), show))


def backfill_with_bar(start: date, end: date, shop: str | None) -> None:
    """`kaohe backfill`"""
    with _bar() as progress:
        task = progress.add_task(f"Backfill {start} to {end}", total=1)

        def show(share: Decimal) -> None:
            # A bar is drawn, nothing is computed with it.
            progress.update(task, completed=float(share))

        asyncio.run(_backfill(start, end, shop, show))


async def _backfill(
    start: date, end: date, shop: str | None, show: Callable[[Decimal], None]
) -> None:
    async with opened(_settings()) as schedule:
        problems = await schedule.backfill_once(start, end, shop=shop, show=show)
    if problems:
        raise SystemExit("\n".join(["Not all could be read again:", *problems]))


def _settings() -> IngestSettings:
    return IngestSettings()  # type: ignore[call-arg]  # the environment gives them


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=_out,
    )
