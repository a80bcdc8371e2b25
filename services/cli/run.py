"""`kaohe run`: the database, the process tree and the first start, until Ctrl-C."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sandbox import company
from services.cli import appraisals, demo, monitoring
from services.cli.client import Client
from services.cli.operator import admin_key_of, number_of
from services.cli.pulling import pull_all
from services.cli.tree import Tree, plan_tree, standing, start_worker
from services.cli.welcome import welcome
from services.door.logs import configure_logs
from services.local.database import opened
from services.local.processes import only_one, stop_signals, supervise
from services.local.settings import LocalSettings
from services.schema.errors import NotFound
from services.schema.migrate import migrate

TENANT = "demo"
_out = Console(highlight=False, soft_wrap=True)


def run(settings: LocalSettings) -> None:
    """Start everything, set up the demo where it does not stand yet, and wait for Ctrl-C."""
    logs = settings.var / "log"
    logs.mkdir(parents=True, exist_ok=True)
    with (
        only_one(settings.var),
        opened(settings) as dsn_of,
        (logs / "run.log").open("a", encoding="utf-8") as log,
    ):
        configure_logs(file=log)
        migrate(dsn_of("kaohe_migrate"))
        asyncio.run(_Run(settings, dsn_of).until_stopped())


class _Run:
    """One run of the demo."""

    def __init__(self, settings: LocalSettings, dsn_of: Callable[[str], str]) -> None:
        self._settings = settings
        self._dsn_of = dsn_of
        self._keys_file = settings.var / "demo-keys.json"
        self._posted_file = settings.var / "posted-until"
        self._today = datetime.now(UTC).astimezone(ZoneInfo(str(company.TENANT["timezone"]))).date()

    async def until_stopped(self) -> None:
        """A killed first start left no keys: it goes on with a new one."""
        keys = _read_keys(self._keys_file)
        owner = self._dsn_of("kaohe_migrate")
        if keys is None:
            number, admin_key = await admin_key_of(owner, TENANT)
        else:
            number, admin_key = await _number_or_fail(owner), keys["admin"]
        tree = plan_tree(self._settings.var, self._dsn_of, tenant=TENANT, scoreboard_tenant=number)
        credentials = company.credentials(TENANT, tree.gateway, self._today)
        demo.write_private(tree.marketplaces, json.dumps(credentials, indent=1))
        logs = self._settings.var / "log"
        async with (
            stop_signals() as stopped,
            supervise(logs, tell=_out.print) as children,
            standing(tree, children, self._settings.port),
        ):
            work = asyncio.create_task(self._set_up(tree, keys, admin_key))
            if not await _first_of(work, stopped):
                _out.print("Stopped. The next start goes on from here.")
                return
            await start_worker(tree, children)
            shop = next(s for s in company.shops() if s["marketplace"] is None)
            sights = company.sights(self._today)
            _out.print(
                welcome(self._settings.port, work.result(), shop=str(shop["code"]), sights=sights)
            )
            await stopped.wait()
            _out.print("Stopping. Nothing is lost; the next start takes seconds.")

    async def _set_up(
        self, tree: Tree, keys: dict[str, str] | None, admin_key: str
    ) -> dict[str, str]:
        """The whole first start, or on a later day what the ERP has to add."""
        admin = Client(self._settings.port, admin_key)
        if keys is not None:
            if self._posted_until() < self._today:
                await self._post_the_rest(admin)
            return keys
        with _progress() as progress:
            await self._first_start(tree, admin, progress)
        return await asyncio.to_thread(demo.make_keys, admin, admin_key, self._keys_file)

    async def _first_start(self, tree: Tree, admin: Client, progress: Progress) -> None:
        moved = progress.add_task("The company moves in", total=1)
        await asyncio.to_thread(demo.move_in, admin, self._today)
        progress.advance(moved)
        pulled = progress.add_task("Pull from the marketplaces (days)", total=None)

        def show(done: int, whole: int) -> None:
            # A day of which two windows hold a part is counted by both.
            progress.update(pulled, completed=done, total=max(done, whole))

        await pull_all(tree.ingest_settings(), show)
        posted = progress.add_task("The ERP posts its rows", total=demo.count_facts(self._today))
        await asyncio.to_thread(
            demo.post_facts, admin, self._today, lambda count: progress.advance(posted, count)
        )
        self._note_posted()
        await asyncio.to_thread(demo.exclude, admin, self._today)
        await self._appraise(admin, progress)

    async def _appraise(self, admin: Client, progress: Progress) -> None:
        """Everything opens, people rate, and what is over goes to the payroll feed."""
        begun = progress.add_task("Open the cycles", total=len(company.cycles(self._today)))
        await asyncio.to_thread(
            appraisals.open_cycles,
            admin,
            self._today,
            lambda count: progress.advance(begun, count),
        )
        rated = progress.add_task(
            "People rate each other", total=appraisals.count_marks(self._today)
        )
        await asyncio.to_thread(
            appraisals.rate, admin, self._today, lambda count: progress.advance(rated, count)
        )
        cycles = progress.add_task(
            "Publish what is over", total=len(company.cycles(self._today)) + 1
        )
        await asyncio.to_thread(
            appraisals.publish, admin, self._today, lambda count: progress.advance(cycles, count)
        )
        await asyncio.to_thread(appraisals.correct, admin, self._today)
        progress.advance(cycles)
        watched = progress.add_task("Reports, a survey and its cases", total=1)
        await asyncio.to_thread(monitoring.monitor, admin, self._today)
        progress.advance(watched)

    async def _post_the_rest(self, admin: Client) -> None:
        """On a later day the ERP posts again: what it had posted changes nothing."""
        _out.print("A new day: the ERP posts what has come since.")
        await asyncio.to_thread(demo.follow, admin, self._today)
        self._note_posted()

    def _posted_until(self) -> date:
        if not self._posted_file.exists():
            return date.min
        return date.fromisoformat(self._posted_file.read_text().strip())

    def _note_posted(self) -> None:
        demo.write_private(self._posted_file, f"{self._today}\n")


async def _first_of(work: asyncio.Task[dict[str, str]], stopped: asyncio.Event) -> bool:
    """Wait for the work or the signal; false where the signal came first."""
    waiting = asyncio.create_task(stopped.wait())
    await asyncio.wait({work, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if work.done():
        work.result()
        return True
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    return False


async def _number_or_fail(owner: str) -> int:
    try:
        return await number_of(owner, TENANT)
    except NotFound:
        message = "There are demo keys and no demo company: run `make reset`, then `make run`."
        raise SystemExit(message) from None


def _read_keys(file: Path) -> dict[str, str] | None:
    if not file.exists():
        return None
    keys: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return keys


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description:<36}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=_out,
    )
