"""Marketplaces are asked what they count of some days, and ours are held against that."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from services.ingest.flows.day_figures import FIGURES
from services.ingest.flows.pulls import Desk
from services.ingest.flows.reconciliations import reconcile_days, state_days
from services.ingest.sources.errors import SourceError
from services.ingest.store.reconciliations import read_statements
from services.ingest.workers.desks import DeskKey, Desks
from services.schema.days import start_of_day
from services.schema.db import Database
from services.schema.shapes.people import Caller
from services.schema.shapes.reconciliations import Reconciliation
from services.schema.words import Marketplace, Role

MOST_STATEMENTS = 10_000
"""That one table shows."""


async def reconcile_shops(
    database: Database,
    desks: Desks,
    days: tuple[date, date],
    *,
    shop: str | None,
    now: Callable[[], datetime],
) -> tuple[list[Reconciliation], list[str]]:
    """Every day that is stated of some days, those that marketplaces state asked anew.

    And what went wrong, if anything.
    """
    await desks.refresh()
    found: list[Reconciliation] = []
    problems: list[str] = []
    start, end = days
    for tenant in desks.tenants():
        for code in desks.shops_of(tenant):
            if shop in (None, code):
                problem = await _ask(database, desks[DeskKey(tenant, code)], days, now)
                problems += [] if problem is None else [f"{code}: {problem}"]
        async with database.read(tenant) as session:
            stated, _ = await read_statements(
                session,
                shop=shop,
                source=None,
                start=start,
                end=end,
                after=None,
                limit=MOST_STATEMENTS,
            )
            found += await reconcile_days(session, stated)
    return found, problems


async def _ask(
    database: Database, desk: Desk, days: tuple[date, date], now: Callable[[], datetime]
) -> str | None:
    """Keep what a shop's marketplace says of each day that is over; why it says nothing."""
    marketplace, _, shop = desk.origin.source.partition(":")
    ask = FIGURES.get(Marketplace(marketplace))
    if ask is None:
        return None
    caller = Caller(desk.tenant, Role.ADMIN, None, "system:reconcile")
    day, end = days
    while day < end and start_of_day(day + timedelta(days=1), desk.timezone) <= now():
        try:
            figures = await ask(desk.source, day, desk.timezone)
        except SourceError as error:
            return str(error)
        at = now()
        stated = figures.to_statement(
            source=marketplace, shop=shop, day=day, timezone=desk.timezone, at=at
        )
        async with database.write(desk.tenant) as session:
            await state_days(session, [stated], caller=caller, at=at)
        day += timedelta(days=1)
    return None
