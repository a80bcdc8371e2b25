"""Whatever happens on the way, our facts and measures end as the marketplace's own books."""

import gzip
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import asyncpg
import pytest

from sandbox.faults import Fault
from sandbox.lives import midnight
from services.door.feeds import read_feeds
from services.ingest.sources.client import ATTEMPTS
from services.ingest.workers.schedule import LONGER_SLEEP
from services.schema.words import FactKind
from tests.figures import Figures, Most, Wrong
from tests.ingest.sources.gateways import small_pages
from tests.ingest.worlds import FIRST, NOW, World

HTML = "<html><body>503 Service Temporarily Unavailable</body></html>"
INCREMENT = "taobao.trades.sold.increment.get"


async def test_the_first_pull_takes_in_the_whole_history(world: World) -> None:
    assert await world.pull() == []
    await world.check()
    found = await world.feeds()
    assert set(found) == {"orders", "refunds", "ratings"}
    for feed in found.values():
        assert feed.source == "tmall:tm-life"
        assert feed.cursor == NOW - timedelta(seconds=3)
        assert feed.last_success == NOW
        assert feed.lease_until is None
        assert feed.problem is None
        assert feed.accepted == feed.applied
        assert feed.rejected == 0
    assert found["orders"].due_at == NOW + timedelta(minutes=1)
    days = await world.rows("SELECT day FROM feed_days GROUP BY day HAVING count(*) = 3 ORDER BY 1")
    assert [row.day for row in days] == [FIRST + timedelta(days=n) for n in range(10)]


async def test_a_second_pull_adds_nothing_and_makes_no_batch(world: World) -> None:
    await world.pull()
    before = await world.rows("SELECT count(*), max(received_at) FROM batches")
    world.clock.pass_by(minutes=1, seconds=-50)
    world.clock.now = NOW + timedelta(seconds=1)
    assert await world.pull() == []
    assert await world.rows("SELECT count(*), max(received_at) FROM batches") == before


async def test_later_pulls_follow_what_becomes_of_orders(world: World) -> None:
    """Paid, sent, done, refunded, rated: the payment that was first seen stays."""
    world.clock.now = midnight(FIRST) + timedelta(days=2, hours=3)
    await world.pull()
    await world.check()
    for span in ({"hours": 2}, {"hours": 7}, {"days": 1}, {"days": 3}, {"days": 4, "hours": 11}):
        world.clock.pass_by(**span)
        assert await world.pull() == []
        await world.check()
    refunded = await world.rows("SELECT count(*) FROM order_facts WHERE status = 'refunded'")
    assert refunded[0][0] > 3


async def test_scenario_s09_an_outage_of_days_is_caught_up_with_few_calls(
    world: World, figure: Figures
) -> None:
    """As many windows as days, and no page twice."""
    world.clock.now = midnight(FIRST) + timedelta(days=3)
    await world.pull()
    world.gateway.trouble.calls.clear()
    world.clock.pass_by(days=6)
    await world.pull()
    orders = await world.check()
    figure("S09", Wrong.FACTS, 0, tried=orders, of="orders, after an outage of six days")
    lists = [call for call in world.gateway.trouble.calls if call.method == INCREMENT]
    # A window is a day at most, each day has one page here, and its first and last hours are apart.
    figure.most("S09", Most.CALLS, len(lists) / 6, limit=1.5)


SCENARIOS = {
    "throttled": "S01", "429": "S01", "busy": "S02", "cut off": "S02", "503": "S02", "heavy": "S02",
    "HTML": "S03", "an empty object": "S03", "torn": "S03", "duplicate rows": "S04",
    "shuffled pages": "S05", "all of it": "S02",
}  # fmt: skip
FAULTS = {
    "throttled": [Fault("throttle", seconds=1, after=n * 20) for n in range(2)],
    "busy": [Fault("busy", times=2, after=n * 9) for n in range(5)],
    "cut off": [Fault("drop", times=2, after=n * 9) for n in range(5)],
    "HTML": [Fault("garbage", detail=HTML, times=3, after=n * 9) for n in range(5)],
    "an empty object": [Fault("garbage", detail="{}", times=3, after=n * 9) for n in range(5)],
    "torn": [Fault("garbage", detail='{"trades_sold_inc', after=n * 7) for n in range(6)],
    "503": [Fault("status", detail="503", times=3, after=n * 9) for n in range(5)],
    "429": [Fault("status", detail="429", seconds=1, after=9)],
    "duplicate rows": [Fault("duplicate", times=500)],
    "shuffled pages": [Fault("shuffle", times=500, detail="s")],
    "heavy": [Fault("heavy", times=3, method=INCREMENT, after=n * 3) for n in range(4)],
    "all of it": [
        Fault("busy", after=1),
        Fault("garbage", detail=HTML, after=2),
        Fault("heavy", method=INCREMENT, after=3),
        Fault("drop", after=4),
        Fault("shuffle", times=100, detail="s"),
        Fault("duplicate", times=100),
    ],
}


