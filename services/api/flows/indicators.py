"""Indicators are defined, version after version, and posted where facts cannot give them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from services.api.core.formulas import parse_formula
from services.api.core.indicators import (
    built_in_indicators,
    check_formula,
    check_own_code,
    takes_posted_values,
)
from services.api.core.measures import built_in_measures
from services.api.flows.live import mark_stale
from services.api.flows.people import Verdict, own_among
from services.api.store.audit import append_entries
from services.api.store.counters import lock_noun
from services.api.store.indicators import (
    Revised,
    insert_indicator,
    insert_values,
    key_of,
    read_own_indicators,
    read_posted,
)
from services.api.store.measures import read_own_measures
from services.api.store.people import read_employees, read_shops, read_tenant, read_units
from services.schema.chain import make_deed
from services.schema.days import Calendar, parse_period
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict, Fault, Invalid
from services.schema.money import plain
from services.schema.shapes.audit import Deed
from services.schema.shapes.indicators import Indicator, PostedValue
from services.schema.shapes.measures import Measure
from services.schema.shapes.people import Caller, Subject
from services.schema.words import Outcome, SubjectKind

INDICATORS = "indicators"
VALUES = "indicator_values"
Permit = Callable[[Indicator | None], None]
"""Sees the definition in force, once nobody else can change it, and may refuse the new one."""


async def known_indicators(
    session: ReadSession, codes: Collection[str] | None = None
) -> dict[str, Indicator]:
    """The built-in indicators and the tenant's own by code; null codes are all."""
    built_in = built_in_indicators()
    if codes is None:
        return {**built_in, **await read_own_indicators(session)}
    found = {code: built_in[code] for code in codes if code in built_in}
    rest = set(codes) - set(found)
    return found | (await read_own_indicators(session, rest) if rest else {})


async def known_measures(session: ReadSession) -> dict[str, Measure]:
    """The built-in measures and the tenant's own by code."""
    return {**built_in_measures(), **await read_own_measures(session)}


async def define_indicator(
    session: WriteSession, stated: Indicator, *, permit: Permit, caller: Caller, at: datetime
) -> tuple[Indicator, Outcome]:
    """Put a definition in force: a new version, unless it says what the last one does."""
    check_own_code(stated.code, built_in_indicators(), "indicator")
    if stated.formula is not None:
        check_formula(parse_formula(stated.formula), await known_measures(session))
    await lock_noun(session, INDICATORS)
    before = (await read_own_indicators(session, [stated.code])).get(stated.code)
    permit(before)
    if before is not None and replace(stated, version=before.version) == before:
        return before, Outcome.DUPLICATE
    made = replace(stated, version=before.version + 1 if before else 1)
    await insert_indicator(session, made, at=at)
    await mark_stale(session, employees=None, at=at)
    await append_entries(session, at=at, caller=caller, deeds=[_deed_of(made, before)])
    return made, Outcome.UPDATED if before else Outcome.CREATED


async def post_values(
    session: WriteSession, rows: Sequence[PostedValue], *, caller: Caller, at: datetime
) -> list[Verdict]:
    """Keep values one after another; the good ones land whatever the others are, the last holds.

    Nobody posts what judges them: the own, or that of a unit they lead.
    """
    await lock_noun(session, VALUES)
    known = await known_indicators(session, {row.indicator for row in rows})
    subjects = await known_subjects(session, {row.subject for row in rows})
    own = await own_among(session, {row.subject for row in rows}, caller.employee)
    calendar = (await read_tenant(session)).calendar
    current = await read_posted(
        session,
        {row.indicator for row in rows},
        {row.subject for row in rows},
        {row.period for row in rows},
    )
    verdicts: list[Verdict] = []
    made: list[Revised] = []
    for row in rows:
        refusal = _refusal_of(row, known, subjects, own, calendar)
        if refusal is not None:
            verdicts.append(refusal)
            continue
        before = current.get(key_of(row))
        if before is not None and before.value == row:
            verdicts.append(Outcome.DUPLICATE)
            continue
        verdicts.append(Outcome.UPDATED if before else Outcome.CREATED)
        made.append(Revised(row, before.revision + 1 if before else 1))
        current[key_of(row)] = made[-1]
    if made:
        await insert_values(session, made, author=caller.name, at=at)
        await mark_stale(session, employees=_touched(made), at=at)
        await append_entries(session, at=at, caller=caller, deeds=_deeds_of(made))
    return verdicts


async def known_subjects(session: ReadSession, wanted: Collection[Subject]) -> set[Subject]:
    """Those of some subjects that there are."""
    found = {Subject(SubjectKind.COMPANY, "")}
    for kind, read in (
        (SubjectKind.EMPLOYEE, read_employees),
        (SubjectKind.UNIT, read_units),
        (SubjectKind.SHOP, read_shops),
    ):
        if codes := {subject.code for subject in wanted if subject.kind is kind}:
            found |= {Subject(kind, code) for code in await read(session, codes)}
    return found


def _refusal_of(
    row: PostedValue,
    known: Mapping[str, Indicator],
    subjects: Collection[Subject],
    own: Collection[Subject],
    calendar: Calendar,
) -> Invalid | Conflict | None:
    indicator = known.get(row.indicator)
    if indicator is None:
        return _refuse("/indicator", "unknown_indicator", f"There is no {row.indicator}.")
    if not takes_posted_values(indicator):
        detail = f"{row.indicator} is computed from facts: its values are not posted."
        return _refuse("/indicator", "indicator_computed", detail)
    if row.subject not in subjects:
        return _refuse("/subject", f"unknown_{row.subject.kind}", f"No {row.subject} here.")
    if row.subject in own:
        detail = f"{row.subject} is your own: somebody else posts its values."
        return _refuse("/subject", "own_value", detail)
    try:
        parse_period(row.period, calendar)
    except Invalid as error:
        fault = Fault("/period", error.code, error.detail)
        return Invalid(error.code, error.detail, [fault])
    return None


def _refuse(pointer: str, code: str, detail: str) -> Conflict:
    return Conflict(code, detail, [Fault(pointer, code, detail)])


def _touched(made: Sequence[Revised]) -> set[str] | None:
    """Whose cards may show these values: a person's on that person's alone."""
    if all(one.value.subject.kind is SubjectKind.EMPLOYEE for one in made):
        return {one.value.subject.code for one in made}
    return None


def _deed_of(made: Indicator, before: Indicator | None) -> Deed:
    detail = {
        "version": made.version,
        "formula": made.formula,
        "formula_before": before.formula if before else None,
        "unit": made.unit.value,
        "better": made.better.value,
    }
    return make_deed("indicator.define", f"indicator:{made.code}", detail)


def _deeds_of(made: Sequence[Revised]) -> list[Deed]:
    return [
        make_deed(
            "indicator.post_value",
            str(one.value.subject),
            {
                "indicator": one.value.indicator,
                "period": one.value.period,
                "value": plain(one.value.value),
                "source": one.value.source,
                "revision": one.revision,
            },
        )
        for one in made
    ]
