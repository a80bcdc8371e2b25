"""Values read for many subjects, indicators and periods at once, in so many statements for any."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.api.core.attribution import Attribution
from services.api.core.changed_facts import add_changes, combine
from services.api.core.indicators import takes_posted_values
from services.api.core.ledgers import Ledger, Rates, Sums
from services.api.core.values import (
    Company,
    Prepared,
    asks_first_orders,
    asks_first_uses,
    crowds_to_count,
    explain,
    from_posted,
    nothing_posted,
    owners_of_posted,
    prepare,
    queries_of,
)
from services.api.flows.indicators import known_indicators, known_measures
from services.api.store.changed_facts import Changes, read_changes
from services.api.store.crowds import count_buyers, count_skus
from services.api.store.indicators import ValueKey, read_posted
from services.api.store.people import read_employees, read_shops, read_units
from services.api.store.sums import read_first_uses, read_rates, read_sums
from services.schema.db import ReadSession
from services.schema.errors import NotFound
from services.schema.shapes.disputes import ChangedFact
from services.schema.shapes.indicators import Explained, Indicator, Wanted
from services.schema.shapes.measures import DailySum
from services.schema.shapes.people import Rate, Tenant
from services.schema.words import FactKind, Scope, SubjectKind

__all__ = ["ReadValues", "Wanted", "read_explained", "read_values"]


@dataclass(frozen=True, slots=True)
class ReadValues:
    """Values with what they were computed from, and whose facts of which days they asked for."""

    values: Mapping[Wanted, Explained]
    prepared: Mapping[Wanted, Prepared]
    """Of every indicator that has a formula."""


async def read_values(
    session: ReadSession,
    wanted: Collection[Wanted],
    *,
    tenant: Tenant,
    changed: Sequence[ChangedFact] = (),
) -> Mapping[Wanted, Explained]:
    """Each value that is wanted, explained; with some facts changed, as it would be then."""
    return (await read_explained(session, wanted, tenant=tenant, changed=changed)).values


async def read_explained(
    session: ReadSession,
    wanted: Collection[Wanted],
    *,
    tenant: Tenant,
    changed: Sequence[ChangedFact] = (),
    refunds_by_order: bool = False,
) -> ReadValues:
    """The same, and what was asked for; as many statements for one value as for a thousand.

    Commissions are paid on the values with each refund counted on its order's day.
    """
    indicators = await known_indicators(session, {one.indicator for one in wanted})
    for one in wanted:
        if one.indicator not in indicators:
            raise NotFound("indicator")
    company = await _read_company(session, wanted, tenant)
    # Arithmetic on many values is done off the loop: others wait there to be answered.
    prepared = await asyncio.to_thread(_prepare_all, wanted, indicators, company)
    posted = await _read_posted(session, wanted, indicators, company.attribution)
    ledger = await _read_ledger(
        session,
        prepared.values(),
        home=tenant.currency,
        changed=combine(changed),
        refunds_by_order=refunds_by_order,
    )
    computed = await asyncio.to_thread(_explain_all, prepared, ledger, posted)
    rest = {
        one: nothing_posted(indicators[one.indicator])
        for one in wanted
        if one not in posted and one not in prepared
    }
    return ReadValues({**rest, **computed, **posted}, prepared)


def _prepare_all(
    wanted: Collection[Wanted], indicators: Mapping[str, Indicator], company: Company
) -> dict[Wanted, Prepared]:
    return {
        one: prepare(one, indicators[one.indicator], company)
        for one in wanted
        if indicators[one.indicator].formula is not None
    }


def _explain_all(
    prepared: Mapping[Wanted, Prepared], ledger: Ledger, posted: Mapping[Wanted, Explained]
) -> dict[Wanted, Explained]:
    """Each value that nobody posted."""
    return {one: explain(own, ledger) for one, own in prepared.items() if one not in posted}


async def _read_company(
    session: ReadSession, wanted: Collection[Wanted], tenant: Tenant
) -> Company:
    """The company as far as it says whose facts count: everyone only where units do."""
    of_units = any(
        one.subject.kind is SubjectKind.UNIT or one.scope is Scope.UNIT for one in wanted
    )
    people = {one.subject.code for one in wanted if one.subject.kind is SubjectKind.EMPLOYEE}
    return Company(
        attribution=Attribution(
            units=await read_units(session) if of_units else {},
            employees=await read_employees(session, None if of_units else people),
        ),
        shops=await read_shops(session),
        measures=await known_measures(session),
        calendar=tenant.calendar,
    )


async def _read_posted(
    session: ReadSession,
    wanted: Iterable[Wanted],
    indicators: Mapping[str, Indicator],
    attribution: Attribution,
) -> dict[Wanted, Explained]:
    """Posted values: the subject's own, in the scope of a unit or the company else that one's."""
    keys: dict[Wanted, list[ValueKey]] = {
        one: [
            (one.indicator, owner, one.period.code) for owner in owners_of_posted(one, attribution)
        ]
        for one in wanted
        if takes_posted_values(indicators[one.indicator])
    }
    asked = {key for own in keys.values() for key in own}
    found = await read_posted(
        session,
        {indicator for indicator, _, _ in asked},
        {subject for _, subject, _ in asked},
        {period for _, _, period in asked},
    )
    return {
        one: from_posted(found[key].value, indicators[one.indicator])
        for one, own in keys.items()
        if (key := next((key for key in own if key in found), None)) is not None
    }


async def _read_ledger(
    session: ReadSession,
    prepared: Collection[Prepared],
    *,
    home: str,
    changed: Sequence[ChangedFact],
    refunds_by_order: bool,
) -> Ledger:
    """The daily sums, rates and distinct counts of all values together."""
    sums: dict[str, Sums] = {}
    foreign: list[DailySum] = []
    changes = await read_changes(session, changed) if changed else Changes({}, ())
    for query in queries_of(prepared):
        by_order = refunds_by_order and query.kind is FactKind.REFUNDS
        read = await read_sums(session, query, home=home, refunds_by_order=refunds_by_order)
        own = changes.refunds_by_order if by_order else changes.sums.get(query.kind, ())
        for name, rows in add_changes(query, read, own, home=home).items():
            sums[name] = Sums(query.columns, rows)
            foreign += [row for row in rows if row.currency not in {"", home}]
    buyers, skus = crowds_to_count(prepared)
    return Ledger(
        sums=sums,
        counts=await count_buyers(
            session, buyers, firsts=asks_first_orders(prepared), changed=changed
        ),
        skus=await count_skus(session, skus, changed=changed),
        rates=Rates(home, await _read_rates(session, foreign, home=home)),
        first_uses=await read_first_uses(session) if asks_first_uses(prepared) else {},
    )


async def _read_rates(
    session: ReadSession, foreign: Collection[DailySum], *, home: str
) -> list[Rate]:
    if not foreign:
        return []
    return await read_rates(
        session,
        home=home,
        currencies={row.currency for row in foreign},
        start=min(row.start for row in foreign),
        end=max(row.start for row in foreign) + timedelta(days=1),
    )
