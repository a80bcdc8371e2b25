"""Period measures: a month's sums for each employee, from a year of orders."""

import time
from collections.abc import Awaitable, Callable
from datetime import date

import asyncpg

from bench.figures import Figure, Options, Way, measure
from bench.grounds import Company, lay, make_company
from bench.histories import lay_history
from services.api.flows.values import read_values
from services.api.store.people import read_tenant
from services.local.database import Server
from services.schema.days import parse_period
from services.schema.db import Database
from services.schema.shapes.indicators import Wanted
from services.schema.shapes.people import Subject
from services.schema.words import Scope, SubjectKind

SHOPS = 20
SIZES = (200, 2000)
"""Employees: with the many, few have two orders a day, and a day's sum is an order."""
FACTS_PER_ROW = 5
"""A history is longer than what is posted at a time."""
MONTH = "2025-12"

_FROM_FACTS = """
    SELECT salesperson, sum(paid_amount), sum(cost_amount), count(*), sum(units_sold)
    FROM order_facts
    WHERE tenant_id = $1 AND paid_on >= '2025-12-01' AND paid_on < '2026-01-01'
        AND exclusion IS NULL
    GROUP BY salesperson
"""
_FROM_MEASURES = """
    SELECT employee, sum(paid_amount), sum(cost_amount), sum(paid_orders), sum(units_sold)
    FROM order_measures
    WHERE tenant_id = $1 AND day >= '2025-12-01' AND day < '2026-01-01'
    GROUP BY employee
"""


async def run(server: Server, options: Options) -> list[Figure]:
    return [await _measure(server, options, employees) for employees in SIZES]


async def _measure(server: Server, options: Options, employees: int) -> Figure:
    orders = options.rows * FACTS_PER_ROW
    with lay(server) as ground:
        database = Database(ground.dsn("kaohe_api"), application="bench")
        try:
            async with ground.connection() as connection:
                company = await make_company(connection, shops=SHOPS, employees=employees)
                await lay_history(connection, company, orders, start=date(2025, 4, 1), days=365)
                return await measure(
                    f"period_measures_{employees}",
                    f"a month of {employees:,} employees among {orders:,} orders of a year",
                    "employees",
                    limit=Way("SQL over the raw facts", _ask(connection, company, _FROM_FACTS)),
                    ways=[
                        Way(
                            "SQL over the daily measures",
                            _ask(connection, company, _FROM_MEASURES),
                        ),
                        Way("the indicator net_sales of each", _read(database, company)),
                    ],
                    rounds=max(options.rounds, 5),
                )
        finally:
            await database.close()


def _ask(
    connection: asyncpg.Connection, company: Company, query: str
) -> Callable[[], Awaitable[float]]:
    async def ask() -> float:
        began = time.perf_counter()
        rows = await connection.fetch(query, company.tenant)
        assert len(rows) == len(company.employees)
        return len(rows) / (time.perf_counter() - began)

    return ask


def _read(database: Database, company: Company) -> Callable[[], Awaitable[float]]:
    async def read() -> float:
        began = time.perf_counter()
        async with database.read(company.tenant) as session:
            tenant = await read_tenant(session)
            period = parse_period(MONTH, tenant.calendar)
            wanted = [
                Wanted(
                    "net_sales",
                    Subject(SubjectKind.EMPLOYEE, employee),
                    Scope.OWN,
                    period,
                    period.start,
                    period.end,
                )
                for employee in company.employees
            ]
            values = await read_values(session, wanted, tenant=tenant)
        assert all(values[each].value.value for each in wanted)
        return len(wanted) / (time.perf_counter() - began)

    return read
