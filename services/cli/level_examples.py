"""A worked example of every built-in ladder of levels: who stands where, and what is missing."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from services.api.core.indicators import built_in_indicators
from services.api.core.level_documents import parse_ladder
from services.api.core.levels import check, months_of, stand, window_of
from services.api.templates.ladders import ladder_templates
from services.schema.days import Calendar, Period
from services.schema.money import plain
from services.schema.shapes.indicators import Value
from services.schema.shapes.levels import (
    Check,
    Criterion,
    Figure,
    Found,
    LevelLadder,
    Observation,
    Seen,
    StatedObservation,
)
from services.schema.words import Of, WeekStart

_CALENDAR = Calendar("Asia/Shanghai", WeekStart.MONDAY, "01-01")
_MONTH = Period("2026-10", date(2026, 10, 1), date(2026, 11, 1), 1)
_HEAD = """\
# Levels of service agents (6.7) · 客服等级

Written by `make examples` and compared by a test. What was found is made up, the rest is what the
program says of it: a person's level is the highest of which every criterion holds over that
criterion's own months.

由 `make examples` 生成并由测试核对：所列实绩为举例，是否达到由程序判断。
等级为所有条件均在各自考察期内满足的最高一级。"""
_TARGET = Decimal(100000)
"""Of sales, in a month."""


def level_page() -> str:
    """The page: each ladder as a table of its criteria, and the level that they make."""
    parts = [_HEAD]
    for code, template in ladder_templates().items():
        document = template["ladder"]
        assert isinstance(document, Mapping)
        parts.append(_section(code, parse_ladder(document)))
    return "\n\n".join(parts) + "\n"


def _section(code: str, ladder: LevelLadder) -> str:
    checks = {
        (level.code, criterion.code): _checked(ladder, criterion)
        for level in ladder.levels
        for criterion in level.criteria
    }
    standing = stand(ladder, checks)
    rows = [
        f"| {checked.level.name.en} {checked.level.name.zh} | {_cells(each)} |"
        for checked in standing.levels
        for each in checked.checks
    ]
    names = {level.code: level.name for level in ladder.levels}
    reached = names[standing.level].en if standing.level else "none"
    missing = ", ".join(each.criterion.name.en for each in standing.missing) or "nothing"
    above = names[standing.next].en if standing.next else "no level"
    return "\n".join(
        [
            f"## {ladder.name.en} · {ladder.name.zh}",
            "",
            f"`{code}`, month {_MONTH.code}.",
            "",
            "| level | criterion | months | needed | found | holds |",
            "| --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
            f"- The level is {reached}; from {above} keeps: {missing}.",
        ]
    )


def _cells(each: Check) -> str:
    criterion = each.criterion
    name = f"{criterion.name.en} {criterion.name.zh}"
    needed, found = "seen in each month", "seen"
    if isinstance(each.found, Figure):
        sign, bound = _bound(criterion)
        needed = f"{'attainment ' if criterion.of is Of.ATTAINMENT else ''}{sign} {plain(bound)}"
        found = plain(each.actual) if each.actual is not None else each.status
    window = f"{criterion.months} ({each.window.code})"
    return " | ".join((name, window, needed, found, "yes" if each.holds else "no"))


def _checked(ladder: LevelLadder, criterion: Criterion) -> Check:
    window = window_of(_MONTH, criterion.months)
    indicator = built_in_indicators().get(criterion.indicator or "")
    better = None if indicator is None else indicator.better
    return check(criterion, window, _found(ladder, criterion, window), better)


def _found(ladder: LevelLadder, criterion: Criterion, window: Period) -> Found:
    """Behaviours are always seen; every third figure reaches the second level's bound alone."""
    if criterion.behaviour is not None:
        said = (
            StatedObservation("e-1", criterion.behaviour, month.code, holds=True, comment=None)
            for month in months_of(window, _CALENDAR)
        )
        at = datetime(2026, 11, 2, tzinfo=UTC)
        return Seen(
            tuple((each.month, Observation("", each, 1, "e-2", "e-2", at)) for each in said)
        )
    bounds = list(_bounds_of(ladder, criterion.code))
    place = [each.code for each in ladder.levels[0].criteria].index(criterion.code)
    bound = bounds[1] if place % 3 == 0 and len(bounds) > 1 else bounds[0]
    if criterion.of is Of.VALUE:
        return Figure(Value(bound, None))
    target = _TARGET * criterion.months
    return Figure(Value(bound * target, None), target)


def _bounds_of(ladder: LevelLadder, code: str) -> Iterator[Decimal]:
    """What each level asks of a criterion, highest level first."""
    for level in ladder.levels:
        for criterion in level.criteria:
            if criterion.code == code:
                yield _bound(criterion)[1]


def _bound(criterion: Criterion) -> tuple[str, Decimal]:
    if criterion.at_least is not None:
        return "≥", criterion.at_least
    assert criterion.at_most is not None, "an indicator is held against a bound"
    return "≤", criterion.at_most
