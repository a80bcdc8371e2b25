"""TOP is asked as its protocol wants: signed, from the last page, until quiet, and never fooled."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import httpx
import pytest

from sandbox.faults import Fault
from services.ingest.sources.errors import (
    TryLater,
    WindowTooLarge,
)
from services.ingest.sources.passes import MOST_PASSES, PASSES_A_PAGE
from services.ingest.sources.taobao import STREAMS, sign
from services.schema.shapes.feeds import Window
from tests.ingest.sources.gateways import (
    DAY,
    NOW,
    ORDERS,
    RATINGS,
    REFUNDS,
    World,
    small_pages,
    source_with,
    truth,
)

T2 = {
    "app_key": "12345678",
    "session": "test",
    "method": "taobao.item.seller.get",
    "timestamp": "2016-01-01 12:00:00",
    "format": "json",
    "v": "2.0",
    "sign_method": "md5",
    "fields": "num_iid,title,nick,price,num",
    "num_iid": "11223344",
}
T3 = {
    "app_key": "12345678",
    "session": "test",
    "method": "taobao.trades.sold.increment.get",
    "timestamp": "2024-06-18 12:00:00",
    "format": "json",
    "v": "2.0",
    "fields": "tid,status,payment,modified,orders",
    "start_modified": "2024-06-18 00:00:00",
    "end_modified": "2024-06-18 00:30:00",
    "page_no": "1",
    "page_size": "50",
    "use_has_next": "true",
    "sign_method": "md5",
}
VECTORS = {
    "T1": (
        {
            "app_key": "test",
            "fields": "nick",
            "format": "xml",
            "method": "taobao.user.seller.get",
            "session": "test",
            "sign_method": "md5",
            "timestamp": "2013-05-06 13:52:03",
            "v": "2.0",
        },
        "test",
        "72CB4D809B375A54502C09360D879C64",
    ),
    "T2": (T2, "helloworld", "66987CB115214E59E6EC978214934FB8"),
    "T3": (T3, "helloworld", "15F4A0CF07200850A048E6B6793B0BC5"),
    "T3h": ({**T3, "sign_method": "hmac"}, "helloworld", "20E53B151A86449F6D68B3E214CE975A"),
    "T3s": (
        {**T3, "sign_method": "hmac-sha256"},
        "helloworld",
        "5818858A2E0B979001F16EAAC83D1405538B541E2A307B27556A9C6F14292417",
    ),
    "T4": ({**T3, "buyer_nick": "摩天轮"}, "helloworld", "1E0CA8666F95E8881A4309630508CAD1"),
}


@pytest.mark.parametrize("name", list(VECTORS))
def test_signatures_are_those_of_the_protocol(name: str) -> None:
    params, secret, expected = VECTORS[name]
    assert sign(params, secret) == expected
    assert sign({**params, "sign": "old", "empty": ""}, secret) == expected


async def test_one_page_is_one_call(world: World) -> None:
    assert await world.numbers() == truth(world)
    assert world.outcomes() == ["ok"]


async def test_an_empty_window_is_no_error(world: World) -> None:
    window = Window(NOW - timedelta(seconds=2), NOW - timedelta(seconds=1))
    assert await world.numbers(window=window) == []


async def test_times_are_asked_for_in_chinas_zone_wherever_the_clock_stands(world: World) -> None:
    world.now = world.now.astimezone(UTC)
    window = Window(DAY.start.astimezone(UTC), DAY.end.astimezone(UTC))
    assert await world.numbers(window=window) == truth(world)


async def test_a_window_of_several_pages_is_cut_until_each_part_has_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_pages(monkeypatch, 20)
    found = await world.numbers()
    assert found == truth(world)
    pages = -(-len(found) // 20)
    assert pages == 5
    # Each call shows a page, or that there is more than one and where it ends.
    assert {*world.transport.pages} == {1}
    assert len(world.outcomes()) <= 2 * pages + 1


@pytest.mark.parametrize("moves", [1, 3, 6])
async def test_rows_that_leave_while_pages_are_read_hide_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    """S05: a trade that changes leaves its window, and every older one moves up a place."""
    small_pages(monkeypatch, 10)
    before = set(truth(world))
    world.gateway.trouble.add(*(Fault("move", after=n) for n in range(moves)))
    found = set(await world.numbers())
    after = set(truth(world))
    assert len(before - after) == moves
    # What stayed is all there; what moved will come again in the window that it moved to.
    assert after <= found <= before


async def test_rows_that_appear_while_pages_are_read_hide_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S05 the other way: a late row pushes older ones onto pages that were read already.

    One that appears where was read already comes again with the overlap.
    """
    small_pages(monkeypatch, 10)
    rows = (await world.source.read(ORDERS, DAY)).rows
    whole = [str(row["tid"]) for row in sorted(rows, key=lambda row: str(row["modified"]))]
    late = whole[2], whole[30], whole[-1]
    for number in late:
        world.gateway.books.held.add(int(number))
    world.gateway.trouble.add(
        *(Fault("late", detail=number, after=2 + place) for place, number in enumerate(late))
    )
    found = set(await world.numbers())
    assert {*whole} - {whole[-1]} <= found <= {*whole}


