"""The ladder of `domain.md`, section 6.7, and people who stand on it, for the tests of levels."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from services.api.core.indicators import built_in_indicators
from services.api.core.level_documents import parse_ladder
from services.api.core.levels import check, months_of, stand, window_of
from services.api.templates.ladders import ladder_templates
from services.schema.days import Calendar, Period
from services.schema.shapes.indicators import Value
from services.schema.shapes.levels import (
    Check,
    Criterion,
    Figure,
    Found,
    LevelLadder,
    Observation,
    Seen,
    Standing,
    StatedObservation,
)
from services.schema.words import NoValue, WeekStart

CALENDAR = Calendar("Asia/Shanghai", WeekStart.MONDAY, "01-01")
OCTOBER = Period("2026-10", date(2026, 10, 1), date(2026, 11, 1), 1)
SEPTEMBER = Period("2026-09", date(2026, 9, 1), date(2026, 10, 1), 1)
AT = datetime(2026, 11, 2, 8, tzinfo=UTC)

BEST: Mapping[str, str] = {
    "attendance": "0",
    "sales": "0.9",
    "inquiry_conversion": "0.5",
    "average_response": "30",
    "service_slips": "3",
    "product_knowledge": "2",
}
"""Of each indicator what gold just takes; the sales are an attainment."""


def service_agent() -> LevelLadder:
    document = ladder_templates()["service_agent"]["ladder"]
    assert isinstance(document, dict)
    return parse_ladder(document)


def observed(behaviour: str, month: str, *, holds: bool = True) -> Observation:
    stated = StatedObservation("e-1", behaviour, month, holds, None)
    return Observation("service_agent", stated, 1, "e-boss", "key:boss", AT)


def figure(criterion: Criterion, text: str | None) -> Figure:
    """An indicator of this value; of sales, sales of this part of a target of 100."""
    if text is None:
        return Figure(Value(None, NoValue.NO_ROWS), Decimal(100))
    factor = 100 if criterion.code == "sales" else 1
    return Figure(Value(Decimal(text) * factor, None), Decimal(100))


def person(
    ladder: LevelLadder,
    figures: Mapping[str, str | None],
    unseen: Mapping[str, bool | None] | None = None,
) -> Standing:
    """Where someone stands who just is gold, but for these figures.

    `unseen` names behaviours that did not hold in the last month, or (null) were not observed then.
    """
    given = {**BEST, **figures}
    checks: dict[tuple[str, str], Check] = {}
    for level in ladder.levels:
        for criterion in level.criteria:
            window = window_of(OCTOBER, criterion.months)
            found: Found
            better = None
            if criterion.behaviour is not None:
                found = seen(criterion.behaviour, window, unseen or {})
            else:
                found = figure(criterion, given[criterion.code])
                better = built_in_indicators()[str(criterion.indicator)].better
            checks[level.code, criterion.code] = check(criterion, window, found, better)
    return stand(ladder, checks)


def seen(behaviour: str, window: Period, unseen: Mapping[str, bool | None]) -> Seen:
    said: list[tuple[str, Observation | None]] = []
    for month in months_of(window, CALENDAR):
        holds = unseen.get(behaviour, True) if month == OCTOBER else True
        each = None if holds is None else observed(behaviour, month.code, holds=holds)
        said.append((month.code, each))
    return Seen(tuple(said))
