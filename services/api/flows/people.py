"""How shops, units and employees are put: one after another, each judged, all in one writing.

And what of them is somebody's own, which others decide on.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from services.api.core.changes import change_of
from services.api.store.people import read_units
from services.schema.chain import make_deed
from services.schema.db import ReadSession
from services.schema.errors import Conflict, Fault, Invalid
from services.schema.shapes.audit import Deed
from services.schema.shapes.people import Subject
from services.schema.words import Outcome, SubjectKind

PEOPLE = "people"
"""The noun that writers of shops, units and employees lock: a tree that two read as sound could
be bent by both."""

Refusal = Conflict | Invalid
Verdict = Outcome | Refusal


class Coded(Protocol):
    """What callers name themselves."""

    @property
    def code(self) -> str: ...


Thing = TypeVar("Thing", bound=Coded)
Judge = Callable[[Thing, Thing | None], Awaitable[None]]
"""Raises what speaks against putting a thing in the place of what is there."""
Permit = Callable[[Mapping[str, Thing]], None]
"""Sees what is there, once nobody else can change it, and may refuse the whole writing."""


async def own_among(
    session: ReadSession, subjects: Collection[Subject], employee: str | None
) -> set[Subject]:
    """What of these judges somebody: the person, and the units that the person leads."""
    if employee is None:
        return set()
    codes = {subject.code for subject in subjects if subject.kind is SubjectKind.UNIT}
    units = await read_units(session, codes) if codes else {}
    led = {Subject(SubjectKind.UNIT, code) for code, one in units.items() if one.lead == employee}
    return led | ({Subject(SubjectKind.EMPLOYEE, employee)} & set(subjects))


@dataclass(slots=True)
class Puts(Generic[Thing]):
    """What became of each row, and what is to be written."""

    verdicts: list[Verdict] = field(default_factory=list)
    changed: dict[str, Thing] = field(default_factory=dict)
    steps: list[tuple[Thing | None, Thing]] = field(default_factory=list)
    """What was there and what took its place, one after another."""
    deeds: list[Deed] = field(default_factory=list)


async def put_each(
    noun: str, rows: Sequence[Thing], current: dict[str, Thing], judge: Judge[Thing]
) -> Puts[Thing]:
    """Judge rows as if they came one after another; `current` follows what was accepted."""
    puts = Puts[Thing]()
    for row in rows:
        before = current.get(row.code)
        if row == before:
            puts.verdicts.append(Outcome.DUPLICATE)
            continue
        try:
            await judge(row, before)
        except (Conflict, Invalid) as refusal:
            puts.verdicts.append(refusal)
            continue
        verb = "create" if before is None else "update"
        puts.verdicts.append(Outcome.CREATED if before is None else Outcome.UPDATED)
        puts.deeds.append(make_deed(f"{noun}.{verb}", f"{noun}:{row.code}", change_of(before, row)))
        puts.steps.append((before, row))
        puts.changed[row.code] = current[row.code] = row
    return puts


def refuse(faults: Sequence[Fault]) -> None:
    """Raise what the rules found; nothing where they found nothing."""
    if faults:
        raise Conflict(faults[0].code, " ".join(fault.detail for fault in faults[:5]), faults)


def permit_all(_current: Mapping[str, Thing]) -> None:
    """Whatever is there may be replaced."""


def only_verdict(verdicts: Sequence[Verdict]) -> Outcome:
    """The outcome of a single row; raises its refusal."""
    (verdict,) = verdicts
    if isinstance(verdict, Conflict | Invalid):
        raise verdict
    return verdict
