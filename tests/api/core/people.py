"""Short ways to write cycles, units, employees and what they are assigned to."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from services.schema.days import Period
from services.schema.shapes.cycles import Cycle, Population
from services.schema.shapes.people import Assignment, Employee, ShopShare, Unit
from services.schema.words import CycleStatus

OCTOBER = Period("2026-10", date(2026, 10, 1), date(2026, 11, 1), 1)
UNITS = {
    code: Unit(code, code, parent, None)
    for code, parent in (
        ("root", None),
        ("north", "root"),
        ("north-1", "north"),
        ("south", "root"),
    )
}


def day(number: int, month: int = 10) -> date:
    return date(2026, month, number)


def assigned(
    position: str,
    unit: str = "north",
    *,
    start: date = date(2020, 1, 1),
    end: date | None = None,
    shops: Sequence[str] = (),
    share: int = 100,
) -> Assignment:
    shares = tuple(ShopShare(shop, Decimal(share)) for shop in shops)
    return Assignment(position, unit, shares, start, end)


def employee(
    *assignments: Assignment,
    joined_on: date | None = None,
    left_on: date | None = None,
    code: str = "e-1",
) -> Employee:
    return Employee(code, code, None, joined_on, left_on, assignments)


def cycle(
    code: str = "one",
    population: Population | None = None,
    *,
    scheme: str | None = None,
    version: int | None = 1,
    period: Period = OCTOBER,
    status: CycleStatus = CycleStatus.OPEN,
    timezone: str = "Asia/Shanghai",
    grace_days: int = 0,
    revision: int = 1,
) -> Cycle:
    """A cycle whose scheme is named as the cycle unless stated."""
    return Cycle(
        code=code,
        scheme=scheme or code,
        scheme_version=version,
        period=period,
        population=population or Population(),
        timezone=timezone,
        grace_days=grace_days,
        status=status,
        revision=revision,
        version=1,
        closed_at=None,
        published_at=None,
    )