@pytest.mark.parametrize("kind", ["duplicate", "shuffle"])
async def test_duplicate_and_shuffled_pages_change_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    small_pages(monkeypatch, 10)
    world.gateway.trouble.add(Fault(kind, times=9, detail="seed"))  # type: ignore[arg-type]  # a kind
    assert await world.numbers() == truth(world)


async def test_a_window_that_never_settles_is_left_to_the_schedule(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that keeps losing rows is never taken for the whole."""
    small_pages(monkeypatch, 10)

    class Forgetful(httpx.AsyncBaseTransport):
        async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
            page = {"tid": 1, "modified": "2026-11-18 00:00:00"}
            content = {"total_results": 12, "trades": {"trade": [page]}}
            body = json.dumps({"trades_sold_increment_get_response": content}).encode()
            return httpx.Response(200, stream=httpx.ByteStream(body))

    source = source_with(world, Forgetful())
    most = MOST_PASSES + 2 * PASSES_A_PAGE
    with pytest.raises(TryLater, match=f"not quiet after {most} passes"):
        await source.read(ORDERS, DAY)


async def test_pages_of_a_copy_that_is_behind_hide_no_row_behind_the_count_of_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S05: one copy has seen two trades leave and counts four, the other still shows all six."""
    small_pages(monkeypatch, 2)
    rows = [{"tid": n, "modified": f"2026-11-18 00:00:0{n}"} for n in (9, 8, 7, 6, 5, 4)]

    class Copies(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            params = parse_qs((await request.aread()).decode())
            first, last = params["start_modified"][0], params["end_modified"][0]
            seen = [row for row in rows if first <= str(row["modified"]) <= last]
            start = 2 * (int(params["page_no"][0]) - 1)
            here = seen[start : start + 2]
            content: dict[str, object] = {"has_next": len(seen) > start + 2}
            if "use_has_next" not in params:
                behind = seen[2:] if len(seen) > 4 else seen
                here, content = behind[:2], {"total_results": len(behind)}
            content["trades"] = {"trade": here}
            body = json.dumps({"trades_sold_increment_get_response": content}).encode()
            return httpx.Response(200, stream=httpx.ByteStream(body))

    reading = await source_with(world, Copies()).read(ORDERS, DAY)
    assert sorted(row["tid"] for row in reading.rows) == [4, 5, 6, 7, 8, 9]


async def test_a_page_before_others_that_comes_without_its_rows_is_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_pages(monkeypatch, 2)
    second = Window(DAY.start, DAY.start + timedelta(seconds=1))
    rows = [{"tid": n, "modified": "2026-11-18 00:00:00"} for n in (4, 3, 2, 1)]
    asked: list[str] = []

    class Hollow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            params = parse_qs((await request.aread()).decode())
            start = 2 * (int(params["page_no"][0]) - 1)
            content: dict[str, object] = {"total_results": 4}
            here = rows[1:3]
            if "use_has_next" in params:
                asked.append(params["page_no"][0])
                here, content = rows[start : start + 2], {"has_next": start == 0}
            if asked[-2:] != ["2", "1"]:
                content["trades"] = {"trade": here}
            body = json.dumps({"trades_sold_increment_get_response": content}).encode()
            return httpx.Response(200, stream=httpx.ByteStream(body))

    reading = await source_with(world, Hollow()).read(ORDERS, second)
    assert sorted(row["tid"] for row in reading.rows) == [1, 2, 3, 4]
    assert asked[:3] == ["2", "1", "1"]


async def test_a_window_with_too_many_rows_is_asked_for_in_parts(world: World) -> None:
    """1,500 ratings of a range, and the rest cannot be reached."""
    whole = Window(NOW - timedelta(days=58), NOW)
    with pytest.raises(WindowTooLarge, match="1500 rows"):
        await world.source.read(RATINGS, whole)
    assert world.outcomes() == ["ok"]
    first, second = whole.halves()
    assert first.end == second.start
    numbers = {*await world.numbers(RATINGS, first), *await world.numbers(RATINGS, second)}
    assert len(numbers) > 1500


@pytest.mark.parametrize("name", ["trade_rate", "trade_rate_item", "rates"])
async def test_ratings_are_the_only_list_whatever_it_is_called(world: World, name: str) -> None:
    """Its wrapper has had more than one name."""

    class Renaming(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            answer = await world.transport.handle_async_request(request)
            body = await answer.aread()
            assert b'{"trade_rate":' in body
            body = body.replace(b'{"trade_rate":', f'{{"{name}":'.encode())
            return httpx.Response(200, stream=httpx.ByteStream(body))

    window = Window(DAY.start, DAY.start + timedelta(hours=12))
    found = (await source_with(world, Renaming()).read(RATINGS, window)).rows
    assert sorted(str(row["oid"]) for row in found) == await world.numbers(RATINGS, window)
    assert found


async def test_refunds_get_their_end_and_orders_their_promotion(world: World) -> None:
    days = Window(NOW - timedelta(days=30), NOW)
    refunds = (await world.source.read(REFUNDS, days)).rows
    done = next(row for row in refunds if row["status"] == "SUCCESS")
    assert "end_time" not in done
    full = await world.source.detail(REFUNDS, done)
    assert {name: full[name] for name in done} == dict(done)
    assert full["end_time"] == done["modified"]
    orders = (await world.source.read(ORDERS, DAY)).rows
    reduced = next(row for row in orders if row["discount_fee"] != "0.00")
    full = await world.source.detail(ORDERS, reduced)
    assert set(full) - set(reduced) == {"promotion_details"}
    plain = next(row for row in orders if row["discount_fee"] == "0.00")
    assert await world.source.detail(ORDERS, plain) == plain


async def test_a_row_that_changed_since_keeps_what_its_list_said(world: World) -> None:
    rows = (await world.source.read(ORDERS, DAY)).rows
    reduced = next(row for row in rows if row["discount_fee"] != "0.00")
    world.gateway.books.touched[reduced["tid"]] = world.now
    full = await world.source.detail(ORDERS, reduced)
    assert full["modified"] == reduced["modified"]


async def test_nothing_that_names_a_buyer_is_asked_for(world: World) -> None:
    days = Window(NOW - timedelta(days=20), NOW - timedelta(days=19))
    for kind in (ORDERS, REFUNDS, RATINGS):
        for row in (await world.source.read(kind, days)).rows:
            text = json.dumps(row, ensure_ascii=False, default=str)
            assert "买" not in text
            assert "138" not in text or "13800138000" not in text
            assert "收货人" not in text


async def test_all_kinds_of_trade_are_asked_for(world: World) -> None:
    days = [Window(DAY.start - timedelta(days=n), DAY.end - timedelta(days=n)) for n in range(6)]
    types = {row["type"] for day in days for row in (await world.source.read(ORDERS, day)).rows}
    assert types == {"fixed", "step", "eticket", "tmall_i18n"}


async def test_a_row_without_its_number_is_given_to_the_reader(world: World) -> None:
    class Odd(httpx.AsyncBaseTransport):
        async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
            rows = [{"modified": "2026-11-18 00:00:01"}, {"tid": 5}, {"tid": 1.5, "modified": 7}]
            content = {"total_results": 3, "trades": {"trade": rows}}
            body = json.dumps({"trades_sold_increment_get_response": content}).encode()
            return httpx.Response(200, stream=httpx.ByteStream(body))

    reading = await source_with(world, Odd()).read(ORDERS, DAY)
    assert len(reading.rows) == 3


def test_every_stream_leaves_time_for_late_rows() -> None:
    for stream in STREAMS.values():
        assert stream.overlap >= timedelta(minutes=5)
        assert stream.lag >= timedelta(seconds=2)
        assert stream.overlap < stream.longest
    assert STREAMS[ORDERS].longest == timedelta(days=1)


def test_a_window_halves_into_whole_seconds_that_touch() -> None:
    start = datetime.fromisoformat("2026-11-22T00:00:00+08:00")
    first, second = Window(start, start + timedelta(seconds=3)).halves()
    assert (first.end - first.start, second.end - second.start) == (
        timedelta(seconds=1),
        timedelta(seconds=2),
    )
    assert first.end == second.start
