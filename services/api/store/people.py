"""The company as its tables know it: the tenant's settings, its shops, units and employees."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, Text, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from services.schema.db import ReadSession
from services.schema.shapes.people import Assignment, Employee, Shop, ShopShare, Tenant, Unit
from services.schema.tables.people import (
    assignment_shops,
    assignments,
    employees,
    shops,
    tenant_settings,
    units,
)
from services.schema.words import Marketplace, ShopKind, WeekStart


async def read_tenant(session: ReadSession) -> Tenant:
    """The settings of the session's tenant."""
    statement = select(tenant_settings).where(tenant_settings.c.tenant_id == session.tenant)
    row = (await session.execute(statement)).one()
    return Tenant(
        id=row.tenant_id,
        name=row.name,
        currency=row.currency,
        timezone=row.timezone,
        week_start=WeekStart(row.week_start),
        fiscal_start=row.fiscal_start,
    )


async def read_shops(session: ReadSession, codes: Collection[str] | None = None) -> dict[str, Shop]:
    """Shops by code, in the order of codes; null codes are all."""
    rows = await _read(session, shops, codes)
    return {row.code: _shop_from_row(row) for row in rows}


async def read_units(session: ReadSession, codes: Collection[str] | None = None) -> dict[str, Unit]:
    """Units by code, in the order of codes; null codes are all."""
    rows = await _read(session, units, codes)
    return {row.code: Unit(row.code, row.name, row.parent, row.lead) for row in rows}


async def read_employees(
    session: ReadSession, codes: Collection[str] | None = None
) -> dict[str, Employee]:
    """Employees by code with their assignments, oldest first; null codes are all.

    Three statements, however many employees there are.
    """
    rows = await _read(session, employees, codes)
    held = await _read_assignments(session, codes)
    return {
        row.code: Employee(
            code=row.code,
            name=row.name,
            manager=row.manager,
            joined_on=row.joined_on,
            left_on=row.left_on,
            assignments=tuple(held[row.code]),
        )
        for row in rows
    }


async def read_page_of_codes(
    session: ReadSession,
    table: Table,
    codes: Collection[str] | None,
    *,
    after: str | None,
    limit: int,
) -> tuple[list[str], int]:
    """The codes of a list's next page, and how many the list has; null codes are all."""
    where = [table.c.tenant_id == session.tenant]
    if codes is not None:
        where.append(among(table.c.code, codes))
    total = await session.scalar(select(func.count()).select_from(table).where(*where))
    if after is not None:
        where.append(table.c.code > after)
    statement = select(table.c.code).where(*where).order_by(table.c.code).limit(limit)
    return list((await session.execute(statement)).scalars()), int(total)


def among(column: ColumnElement[str], values: Collection[str]) -> ColumnElement[bool]:
    """Whether a column is one of any number of texts: they travel as one array."""
    return column == any_(literal(sorted(values), ARRAY(Text)))


async def _read(
    session: ReadSession, table: Table, codes: Collection[str] | None
) -> list[Row[Any]]:
    statement = select(table).where(table.c.tenant_id == session.tenant).order_by(table.c.code)
    if codes is not None:
        statement = statement.where(among(table.c.code, codes))
    return list((await session.execute(statement)).all())


async def _read_assignments(
    session: ReadSession, codes: Collection[str] | None
) -> dict[str, list[Assignment]]:
    held = select(assignments).where(assignments.c.tenant_id == session.tenant)
    shared = select(assignment_shops).where(assignment_shops.c.tenant_id == session.tenant)
    if codes is not None:
        held = held.where(among(assignments.c.employee, codes))
        shared = shared.where(among(assignment_shops.c.employee, codes))
    shares: dict[tuple[str, int], list[ShopShare]] = defaultdict(list)
    for row in await session.execute(shared.order_by(assignment_shops.c.shop)):
        shares[row.employee, row.number].append(ShopShare(row.shop, row.share))
    made: dict[str, list[Assignment]] = defaultdict(list)
    by_start = held.order_by(assignments.c.starts_on, assignments.c.number)
    for row in await session.execute(by_start):
        made[row.employee].append(
            Assignment(
                position=row.position,
                unit=row.unit,
                shops=tuple(shares[row.employee, row.number]),
                start=row.starts_on,
                end=row.ends_on,
            )
        )
    return made


def _shop_from_row(row: Row[Any]) -> Shop:
    return Shop(
        code=row.code,
        name=row.name,
        marketplace=Marketplace(row.marketplace) if row.marketplace else None,
        timezone=row.timezone,
        currency=row.currency,
        kind=ShopKind(row.kind),
        opened_on=row.opened_on,
    )
