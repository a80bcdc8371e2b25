"""What is stored, as a story looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from services.schema.words import FactKind, JobStatus
from tests.simulation.books import GONE, Books, FactKey, Memory, Row
from tests.simulation.memory import counted, modified_of

Key = tuple[str, str, str]
"""Kind, source and number."""
Counted = tuple[tuple[tuple[str, ...], Decimal], ...]
"""Where a fact counts, and how much."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a fact says that pay may depend on."""

    modified: datetime
    status: str
    amount: Decimal
    counts_at: datetime | None
    """When it was paid, or paid back."""
    campaign: str
    currency: str


@dataclass(slots=True)
class Shelf:
    """All of one tenant."""

    facts: dict[Key, Standing]
    measures: dict[Any, Any]
    """By kind, day, shop, who sold and campaign."""
    recounted: dict[Any, Any]
    """The same, counted anew from the facts."""
    rejected: dict[Key, list[str]]
    """As they came."""
    cursors: dict[tuple[str, str], tuple[datetime | None, str | None]]
    """By shop and kind: the cursor, and the problem."""
    running: list[str] = field(default_factory=list)
    """Backfills that are not finished."""
    places: dict[str, datetime | None] = field(default_factory=dict)
    """Up to where each backfill has come."""


class Shelves(Protocol):
    """Where a story looks."""

    async def look(self, tenant: int) -> Shelf: ...

    async def is_as_before(self, tenant: int) -> bool:
        """Whether the last commit is known to have changed nothing that is looked at."""
        ...

    async def feed_of(self, tenant: int, shop: str, kind: str) -> str | None:
        """The name of a feed, once there is one."""
        ...

    async def close(self) -> None: ...

    def is_stale(self) -> bool:
        """Whether the last commit is known to be of a worker that had lost its lease."""
        ...


class MemoryShelves:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._standings: dict[tuple[int, FactKey], tuple[Row, Standing]] = {}
        """Of rows as they were looked at last: they are put, and never changed."""
        self._counted: dict[tuple[int, FactKey], tuple[Row, Counted]] = {}

    async def feed_of(self, tenant: int, shop: str, kind: str) -> str | None:
        feed = f"{shop}/{kind}"
        return feed if feed in self._memory.books[tenant].feeds else None

    async def close(self) -> None:
        """Nothing is open."""

    async def is_as_before(self, tenant: int) -> bool:
        """Leases come and go without facts and cursors."""
        session = self._memory.last
        assert session is not None
        books = self._memory.books[tenant]
        return not any(
            table is not books.feeds or value is GONE or value["cursor"] != table[key]["cursor"]
            for table, key, value in session.undo
        )

    def is_stale(self) -> bool:
        assert self._memory.last is not None
        return self._memory.last.is_stale

    async def look(self, tenant: int) -> Shelf:
        books = self._memory.books[tenant]
        return Shelf(
            facts={
                (kind.value, source, number): self._standing(tenant, (kind, source, number), row)
                for (kind, source, number), row in books.facts.items()
            },
            measures={place: sums for place, sums in books.measures.items() if sums[0]},
            recounted=self._recount(tenant, books),
            rejected=_refused(books),
            cursors={
                (row["shop"], row["kind"].value): (row["cursor"], row["problem"])
                for row in books.feeds.values()
            },
            running=[job for job, row in books.jobs.items() if row.status is JobStatus.RUNNING],
            places={job: row.trail.until for job, row in books.jobs.items()},
        )

    def _standing(self, tenant: int, key: FactKey, row: Row) -> Standing:
        known = self._standings.get((tenant, key))
        if known is None or known[0] is not row:
            known = self._standings[tenant, key] = row, standing(key[0], row)
        return known[1]

    def _recount(self, tenant: int, books: Books) -> dict[tuple[str, ...], tuple[int, Decimal]]:
        found: dict[tuple[str, ...], tuple[int, Decimal]] = {}
        for key, row in books.facts.items():
            known = self._counted.get((tenant, key))
            if known is None or known[0] is not row:
                known = self._counted[tenant, key] = row, tuple(counted(key[0], row))
            for place, amount in known[1]:
                count, whole = found.get(place, (0, Decimal(0)))
                found[place] = count + 1, whole + amount
        return found


def _refused(books: Books) -> dict[Key, list[str]]:
    found: dict[Key, list[str]] = {}
    for kind, _, row in books.rejected.values():
        assert row.body is not None, "no story lasts until it expires"
        found.setdefault((kind.value, row.source, row.fact), []).append(row.body)
    return found


_PLACES = {
    FactKind.ORDERS: ("paid_at", "paid_amount"),
    FactKind.REFUNDS: ("refunded_at", "amount"),
    FactKind.RATINGS: ("rated_at", "score"),
}
"""Of when a fact counts, and how much."""


def standing(kind: FactKind, row: Row | Mapping[str, Any]) -> Standing:
    is_order = kind is FactKind.ORDERS
    when, amount = _PLACES[kind]
    moment = row[when]
    modified = row["modified_at"]
    return Standing(
        modified=modified if isinstance(modified, datetime) else modified_of(dict(row)),
        status=str(row.get("status") or ""),
        amount=Decimal(row[amount] or 0),
        counts_at=datetime.fromisoformat(moment) if isinstance(moment, str) else moment,
        campaign=(row["campaign"] or "") if is_order else "",
        currency=str(row.get("currency") or ""),
    )
