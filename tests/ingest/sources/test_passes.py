"""Pages that name the next one: read on where a page failed, and never in a circle."""

import gzip
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from services.ingest.sources import client
from services.ingest.sources.client import unpacked
from services.ingest.sources.errors import TryLater, Unreadable, WindowTooLarge
from services.ingest.sources.passes import (
    MOST_UNFINISHED,
    Page,
    Pages,
    Pass,
    Unfinished,
    as_last_seen,
    counted_page,
    read_pages,
    read_until_quiet,
    read_window,
)
from services.ingest.sources.reading import Row, read_document
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind

Found = tuple[list[Row], str | None]
START, SECOND = datetime(2026, 11, 18, tzinfo=UTC), timedelta(seconds=1)


class Book:
    """Three pages, of which one may fail once."""

    def __init__(self, *, fails_at: str | None = None) -> None:
        self.fails_at, self.asked = fails_at, list[str | None]()

    async def page(self, name: str | None) -> Found:
        self.asked.append(name)
        if name is not None and name == self.fails_at:
            self.fails_at = None
            raise TryLater("no")
        return {None: ([{"id": 1}], "b"), "b": ([{"id": 2}], "c"), "c": ([{"id": 3}], None)}[name]  # type: ignore[return-value]  # a dict of pages


async def test_pages_are_read_to_the_last() -> None:
    book = Book()
    assert await Pages().read_on(book.page, most=3) == [{"id": 1}, {"id": 2}, {"id": 3}]
    assert book.asked == [None, "b", "c"]


async def test_what_was_read_stays_and_no_page_is_asked_for_twice() -> None:
    book, pages = Book(fails_at="c"), Pages()
    with pytest.raises(TryLater):
        await pages.read_on(book.page, most=3)
    assert await pages.read_on(book.page, most=3) == [{"id": 1}, {"id": 2}, {"id": 3}]
    assert book.asked == [None, "b", "c", "c"]
    assert len(await pages.read_on(book.page, most=3)) == 3
    assert book.asked == [None, "b", "c", "c"]


@pytest.mark.parametrize("circle", [["b", "b"], ["b", "c", "b"]])
async def test_a_name_that_comes_again_ends_the_reading(circle: list[str]) -> None:
    """A mock that repeats its token for ever must not be read for ever."""
    names = iter(circle)

    async def page(_: str | None) -> Found:
        return [], next(names)

    with pytest.raises(Unreadable, match="read already"):
        await Pages().read_on(page, most=10)


async def test_more_rows_than_fit_are_asked_for_in_parts() -> None:
    with pytest.raises(WindowTooLarge):
        await Pages().read_on(Book().page, most=2)


def test_work_on_a_window_is_gone_on_with_beside_other_work() -> None:
    """A backfill waits for three minutes a page, and pulls of the same feed come between."""
    day = timedelta(days=1)
    start = datetime(2026, 11, 1, tzinfo=UTC)
    old, new = Window(start, start + day), Window(start + 9 * day, start + 10 * day)
    unfinished = Unfinished[list[int]]()
    work, begun = unfinished.take_up(FactKind.ORDERS, old, list)
    work.append(1)
    assert begun == old
    assert unfinished.take_up(FactKind.ORDERS, new, list) == ([], new)
    longer = Window(old.start, old.end + day)
    assert unfinished.take_up(FactKind.ORDERS, longer, list) == ([1], old)
    # A shorter one asks for less than was begun.
    shorter = old.halves()[0]
    assert unfinished.take_up(FactKind.ORDERS, shorter, list) == ([], shorter)
    unfinished.drop(FactKind.ORDERS, shorter)
    assert unfinished.take_up(FactKind.ORDERS, longer, list) == ([], longer)
    for number in range(MOST_UNFINISHED):
        other = Window(start + number * day, start + (number + 1) * day)
        unfinished.take_up(FactKind.TRAFFIC, other, list)[0].append(number)
    assert unfinished.take_up(FactKind.ORDERS, new, list) == ([], new)


def test_of_two_rows_the_one_that_changed_later_is_kept() -> None:
    rows = [{"id": 1, "at": "b"}, {"id": 2, "at": "a"}, {"id": 1, "at": "a"}, {"id": 2, "at": "c"}]
    found = as_last_seen(rows, number="id", changed="at")
    assert found == ({"id": 1, "at": "b"}, {"id": 2, "at": "c"})


