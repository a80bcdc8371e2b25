"""What is kept in memory of each tenant, and the transactions that change it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from services.ingest.store.rejected import Rejected
from services.schema.errors import Unavailable
from services.schema.shapes.feeds import Backfill, Trail
from services.schema.shapes.people import Shop
from services.schema.words import FactKind, JobStatus, Marketplace, ShopKind

Row = dict[str, str | None]
FactKey = tuple[FactKind, str, str]
GONE = object()


@dataclass(frozen=True, slots=True)
class Job:
    """A backfill, and how far it is."""

    backfill: Backfill
    status: JobStatus = JobStatus.RUNNING
    progress: Decimal = Decimal(0)
    trail: Trail = field(default_factory=Trail)


@dataclass(slots=True)
class Books:
    """All that is stored of one tenant."""

    shops: dict[str, Shop]
    feeds: dict[str, dict[str, Any]] = field(default_factory=dict)
    facts: dict[FactKey, Row] = field(default_factory=dict)
    measures: dict[tuple[str, ...], tuple[int, Decimal]] = field(default_factory=dict)
    """How many, and how much, by kind, day, shop and who sold."""
    rejected: dict[str, tuple[FactKind, str, Rejected]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    days: dict[tuple[str, date], bool] = field(default_factory=dict)
    counts: dict[tuple[str, date], tuple[int, int]] = field(default_factory=dict)
    """Rows applied and rejected of those that came on a day, by feed."""
    batches: dict[str, int] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    pages: dict[int, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Session:
    """One transaction: what it changes is undone if it fails."""

    books: Books
    tenant: int
    undo: list[tuple[dict[Any, Any], Any, Any]] = field(default_factory=list)
    stage: list[Row] = field(default_factory=list)
    old: dict[FactKey, Row] = field(default_factory=dict)
    is_stale: bool = False
    """Somebody wrote who had not the lease: told for the promise, whatever was checked."""

    def put(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        self.undo.append((table, key, table.get(key, GONE)))
        table[key] = value

    def drop(self, table: dict[Any, Any], key: Any) -> None:
        self.undo.append((table, key, table.pop(key)))

    def roll_back(self) -> None:
        for table, key, value in reversed(self.undo):
            if value is GONE:
                table.pop(key, None)
            else:
                table[key] = value

    def replaced(self) -> list[tuple[FactKey, Row | None, Row]]:
        """The facts that this has changed: as they were before, and as they are."""
        first: dict[FactKey, Any] = {}
        for table, key, value in self.undo:
            if table is self.books.facts:
                first.setdefault(key, None if value is GONE else value)
        return [(key, old, self.books.facts[key]) for key, old in first.items()]


class Memory:
    """The tenants' books, in the manner of `services.schema.db.Database`."""

    def __init__(self, tenants: Mapping[str, Sequence[str]]) -> None:
        self.codes = {code: number for number, code in enumerate(tenants, 1)}
        self.books = {
            number: Books({shop: _shop(shop) for shop in tenants[code]})
            for code, number in self.codes.items()
        }
        self.is_unlucky: Callable[[], bool] = lambda: False
        """Asked by those whose transactions can be cut before their end."""
        self.last: Session | None = None
        """The transaction that was committed last."""

    def read(self, tenant: int) -> "Reading":
        return Reading(Session(self.books[tenant], tenant))

    def register(self) -> "Reading":
        return Reading(self.codes)

    def write(self, tenant: int) -> "Writing":
        return Writing(self, Session(self.books[tenant], tenant))

    async def lose(self, _session: Session) -> None:
        """A transaction ends here, and nobody will know of it."""
        raise Unavailable("The database does not answer.", retry_after_seconds=9)

    async def close(self) -> None:
        """Nothing is open."""


class Reading:
    """What is looked at stands still: nothing ends with it."""

    __slots__ = ("_shown",)

    def __init__(self, shown: Any) -> None:
        self._shown = shown

    async def __aenter__(self) -> Any:
        return self._shown

    async def __aexit__(self, *_: object) -> None:
        """Nothing was changed."""


class Writing:
    """A transaction: undone if it fails, else the memory's last."""

    __slots__ = ("_memory", "_session")

    def __init__(self, memory: Memory, session: Session) -> None:
        self._memory = memory
        self._session = session

    async def __aenter__(self) -> Session:
        return self._session

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._session.roll_back()
        else:
            self._memory.last = self._session


PLACES = {
    "one": (Marketplace.TMALL, "Asia/Shanghai", "CNY"),
    "two": (Marketplace.SHOPIFY, "America/New_York", "USD"),
    "three": (Marketplace.PINDUODUO, "Asia/Shanghai", "CNY"),
}
"""Where a shop sells, by its name; its zone and its currency."""


def source_of(shop: str) -> str:
    """What a shop's facts say that they come from."""
    return f"{PLACES[shop][0]}:{shop}"


def _shop(code: str) -> Shop:
    marketplace, timezone, currency = PLACES[code]
    return Shop(
        code=code,
        name=code,
        marketplace=marketplace,
        timezone=timezone,
        currency=currency,
        kind=ShopKind.ONLINE,
        opened_on=None,
    )


def value_of(text: str) -> str | None:
    """Of a field, as COPY reads it."""
    if text == "\\N":
        return None
    if "\\" not in text:
        return text
    escapes = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}
    found, place = [], 0
    while place < len(text):
        pair = text[place : place + 2]
        found.append(escapes.get(pair, text[place]))
        place += 2 if pair in escapes else 1
    return "".join(found)
