"""What `kaohe backfill` shows of itself: a bar on a terminal, now and then a line in a log."""

import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, timedelta
from decimal import Decimal

import pytest
from rich.console import Console

from services.cli import pulling
from services.ingest.core.forecasts import Outlook

DAYS = date(2026, 10, 1), date(2026, 11, 1)
SEEN = [
    Outlook(Decimal(0), None),
    Outlook(Decimal("0.1"), timedelta(minutes=9)),
    Outlook(Decimal("0.11"), timedelta(minutes=8, seconds=54)),
    Outlook(Decimal("0.15"), timedelta(minutes=8, seconds=30)),
    Outlook(Decimal(1), timedelta(0)),
]


class Pretend:
    """A schedule that has seen all of it."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems

    async def backfill_once(
        self, days: tuple[date, date] | None, *, shop: str | None, show: Callable[[Outlook], None]
    ) -> list[str]:
        assert (days, shop) == (DAYS, "tm-1")
        for outlook in SEEN:
            show(outlook)
        return self.problems


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    def run(*, terminal: bool, problems: list[str] | None = None) -> str:
        out = io.StringIO()
        console = Console(file=out, force_terminal=terminal, width=120, highlight=False)

        @asynccontextmanager
        async def opened(_: object) -> AsyncIterator[Pretend]:
            yield Pretend(problems or [])

        monkeypatch.setattr(pulling, "_out", console)
        monkeypatch.setattr(pulling, "opened", opened)
        monkeypatch.setattr(pulling, "settings_of_here", lambda: None)
        pulling.backfill_with_bar(DAYS, "tm-1")
        return out.getvalue()

    return run


def test_a_log_gets_a_line_for_each_twentieth(said: Callable[..., str]) -> None:
    lines = [line.rstrip() for line in said(terminal=False).splitlines()]
    head = "Backfill 2026-10-01 to 2026-11-01"
    assert lines[:4] == [
        f"{head}: 0%, estimating",
        f"{head}: 10%, 0:09:00 left",
        f"{head}: 15%, 0:08:30 left",
        f"{head}: 100%, 0:00:00 left",
    ]
    # And the bar as it stands at the end.
    (last,) = lines[4:]
    assert last.startswith(head)
    assert "100%" in last


def test_a_terminal_gets_a_bar_alone(said: Callable[..., str]) -> None:
    shown = said(terminal=True)
    assert "estimating" not in shown.splitlines()[-1]
    assert "%, " not in shown
    assert "0:00:00 left" in shown


def test_what_could_not_be_read_ends_it(said: Callable[..., str]) -> None:
    with pytest.raises(SystemExit, match="tm-1 orders: no"):
        said(terminal=False, problems=["tm-1 orders: no"])
