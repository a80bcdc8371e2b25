"""The proof that the store in memory says what SQL says: a story's transactions, played again.

A story in memory is written down call by call: in which transaction, what was asked, what was
answered. PostgreSQL is then asked the same in the same order, must answer the same, and must hold
the same tables at the end.
"""

import asyncio
import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from inspect import iscoroutinefunction
from operator import itemgetter
from typing import Any

import asyncpg

from services.ingest.flows import buyers, landing, pulls
from services.ingest.store import cursors, jobs
from services.ingest.store.landing import Judged
from services.ingest.workers import desks, pulling, schedule
from services.schema.db import Database
from services.schema.shapes.people import Tenant
from services.schema.words import FactKind
from tests.databases import TestDatabase
from tests.simulation import memory
from tests.simulation.books import Books, Memory, Row, Session
from tests.simulation.patches import Patch, patching
from tests.simulation.postgres import TABLES, Owner, make_companies
from tests.simulation.stories import Plant, companies_of, play_in, small_weather

_REAL: dict[str, Callable[..., Any]] = {
    name: value
    for place in (buyers, landing, pulls, desks, pulling, schedule, jobs)
    for name, value in vars(place).items()
    if iscoroutinefunction(value)
    and value.__module__.startswith("services.ingest.store.")
    and hasattr(memory, name)
}
"""The functions of the store by name, as they are before a story puts others in their place."""
_IDLE = {"read_backfills"}
"""What is asked at each look, and changes nothing."""


@dataclass(slots=True)
class Call:
    name: str
    arguments: tuple[Any, ...]
    named: Mapping[str, Any]
    answer: Any = None
    refusal: type[Exception] | None = None


@dataclass(slots=True)
class Transaction:
    session: Session
    calls: list[Call] = field(default_factory=list)
    is_kept: bool = True
    """Whether it was committed."""


class WrittenMemory(Memory):
    """The books in memory, and all that was asked of them."""

    def __init__(self, tenants: Mapping[str, Sequence[str]]) -> None:
        super().__init__(tenants)
        self.told: list[Transaction] = []

    def note(self, patch: Patch) -> None:
        """Stand before each function of the store, and see what is undone."""
        for name in _REAL:
            patch(memory, name, self._noting(name, getattr(memory, name)))
        patch(Session, "roll_back", self._undoing(Session.roll_back))

    def _noting(self, name: str, function: Any) -> Any:
        async def call(session: Any, *arguments: Any, **named: Any) -> Any:
            if not isinstance(session, Session):
                return await function(session, *arguments, **named)
            if not self.told or self.told[-1].session is not session:
                # One after another: there is one order, and it can be played again.
                assert not any(each.session is session for each in self.told[-9:])
                self.told.append(Transaction(session))
            noted = Call(name, deepcopy(arguments), deepcopy(named))
            self.told[-1].calls.append(noted)
            try:
                answer = await function(session, *arguments, **named)
            except Exception as error:
                noted.refusal = type(error)
                raise
            noted.answer = deepcopy(answer)
            return answer

        return call

    def _undoing(self, roll_back: Any) -> Any:
        def undo(session: Session) -> None:
            if self.told and self.told[-1].session is session:
                self.told[-1].is_kept = False
            roll_back(session)

        return undo


class _UndoneError(Exception):
    """A transaction that came to nothing in memory comes to nothing here."""


def differences(
    database: TestDatabase, seed: int, *, plant: Sequence[Plant] = ()
) -> tuple[int, list[str]]:
    """How many transactions were played again, and where SQL said anything else."""
    written = WrittenMemory(companies_of(seed))
    plants = (*plant, written.note)
    verdict = play_in(written, seed, plant=plants, weather=small_weather(seed))
    assert plant or verdict.is_good, verdict.told()
    numbers = make_companies(database, companies_of(seed))
    tenants = {number: numbers[code] for code, number in written.codes.items()}
    told = [each for each in written.told if {call.name for call in each.calls} - _IDLE]
    return len(told), asyncio.run(_play_again(database, written, told, tenants))


async def _play_again(
    database: TestDatabase,
    written: WrittenMemory,
    told: Sequence[Transaction],
    tenants: Mapping[int, int],
) -> list[str]:
    store = Database(database.dsn("kaohe_ingest"), application="twin", pool_size=1)
    owner = Owner(database)
    found: list[str] = []
    try:
        for place, each in enumerate(told):
            try:
                async with store.write(tenants[each.session.tenant]) as session:
                    for call in each.calls:
                        said, wanted = await _ask(session, call), _plain(call.answer)
                        if said != (call.refusal or wanted):
                            found.append(f"{place} {call.name}: {wanted} in memory, {said} in SQL")
                    if not each.is_kept:
                        raise _UndoneError
            except _UndoneError:
                continue
        for number, tenant in tenants.items():
            async with owner.moment() as connection:
                found += [
                    each async for each in _compare(connection, tenant, written.books[number])
                ]
    finally:
        await store.close()
        await owner.close()
    return found


async def _ask(session: Any, call: Call) -> Any:
    if call.name == "ensure_feeds":
        # Both know a feed by the same name.
        names = iter([f"{call.named['shop']}/{kind}" for kind in sorted(call.named["streams"])])
        with patching() as patch:
            patch(cursors, "new_id", lambda _kind: next(names))
            return _plain(await _REAL[call.name](session, *call.arguments, **call.named))
    try:
        return _plain(await _REAL[call.name](session, *call.arguments, **call.named))
    except Exception as error:
        if call.refusal is None:
            raise
        return type(error)


