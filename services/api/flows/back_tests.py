"""Back-tests are asked for: a draft that could be published, and periods that are over."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from services.api.core.publishing import check_publishable
from services.api.flows.cycles import MONTHS, check_population
from services.api.flows.indicators import known_indicators
from services.api.flows.schemes import scheme_of
from services.api.store.audit import append_entry
from services.api.store.back_tests import (
    KIND,
    lock_asking,
    read_cycles_of_scheme,
    read_running,
    request_of,
    wake_back_tests,
)
from services.api.store.jobs import insert_job
from services.api.store.people import read_employees, read_tenant
from services.api.store.schemes import read_draft
from services.schema.days import Period, parse_period
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Closed, Conflict, Fault, Invalid, NotFound
from services.schema.ids import IdKind, new_id
from services.schema.shapes.back_tests import BackTest
from services.schema.shapes.cycles import Population
from services.schema.shapes.jobs import Job
from services.schema.shapes.people import Caller, Tenant
from services.schema.shapes.schemes import Scheme
from services.schema.words import JobStatus


async def ask_back_test(
    session: WriteSession,
    code: str,
    periods: Sequence[str],
    population: Population | None,
    *,
    caller: Caller,
    at: datetime,
) -> Job:
    """Put down a back-test of a draft as it is now; a worker takes it up, also after a restart.

    A tenant has one at a time: who asks meanwhile is told which.
    """
    draft = await read_draft(session, code)
    if draft is None:
        raise NotFound("scheme")
    scheme = scheme_of(draft.document)
    _check_periods(periods, scheme, await read_tenant(session), at)
    check_publishable(scheme, await known_indicators(session))
    await _check_whom(session, code, population)
    await lock_asking(session)
    if (running := await read_running(session)) is not None:
        detail = f"The back-test {running.job} of {running.scheme} is running; one runs at a time."
        raise Conflict("back_test_running", detail, [Fault("", "back_test_running", running.job)])
    job = Job(new_id(IdKind.JOB), KIND, JobStatus.RUNNING, Decimal(0), None, caller.name, at)
    asked = BackTest(job.id, code, draft.document, tuple(periods), population, attempts=0)
    await insert_job(session, job, request=request_of(asked, attempts=0))
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="scheme.back_test",
        subject=f"scheme:{code}",
        detail={"job": job.id, "draft": draft.version, "periods": list(periods)},
    )
    await wake_back_tests(session)
    return job


def _check_periods(periods: Sequence[str], scheme: Scheme, tenant: Tenant, at: datetime) -> None:
    """Each once, as long as the scheme's cycle, and over: the past alone can be tried."""
    seen: set[str] = set()
    for place, code in enumerate(periods):
        pointer = f"/periods/{place}"
        period = _parse(code, pointer, tenant)
        if code in seen:
            fault = Fault(pointer, "period_repeated", f"{code} is named twice.")
            raise Invalid(fault.code, fault.detail, [fault])
        seen.add(code)
        if period.months != MONTHS[scheme.cycle]:
            detail = f"The scheme is for a {scheme.cycle}, and {code} is none."
            raise Conflict("period_mismatch", detail, [Fault(pointer, "period_mismatch", detail)])
        end = period.ends_at(tenant.timezone)
        if at < end:
            detail = f"{code} is not over before {end.isoformat()}."
            raise Closed("period_open", detail, [Fault(pointer, "period_open", detail)])


def _parse(code: str, pointer: str, tenant: Tenant) -> Period:
    try:
        return parse_period(code, tenant.calendar)
    except Invalid as refusal:
        raise Invalid(
            refusal.code, refusal.detail, [Fault(pointer, refusal.code, refusal.detail)]
        ) from None


async def _check_whom(session: ReadSession, code: str, population: Population | None) -> None:
    """Refuse a draft of which nobody can tell whom it is for."""
    if population is not None:
        await check_population(session, population)
        return
    if await read_cycles_of_scheme(session, code):
        return
    people = (await read_employees(session)).values()
    if not any(held.position == code for each in people for held in each.assignments):
        detail = (
            f"The scheme {code} has no cycle, and no position has its code: "
            "name the population to try it on."
        )
        raise Conflict(
            "population_unknown", detail, [Fault("/population", "population_unknown", detail)]
        )