def test_a_file_is_unpacked_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(b"x" * 1000)
    assert unpacked(packed) == b"x" * 1000
    for torn in (packed[:-9], b"x" * 100, b""):
        with pytest.raises(Unreadable):
            unpacked(torn)
    monkeypatch.setattr(client, "LARGEST_ANSWER", 999)
    with pytest.raises(Unreadable, match="more than 999"):
        unpacked(packed)


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_never_an_empty_answer(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_document(body)


def test_numbers_are_read_to_the_last_digit() -> None:
    assert str(read_document(b"[0.1, 12345678901234567.89]")) == (
        "[Decimal('0.1'), Decimal('12345678901234567.89')]"
    )


def _as_number(moment: datetime) -> int:
    return int(moment.timestamp())


def _as_text(moment: datetime) -> str:
    return f"{moment + timedelta(hours=8):%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("is_one", "passes"), [((True, True), 2), ((False, True), 2), ((True, False, False), 3)]
)
async def test_passes_whose_pages_overlap_have_to_agree_once_more(
    is_one: tuple[bool, ...], passes: int
) -> None:
    """Pages of one moment that bring nothing new are enough, others are so twice."""
    rows = [{"id": 1, "at": "1"}, {"id": 2, "at": "1"}, {"id": 3, "at": "1"}]
    made = [Pass(rows, 3, 2, each) for each in is_one]
    asked = 0

    async def read_pass() -> Pass:
        nonlocal asked
        asked += 1
        return made[asked - 1]

    found = await read_until_quiet(read_pass, number="id", changed="at", what="it")
    assert len(found) == 3
    assert asked == passes


class Copies:
    """A list of two rows a page by seconds, the newest first, in two copies of the same books."""

    def __init__(self, *copies: list[int]) -> None:
        self.copies, self.asked = copies, list[int]()

    async def read(self, part: Window, *, whole: bool = True) -> Pass:
        """The count and even pages are the first copy's, odd ones the second's."""
        is_counted = False

        async def ask(place: int) -> Page:
            nonlocal is_counted
            copy = self.copies[place % 2 if is_counted else 0]
            is_counted = True
            self.asked.append(place)
            here = [n for n in copy if part.start <= START + n * SECOND < part.end]
            rows: list[Row] = [{"id": n, "at": str(n)} for n in here[2 * place - 2 : 2 * place]]
            return counted_page(rows, len(here), place=place, size=2)

        return await read_pages(ask, size=2, what="it", number="id", backwards=True, whole=whole)


async def test_a_window_of_copies_that_disagree_is_cut_until_its_parts_have_a_page_each() -> None:
    """However often its pages are read, and agree, they hide the third row: the eighth is gone on,
    and comes again where it went.
    """
    old = list(range(9, 0, -1))
    copies = Copies([n for n in old if n != 8], old)
    window = Window(START, START + 12 * SECOND)
    for _ in range(3):
        seen = await copies.read(window)
        assert {row["id"] for row in seen.rows} == {*old} - {3}
        assert (seen.total, seen.is_one) == (8, False)
    copies.asked.clear()
    found = await read_window(copies.read, window, number="id", changed="at", by=None, what="it")
    assert sorted(row["id"] for row in found) == [1, 2, 3, 4, 5, 6, 7, 9]
    assert {*copies.asked} == {1}


