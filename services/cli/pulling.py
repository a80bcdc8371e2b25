"""Pulls seen by a person: what is due, or given days again, with a bar."""

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from pydantic import SecretStr
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from services.cli.tree import buyer_key_file, marketplaces_file, master_key_file
from services.door.logs import configure_logs
from services.ingest.core.forecasts import Outlook
from services.ingest.settings import IngestSettings
from services.ingest.workers.deployment import opened
from services.ingest.workers.pulling import Step
from services.local.here import dsn_here
from services.local.settings import LocalSettings

LINE_EVERY = Decimal("0.05")
"""Of a backfill whose output is no terminal a line is written as often."""

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
    settings = settings_of_here()
    with _bar(TextColumn("left"), TimeRemainingColumn()) as progress:
        task = progress.add_task("Pull", total=None)

        def show(done: int, whole: int) -> None:
            progress.update(task, completed=done, total=whole)

        asyncio.run(pull_all(settings, show))
        whole = progress.tasks[task].total or 1
        progress.update(task, completed=whole, total=whole)


def backfill_with_bar(days: tuple[date, date] | None, shop: str | None) -> None:
    """`kaohe backfill`; without days those that are missing."""
    settings = settings_of_here()
    what = "the gaps" if days is None else f"{days[0]} to {days[1]}"
    with _bar(TextColumn("{task.fields[left]}")) as progress:
        task = progress.add_task(f"Backfill {what}", total=None, left=_left_of(None))
        told = Decimal(-1)

        def show(outlook: Outlook) -> None:
            nonlocal told
            # A bar is drawn, nothing is computed with it.
            share, left = float(outlook.share), _left_of(outlook.left)
            if share or outlook.left is not None:
                progress.update(task, completed=share, total=1)
            progress.update(task, left=left)
            if not _out.is_terminal and outlook.share >= told + LINE_EVERY:
                # A log has no bar: now and then a line.
                told = outlook.share
                _out.print(f"Backfill {what}: {share:.0%}, {left}")

        asyncio.run(_backfill(settings, days, shop, show))


def _left_of(left: timedelta | None) -> str:
    return (
        "estimating" if left is None else f"{timedelta(seconds=round(left.total_seconds()))} left"
    )


async def _backfill(
    settings: IngestSettings,
    days: tuple[date, date] | None,
    shop: str | None,
    show: Callable[[Outlook], None],
) -> None:
    async with opened(settings) as schedule:
        problems = await schedule.backfill_once(days, shop=shop, show=show)
    if problems:
        raise SystemExit("\n".join(["Not all could be read again:", *problems]))


def settings_of_here() -> IngestSettings:
    """What the environment names; without KAOHE_DSN the demo that runs on this machine."""
    configure_logs("WARNING")
    local = LocalSettings()
    if local.dsn is not None:
        return IngestSettings()  # type: ignore[call-arg]  # the environment gives them
    return IngestSettings(
        dsn=SecretStr(dsn_here(local, "kaohe_ingest")),
        marketplaces=marketplaces_file(local.var),
        buyer_key_file=buyer_key_file(local.var),
        master_key_file=master_key_file(local.var),
    )


def _bar(*left: ProgressColumn) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        *left,
        console=_out,
    )
