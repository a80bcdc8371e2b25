"""Next steps of cards, computed when they are asked for: today is one of their inputs."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from services.api.core.documents import to_bytes
from services.api.core.next_step_documents import next_steps_document
from services.api.core.next_steps import Paces, next_steps_of
from services.api.core.paces import Counted, counted_by, pace_kind, pace_of
from services.api.core.told_cards import Place, ToldCard, ToldLine
from services.api.flows.indicators import known_indicators, known_measures
from services.api.flows.told_cards import read_told_cards
from services.api.flows.values import read_values
from services.api.store.calendars import read_target_calendar
from services.api.store.cycles import read_cycles
from services.api.store.people import read_tenant
from services.schema.days import local_day
from services.schema.db import ReadSession
from services.schema.shapes.calendars import TargetCalendar
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.indicators import Explained, Indicator, Wanted
from services.schema.shapes.measures import Measure
from services.schema.shapes.next_steps import NoPace
from services.schema.shapes.people import Subject
from services.schema.shapes.schemes import Name
from services.schema.shapes.scorecards import Scorecard
from services.schema.words import CycleStatus

Begun = Mapping[Place, Counted | NoPace]


async def next_steps_documents(
    session: ReadSession, cards: Sequence[Scorecard], *, at: datetime
) -> dict[str, bytes]:
    """The next steps of each card by its id; as many statements for one card as for a hundred."""
    told = await read_told_cards(session, cards)
    cycles = await read_cycles(session, {card.cycle for card in cards}, None)
    indicators = await known_indicators(session)
    measures = await known_measures(session)
    calendar = await read_target_calendar(session)
    days = {card.id: _running_day(cycles[card.cycle], at) for card in cards}
    begun = {
        card.id: _begin(told[card.id], card.subject, indicators, measures, day=days[card.id])
        for card in cards
    }
    values = await read_values(session, _wanted(begun.values()), tenant=await read_tenant(session))
    names = {code: Name(each.zh, each.en) for code, each in indicators.items()}

    def write_all() -> dict[str, bytes]:
        found = {}
        for card in cards:
            own = told[card.id]
            paces = _paces(own, begun[card.id], values, calendar)
            steps = next_steps_of(own, indicators, paces, day=days[card.id])
            found[card.id] = to_bytes(next_steps_document(_head(card), steps, names))
        return found

    # Off the loop: each step of a card scores it again.
    return await asyncio.to_thread(write_all)


def _running_day(cycle: Cycle, at: datetime) -> date | None:
    """Today by the cycle's zone, while there is something left to be done."""
    day = local_day(at, cycle.timezone)
    runs = cycle.status is CycleStatus.OPEN and day < cycle.period.end
    return day if runs else None


def _begin(
    told: ToldCard,
    subject: Subject,
    indicators: Mapping[str, Indicator],
    measures: Mapping[str, Measure],
    *,
    day: date | None,
) -> Begun:
    """What is to be read for the pace of each line, or why it has none."""
    return {
        line.place: _begin_line(told, line, subject, indicators, measures, day=day)
        for line in told.each_line()
    }


def _begin_line(
    told: ToldCard,
    line: ToldLine,
    subject: Subject,
    indicators: Mapping[str, Indicator],
    measures: Mapping[str, Measure],
    *,
    day: date | None,
) -> Counted | NoPace:
    code = line.line.indicator
    if code is None:
        return NoPace.RATED
    if day is None:
        return NoPace.OVER
    if line.line.value is None:
        return NoPace.NO_DATA
    if line.formula is None:
        return NoPace.POSTED
    kind = pace_kind(indicators[code], measures)
    if isinstance(kind, NoPace):
        return kind
    segment = told.segments[line.segment - 1].segment
    return counted_by(code, subject, line.item.scope, segment, kind, day)


def _wanted(begun: Iterable[Begun]) -> set[Wanted]:
    return {
        wanted
        for own in begun
        for counted in own.values()
        if isinstance(counted, Counted)
        for wanted in counted.each()
    }


def _paces(
    told: ToldCard,
    begun: Begun,
    values: Mapping[Wanted, Explained],
    calendar: TargetCalendar,
) -> Paces:
    read = {wanted: explained.value for wanted, explained in values.items()}
    return {
        line.place: (
            pace_of(counted, read, calendar, present=line.line.value)
            if isinstance(counted := begun[line.place], Counted)
            else counted
        )
        for line in told.each_line()
    }


def _head(card: Scorecard) -> dict[str, object]:
    return {
        "scorecard": card.id,
        "cycle": card.cycle,
        "subject": str(card.subject),
        "revision": card.revision,
        "status": card.status,
        "fingerprint": card.fingerprint,
    }
