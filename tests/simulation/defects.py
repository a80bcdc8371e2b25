"""Defects of one line, planted one at a time: a simulator that lets one live has a hole."""

import json
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from services.ingest.core.readers import rows
from services.ingest.core.readers import taobao as reader
from services.ingest.flows import pulls
from services.ingest.flows.arrivals import Unread
from services.ingest.sources import client, passes, shopify, taobao
from services.ingest.sources.errors import SourceError, Unreadable, WindowTooLarge
from services.ingest.sources.passes import Page, Pages, Pass, as_last_seen
from services.ingest.sources.reading import Reading
from services.ingest.sources.reading import Row as SourceRow
from services.ingest.workers import desks, pulling, schedule, windows
from services.schema.errors import Unavailable
from services.schema.shapes.feeds import Trail
from services.schema.shapes.people import Shop
from services.schema.words import Outcome
from tests.simulation import memory
from tests.simulation.books import Row
from tests.simulation.patches import Patch
from tests.simulation.pinduoduo_defects import (
    asked_too_soon,
    filled_for_ever,
    refund_of_its_last_change,
)

Defect = Callable[[Patch], None]


def no_version_guard(patch: Patch) -> None:
    judge = memory.judge

    def forget(row: Row, stands: Row | None) -> Outcome:
        outcome = judge(row, stands)
        return Outcome.UPDATED if outcome is Outcome.STALE else outcome

    patch(memory, "judge", forget)


def no_fencing(patch: Patch) -> None:
    patch(memory, "check_token", lambda _session, _lease: None)


def no_lease(patch: Patch) -> None:
    """Whoever comes may read, and the fence is down."""
    patch(memory, "is_free", lambda _feed, _at: True)
    no_fencing(patch)


def nothing_subtracted(patch: Patch) -> None:
    add_up = memory._add_up
    patch(memory, "_add_up", lambda session, kind, new, _old: add_up(session, kind, new, []))


def refused_for_ever(patch: Patch) -> None:
    async def leave(*_: Any) -> None:
        return None

    patch(memory, "replace_rejected", leave)


def swallowed_429(patch: Patch) -> None:
    refuse = client.Client._refuse_busy

    def swallow(self: client.Client, response: Any) -> None:
        if response.status_code != 429:
            refuse(self, response)

    patch(client.Client, "_refuse_busy", swallow)


def no_retry_after(patch: Patch) -> None:
    patch(client, "_retry_after", lambda _text, _at: None)


def ban_halved(patch: Patch) -> None:
    seconds = taobao._ban_seconds
    patch(taobao, "_ban_seconds", lambda sentence: seconds(sentence) / 2)


def ban_for_ever(patch: Patch) -> None:
    patch(client, "LONGEST_BAN_SECONDS", 10**12)


def garbage_is_empty(patch: Patch) -> None:
    unwrap = taobao._unwrap

    def take(method: str, body: bytes) -> dict[str, Any]:
        try:
            return unwrap(method, body)
        except Unreadable:
            return {"total_results": 0}

    patch(taobao, "_unwrap", take)


def refusal_is_empty(patch: Patch) -> None:
    unwrap = taobao._unwrap

    def take(method: str, body: bytes) -> dict[str, Any]:
        return {"total_results": 0} if b"error_response" in body else unwrap(method, body)

    patch(taobao, "_unwrap", take)


def cursor_first(patch: Patch) -> None:
    """In a transaction of its own, before the facts."""
    land = pulling.Puller._land

    async def move(self: Any, harvest: Any, *arguments: Any, **named: Any) -> Trail:
        async with self._database.write(self._desk.tenant) as session:
            at = self._now()
            await memory.advance(
                session, self._lease, cursor=harvest.pieces[-1].end, at=at, until=at
            )
        return await land(self, harvest, *arguments, **named)

    patch(pulling.Puller, "_land", move)


def cursor_to_now(patch: Patch) -> None:
    up_to_now = windows.windows_up_to_now

    async def hurry(
        desk: Any, kind: Any, begun: Any, now: Any, *, first: bool
    ) -> AsyncGenerator[Any, None]:
        async for piece in up_to_now(desk, kind, begun, now, first=first):
            yield replace(piece, end=now())

    patch(pulling, "windows_up_to_now", hurry)