@pytest.mark.parametrize("name", list(FAULTS))
async def test_scenario_s02_and_s04_faults_lose_nothing_and_double_nothing(
    world: World, name: str, figure: Figures
) -> None:
    """What is wrong is met with patience; what stays wrong is left to the schedule."""
    world.clock.now = midnight(FIRST) + timedelta(days=3, hours=5)
    world.clock.runs()
    world.gateway.trouble.add(*FAULTS[name])
    await world.pull()
    world.clock.stands()
    world.gateway.trouble.faults.clear()
    world.clock.pass_by(minutes=30)
    assert await world.pull() == []
    orders, scenario = await world.check(), SCENARIOS[name]
    figure(scenario, Wrong.FACTS, 0, tried=orders, of="orders, by the marketplace's own books")
    calls = world.gateway.trouble.calls
    in_ban = [call for call in calls if call.outcome == "7"]
    figure("S01", Wrong.CALLS, in_ban, tried=len(calls), of="calls, by bans they fell into")


@pytest.mark.parametrize("size", [3, 10])
async def test_scenario_s05_pages_that_shift_while_they_are_read_lose_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, size: int, figure: Figures
) -> None:
    """Trades move away and late ones appear, between any two pages."""
    small_pages(monkeypatch, size)
    world.clock.now = midnight(FIRST) + timedelta(days=4)
    held = [sale.id for _, sale in world.gateway.books.sales(_shop(), world.clock.now)][::17]
    world.gateway.books.held.update(held)
    world.gateway.trouble.add(*(Fault("move", after=3 * n, method=INCREMENT) for n in range(12)))
    await world.pull()
    # They appear now, within the overlap or beyond it: the gap is read again.
    world.gateway.books.held.clear()
    for number in held:
        world.gateway.books.touched[number] = world.clock.now
    world.clock.pass_by(minutes=20)
    assert await world.pull() == []
    orders = await world.check()
    figure("S05", Wrong.FACTS, 0, tried=orders, of="orders, by the marketplace's own books")


def _shop() -> Any:
    from sandbox.shops import SHOP_OF  # noqa: PLC0415  only here

    return SHOP_OF["tm-life"]


async def test_requirement_13_a_row_stamped_before_it_could_be_seen_is_found(world: World) -> None:
    """Requirement 13: it lies before the cursor, and within the overlap."""
    world.clock.now = midnight(FIRST) + timedelta(days=2, hours=20)
    now = world.clock.now
    held = [
        sale.id
        for modified, sale in world.gateway.books.sales(_shop(), now)
        if now - timedelta(minutes=9) < modified < now - timedelta(seconds=5)
    ]
    assert held
    world.gateway.books.held.update(held)
    await world.pull()
    missing = await world.rows("SELECT id FROM order_facts WHERE id = :id", id=str(held[0]))
    assert missing == []
    world.gateway.books.held.clear()
    world.clock.pass_by(minutes=1)
    await world.pull()
    await world.check()


async def told_problem(world: World) -> str | None:
    """What `GET /v1/feeds` tells of the orders' feed."""
    async with world.database.read(world.tenant) as session:
        kind, at = FactKind.ORDERS, world.clock.now
        (feed,), _ = await read_feeds(
            session, at=at, shop=None, kind=kind, period=None, after=None, limit=1
        )
        return feed.problem


