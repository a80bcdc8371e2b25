"""What each of many people scored, and what was published of it: a page of each, newest first."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import text

from services.schema.db import ReadSession

_CARDS = text("""
WITH held AS (
    SELECT s.subject, s.document, c.starts_on, c.code
    FROM scorecards AS s
    JOIN cycles AS c
        ON c.tenant_id = s.tenant_id AND c.code = s.cycle AND c.revision = s.revision
    WHERE s.tenant_id = :tenant AND s.subject_kind = 'employee'
        AND s.subject = ANY(CAST(:people AS text[]))
        AND (CAST(:cycle AS text) IS NULL OR s.cycle = :cycle)
),
counted AS (SELECT subject, count(*) AS total FROM held GROUP BY subject),
numbered AS (
    SELECT *, row_number() OVER (
        PARTITION BY subject ORDER BY starts_on DESC, code DESC
    ) AS number
    FROM held
    WHERE CAST(:after_day AS date) IS NULL
        OR (starts_on, code) < (CAST(:after_day AS date), CAST(:after AS text))
)
SELECT counted.subject, counted.total, numbered.starts_on AS moment, numbered.code AS name,
    numbered.document
FROM counted
LEFT JOIN numbered ON numbered.subject = counted.subject AND numbered.number <= :limit
ORDER BY counted.subject, numbered.number
""")
_RESULTS = text("""
WITH held AS (
    SELECT subject, document, published_at, id
    FROM results
    WHERE tenant_id = :tenant AND subject_kind = 'employee'
        AND subject = ANY(CAST(:people AS text[]))
        AND (CAST(:cycle AS text) IS NULL OR cycle = :cycle)
),
counted AS (SELECT subject, count(*) AS total FROM held GROUP BY subject),
numbered AS (
    SELECT *, row_number() OVER (
        PARTITION BY subject ORDER BY published_at DESC, id DESC
    ) AS number
    FROM held
    WHERE CAST(:after_day AS timestamptz) IS NULL
        OR (published_at, id) < (CAST(:after_day AS timestamptz), CAST(:after AS text))
)
SELECT counted.subject, counted.total, numbered.published_at AS moment, numbered.id AS name,
    numbered.document
FROM counted
LEFT JOIN numbered ON numbered.subject = counted.subject AND numbered.number <= :limit
ORDER BY counted.subject, numbered.number
""")


@dataclass(frozen=True, slots=True)
class Kept:
    """A document, and where it stands: since when, and its cycle or id."""

    moment: date | datetime
    name: str
    document: bytes

    @property
    def place(self) -> list[str]:
        return [self.moment.isoformat(), self.name]


@dataclass(frozen=True, slots=True)
class History:
    """A page of a person's documents, and how many there are in all."""

    total: int = 0
    page: list[Kept] = field(default_factory=list)


async def read_card_histories(
    session: ReadSession,
    people: Collection[str],
    *,
    cycle: str | None,
    after: Sequence[str] | None,
    limit: int,
) -> dict[str, History]:
    """Each person's scorecards, the latest cycle first; of each cycle the current revision.

    One statement, however many people there are.
    """
    day = date.fromisoformat(after[0]) if after else None
    values = _values(session, people, cycle, after, limit)
    return _gather(people, await session.execute(_CARDS, {**values, "after_day": day}))


async def read_result_histories(
    session: ReadSession,
    people: Collection[str],
    *,
    cycle: str | None,
    after: Sequence[str] | None,
    limit: int,
) -> dict[str, History]:
    """Each person's results, the latest publication first; one statement for any."""
    day = datetime.fromisoformat(after[0]) if after else None
    values = _values(session, people, cycle, after, limit)
    return _gather(people, await session.execute(_RESULTS, {**values, "after_day": day}))


def _values(
    session: ReadSession,
    people: Collection[str],
    cycle: str | None,
    after: Sequence[str] | None,
    limit: int,
) -> Mapping[str, object]:
    return {
        "tenant": session.tenant,
        "people": sorted(people),
        "cycle": cycle,
        "after": after[1] if after else None,
        "limit": limit,
    }


def _gather(people: Collection[str], rows: Any) -> dict[str, History]:
    found: dict[str, History] = {}
    for row in rows:
        history = found.setdefault(row.subject, History(row.total))
        if row.document is not None:
            history.page.append(Kept(row.moment, row.name, bytes(row.document)))
    return {person: found.get(person, History()) for person in people}
