"""Pulls seen by a person: what is due, or given days again, with a bar."""

import asyncio
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from pydantic import SecretStr
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from services.cli.tree import buyer_key_file, marketplaces_file, master_key_file
from services.door.logs import configure_logs
from services.ingest.settings import IngestSettings
from services.ingest.workers.deployment import opened
from services.ingest.workers.pulling import Step
from services.local.here import dsn_here
from services.local.settings import LocalSettings

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
    with _bar() as progress:
        task = progress.add_task("Pull", total=None)

        def show(done: int, whole: int) -> None:
            progress.update(task, completed=done, total=whole)

        asyncio.run(pull_all(settings, show))
        whole = progress.tasks[task].total or 1
        progress.update(task, completed=whole, total=whole)


def backfill_with_bar(days: tuple[date, date] | None, shop: str | None) -> None:
    """`kaohe backfill`; without days those that are missing."""
    settings = settings_of_here()
    with _bar() as progress:
        what = "the gaps" if days is None else f"{days[0]} to {days[1]}"
        task = progress.add_task(f"Backfill {what}", total=1)

        def show(share: Decimal) -> None:
            # A bar is drawn, nothing is computed with it.
            progress.update(task, completed=float(share))

        asyncio.run(_backfill(settings, days, shop, show))
        progress.update(task, completed=1)


async def _backfill(
    settings: IngestSettings,
    days: tuple[date, date] | None,
    shop: str | None,
    show: Callable[[Decimal], None],
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


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=_out,
    )
