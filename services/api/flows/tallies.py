"""What surveys, cases and people come to is stated as values, of itself and as they change."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from services.api.core.attribution import Attribution
from services.api.core.standards import LOOK_BACK_DAYS, MONTHS
from services.api.core.tallies import (
    ASPECTS,
    CLOSED_RATE,
    RESPONSE_RATE,
    RETENTION,
    SCORE,
    TOLD_RATE,
    TURNOVER,
    Tallies,
    counted_answers,
    counted_cases,
    counted_surveys,
    measures_of,
    staff_tallies,
    tallies_of,
)
from services.api.flows.indicators import VALUES, post_values
from services.api.store.cases import read_cases_due
from services.api.store.counters import lock_noun
from services.api.store.indicators import Revised, ValueKey, key_of, read_last_posted, read_posted
from services.api.store.people import read_employees, read_tenant, read_units
from services.api.store.tallies import (
    find_posted_measures,
    read_answered_questions,
    read_closed_surveys,
)
from services.schema.days import Period, local_day, periods_over
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.indicators import PostedValue
from services.schema.shapes.people import Caller
from services.schema.words import CycleKind, Role

SOURCES = {
    **dict.fromkeys((RESPONSE_RATE, SCORE, *ASPECTS.values()), "kaohe.surveys"),
    **dict.fromkeys((CLOSED_RATE, TOLD_RATE), "kaohe.cases"),
    **dict.fromkeys((TURNOVER, RETENTION), "kaohe.people"),
}
"""Who states each of these indicators where nobody else does."""
WATCHER = "system:watch"
"""Who posts them."""
_DAY = timedelta(days=1)


async def state_tallies(session: WriteSession, *, at: datetime, looked: datetime | None) -> int:
    """State the values of the periods that run, and of those that ended within a week.

    Of month, quarter, half and year; a week before they were looked at last, or, where `looked` is
    null, before one was stated last. What somebody else has posted is left alone, and an indicator
    whose measures somebody posts. Gives how many values changed.
    """
    tenant = await read_tenant(session)
    today = local_day(at, tenant.timezone)
    since = looked or await read_last_posted(session, SOURCES.keys(), WATCHER) or at
    first = local_day(min(since, at), tenant.timezone) - timedelta(days=LOOK_BACK_DAYS)
    periods = sorted(
        {
            period
            for kind in CycleKind
            for period in periods_over(first, today, MONTHS[kind], tenant.calendar)
        },
        key=lambda each: (each.start, each.end),
    )
    start = min(each.start for each in periods)
    surveys = await read_closed_surveys(session, start, today)
    questions = await read_answered_questions(
        session, start, today + _DAY, timezone=tenant.timezone
    )
    cases = await read_cases_due(session, start, today)
    units, employees = await read_units(session), await read_employees(session)

    def count() -> dict[Period, Tallies]:
        attribution = Attribution(units, employees)
        rates = [*counted_surveys(surveys), *counted_answers(questions)]
        found = {}
        for each in periods:
            ended = min(at, each.ends_at(tenant.timezone))
            of_cases = counted_cases(cases, today=today, until=ended)
            until = min(each.end, today + _DAY)
            found[each] = tallies_of([*rates, *of_cases], attribution, units, each) | staff_tallies(
                employees.values(), attribution, units, each, until=until
            )
        return found

    # Arithmetic on a whole company is done off the loop: others wait there to be answered.
    counted = await asyncio.to_thread(count)
    measures = {code: measures_of(code) for code in SOURCES}
    posted = await find_posted_measures(
        session, frozenset().union(*measures.values()), start, today + _DAY
    )
    rows = [
        PostedValue(indicator, subject, period.code, tally.value, SOURCES[indicator], tally.note)
        for period, tallies in counted.items()
        for (indicator, subject), tally in sorted(tallies.items())
        if not measures[indicator] & posted
    ]
    return await _post(session, rows, at=at)


async def _post(session: WriteSession, rows: list[PostedValue], *, at: datetime) -> int:
    """Post those that are new or others than before, and nobody else's."""
    before = await _read_posted(session, rows)
    if not _news(rows, before):
        return 0
    await lock_noun(session, VALUES)
    news = _news(rows, await _read_posted(session, rows))
    watcher = Caller(session.tenant, Role.ADMIN, None, WATCHER)
    await post_values(session, news, caller=watcher, at=at)
    return len(news)


async def _read_posted(
    session: ReadSession, rows: Collection[PostedValue]
) -> dict[ValueKey, Revised]:
    return await read_posted(
        session,
        {row.indicator for row in rows},
        {row.subject for row in rows},
        {row.period for row in rows},
    )


def _news(rows: Collection[PostedValue], before: Mapping[ValueKey, Revised]) -> list[PostedValue]:
    """Those that nobody has stated, or we with another value."""
    return [
        row
        for row in rows
        if (kept := before.get(key_of(row))) is None
        or (kept.value.source == row.source and kept.value != row)
    ]