def lost_commit_is_done(patch: Patch) -> None:
    land = pulling.Puller._land

    async def shrug(self: Any, harvest: Any, *arguments: Any, **named: Any) -> Trail:
        try:
            return await land(self, harvest, *arguments, **named)
        except Unavailable:
            return Trail(harvest.pieces[-1].end)

    patch(pulling.Puller, "_land", shrug)
    patch(pulling, "LANDING_ATTEMPTS", 1)
    patch(pulling, "LANDING_WINDOWS", 1)


def no_reading_again(patch: Patch) -> None:
    async def once(read_pass: Any, window: Any, *, number: str, changed: str, **_: Any) -> Any:
        found = await read_pass(window, whole=True)
        return as_last_seen(found.rows, number=number, changed=changed)

    patch(taobao, "read_window", once)


def no_overlap(patch: Patch) -> None:
    streams = taobao.TaobaoSource.streams
    without = {kind: replace(s, overlap=timedelta(0)) for kind, s in streams.items()}
    patch(taobao.TaobaoSource, "streams", without)


def too_much_is_empty(patch: Patch) -> None:
    read = taobao.TaobaoSource.read

    async def skip(self: Any, kind: Any, window: Any) -> Reading:
        try:
            return await read(self, kind, window)
        except WindowTooLarge:
            return Reading("", ())

    patch(taobao.TaobaoSource, "read", skip)


def first_page_only(patch: Patch) -> None:
    passing = taobao.TaobaoSource._pass

    async def stop(self: Any, asked: Any, window: Any, *, whole: bool) -> Any:
        found = await passing(self, asked, window, whole=whole)
        return replace(found, rows=list(found.rows)[: asked.page_size], total=0, pages=1)

    patch(taobao.TaobaoSource, "_pass", stop)


def poison_is_dropped(patch: Patch) -> None:
    arrivals = pulls._arrivals

    def drop(*arguments: Any) -> Any:
        return (each for each in arrivals(*arguments) if not isinstance(each, Unread))

    patch(pulls, "_arrivals", drop)


def outdated_is_kept(patch: Patch) -> None:
    """A copy that is behind puts a row that cannot be read back beside its good version."""
    patch(pulls, "_is_outdated", lambda *_: False)


def lost_answer_is_forgotten(patch: Patch) -> None:
    """What a commit whose answer was lost has stored is not looked at before it is tried again."""
    stored, seen = pulling.Puller._stored, dict[int, Any]()

    async def remember(self: pulling.Puller, listed: Any) -> Any:
        if id(listed) not in seen:
            seen[id(listed)] = listed, await stored(self, listed)
        return seen[id(listed)][1]

    patch(pulling.Puller, "_stored", remember)


def tenant_is_forgotten(patch: Patch) -> None:
    """What is stored is looked up in the books of the first tenant, whosever it is."""
    stored = pulling.Puller._stored

    async def forget(self: Any, listed: Any) -> Any:
        desk = self._desk
        self._desk = replace(desk, tenant=1)
        try:
            return await stored(self, listed)
        finally:
            self._desk = desk

    patch(pulling.Puller, "_stored", forget)


def nothing_is_cut(patch: Patch) -> None:
    """A window of several pages is read until it is quiet, as if its rows were of one second."""
    patch(passes, "_SECOND", timedelta(days=99))


def count_is_believed(patch: Patch) -> None:
    """Nor is the page that should be the last one asked whether it is, and two passes suffice."""
    nothing_is_cut(patch)
    patch(taobao, "_followed", lambda content: Page(taobao._rows(content), None, more_follow=False))
    patch(passes, "Pass", lambda rows, total, pages, _is_one=True: Pass(rows, total, pages))


def empty_file_is_empty(patch: Patch) -> None:
    """A file that comes without a byte of it is taken for one without rows."""
    download = shopify.ShopifySource._download

    async def take(self: shopify.ShopifySource, node: Any) -> Any:
        return await download(self, {**node, "objectCount": "0"})

    patch(shopify.ShopifySource, "_download", take)


def next_page_forgotten(patch: Patch) -> None:
    read_on = Pages.read_on

    async def stop(self: Pages, read_page: Any, *, most: int) -> Any:
        async def first(token: str | None) -> tuple[Any, None]:
            return (await read_page(token))[0], None

        return await read_on(self, first, most=most)

    patch(Pages, "read_on", stop)