def _plain(answer: Any) -> Any:
    """Without what need not be the same: an order of outcomes, the numbers of tenants."""
    if isinstance(answer, Tenant):
        return replace(answer, id=0)
    if isinstance(answer, list) and answer and isinstance(answer[0], Judged):
        return sorted(answer, key=lambda each: each.outcome)
    return answer


async def _compare(connection: asyncpg.Connection, tenant: int, books: Books) -> Any:
    """Where tables and books differ."""

    async def rows(table: str) -> list[Mapping[str, Any]]:
        statement = f"SELECT * FROM {table} WHERE tenant_id = $1"  # noqa: S608 - ours
        return [dict(row) for row in await connection.fetch(statement, tenant)]

    for kind, (table, measures) in TABLES.items():
        stored = {(kind, row["source"], row["id"]): row for row in await rows(table)}
        kept = {key: row for key, row in books.facts.items() if key[0] is kind}
        if stored.keys() != kept.keys():
            yield f"{table}: {sorted(stored.keys() ^ kept.keys())}"
        for key in stored.keys() & kept.keys():
            for column in _unlike(kept[key], stored[key]):
                yield f"{table} {key}: {column}"
        summed = _sums(kind, await rows(measures))
        counted = {place: sums for place, sums in books.measures.items()
                if place[0] == kind.value and sums[0]}  # fmt: skip
        if summed != counted:
            yield f"{measures}: {counted} in memory, {summed} in SQL"
    for name, (here, read) in _LISTED.items():
        ours, theirs = list(here(books)), [read(row) for row in await rows(name)]
        if sorted(ours, key=repr) != sorted(theirs, key=repr):
            yield f"{name}: {ours} in memory, {theirs} in SQL"


def _unlike(row: Row, stored: Mapping[str, Any]) -> Iterator[str]:
    for name, text in row.items():
        # The driver gives what is kept as JSON as its text, which PostgreSQL has put in order.
        is_alike = (
            json.loads(text or "null") == json.loads(stored[name])
            if name == "lines"
            else name == "row" or _typed(text, stored[name]) == stored[name]
        )
        if not is_alike:
            yield f"{name} is {text!r} in memory, {stored[name]!r} in SQL"


def _typed(text: str | None, like: Any) -> Any:
    """A text of COPY as a value of the type of another; where types differ, the text itself."""
    if text is None or like is None:
        return text
    if isinstance(like, bytes):
        return bytes.fromhex(text.removeprefix("\\x"))
    if isinstance(like, bool):
        return text in {"t", "true"}
    if isinstance(like, date):
        return type(like).fromisoformat(text)
    return Decimal(text) if isinstance(like, int | Decimal) else text


def _sums(kind: FactKind, rows: Sequence[Mapping[str, Any]]) -> dict[Any, Any]:
    """Measures as memory keeps them: how many, and how much, whatever the channel."""
    count, amount = {
        FactKind.ORDERS: ("paid_orders", "paid_amount"),
        FactKind.REFUNDS: ("refunds", "refund_amount"),
        FactKind.RATINGS: ("ratings", "rating_points"),
    }[kind]
    found: dict[Any, Any] = {}
    for row in rows:
        place = (kind.value, row["day"].isoformat(), row["shop"], row["employee"],
                 row.get("campaign", ""))  # fmt: skip
        stood = found.get(place, (0, Decimal(0)))
        found[place] = stood[0] + row[count], stood[1] + row[amount]
    return {place: sums for place, sums in found.items() if sums[0]}


_REJECTED = ("id", "kind", "batch", "row", "source", "shop", "fact", "outcome", "code", "pointer",
             "detail", "body", "came_on")  # fmt: skip
_FEED = ("id", "shop", "kind", "source", "due_at", "lease_until", "lease_token", "attempts",
         "cursor", "last_success", "problem", "accepted", "applied", "rejected")  # fmt: skip


def _refused(books: Books) -> Iterator[Any]:
    for kind, batch, row in books.rejected.values():
        fault = row.fault.code, row.fault.pointer, row.fault.detail
        known = row.source, row.shop, row.fact, row.outcome.value
        yield row.id, kind.value, batch, row.row, *known, *fault, row.body, row.came_on


def _feeds(books: Books) -> Iterator[Any]:
    others = {"id": "", "kind": "", "lease_until": "until", "lease_token": "token"}
    for feed, row in books.feeds.items():
        named = {"id": feed, "kind": row["kind"].value}
        yield tuple(named.get(name) or row[others.get(name, name)] for name in _FEED)


def _counts(books: Books) -> Iterator[Any]:
    for (feed, day), (applied, rejected) in books.counts.items():
        yield feed, day, applied + rejected, applied, rejected


def _jobs(books: Books) -> Iterator[Any]:
    for job, row in books.jobs.items():
        trail = row.trail
        landed = (None,) * 3 if trail.until is None else (trail.until, trail.days, trail.rows)
        yield job, row.status.value, row.progress, *landed


_LISTED: dict[str, tuple[Callable[[Books], Any], Callable[[Mapping[str, Any]], Any]]] = {
    "rejected_rows": (_refused, itemgetter(*_REJECTED)),
    "feeds": (_feeds, itemgetter(*_FEED)),
    "feed_days": (lambda books: books.days, itemgetter("feed", "day")),
    "feed_counts": (_counts, itemgetter("feed", "day", "accepted", "applied", "rejected")),
    "batches": (lambda books: books.batches.items(), itemgetter("id", "received")),
    "pages": (lambda books: books.pages.values(), lambda row: gzip.decompress(row["body"])),
    "jobs": (
        _jobs,
        itemgetter("id", "status", "progress", "reached", "reached_days", "reached_rows"),
    ),
    "shop_sources": (lambda books: books.owners.items(), itemgetter("shop", "source")),
}
"""Tables by name: what memory has in their place, and how a row of theirs is put so."""
