"""Employees as they are written and listed: the person and all assignments are replaced whole."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from services.api.store.people import among, read_employees, read_page_of_codes
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.people import Employee
from services.schema.tables.people import assignment_shops, assignments, employees


async def read_page_of_employees(
    session: ReadSession, codes: frozenset[str] | None, *, after: str | None, limit: int
) -> tuple[list[Employee], int]:
    """The next page of the people of these codes, and how many there are; null codes are all."""
    page, total = await read_page_of_codes(session, employees, codes, after=after, limit=limit)
    return list((await read_employees(session, page)).values()), total


async def read_managers(session: ReadSession) -> dict[str, str | None]:
    """Everyone there is, and who manages them."""
    statement = select(employees.c.code, employees.c.manager)
    rows = await session.execute(statement.where(employees.c.tenant_id == session.tenant))
    return {row.code: row.manager for row in rows}


async def read_holders(session: ReadSession, shops: Collection[str]) -> set[str]:
    """Whoever answers, answered or will answer for one of these shops."""
    statement = select(assignment_shops.c.employee).where(
        assignment_shops.c.tenant_id == session.tenant, among(assignment_shops.c.shop, shops)
    )
    return set((await session.execute(statement)).scalars())


async def save_employees(session: WriteSession, made: Sequence[Employee]) -> None:
    """Create or replace people, each once; a manager may come after the people managed."""
    people = sorted(made, key=lambda employee: employee.code)
    await _save_people(session, people)
    await session.execute(
        delete(assignments).where(
            assignments.c.tenant_id == session.tenant,
            among(assignments.c.employee, [employee.code for employee in people]),
        )
    )
    await _insert_assignments(session, people)


async def _save_people(session: WriteSession, people: Sequence[Employee]) -> None:
    rows = [
        {
            "tenant_id": session.tenant,
            "code": employee.code,
            "name": employee.name,
            "manager": employee.manager,
            "joined_on": employee.joined_on,
            "left_on": employee.left_on,
            "version": 1,
        }
        for employee in people
    ]
    statement = upsert(employees)
    await session.execute_many(
        statement.on_conflict_do_update(
            index_elements=[employees.c.tenant_id, employees.c.code],
            set_={
                "name": statement.excluded.name,
                "manager": statement.excluded.manager,
                "joined_on": statement.excluded.joined_on,
                "left_on": statement.excluded.left_on,
                "version": employees.c.version + 1,
            },
        ),
        rows,
    )


async def _insert_assignments(session: WriteSession, people: Sequence[Employee]) -> None:
    numbered = [
        ({"tenant_id": session.tenant, "employee": employee.code, "number": number}, assignment)
        for employee in people
        for number, assignment in enumerate(employee.assignments)
    ]
    await session.execute_many(
        insert(assignments),
        [
            key
            | {
                "position": assignment.position,
                "unit": assignment.unit,
                "starts_on": assignment.start,
                "ends_on": assignment.end,
            }
            for key, assignment in numbered
        ],
    )
    await session.execute_many(
        insert(assignment_shops),
        [
            key | {"shop": held.shop, "share": held.share}
            for key, assignment in numbered
            for held in assignment.shops
        ],
    )