async def test_scenario_s10_a_revoked_session_stops_at_once_says_so_and_resumes(
    world: World, figure: Figures
) -> None:
    """One call is enough for all feeds of the shop; the cursors stay where they were."""
    world.clock.now = midnight(FIRST) + timedelta(days=3)
    await world.pull()
    before = {kind: feed.cursor for kind, feed in (await world.feeds()).items()}
    sessions = dict(world.gateway.account.sessions)
    world.gateway.account.sessions.clear()
    world.gateway.trouble.calls.clear()
    world.clock.pass_by(days=1)
    problems = await world.pull()
    problem = "taobao.trades.sold.increment.get is refused: code 27 invalid-sessionkey"
    assert problems == [f"tm-life orders: {problem}"]
    calls = len(world.gateway.trouble.calls)
    assert {call.outcome for call in world.gateway.trouble.calls} == {"27"}
    figure("S10", Wrong.CALLS, calls - 1, tried=calls, of="calls after a revocation")
    found = await world.feeds()
    moved = [kind for kind, feed in found.items() if feed.cursor != before[kind]]
    figure("S10", Wrong.CURSORS, moved, tried=len(found), of="feeds whose session was revoked")
    assert {feed.problem for feed in found.values()} == {problem, await told_problem(world)}
    assert {feed.due_at for feed in found.values()} == {world.clock.now + timedelta(hours=1)}
    # Signing in again changes the file, and a changed file is tried at once.
    world.gateway.account.sessions.update(sessions)
    world.clock.pass_by(minutes=1)
    assert await world.pull() == []
    await world.check()
    assert await told_problem(world) is None


async def test_a_wrong_secret_stores_nothing_and_keeps_it_to_itself(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(world.accounts.read_text())
    for shop in document["shops"]:
        shop["secret"] = "not-the-secret"
    world.accounts.write_text(json.dumps(document))
    problems = await world.pull()
    assert "tm-life orders: taobao.trades.sold.increment.get is refused: code 25" in problems[0]
    assert (await world.rows("SELECT count(*) FROM order_facts"))[0][0] == 0
    assert (await world.feeds())["orders"].cursor is None
    said = capsys.readouterr().out
    assert said.count("feed.stopped") == 3
    assert "not-the-secret" not in said
    assert document["shops"][0]["session"] not in said


async def test_scenario_s12_a_poisoned_row_is_kept_as_it_came_and_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch, figure: Figures
) -> None:
    """Unknown word, vanished field; kept once, however often it is read, until it is good."""
    world.clock.now = midnight(FIRST) + timedelta(days=2)
    numbers = [str(s.id) for _, s in world.gateway.books.sales(_shop(), world.clock.now)][:2]
    monkeypatch.setattr("sandbox.taobao.methods.trade_row", poisoned(numbers))
    assert await world.pull() == []
    rejected = await world.rows("SELECT * FROM rejected_rows ORDER BY fact")
    assert [row.fact for row in rejected] == sorted(numbers)
    assert {row.pointer for row in rejected} == {"/status", "/modified_at"}
    assert {row.outcome for row in rejected} == {"invalid"}
    body = json.loads(rejected[0].body)
    assert body["buyer_open_uid"].startswith("sealed:")
    assert "AAHqinghe" not in rejected[0].body
    stored = (await world.rows("SELECT count(*) FROM order_facts"))[0][0]
    whole = len(list(world.gateway.books.sales(_shop(), world.clock.now)))
    figure("S12", Wrong.FACTS, whole - 2 - stored, tried=whole - 2, of="good rows beside bad ones")
    figure("S12", Wrong.CHANGES, 2 - len(rejected), tried=2, of="poisoned rows, kept as they came")
    feed = (await world.feeds())["orders"]
    assert (feed.accepted, feed.applied, feed.rejected) == (whole, whole - 2, 2)
    # The same again, read in the overlap of the next pull, is not kept twice.
    for number in numbers:
        world.gateway.books.touched[int(number)] = world.clock.now - timedelta(seconds=9)
    world.clock.pass_by(seconds=61)
    await world.pull()
    world.clock.pass_by(seconds=61)
    await world.pull()
    assert len(await world.rows("SELECT id FROM rejected_rows")) <= 4
    # Once the marketplace states them well, nothing is left of them.
    monkeypatch.undo()
    for number in numbers:
        world.gateway.books.touched[int(number)] = world.clock.now
    world.clock.pass_by(minutes=5)
    assert await world.pull() == []
    assert await world.rows("SELECT id FROM rejected_rows") == []
    await world.check()


