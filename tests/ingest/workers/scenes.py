"""What happens to a shop while it is pulled: a scene for each scenario of a marketplace's faults.

In the end facts are the marketplace's own books, to the cent, and nothing stands twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from sandbox.faults import Fault
from sandbox.gateways import Answer, Asked
from services.ingest.sources.client import ATTEMPTS
from services.ingest.workers.desks import Desks
from services.ingest.workers.pulling import WAIT_FOR_PEOPLE
from services.ingest.workers.schedule import Schedule
from tests.figures import Figures, Most, Wrong
from tests.ingest.manners import forget_quotas, revoke, use_real_quotas
from tests.ingest.markets import check
from tests.ingest.stages import BOOKS, Stage
from tests.ingest.workers.odd_rows import poisoned, stated_oddly
from tests.ingest.worlds import BUYER_KEYS

Scene = Callable[[Stage, Figures], Awaitable[None]]

GARBAGE = ("<html><body>503</body></html>", "{}", "[]", '{"cut', "")
_HOUR = timedelta(hours=1)


async def throttled(stage: Stage, figure: Figures) -> None:
    """In its own words; nothing is asked while a ban lasts."""
    stage.begin(hours=46)
    use_real_quotas(stage.world.gateway)
    stage.trouble.add(Fault("throttle", seconds=stage.manner.ban_seconds, after=1))
    begun = stage.clock.now
    await stage.world.pull()
    calls = list(stage.trouble.calls)
    struck = [place for place, call in enumerate(calls) if call.outcome == "throttle"]
    assert len(struck) == 1
    in_ban = [
        call
        for place, call in enumerate(calls)
        if call.outcome == stage.manner.banned
        and (not stage.manner.prices or call.method in {each.method for each in calls[:place]})
    ]
    figure("S01", Wrong.CALLS, in_ban, tried=len(calls), of="calls, by bans they fell into")
    # It was sat out, or left to the schedule.
    problems = [feed.problem for feed in (await stage.world.feeds()).values() if feed.problem]
    assert stage.clock.now > begun or problems
    figure("S01", Wrong.FACTS, 0, tried=await stage.settle(), of=BOOKS)


async def in_trouble(stage: Stage, figure: Figures) -> None:
    """5xx, errors of its own, connections that are cut, answers that never come."""
    faults = [Fault("busy", times=2), Fault("status", detail="503", times=2)]
    faults += [Fault("drop", times=2), Fault("stall", seconds=1), Fault("status", detail="502")]
    stage.begin(hours=34)
    for number, fault in enumerate(faults):
        stage.trouble.add(Fault(fault.kind, fault.times, None, number, fault.seconds, fault.detail))
    with stage.patch.context() as impatient:
        impatient.setattr("services.ingest.sources.client.TOTAL_SECONDS", 0.3)
        for _ in range(4):
            await stage.world.pull()
            stage.pass_by(hours=6)
    assert stage.trouble.faults == []
    outcomes = {call.outcome for call in stage.trouble.calls}
    assert {fault.kind for fault in faults} <= outcomes
    figure("S02", Wrong.FACTS, 0, tried=await stage.settle(), of=BOOKS)


async def answered_with_garbage(stage: Stage, figure: Figures) -> None:
    """Never an empty page: no cursor moves."""
    stage.begin(hours=34)
    assert await stage.world.pull() == []
    moved, asked = [], 0
    for body in GARBAGE:
        stage.pass_by(hours=4)
        before = await stage.cursors()
        stage.trouble.add(Fault("garbage", detail=body, times=1000 * ATTEMPTS))
        assert await stage.world.pull() != []
        feeds = await stage.world.feeds()
        told = {kind for kind, feed in feeds.items() if feed.problem} | {"orders"}
        moved += [(kind, body) for kind in told if feeds[kind].cursor != before[kind]]
        asked += len(told)
        stage.trouble.faults.clear()
    figure("S03", Wrong.CURSORS, moved, tried=asked, of="feeds that were told garbage alone")
    figure("S03", Wrong.FACTS, 0, tried=await stage.settle(), of=BOOKS)


async def told_twice(stage: Stage, figure: Figures) -> None:
    """Rows twice on a page, pages out of order."""
    for hours, fault in ((34, "duplicate"), (46, "shuffle"), (47, "duplicate")):
        stage.begin(hours=hours)
        stage.trouble.add(Fault(fault, times=500, detail="s"))  # type: ignore[arg-type]  # a kind
        assert await stage.world.pull() == []
        stage.trouble.faults.clear()
    outcomes = [call.outcome for call in stage.trouble.calls]
    assert {"duplicate", "shuffle"} <= set(outcomes)
    figure("S04", Wrong.FACTS, 0, tried=await stage.settle(), of=BOOKS)


async def moved_while_read(stage: Stage, figure: Figures) -> None:
    """Orders that change leave their page, and one that was hidden appears behind its place."""
    stage.manner.with_small_pages(stage.patch, 2)
    stage.begin(hours=34)
    late = max(stage.sales(), key=lambda sale: sale.modified_at(stage.clock.now))
    # So little before now that the next look goes back as far.
    stage.clock.now = late.modified_at(stage.clock.now) + stage.case.lag + timedelta(minutes=2)
    stage.world.gateway.books.held.add(late.id)
    for method in stage.manner.lists:
        moves = (Fault("move", method=method, after=3 * number) for number in range(6))
        stage.trouble.add(Fault("late", method=method, after=2, detail=str(late.id)), *moves)
    # What changes now must be later than what was told before.
    stage.clock.runs()
    await stage.world.pull()
    stage.clock.stands()
    outcomes = [call.outcome for call in stage.trouble.calls]
    assert {"move", "late"} <= set(outcomes)
    stage.world.gateway.books.held.clear()
    figure("S05", Wrong.FACTS, 0, tried=await stage.settle(), of=BOOKS)


async def told_of_older_versions(stage: Stage, figure: Figures) -> None:
    """By two workers at once, and then by a copy of its books that is hours behind."""
    stage.begin(hours=46)
    one, two = stage.world.schedule(), stage.world.schedule()
    assert list(await asyncio.gather(one.pull_once(), two.pull_once())) == [[], []]
    orders, now = await stage.settle(), stage.clock.now
    versions = "SELECT source, id, modified_at, content FROM order_facts ORDER BY id"
    before = await stage.world.rows(versions)
    changed_since = [sale for sale in stage.sales() if sale.modified_at(now) > now - 18 * _HOUR]
    stage.begin(hours=28)
    assert {sale.id for sale in changed_since} & {sale.id for sale in stage.sales()}
    forget_quotas(stage.world.gateway)
    stage.trouble.calls.clear()
    assert await stage.read_again(days=2) == []
    assert stage.listed()
    stage.clock.now = now
    forget_quotas(stage.world.gateway)
    after = await stage.world.rows(versions)
    back = [new for old, new in zip(before, after, strict=True) if old != new]
    figure("S06", Wrong.WINNERS, back, tried=orders, of="orders of which older versions were told")
    figure("S06", Wrong.FACTS, 0, tried=await stage.settle(), of=BOOKS)


async def refunded_oddly(stage: Stage, figure: Figures) -> None:
    """Before their orders are known, in parts, again, after the end."""
    stage.begin(hours=46)
    schedule = stage.world.schedule()
    await schedule._desks.refresh()
    await stage.world.write("UPDATE feeds SET due_at = due_at + interval '9 h' WHERE kind='orders'")
    assert await schedule.pull_once() == []
    first = await stage.world.rows("SELECT id FROM refund_facts")
    assert first
    assert await stage.world.rows("SELECT id FROM order_facts") == []
    stage.pass_by(hours=12)
    assert await stage.world.pull() == []
    stage.pass_by(hours=17)
    await stage.settle()
    refunds = await stage.world.rows("SELECT order_id, count(*) AS n FROM refund_facts GROUP BY 1")
    assert max(row.n for row in refunds) > 1
    told = sum(row.n for row in refunds)
    assert told > len(first)
    figure("S07", Wrong.CENTS, 0, tried=told, of="refunds, by each marketplace's own books")


async def by_another_clock(stage: Stage, figure: Figures) -> None:
    """Ours is ahead as far as the marketplace lets it, behind, and further ahead than that."""
    stage.begin(hours=50)
    orders = 0
    for off in (stage.manner.ahead, timedelta(minutes=-5)):
        for _ in range(3):
            assert await pull_by(stage, off) == []
            stage.pass_by(minutes=11)
        still = abs(off)
        stage.pass_by(minutes=13, still=still)
        assert await pull_by(stage, off) == []
        # It has been read up to what ours says is now.
        stage.clock.now += min(off, timedelta(0))
        orders += await check(stage.world, stage.case)
        stage.clock.now -= min(off, timedelta(0))
    if stage.manner.ahead < timedelta(minutes=5):
        stage.pass_by(minutes=12)
        assert await pull_by(stage, timedelta(minutes=5)) != []
        feeds = await stage.world.feeds()
        stopped = [kind for kind, feed in feeds.items() if feed.problem]
        assert "orders" in stopped
        moved = [kind for kind in stopped if feeds[kind].cursor > stage.clock.now]
        figure("S08", Wrong.CURSORS, moved, tried=len(feeds), of="feeds, by a clock too far ahead")
    figure("S08", Wrong.FACTS, 0, tried=orders + await stage.settle(), of=BOOKS)


async def away_for_days(stage: Stage, figure: Figures) -> None:
    """Three days are caught up, in their order, with few calls."""
    stage.begin(hours=34)
    assert await stage.world.pull() == []
    stage.trouble.calls.clear()
    stage.world.steps.clear()
    stage.pass_by(days=3)
    assert await stage.world.pull() == []
    calls, least = len(stage.listed()), stage.manner.calls_of_outage
    steps = [step.days for step in stage.world.steps if step.kind == "orders"]
    assert steps == sorted(steps)
    figure.most("S09", Most.CALLS, calls / least, limit=1.5)
    figure("S09", Wrong.FACTS, 0, tried=await stage.settle(), of=BOOKS)


async def let_in_no_more(stage: Stage, figure: Figures) -> None:
    """Its consent is taken back between two pages."""
    stage.manner.with_small_pages(stage.patch, 2)
    stage.begin(hours=34)
    gateway, trouble = stage.world.gateway, stage.trouble
    answer, given_again = gateway.answer, list[Callable[[], None]]()

    def answer_twice(asked: Asked) -> Answer:
        if len(stage.listed()) >= 2 and not given_again:
            given_again.append(revoke(gateway))
            trouble.calls.clear()
        found: Answer = answer(asked)
        return found

    schedule = stage.world.schedule()
    await schedule._desks.refresh()
    await stage.world.write("UPDATE feeds SET due_at = due_at - interval '1 s' WHERE kind='orders'")
    before = await stage.cursors()
    stage.patch.setattr(gateway, "answer", answer_twice)
    problems = await schedule.pull_once()
    assert problems[0].startswith(f"{stage.case.shop} orders: ")
    calls = len(trouble.calls)
    assert "ok" not in {call.outcome for call in trouble.calls}
    figure("S10", Wrong.CALLS, max(0, calls - 3), tried=calls, of="calls after a revocation")
    feeds = await stage.world.feeds()
    assert {feed.problem is None for feed in feeds.values()} == {False}
    assert {feed.due_at for feed in feeds.values()} == {stage.clock.now + WAIT_FOR_PEOPLE}
    moved = [kind for kind, feed in feeds.items() if feed.cursor != before[kind]]
    figure("S10", Wrong.CURSORS, moved, tried=len(feeds), of="feeds whose session was revoked")
    assert await stage.world.rows("SELECT id FROM order_facts") == []
    given_again[0]()
    # Whoever signs in again is looked after at once.
    stage.pass_by(minutes=1)
    assert await stage.world.pull() == []
    figure("S10", Wrong.FACTS, 0, tried=await stage.settle(), of=BOOKS)


async def pull_by(stage: Stage, off: timedelta) -> list[str]:
    """Pull by a clock that is so much ahead of the marketplace's."""

    def now() -> datetime:
        return stage.clock() + off

    world = stage.world
    desks = Desks(world.database, world.accounts, BUYER_KEYS, now, ring=world.ring)
    world.desks.append(desks)
    return await Schedule(world.database, desks, now=now).pull_once()


SCENES: Mapping[str, Scene] = {
    "S01": throttled,
    "S02": in_trouble,
    "S03": answered_with_garbage,
    "S04": told_twice,
    "S05": moved_while_read,
    "S06": told_of_older_versions,
    "S07": refunded_oddly,
    "S08": by_another_clock,
    "S09": away_for_days,
    "S10": let_in_no_more,
    "S11": stated_oddly,
    "S12": poisoned,
}
