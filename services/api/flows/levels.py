"""Levels are assessed for a month that is over: everything read at once, computed, appended."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from services.api.core.documents import fingerprint_of
from services.api.core.formulas import parse_formula
from services.api.core.level_documents import (
    AssessedHead,
    assessed_content,
    assessment_document,
)
from services.api.core.levels import (
    check,
    is_assessed,
    months_of,
    stand,
    sum_of_targets,
    sum_of_values,
    wanted_for,
    window_of,
)
from services.api.core.samples import draw, record_of, value_of_sample
from services.api.flows.indicators import known_indicators
from services.api.flows.ladders import LEVELS, ladder_of, month_of
from services.api.flows.people import refuse
from services.api.flows.values import read_values
from services.api.store.audit import append_entries
from services.api.store.counters import lock_noun
from services.api.store.ladders import ObservationKey, read_ladder, read_observations
from services.api.store.levels import (
    Drawn,
    insert_assessments,
    read_assessments,
    read_drawn,
    read_levels,
    read_seed,
)
from services.api.store.people import read_employees, read_tenant
from services.api.store.targets import read_targets
from services.schema.chain import make_deed
from services.schema.days import Calendar, Period
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Closed, Fault, NotFound
from services.schema.shapes.audit import Deed
from services.schema.shapes.indicators import Explained, Indicator, Wanted
from services.schema.shapes.levels import (
    Assessment,
    Criterion,
    Figure,
    LevelInForce,
    LevelLadder,
    Observation,
    Seen,
    Standing,
)
from services.schema.shapes.people import Caller, Employee, Subject, Tenant
from services.schema.words import Of, SubjectKind, TargetLevel

_Drawn = Mapping[str, Drawn]


@dataclass(frozen=True, slots=True)
class _Inputs:
    """All that was read for everybody who is assessed."""

    month: Period
    calendar: Calendar
    seed: str
    indicators: Mapping[str, Indicator]
    values: Mapping[Wanted, Explained]
    targets: Mapping[tuple[Subject, str, str], Mapping[TargetLevel, Decimal]]
    observations: Mapping[ObservationKey, Observation]
    drawn: Mapping[tuple[int, int], _Drawn]
    """By months and size of a sample."""


async def assess_levels(
    session: WriteSession,
    code: str,
    month_code: str,
    employees: Collection[str] | None,
    *,
    new_seed: str,
    caller: Caller,
    at: datetime,
) -> list[Assessment]:
    """Assess people by a ladder's newest version; null employees are all of its positions.

    The first assessment of a month settles its seed, so that nobody draws until they like the
    sample. Who stands where the last assessment says, for the same reasons, keeps that one.
    """
    await lock_noun(session, LEVELS)
    kept = await read_ladder(session, code)
    if kept is None:
        raise NotFound("ladder")
    tenant = await read_tenant(session)
    month = month_of(month_code, tenant.calendar, "/month")
    _check_over(month, tenant, at)
    ladder = ladder_of(kept.document)
    people = await _read_people(session, ladder, month, employees)
    seed = await read_seed(session, code, month.code) or new_seed
    inputs = await _read_inputs(session, code, ladder, month, people, seed=seed, tenant=tenant)
    current = await read_assessments(session, code, month.code, people)
    sampled = any(each.sample is not None for each in _criteria(ladder))
    made: list[Assessment] = []
    found: list[Assessment] = []
    for employee in sorted(people):
        head = AssessedHead(
            code, kept.version, employee, month.code, inputs.seed if sampled else None
        )
        standing = _stand(ladder, employee, inputs)
        before = current.get(employee)
        assessment = _assessment(head, standing, before, by=caller.name, at=at)
        if before is None or before.fingerprint != assessment.fingerprint:
            made.append(assessment)
            found.append(assessment)
        else:
            found.append(before)
    await insert_assessments(session, made)
    deeds = [_deed_of(assessment) for assessment in made]
    await append_entries(session, at=at, caller=caller, deeds=deeds)
    return found


async def levels_at(
    session: ReadSession, employees: Collection[str], period: Period
) -> dict[str, Mapping[str, LevelInForce]]:
    """Each person's level by ladder as a period ends: what pay by level is computed from.

    It is of the newest assessment for the period's last month or before.
    """
    last_day = period.end - timedelta(days=1)
    return await read_levels(session, employees, until=f"{last_day:%Y-%m}")


def _check_over(month: Period, tenant: Tenant, at: datetime) -> None:
    end = month.ends_at(tenant.timezone)
    if at < end:
        detail = f"{month.code} is not over before {end.isoformat()}."
        raise Closed("month_open", detail, [Fault("/month", "month_open", detail)])


async def _read_people(
    session: ReadSession, ladder: LevelLadder, month: Period, named: Collection[str] | None
) -> dict[str, Employee]:
    """Whom to assess: those named, whatever they work as, or all who work in the positions."""
    found = await read_employees(session, named)
    if named is None:
        return {code: each for code, each in found.items() if is_assessed(ladder, each, month)}
    refuse(
        [
            Fault(f"/employees/{index}", "unknown_employee", f"There is no {code}.")
            for index, code in enumerate(named)
            if code not in found
        ]
    )
    return found


async def _read_inputs(
    session: ReadSession,
    code: str,
    ladder: LevelLadder,
    month: Period,
    people: Collection[str],
    *,
    seed: str,
    tenant: Tenant,
) -> _Inputs:
    """So many statements for one person as for a thousand."""
    criteria = set(_criteria(ladder))
    named = {each.indicator for each in criteria if each.indicator is not None}
    indicators = await known_indicators(session, named)
    subjects = {Subject(SubjectKind.EMPLOYEE, employee) for employee in people}
    calendar = tenant.calendar
    wanted = {
        one
        for each in criteria
        if each.indicator is not None and each.sample is None
        for subject in subjects
        for one in wanted_for(
            each, subject, window_of(month, each.months), indicators[each.indicator], calendar
        )
    }
    months = {
        part.code
        for each in criteria
        for part in months_of(window_of(month, each.months), calendar)
    }
    drawn: dict[tuple[int, int], _Drawn] = {}
    for back, size in sorted({(each.months, each.sample) for each in criteria if each.sample}):
        window = window_of(month, back)
        drawn[back, size] = await read_drawn(
            session, people, start=window.start, end=window.end, seed=seed, size=size
        )
    behaviours = {each.behaviour for each in criteria if each.behaviour is not None}
    return _Inputs(
        month=month,
        calendar=calendar,
        seed=seed,
        indicators=indicators,
        values=await read_values(session, wanted, tenant=tenant),
        targets=await read_targets(session, subjects, _attained(criteria), months),
        observations=await read_observations(session, code, people, behaviours, months),
        drawn=drawn,
    )


def _attained(criteria: Collection[Criterion]) -> set[str]:
    return {
        each.indicator
        for each in criteria
        if each.indicator is not None and each.of is Of.ATTAINMENT
    }


def _criteria(ladder: LevelLadder) -> Iterator[Criterion]:
    return (each for level in ladder.levels for each in level.criteria)


def _stand(ladder: LevelLadder, employee: str, inputs: _Inputs) -> Standing:
    checks = {}
    for level in ladder.levels:
        for criterion in level.criteria:
            window = window_of(inputs.month, criterion.months)
            if criterion.behaviour is not None:
                seen = _seen(criterion.behaviour, window, employee, inputs)
                made = check(criterion, window, seen, None)
            else:
                assert criterion.indicator is not None, "a criterion has one or the other"
                indicator = inputs.indicators[criterion.indicator]
                figure = _figure(criterion, indicator, window, employee, inputs)
                made = check(criterion, window, figure, indicator.better)
            checks[level.code, criterion.code] = made
    return stand(ladder, checks)


def _seen(behaviour: str, window: Period, employee: str, inputs: _Inputs) -> Seen:
    months = (month.code for month in months_of(window, inputs.calendar))
    return Seen(
        tuple((month, inputs.observations.get((employee, behaviour, month))) for month in months)
    )


def _figure(
    criterion: Criterion,
    indicator: Indicator,
    window: Period,
    employee: str,
    inputs: _Inputs,
) -> Figure:
    subject = Subject(SubjectKind.EMPLOYEE, employee)
    target = None
    if criterion.of is Of.ATTAINMENT:
        target = _target(indicator.code, window, subject, inputs)
    if criterion.sample is not None:
        return _sampled(criterion, indicator, employee, target, inputs)
    wanted = wanted_for(criterion, subject, window, indicator, inputs.calendar)
    value = sum_of_values([inputs.values[one].value for one in wanted])
    return Figure(value, target, indicator.version)


def _sampled(
    criterion: Criterion,
    indicator: Indicator,
    employee: str,
    target: Decimal | None,
    inputs: _Inputs,
) -> Figure:
    assert criterion.sample is not None, "only a sampled criterion is drawn for"
    assert indicator.formula is not None, "a ladder whose sample has no formula is refused"
    there = inputs.drawn[criterion.months, criterion.sample].get(employee, Drawn(0, ()))
    drawn = draw(there.chats, seed=inputs.seed, size=criterion.sample)
    return Figure(
        value_of_sample(parse_formula(indicator.formula), drawn),
        target,
        indicator.version,
        record_of(drawn, seed=inputs.seed, asked=criterion.sample, of=there.of),
    )


def _target(indicator: str, window: Period, subject: Subject, inputs: _Inputs) -> Decimal | None:
    months = months_of(window, inputs.calendar)
    levels = [inputs.targets.get((subject, indicator, month.code), {}) for month in months]
    return sum_of_targets([each.get(TargetLevel.BUDGET) for each in levels])


def _assessment(
    head: AssessedHead,
    standing: Standing,
    before: Assessment | None,
    *,
    by: str,
    at: datetime,
) -> Assessment:
    content = assessed_content(head, standing)
    revision = before.revision + 1 if before else 1
    return Assessment(
        ladder=head.ladder,
        employee=head.employee,
        month=head.month,
        revision=revision,
        ladder_version=head.version,
        level=standing.level,
        seed=head.seed,
        document=assessment_document(content, revision=revision, by=by, at=at),
        fingerprint=fingerprint_of(content),
        assessed_at=at,
    )


def _deed_of(assessment: Assessment) -> Deed:
    detail = {
        "ladder": assessment.ladder,
        "version": assessment.ladder_version,
        "month": assessment.month,
        "revision": assessment.revision,
        "level": assessment.level,
        "seed": assessment.seed,
        "fingerprint": assessment.fingerprint,
    }
    return make_deed("level.assess", f"employee:{assessment.employee}", detail)
