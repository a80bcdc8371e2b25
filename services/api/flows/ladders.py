"""Ladders of levels are adopted and put, each change a version; people observe what others do."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from services.api.core.documents import fingerprint_of, to_bytes
from services.api.core.level_documents import ladder_to_wire, parse_ladder
from services.api.core.level_faults import check_ladder
from services.api.flows.indicators import known_indicators, known_measures
from services.api.flows.people import refuse
from services.api.store.audit import append_entries, append_entry
from services.api.store.counters import lock_noun
from services.api.store.ladders import (
    insert_ladder,
    insert_observations,
    key_of,
    read_ladder,
    read_observations,
)
from services.api.store.people import read_employees, read_tenant
from services.api.templates.ladders import ladder_templates
from services.schema.chain import make_deed
from services.schema.days import Calendar, Period, local_day, parse_period
from services.schema.db import WriteSession
from services.schema.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from services.schema.shapes.audit import Deed
from services.schema.shapes.levels import KeptLadder, LevelLadder, Observation, StatedObservation
from services.schema.shapes.people import Caller, Subject, Tenant
from services.schema.shapes.views import View
from services.schema.words import Outcome, SubjectKind

LEVELS = "levels"
"""The noun that is locked while ladders, observations or levels are written."""

Permit = Callable[[KeptLadder | None], None]
"""Sees the version that is there, once nobody else can change it, and may refuse."""


@lru_cache(maxsize=64)
def ladder_of(document: str) -> LevelLadder:
    """The ladder of a document that was kept; versions never change, so they are read once."""
    return parse_ladder(json.loads(document))


async def adopt_ladder(
    session: WriteSession, code: str, template: str, *, caller: Caller, at: datetime
) -> KeptLadder:
    """Begin a ladder as a copy of a template."""
    stated = ladder_templates().get(template)
    if stated is None:
        fault = Fault("/template", "unknown_template", f"There is no template {template}.")
        raise Conflict(fault.code, fault.detail, [fault])
    document = stated["ladder"]
    assert isinstance(document, Mapping)
    await lock_noun(session, LEVELS)
    if await read_ladder(session, code) is not None:
        fault = Fault("/code", "ladder_exists", f"There is a ladder {code} already.")
        raise Conflict(fault.code, fault.detail, [fault])
    ladder = parse_ladder(document)
    return await _keep(session, code, ladder, None, template=template, caller=caller, at=at)


async def put_ladder(
    session: WriteSession,
    code: str,
    document: Mapping[str, object],
    *,
    permit: Permit,
    caller: Caller,
    at: datetime,
) -> tuple[KeptLadder, Outcome]:
    """Put a ladder in force: a new version, unless it says what the last one does."""
    ladder = parse_ladder(document)
    check_ladder(ladder, await known_indicators(session), await known_measures(session))
    await lock_noun(session, LEVELS)
    before = await read_ladder(session, code)
    permit(before)
    if before is not None and ladder_of(before.document) == ladder:
        return before, Outcome.DUPLICATE
    template = None if before is None else before.template
    made = await _keep(session, code, ladder, before, template=template, caller=caller, at=at)
    return made, Outcome.UPDATED if before else Outcome.CREATED


async def observe(
    session: WriteSession,
    code: str,
    stated: Sequence[StatedObservation],
    *,
    view: View,
    caller: Caller,
    at: datetime,
) -> list[Observation]:
    """Keep what was observed, all or none; gives what holds now, in the order stated."""
    await lock_noun(session, LEVELS)
    kept = await read_ladder(session, code)
    if kept is None:
        raise NotFound("ladder")
    _check_reach(stated, view)
    await _check(session, ladder_of(kept.document), stated, at=at)
    keys = [key_of(each) for each in stated]
    current = await read_observations(
        session, code, *({key[place] for key in keys} for place in range(3))
    )
    made: dict[tuple[str, str, str], Observation] = {}
    for key, each in zip(keys, stated, strict=True):
        before = current.get(key)
        if before is None or (before.stated, before.author) != (each, caller.name):
            revision = before.revision + 1 if before else 1
            made[key] = Observation(code, each, revision, caller.employee, caller.name, at)
    await insert_observations(session, list(made.values()))
    deeds = [_deed_of(observation) for observation in made.values()]
    await append_entries(session, at=at, caller=caller, deeds=deeds)
    in_force = current | made
    return [in_force[key] for key in keys]


def month_of(code: str, calendar: Calendar, place: str) -> Period:
    """The month of a code; any other period is refused."""
    try:
        period = parse_period(code, calendar)
    except Invalid as error:
        fault = Fault(place, error.code, error.detail)
        raise Invalid(error.code, error.detail, [fault]) from error
    if period.months != 1:
        fault = Fault(place, "month_expected", f"{code} is no month such as 2026-10.")
        raise Invalid(fault.code, fault.detail, [fault])
    return period


async def _keep(
    session: WriteSession,
    code: str,
    ladder: LevelLadder,
    before: KeptLadder | None,
    *,
    template: str | None,
    caller: Caller,
    at: datetime,
) -> KeptLadder:
    document = ladder_to_wire(ladder)
    made = KeptLadder(
        code=code,
        version=before.version + 1 if before else 1,
        document=to_bytes(document).decode(),
        fingerprint=fingerprint_of(document),
        template=template,
        author=caller.name,
        made_at=at,
    )
    await insert_ladder(session, made)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="ladder.put",
        subject=f"ladder:{code}",
        detail={"version": made.version, "template": template, "document": document},
    )
    return made


def _check_reach(stated: Sequence[StatedObservation], view: View) -> None:
    """Whoever is out of view looks as if not there; nobody observes oneself."""
    for each in stated:
        subject = Subject(SubjectKind.EMPLOYEE, each.employee)
        if not view.sees(subject):
            raise NotFound("such employee")
        if view.is_own(subject):
            raise Forbidden("own_observation", "What you do is for others to observe.")


async def _check(
    session: WriteSession,
    ladder: LevelLadder,
    stated: Sequence[StatedObservation],
    *,
    at: datetime,
) -> None:
    """Refuse what is malformed before what the rules refuse; both name every place."""
    tenant = await read_tenant(session)
    if malformed := list(_faults_of_form(stated, tenant.calendar)):
        raise Invalid(malformed[0].code, malformed[0].detail, malformed)
    known = await read_employees(session, {each.employee for each in stated})
    behaviours = {each.behaviour for level in ladder.levels for each in level.criteria}
    refuse(
        [
            fault
            for index, each in enumerate(stated)
            for fault in _faults_of(f"/{index}", each, known, behaviours, tenant, at)
        ]
    )


def _faults_of_form(stated: Sequence[StatedObservation], calendar: Calendar) -> Iterator[Fault]:
    seen: set[tuple[str, str, str]] = set()
    for index, each in enumerate(stated):
        try:
            month_of(each.month, calendar, f"/{index}/month")
        except Invalid as error:
            yield from error.faults
        if key_of(each) in seen:
            yield Fault(f"/{index}", "repeated", "The same is observed twice in one request.")
        seen.add(key_of(each))


def _faults_of(
    place: str,
    each: StatedObservation,
    known: Mapping[str, object],
    behaviours: set[str | None],
    tenant: Tenant,
    at: datetime,
) -> Iterator[Fault]:
    if each.employee not in known:
        yield Fault(f"{place}/employee", "unknown_employee", f"There is no {each.employee}.")
    if each.behaviour not in behaviours:
        detail = f"No criterion of the ladder asks for {each.behaviour}."
        yield Fault(f"{place}/behaviour", "unknown_behaviour", detail)
    if parse_period(each.month, tenant.calendar).start > local_day(at, tenant.timezone):
        detail = f"{each.month} has not begun."
        yield Fault(f"{place}/month", "month_ahead", detail)


def _deed_of(observation: Observation) -> Deed:
    stated = observation.stated
    detail = {
        "ladder": observation.ladder,
        "behaviour": stated.behaviour,
        "month": stated.month,
        "holds": stated.holds,
        "comment": stated.comment,
        "revision": observation.revision,
    }
    return make_deed("level.observe", f"employee:{stated.employee}", detail)