class Numbered:
    """A list of ten rows a page, by the time of placing."""

    def __init__(self, order: list[int], times: Mapping[int, datetime]) -> None:
        self.order, self.times = order, times
        self.write: Callable[[datetime], object] = _as_text
        self.ends_belong, self.calls = True, 0

    async def read(self, by: str | None = "placed") -> list[object]:
        window = Window(START, START + timedelta(days=1))
        found = await read_window(self._pass, window, number="id", changed="at", by=by, what="it")
        return sorted(row["id"] for row in found)

    async def _pass(self, part: Window, *, whole: bool) -> Pass:
        assert whole == (part.end - part.start == SECOND)
        self.calls += 1
        end = part.end if self.ends_belong else part.end - SECOND
        here = [n for n in self.order if part.start <= self.times[n] <= end]
        rows = [self._row(n) for n in here[:10]]
        assert len(here) <= 10 or not whole
        return Pass(rows, len(here), -(-len(here) // 10))

    def _row(self, number: int) -> Row:
        return {"id": number, "at": "later", "placed": self.write(self.times[number])}


_NUMBERS = list(range(100))
_FEW_SECONDS = {n: START + timedelta(hours=9, seconds=n) for n in _NUMBERS}
_ALL_DAY = {n: START + timedelta(minutes=14 * n) for n in _NUMBERS}


@pytest.mark.parametrize("is_newest_first", [True, False])
@pytest.mark.parametrize("write", [_as_number, _as_text])
async def test_a_list_in_the_order_of_its_times_takes_two_calls_a_page(
    write: Callable[[datetime], object], *, is_newest_first: bool
) -> None:
    """One to see where it ends, one of its rows alone, however few seconds they are in.

    Rows whose time is on an edge are in both parts.
    """
    listed = Numbered(sorted(_NUMBERS, reverse=is_newest_first), _FEW_SECONDS)
    listed.write = write
    assert await listed.read() == _NUMBERS
    assert listed.calls <= 2 * 12


async def test_a_list_in_another_order_is_cut_evenly() -> None:
    listed = Numbered(sorted(_NUMBERS, key=lambda n: n * 37 % 100), _ALL_DAY)
    assert await listed.read(None) == _NUMBERS
    assert listed.calls <= 15
    assert await listed.read("placed") == _NUMBERS


@pytest.mark.parametrize("is_newest_first", [True, False])
async def test_ranges_that_leave_out_their_end_lose_nothing(*, is_newest_first: bool) -> None:
    """Three rows in each second, so that pages end between them."""
    times = {n: START + timedelta(seconds=n // 3) for n in _NUMBERS}
    listed = Numbered(sorted(_NUMBERS, reverse=is_newest_first), times)
    listed.ends_belong = False
    assert await listed.read() == _NUMBERS
    assert listed.calls <= 4 * 10


async def test_of_more_rows_in_a_second_than_a_page_holds_all_pages_are_read_twice() -> None:
    asked: list[bool] = []

    async def read(part: Window, *, whole: bool) -> Pass:
        is_here = part.start <= START + 9 * SECOND < part.end
        asked.append(whole and is_here)
        rows: list[Row] = [{"id": n, "at": _as_text(START + 9 * SECOND)} for n in range(3)]
        return Pass(rows if whole else rows[:2], 3, 2) if is_here else Pass([], 0, 0)

    window = Window(START, START + timedelta(days=1))
    found = await read_window(read, window, number="id", changed="at", by="at", what="it")
    assert [row["id"] for row in found] == [0, 1, 2]
    # The second before touches it.
    assert sum(asked) in {2, 4}


@pytest.mark.parametrize(("backwards", "order"), [(True, [1, 2, 3, 1]), (False, [1, 2, 3])])
async def test_the_page_that_should_be_the_last_is_asked_whether_it_is(
    *, backwards: bool, order: list[int]
) -> None:
    """A copy that is behind has counted three of what are five by now."""
    asked: list[int] = []

    async def ask(place: int) -> Page:
        asked.append(place)
        total = 3 if len(asked) == 1 else 5
        rows: list[Row] = [{"id": n} for n in range(2 * place - 1, min(2 * place, total) + 1)]
        return counted_page(rows, total, place=place, size=2)

    found = await read_pages(ask, size=2, what="it", number="id", backwards=backwards, whole=True)
    assert {row["id"] for row in found.rows} == {1, 2, 3, 4, 5}
    assert not found.is_one
    assert asked == order


def test_a_page_that_must_have_rows_is_none_without_them() -> None:
    assert counted_page([], 2, place=2, size=2) == Page([], 2, more_follow=False)
    with pytest.raises(Unreadable, match="without its rows"):
        counted_page([], 3, place=2, size=2)


async def test_pages_that_never_end_are_no_window() -> None:
    async def ask(place: int) -> Page:
        return Page([{"id": place}], 2, more_follow=True)

    with pytest.raises(WindowTooLarge, match="more rows than it counts"):
        await read_pages(ask, size=1, what="it", number="id", most=5, whole=True)