def poisoned(numbers: list[str]) -> Callable[..., dict[str, object]]:
    from sandbox.taobao.rows import trade_row  # noqa: PLC0415  only here

    def spoil(sale: Any, at: datetime, modified: datetime) -> dict[str, object]:
        row = trade_row(sale, at, modified)
        if str(sale.id) == numbers[0]:
            row["status"] = "TRADE_OF_A_NEW_KIND"
        elif str(sale.id) == numbers[1]:
            del row["modified"]
        return row

    return spoil


async def test_what_is_kept_of_a_page_names_no_buyer_and_expires(world: World) -> None:
    world.clock.now = midnight(FIRST) + timedelta(days=2)
    await world.pull()
    pages = await world.rows("SELECT * FROM pages")
    assert {page.expires_at - page.fetched_at for page in pages} == {timedelta(days=30)}
    rows = [row for page in pages for row in json.loads(gzip.decompress(page.body))]
    assert len(rows) == (await world.rows("SELECT sum(accepted) FROM feeds"))[0][0]
    for page in pages:
        text = gzip.decompress(page.body).decode()
        for canary in ("AAHqinghe", "13800138000", "u4e70", "u6536", "session", "nick"):
            assert canary not in text
    buyers = {row["buyer_open_uid"] for row in rows if "buyer_open_uid" in row}
    stored = {r.buyer for r in await world.rows("SELECT DISTINCT buyer FROM order_facts")}
    assert {buyer.removeprefix("sealed:") for buyer in buyers} == stored
    world.clock.pass_by(days=31)
    schedule = world.schedule()
    await schedule._desks.refresh()
    await schedule._tidy()
    assert await world.rows("SELECT id FROM pages") == []


async def test_a_company_that_is_deleted_between_two_looks_stops_no_worker(world: World) -> None:
    schedule = world.schedule()
    refresh = schedule._desks.refresh
    owner = await asyncpg.connect(world.dsn)

    async def refresh_and_lose() -> None:
        await refresh()
        await owner.execute("INSERT INTO struck_tenants VALUES ($1, now())", world.tenant)

    with patch.object(schedule._desks, "refresh", refresh_and_lose):
        assert await schedule._look() == LONGER_SLEEP
    await owner.execute("DELETE FROM struck_tenants WHERE id = $1", world.tenant)
    await owner.close()
    assert schedule._tasks == set()


async def test_a_shop_whose_sales_another_source_states_is_left_alone(world: World) -> None:
    await world.write("INSERT INTO shop_sources VALUES (:tenant, 'tm-life', 'erp')",
                      tenant=world.tenant)  # fmt: skip
    problems = await world.pull()
    assert sorted(problems) == [
        "tm-life orders: orders and refunds of this shop come from erp",
        "tm-life refunds: orders and refunds of this shop come from erp",
    ]
    assert {call.method for call in world.gateway.trouble.calls} == {"taobao.traderates.get"}
    assert await world.rows("SELECT id FROM rejected_rows") == []


async def test_scenario_s03_garbage_that_stays_moves_no_cursor_and_rests_longer(
    world: World, figure: Figures
) -> None:
    """Never an empty page."""
    world.clock.now = midnight(FIRST) + timedelta(days=2)
    waits, moved = [], []
    for _ in range(3):
        world.gateway.trouble.add(Fault("garbage", detail="{}", times=3 * ATTEMPTS))
        problems = await world.pull()
        assert len(problems) == 3
        feed = (await world.feeds())["orders"]
        moved += [each for each in (feed.cursor, feed.last_success) if each is not None]
        waits.append((feed.due_at - world.clock.now).total_seconds())
        world.clock.now = feed.due_at
    figure("S03", Wrong.CURSORS, moved, tried=3, of="pulls that were answered with garbage alone")
    assert waits == [10, 20, 40]
    assert (await world.rows("SELECT count(*) FROM order_facts"))[0][0] == 0
    assert await world.pull() == []
    await world.check()
