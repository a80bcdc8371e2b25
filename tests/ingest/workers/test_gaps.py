"""On every marketplace exactly the days that a feed lacks are read again, and none is unread."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.lives import midnight
from services.ingest.sources.reading import Reading
from services.ingest.workers.desks import DeskKey
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind
from tests.databases import TestDatabase
from tests.ingest.hurried import hurried
from tests.ingest.markets import CASES
from tests.ingest.stages import Stage, stage_of
from tests.ingest.worlds import FIRST

DAYS = [FIRST + timedelta(days=n) for n in range(3)]
Spans = dict[str, list[list[str]]]


@pytest.fixture(scope="module", autouse=True)
def _hurried() -> Iterator[None]:
    with hurried():
        yield


async def lack_days(stage: Stage) -> Spans:
    """Pull as if orders had begun two days late; other feeds lack a day in the middle."""
    world = stage.world
    await world.schedule()._desks.refresh()
    await world.write(
        "UPDATE feeds SET cursor = :begin WHERE kind = 'orders'", begin=midnight(DAYS[2])
    )
    await world.write(
        "INSERT INTO feed_days SELECT tenant_id, id, :day FROM feeds WHERE kind = 'orders'",
        day=FIRST - timedelta(days=1),
    )
    assert await world.pull() == []
    # Of shelves and of a shop's reputation nothing is told but today's.
    others = await world.rows(
        "SELECT kind FROM feeds JOIN feed_days ON id = feed WHERE day = :day AND kind <> 'orders'",
        day=DAYS[1],
    )
    assert {row.kind for row in others} & {"refunds", "traffic"}
    await world.write(
        "DELETE FROM feed_days USING feeds WHERE id = feed AND kind <> 'orders' AND day = :day",
        day=DAYS[1],
    )
    first, second, third = (day.isoformat() for day in DAYS)
    return {**{row.kind: [[second, third]] for row in others}, "orders": [[first, third]]}


async def watched(stage: Stage) -> dict[str, list[Window]]:
    """The windows that are read from now on, by kind."""
    schedule, seen = stage.world.schedule(), dict[str, list[Window]]()
    await schedule._desks.refresh()
    desk = schedule._desks[DeskKey(stage.world.tenant, stage.case.shop)]
    source = type(desk.source)
    read = source.read

    async def read_and_note(self: Any, kind: FactKind, window: Window) -> Reading:
        seen.setdefault(kind.value, []).append(window)
        return await read(self, kind, window)

    stage.patch.setattr(source, "read", read_and_note)
    return seen


def days_of(windows: list[Window]) -> list[tuple[datetime, datetime]]:
    """Windows that touch are one."""
    found: list[tuple[datetime, datetime]] = []
    for window in sorted(windows, key=lambda each: each.start):
        if found and found[-1][1] == window.start:
            found[-1] = found[-1][0], window.end
        else:
            found.append((window.start, window.end))
    return found


@pytest.mark.parametrize("name", list(CASES))
async def test_requirement_14_one_command_reads_exactly_the_gaps_again(
    name: str, database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage_of(name, database, tmp_path, monkeypatch) as stage:
        stage.begin(hours=4 * 24 + 10)
        lacking = await lack_days(stage)
        before = await stage.cursors()
        seen = await watched(stage)
        assert await stage.read_again(days=None) == []
        jobs = await stage.world.rows("SELECT request, status, progress FROM jobs")
        assert {(job.status, job.progress) for job in jobs} == {("done", 1)}
        asked = [json.loads(job.request) for job in jobs]
        kinds = {feed.id: kind for kind, feed in (await stage.world.feeds()).items()}
        assert {kinds[each["feed"]]: each["spans"] for each in asked} == lacking
        # Nothing beside them is read, and no window twice.
        assert {kind: days_of(windows) for kind, windows in seen.items()} == {
            kind: [tuple(midnight(date.fromisoformat(day)) for day in span) for span in spans]
            for kind, spans in lacking.items()
        }
        assert await stage.cursors() == before
        # Nothing is missing any more, and nothing is asked.
        seen.clear()
        stage.trouble.calls.clear()
        assert await stage.read_again(days=None) == []
        assert (seen, list(stage.trouble.calls)) == ({}, [])
        await stage.settle()


@pytest.mark.parametrize("name", list(CASES))
async def test_requirement_14_what_a_later_reading_does_not_list_stays(
    name: str, database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A marketplace hides orders after some months: only what it says of one changes it."""
    async with stage_of(name, database, tmp_path, monkeypatch) as stage:
        stage.begin(hours=34)
        assert await stage.world.pull() == []
        orders = "SELECT id, modified_at, content FROM order_facts ORDER BY id"
        refunds = "SELECT id, modified_at, content FROM refund_facts ORDER BY id"
        before = [await stage.world.rows(each) for each in (orders, refunds)]
        held = [sale.id for sale in stage.sales()][::2]
        assert len(held) > 1
        stage.world.gateway.books.held.update(held)
        stage.trouble.calls.clear()
        assert await stage.read_again(days=1) == []
        assert stage.listed()
        assert [await stage.world.rows(each) for each in (orders, refunds)] == before
        stage.world.gateway.books.held.clear()
        await stage.settle()
