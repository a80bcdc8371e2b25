"""Pages that name the next one: read on where a page failed, and never in a circle."""

import gzip
from datetime import UTC, datetime, timedelta

import pytest

from services.ingest.sources import client
from services.ingest.sources.client import unpacked
from services.ingest.sources.errors import TryLater, Unreadable, WindowTooLarge
from services.ingest.sources.passes import (
    MOST_UNFINISHED,
    Pages,
    Pass,
    Unfinished,
    as_last_seen,
    read_until_quiet,
)
from services.ingest.sources.reading import Row, read_document
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind

Page = tuple[list[Row], str | None]


class Book:
    """Three pages, of which one may fail once."""

    def __init__(self, *, fails_at: str | None = None) -> None:
        self.fails_at, self.asked = fails_at, list[str | None]()

    async def page(self, name: str | None) -> Page:
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

    async def page(_: str | None) -> Page:
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