def all_in_yuan(patch: Patch) -> None:
    """What does not name its currency is not in that of its shop."""
    read_shops = memory.read_shops

    async def read(session: Any) -> dict[str, Shop]:
        shops = await read_shops(session)
        return {code: replace(shop, currency="CNY") for code, shop in shops.items()}

    patch(memory, "read_shops", read)


def backfill_rests_for_years(patch: Patch) -> None:
    """It believes whatever it is told to wait for."""
    patch(schedule, "WAIT_FOR_PEOPLE", timedelta(days=10_000))


def backfill_begins_anew(patch: Patch) -> None:
    """Its place is kept, and not looked at."""

    async def forget(_session: Any, _job: str) -> Trail:
        return Trail()

    patch(memory, "read_trail", forget)


def poison_blocks(patch: Patch) -> None:
    arrivals = pulls._arrivals

    def block(*arguments: Any) -> Any:
        for each in arrivals(*arguments):
            if isinstance(each, Unread):
                raise SourceError("a row cannot be read")
            yield each

    patch(pulls, "_arrivals", block)


def id_as_float(patch: Patch) -> None:
    def read(body: bytes) -> Any:
        try:
            return json.loads(body, parse_int=lambda digits: int(float(digits)))
        except ValueError as error:
            raise Unreadable("no JSON") from error

    patch(taobao, "read_document", read)


def amount_as_float(patch: Patch) -> None:
    amount_in = rows.amount_in

    def read(row: Mapping[str, Any], name: str, pointer: str) -> Decimal:
        return Decimal(int(float(amount_in(row, name, pointer)) * 100)) / 100

    patch(reader, "amount_in", read)


def payment_as_it_stands(patch: Patch) -> None:
    learn = reader._learn

    def forget(row: Any, lines: Any, articles: Any) -> Any:
        paid = rows.amount_in(row, "payment", "/paid_amount")
        return replace(learn(row, lines, articles), paid_amount=paid)

    patch(reader, "_learn", forget)


def no_detail(patch: Patch) -> None:
    patch(reader, "lacks_detail", lambda _kind, _row, _known: False)


def other_zone(patch: Patch) -> None:
    read = rows.chinese_time

    def slip(row: Any, name: str) -> str | None:
        text = read(row, name)
        return text and text.replace("+08:00", "+00:00")

    patch(reader, "chinese_time", slip)


def namesake(patch: Patch) -> None:
    """The desk of another tenant's shop of the same name."""
    key = desks.DeskKey
    patch(schedule, "DeskKey", lambda _tenant, shop: key(1, shop))


def impatient_with_people(patch: Patch) -> None:
    patch(pulling, "WAIT_FOR_PEOPLE", timedelta(seconds=10))


def last_on_the_page_wins(patch: Patch) -> None:
    """Of two selves of a row not the newer one, but the one that stands further down."""

    def take(
        known: dict[str, tuple[str, SourceRow]],
        rows: Iterable[SourceRow],
        *,
        number: str,
        changed: str,
    ) -> tuple[int, bool]:
        read, seen = dict[str, tuple[str, SourceRow]](), set[str]()
        fresh = False
        for row in rows:
            name, at = passes.number_in(row, number), passes._text(row.get(changed))
            fresh = fresh or name not in known or known[name][0] < at
            read[name] = at, row
            seen.add(name)
        known |= read
        return len(seen), fresh

    patch(passes, "_take_in", take)


DEFECTS: tuple[Defect, ...] = (
    no_version_guard, no_fencing, no_lease, nothing_subtracted, refused_for_ever, swallowed_429,
    no_retry_after, ban_halved, ban_for_ever, garbage_is_empty, refusal_is_empty, cursor_first,
    cursor_to_now, lost_commit_is_done, no_reading_again, no_overlap, too_much_is_empty,
    first_page_only, poison_is_dropped, poison_blocks, id_as_float, amount_as_float,
    payment_as_it_stands, no_detail, other_zone, namesake, impatient_with_people,
    outdated_is_kept, lost_answer_is_forgotten, nothing_is_cut, count_is_believed,
    empty_file_is_empty, next_page_forgotten, all_in_yuan, backfill_rests_for_years,
    backfill_begins_anew, last_on_the_page_wins, asked_too_soon, filled_for_ever,
    refund_of_its_last_change, tenant_is_forgotten,
)  # fmt: skip
