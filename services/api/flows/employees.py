"""Employees are put with their assignments; the company holds together after each."""

from collections.abc import Sequence
from datetime import datetime

from services.api.core.people import Company, faults_of_terms, in_order, scores_follow_employee
from services.api.flows.live import mark_stale
from services.api.flows.people import PEOPLE, Permit, Verdict, put_each, refuse
from services.api.store.audit import append_entries
from services.api.store.counters import lock_noun
from services.api.store.employees import read_holders, read_managers, save_employees
from services.api.store.people import read_employees, read_shops, read_units
from services.schema.db import WriteSession
from services.schema.errors import Invalid
from services.schema.shapes.people import Caller, Employee


async def put_employees(
    session: WriteSession,
    rows: Sequence[Employee],
    *,
    permit: Permit[Employee],
    caller: Caller,
    at: datetime,
) -> list[Verdict]:
    """Create or replace people one after another; the good ones land whatever the others are."""
    await lock_noun(session, PEOPLE)
    codes = {row.code for row in rows}
    people = await _read_people(session, rows)
    current = {code: employee for code, employee in people.items() if code in codes}
    permit(current)
    company = Company(
        shops=await read_shops(session),
        units=await read_units(session),
        managers=await read_managers(session),
        people=people.values(),
    )
    # Faults point into the rows as they were given; what is kept and compared stands in order.
    given = {in_order(row): row for row in rows}

    async def judge(employee: Employee, _before: Employee | None) -> None:
        _check(given[employee], company)
        company.take(employee)

    puts = await put_each("employee", [in_order(row) for row in rows], current, judge)
    if puts.changed:
        await save_employees(session, list(puts.changed.values()))
        if any(scores_follow_employee(before, after) for before, after in puts.steps):
            await mark_stale(session, employees=None, at=at)
        await append_entries(session, at=at, caller=caller, deeds=puts.deeds)
    return puts.verdicts


async def _read_people(session: WriteSession, rows: Sequence[Employee]) -> dict[str, Employee]:
    """Those who are put, and everyone whose shares of a shop may meet theirs."""
    shops = {share.shop for row in rows for held in row.assignments for share in held.shops}
    codes = {row.code for row in rows} | await read_holders(session, shops)
    return await read_employees(session, codes)


def _check(employee: Employee, company: Company) -> None:
    if senseless := faults_of_terms(employee):
        raise Invalid(senseless[0].code, senseless[0].detail, senseless)
    refuse(company.faults_of(employee))
