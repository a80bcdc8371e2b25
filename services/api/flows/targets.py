"""Targets are set, all of a request or none; what held before stays readable."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from services.api.flows.indicators import known_indicators, known_subjects
from services.api.flows.live import mark_stale
from services.api.flows.people import own_among
from services.api.store.audit import append_entries
from services.api.store.counters import lock_noun
from services.api.store.people import read_tenant
from services.api.store.targets import TargetKey, insert_targets, key_of, read_current
from services.schema.chain import make_deed
from services.schema.days import Calendar, parse_period
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from services.schema.money import plain
from services.schema.shapes.audit import Deed
from services.schema.shapes.people import Caller, Subject
from services.schema.shapes.targets import StatedTarget, Target
from services.schema.shapes.views import View
from services.schema.words import SubjectKind

TARGETS = "targets"


async def put_targets(
    session: WriteSession,
    stated: Sequence[StatedTarget],
    *,
    view: View,
    caller: Caller,
    at: datetime,
) -> list[Target]:
    """Set these targets and leave the others; gives those in force now, in the order stated.

    Raises:
        Invalid: naming each target that is malformed or stands twice.
        Conflict: naming each of an unknown indicator or subject, or that changes without a reason.
        Forbidden: one is the caller's own.
    """
    await lock_noun(session, TARGETS)
    await check_reach(session, [target.subject for target in stated], view)
    await _check(session, stated)
    return await set_targets(session, stated, caller=caller, at=at)


async def check_reach(session: ReadSession, subjects: Sequence[Subject], view: View) -> None:
    """A lead sets targets of the people and units below, never one that judges the lead alone.

    Nobody sets the own, nor that of a unit they lead, whatever the role: HR's is another's to set.
    """
    if not view.whole and not all(view.sees(subject) for subject in subjects):
        raise NotFound("such subject")
    own = await own_among(session, subjects, view.own)
    for subject in subjects:
        if subject in own:
            raise Forbidden("own_target", f"{subject} is your own: somebody else sets its targets.")


async def _check(session: ReadSession, stated: Sequence[StatedTarget]) -> None:
    """Refuse what is malformed before what the rules refuse; both name every place."""
    calendar = (await read_tenant(session)).calendar
    malformed = _faults_of_periods(stated, calendar) + _faults_of_repetition(stated)
    if malformed:
        raise Invalid(malformed[0].code, malformed[0].detail, malformed[:100])
    known = await known_indicators(session, {target.indicator for target in stated})
    subjects = await known_subjects(session, {target.subject for target in stated})
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
        fault_of_period(target.period, calendar, f"/{index}/period")
        for index, target in enumerate(stated)
    )
    return [fault for fault in found if fault is not None]


def fault_of_period(code: str, calendar: Calendar, pointer: str) -> Fault | None:
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


async def set_targets(
    session: WriteSession, stated: Sequence[StatedTarget], *, caller: Caller, at: datetime
) -> list[Target]:
    """Append a revision of each target whose value changes; a change says why."""
    current = await read_current(session, [key_of(target) for target in stated])
    _check_reasons(stated, current)
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


def _check_reasons(stated: Sequence[StatedTarget], current: Mapping[TargetKey, Target]) -> None:
    """What is set for the first time needs no reason: there is nothing that it differs from."""
    faults = [
        Fault(
            f"/{index}/reason",
            "reason_required",
            f"{target.subject} has {plain(before.value)} for {target.period}: say why it changes.",
        )
        for index, target in enumerate(stated)
        if target.reason is None
        and (before := current.get(key_of(target))) is not None
        and before.value != target.value
    ]
    if faults:
        raise Conflict(faults[0].code, faults[0].detail, faults[:100])


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
