"""Targets are broken down into parts, compared with them, and proposed from what was."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.api.core.breakdown import Company, Part, check_names, parts_of, share_target
from services.api.core.indicators import is_additive
from services.api.core.target_weights import (
    HISTORY,
    grown,
    mean_of,
    past_of,
    weights_by_calendar,
    weights_by_past,
)
from services.api.core.values import usual_scope
from services.api.flows.indicators import known_indicators
from services.api.flows.targets import TARGETS, check_reach, fault_of_period, set_targets
from services.api.flows.values import read_values
from services.api.store.calendars import read_target_calendar
from services.api.store.counters import lock_noun
from services.api.store.people import read_employees, read_shops, read_tenant, read_units
from services.api.store.targets import read_targets
from services.schema.days import Period, parse_period
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict, Fault, Invalid, NotFound
from services.schema.shapes.indicators import Value, Wanted
from services.schema.shapes.people import Caller, Subject, Tenant
from services.schema.shapes.targets import (
    Basis,
    BrokenDown,
    Compared,
    PartsOfTarget,
    ProposedTarget,
    StatedTarget,
    Weighing,
)
from services.schema.shapes.views import View
from services.schema.words import Parts, Scope, TargetLevel


@dataclass(frozen=True, slots=True)
class _Whole:
    """What is broken down, and among whom and what it can be."""

    subject: Subject
    period: Period
    indicator: str
    tenant: Tenant
    company: Company

    def parts(self, into: Parts, period: Period | None = None) -> dict[str, Part]:
        return parts_of(
            self.subject,
            period or self.period,
            into,
            calendar=self.tenant.calendar,
            company=self.company,
        )


async def break_down(
    session: WriteSession,
    whole: Part,
    indicator: str,
    *,
    into: Parts,
    weighing: Weighing,
    view: View,
    caller: Caller,
    at: datetime,
) -> BrokenDown:
    """Set the parts of a target, of each level that it has, so that they sum to it exactly."""
    await lock_noun(session, TARGETS)
    subject, code = whole
    if not view.sees(subject):
        raise NotFound("such subject")
    period = parse_period_at("/period", code, tenant := await read_tenant(session))
    if indicator not in await known_indicators(session, {indicator}):
        detail = f"There is no indicator {indicator}."
        raise Conflict(
            "unknown_indicator", detail, [Fault("/indicator", "unknown_indicator", detail)]
        )
    await _check_additive(session, indicator, "/indicator")
    read = await read_targets(session, [subject], [indicator], [code])
    if not (values := read.get((subject, indicator, code))):
        detail = f"{subject} has no target of {indicator} for {code} to be broken down."
        raise Conflict("no_target", detail, [Fault("/period", "no_target", detail)])
    known = _Whole(subject, period, indicator, tenant, await _read_company(session))
    parts = known.parts(into)
    check_names(weighing.weights, parts)
    # Before the past is read: a refusal for want of it would name parts that are out of view.
    named = weighing.weights if weighing.by is Basis.WEIGHTS else parts
    await check_reach(session, [parts[name][0] for name in named], view)
    weights = await _weigh(session, known, into, parts, weighing)
    reason = f"broken down from {subject}, {code}, by {weighing.by}"
    stated = [
        StatedTarget(parts[name][0], indicator, parts[name][1], level, share, reason)
        for level, value in values.items()
        for name, share in share_target(value, weights).items()
    ]
    await set_targets(session, stated, caller=caller, at=at)
    return BrokenDown(await _compare(session, known, into, parts, view), weighing.by, weights)


async def compare_targets(
    session: ReadSession, whole: Part, indicator: str, *, into: Parts | None, view: View
) -> list[Compared]:
    """A target beside its parts: of one kind, or of every kind of which some part has a target."""
    subject, code = whole
    tenant = await read_tenant(session)
    period = parse_period_at("?period", code, tenant)
    if indicator not in await known_indicators(session, {indicator}):
        raise NotFound("indicator")
    await _check_additive(session, indicator, "?indicator")
    known = _Whole(subject, period, indicator, tenant, await _read_company(session))
    if into is not None:
        return [await _compare(session, known, into, known.parts(into), view)]
    found = []
    for kind in Parts:
        try:
            parts = known.parts(kind)
        except Conflict:
            continue  # there are no parts of this kind
        compared = await _compare(session, known, kind, parts, view)
        if any(value is not None for level in compared.levels for _, _, value in level.parts):
            found.append(compared)
    return found


async def propose_target(
    session: ReadSession,
    whole: Part,
    indicator: str,
    *,
    by: Basis,
    periods: int,
    growth: Decimal,
    scope: Scope | None,
) -> ProposedTarget:
    """A target for a period from what was in earlier ones; of a ratio, that of all of them at once.

    The mean of ratios is the ratio of nothing: what is no sum is taken over the whole stretch.
    """
    subject, code = whole
    tenant = await read_tenant(session)
    period = parse_period_at("?period", code, tenant)
    known = await known_indicators(session, {indicator})
    if indicator not in known:
        raise NotFound("indicator")
    past = past_of(period, by, periods, tenant.calendar)
    if len(past) > 1 and not is_additive(known[indicator]):
        past = [parse_period(f"{past[-1].start}/{past[0].end}", tenant.calendar)]
    own = scope or usual_scope(subject)
    wanted = [Wanted(indicator, subject, own, each, each.start, each.end) for each in past]
    read = await read_values(session, wanted, tenant=tenant)
    values: list[tuple[str, Value]] = [(one.period.code, read[one].value) for one in wanted]
    base = mean_of([value.value for _, value in values])
    return ProposedTarget(tuple(values), base, None if base is None else grown(base, growth))


def parse_period_at(pointer: str, code: str, tenant: Tenant) -> Period:
    """The period of a code; a refusal names where it stood."""
    if (fault := fault_of_period(code, tenant.calendar, pointer)) is not None:
        raise Invalid(fault.code, fault.detail, [fault])
    return parse_period(code, tenant.calendar)


async def _weigh(
    session: ReadSession,
    whole: _Whole,
    into: Parts,
    parts: Mapping[str, Part],
    weighing: Weighing,
) -> dict[str, Decimal]:
    """What each part weighs that gets a share."""
    if weighing.by is Basis.WEIGHTS:
        return dict(weighing.weights)
    if weighing.by in HISTORY:
        past = await _read_past(session, whole, into, parts, weighing)
        return weights_by_past(past, weighing.weights)
    if weighing.by is Basis.CALENDAR:
        return weights_by_calendar(
            {name: period for name, (_, period) in parts.items()},
            into,
            days=await read_target_calendar(session),
            calendar=whole.tenant.calendar,
        )
    return dict.fromkeys(parts, Decimal(1))


async def _read_past(
    session: ReadSession,
    whole: _Whole,
    into: Parts,
    parts: Mapping[str, Part],
    weighing: Weighing,
) -> dict[str, list[Decimal | None]]:
    """What each part had in each past period; of quarters and months, the one in its place."""
    calendar = whole.tenant.calendar
    wanted: dict[str, list[Wanted]] = {name: [] for name in parts}
    for past in past_of(whole.period, weighing.by, weighing.periods, calendar):
        periods = [past] * len(parts)
        if into in {Parts.QUARTERS, Parts.MONTHS}:
            periods = [parse_period(code, calendar) for _, code in whole.parts(into, past).values()]
        if len(periods) != len(parts):
            detail = f"{past.code} has other {into} than {whole.period.code}."
            raise Conflict("no_history", detail, [Fault("/by", "no_history", detail)])
        for (name, (subject, _)), then in zip(parts.items(), periods, strict=True):
            scope = weighing.scope or usual_scope(subject)
            one = Wanted(whole.indicator, subject, scope, then, then.start, then.end)
            wanted[name].append(one)
    read = await read_values(
        session, [one for own in wanted.values() for one in own], tenant=whole.tenant
    )
    return {name: [read[one].value.value for one in own] for name, own in wanted.items()}


async def _check_additive(session: ReadSession, code: str, pointer: str) -> None:
    if not is_additive((await known_indicators(session, {code}))[code]):
        detail = f"{code} is no sum: its parts do not add up to a whole."
        raise Conflict("not_additive", detail, [Fault(pointer, "not_additive", detail)])


async def _read_company(session: ReadSession) -> Company:
    return Company(
        shops=await read_shops(session),
        units=await read_units(session),
        employees=await read_employees(session),
    )


async def _compare(
    session: ReadSession, whole: _Whole, into: Parts, parts: Mapping[str, Part], view: View
) -> Compared:
    """Each level beside all its parts that are seen, also those that were set by hand."""
    seen = [part for part in parts.values() if view.sees(part[0])]
    kept = await read_targets(
        session,
        {whole.subject, *(subject for subject, _ in seen)},
        [whole.indicator],
        {whole.period.code, *(period for _, period in seen)},
    )

    def levels_of(part: Part) -> Mapping[TargetLevel, Decimal]:
        return kept.get((part[0], whole.indicator, part[1]), {})

    own = levels_of((whole.subject, whole.period.code))
    stated = {level for part in seen for level in levels_of(part)} | own.keys()
    levels = tuple(
        PartsOfTarget(
            level,
            own.get(level),
            tuple((*part, levels_of(part).get(level)) for part in seen),
        )
        for level in TargetLevel
        if level in stated
    )
    return Compared(into, levels, complete=len(seen) == len(parts))
