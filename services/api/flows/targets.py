"""Targets are set and broken down, all of a request or none; what held before stays readable."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from services.api.core.breakdown import Company, Part, parts_of, share_target
from services.api.core.indicators import is_additive
from services.api.flows.indicators import known_indicators
from services.api.flows.live import mark_stale
from services.api.store.audit import append_entries
from services.api.store.counters import lock_noun
from services.api.store.people import read_employees, read_shops, read_tenant, read_units
from services.api.store.targets import (
    TargetKey,
    insert_targets,
    key_of,
    read_current,
    read_targets,
)
from services.schema.chain import make_deed
from services.schema.days import Calendar, Period, parse_period
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from services.schema.money import plain
from services.schema.shapes.audit import Deed
from services.schema.shapes.people import Caller, Subject
from services.schema.shapes.targets import PartsOfTarget, StatedTarget, Target
from services.schema.shapes.views import View
from services.schema.words import Parts, SubjectKind, TargetLevel

TARGETS = "targets"


async def put_targets(
    session: WriteSession,
    stated: Sequence[StatedTarget],
    *,
    view: View,
    caller: Caller,
    at: datetime,
) -> list[Target]:
    """Set these targets and leave the others; gives those in force now, in the order stated."""
    await lock_noun(session, TARGETS)
    await _check_reach(session, [target.subject for target in stated], view)
    await _check(session, stated)
    return await _set(session, stated, caller=caller, at=at)


async def break_down(
    session: WriteSession,
    whole: Part,
    indicator: str,
    *,
    into: Parts,
    weights: Mapping[str, Decimal] | None,
    view: View,
    caller: Caller,
    at: datetime,
) -> list[PartsOfTarget]:
    """Set the parts of a target, of each level that it has, so that they sum to it exactly."""
    await lock_noun(session, TARGETS)
    subject, code = whole
    if not view.sees(subject):
        raise NotFound("such subject")
    calendar = (await read_tenant(session)).calendar
    if (fault := _fault_of_period(code, calendar, "/period")) is not None:
        raise Invalid(fault.code, fault.detail, [fault])
    period = parse_period(code, calendar)
    await _check_additive(session, indicator)
    values = (await read_targets(session, [subject], [indicator], [code])).get(
        (subject, indicator, code)
    )
    if not values:
        detail = f"{subject} has no target of {indicator} for {code} to be broken down."
        raise Conflict("no_target", detail, [Fault("/period", "no_target", detail)])
    parts = await _read_parts(session, subject, period, into, calendar)
    reason = f"broken down from {subject}, {code}"
    stated = [
        StatedTarget(parts[name][0], indicator, parts[name][1], level, share, reason)
        for level, value in values.items()
        for name, share in share_target(value, parts, weights).items()
    ]
    await _check_reach(session, [target.subject for target in stated], view)
    await _set(session, stated, caller=caller, at=at)
    return await _compare(session, indicator, values, list(parts.values()))


async def _check_reach(session: ReadSession, subjects: Sequence[Subject], view: View) -> None:
    """A lead sets targets of the people and units below, never one that judges the lead alone."""
    if view.whole:
        return
    if not all(view.sees(subject) for subject in subjects):
        raise NotFound("such subject")
    units = {subject.code for subject in subjects if subject.kind is SubjectKind.UNIT}
    led = {
        unit.code for unit in (await read_units(session, units)).values() if unit.lead == view.own
    }
    for subject in subjects:
        if view.is_own(subject) or (subject.kind is SubjectKind.UNIT and subject.code in led):
            raise Forbidden(
                "own_target", f"{subject} is your own: somebody above sets its targets."
            )


async def _check(session: ReadSession, stated: Sequence[StatedTarget]) -> None:
    """Refuse what is malformed before what the rules refuse; both name every place."""
    calendar = (await read_tenant(session)).calendar
    malformed = _faults_of_periods(stated, calendar) + _faults_of_repetition(stated)
    if malformed:
        raise Invalid(malformed[0].code, malformed[0].detail, malformed[:100])
    known = await known_indicators(session, {target.indicator for target in stated})
    subjects = await _read_subjects(session, {target.subject for target in stated})
    refused = [
        Fault(f"/{index}/indicator", "unknown_indicator", f"There is no {target.indicator}.")
        for index, target in enumerate(stated)
        if target.indicator not in known
    ] + [
        Fault(f"/{index}/subject", f"unknown_{target.subject.kind}", f"No {target.subject} here.")
        for index, target in enumerate(stated)
        if target.subject not in subjects
    ]
    if refused:
        raise Conflict(refused[0].code, refused[0].detail, refused[:100])


def _faults_of_periods(stated: Sequence[StatedTarget], calendar: Calendar) -> list[Fault]:
    found = (
        _fault_of_period(target.period, calendar, f"/{index}/period")
        for index, target in enumerate(stated)
    )
    return [fault for fault in found if fault is not None]


def _fault_of_period(code: str, calendar: Calendar, pointer: str) -> Fault | None:
    try:
        parse_period(code, calendar)
    except Invalid as error:
        return Fault(pointer, error.code, error.detail)
    return None


def _faults_of_repetition(stated: Sequence[StatedTarget]) -> list[Fault]:
    seen: set[TargetKey] = set()
    faults = []
    for index, target in enumerate(stated):
        if key_of(target) in seen:
            detail = "The same subject, indicator, period and level stand further up."
            faults.append(Fault(f"/{index}", "stated_twice", detail))
        seen.add(key_of(target))
    return faults


async def _read_subjects(session: ReadSession, wanted: set[Subject]) -> set[Subject]:
    """Those of the subjects that there are."""
    found = {Subject(SubjectKind.COMPANY, "")}
    for kind, read in (
        (SubjectKind.EMPLOYEE, read_employees),
        (SubjectKind.UNIT, read_units),
        (SubjectKind.SHOP, read_shops),
    ):
        codes = {subject.code for subject in wanted if subject.kind is kind}
        found |= {Subject(kind, code) for code in await read(session, codes)}
    return found


async def _set(
    session: WriteSession, stated: Sequence[StatedTarget], *, caller: Caller, at: datetime
) -> list[Target]:
    """Append a revision of each target whose value changes."""
    current = await read_current(session, [key_of(target) for target in stated])
    made: dict[TargetKey, Target] = {}
    deeds: list[Deed] = []
    for target in stated:
        before = current.get(key_of(target))
        if before is not None and before.value == target.value:
            continue
        made[key_of(target)] = _revised(target, before, caller, at)
        deeds.append(_deed_of(target, before))
    if made:
        await insert_targets(session, list(made.values()))
        await mark_stale(session, employees=_touched(made.values()), at=at)
        await append_entries(session, at=at, caller=caller, deeds=deeds)
    in_force = current | made
    return [in_force[key_of(target)] for target in stated]


def _revised(target: StatedTarget, before: Target | None, caller: Caller, at: datetime) -> Target:
    return Target(
        subject=target.subject,
        indicator=target.indicator,
        period=target.period,
        level=target.level,
        value=target.value,
        reason=target.reason,
        author=caller.name,
        set_at=at,
        revision=before.revision + 1 if before else 1,
    )


def _deed_of(target: StatedTarget, before: Target | None) -> Deed:
    detail = {
        "indicator": target.indicator,
        "period": target.period,
        "level": target.level.value,
        "before": plain(before.value) if before else None,
        "value": plain(target.value),
        "reason": target.reason,
    }
    return make_deed("target.set", str(target.subject), detail)


def _touched(made: Collection[Target]) -> set[str] | None:
    """Whose cards a target is on: a person's on that person's alone."""
    if all(target.subject.kind is SubjectKind.EMPLOYEE for target in made):
        return {target.subject.code for target in made}
    return None


async def _check_additive(session: ReadSession, code: str) -> None:
    indicator = (await known_indicators(session, {code})).get(code)
    if indicator is None:
        detail = f"There is no indicator {code}."
        raise Conflict(
            "unknown_indicator", detail, [Fault("/indicator", "unknown_indicator", detail)]
        )
    if not is_additive(indicator):
        detail = f"{code} is no sum: its parts do not add up to a whole."
        raise Conflict("not_additive", detail, [Fault("/indicator", "not_additive", detail)])


async def _read_parts(
    session: ReadSession, subject: Subject, period: Period, into: Parts, calendar: Calendar
) -> dict[str, Part]:
    company = Company(
        shops=await read_shops(session),
        units=await read_units(session),
        employees=await read_employees(session),
    )
    return parts_of(subject, period, into, calendar=calendar, company=company)


async def _compare(
    session: ReadSession,
    indicator: str,
    values: Mapping[TargetLevel, Decimal],
    parts: Sequence[Part],
) -> list[PartsOfTarget]:
    """Each level beside all its parts, also those that were set by hand."""
    subjects = {subject for subject, _ in parts}
    periods = {period for _, period in parts}
    kept = await read_targets(session, subjects, [indicator], periods)
    return [
        PartsOfTarget(
            level,
            values[level],
            tuple(
                (subject, period, kept.get((subject, indicator, period), {}).get(level))
                for subject, period in parts
            ),
        )
        for level in sorted(values, key=list(TargetLevel).index)
    ]
