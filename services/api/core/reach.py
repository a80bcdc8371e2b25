"""Whose facts of which days a value is made of: a change of any of these may change it."""

from collections.abc import Iterable, Iterator
from datetime import date

from services.api.core.amounts import Part
from services.api.core.values import Prepared
from services.schema.shapes.indicators import Slice
from services.schema.shapes.live import Mark, Reached
from services.schema.shapes.people import Subject
from services.schema.words import SubjectKind

_COMPANY = str(Subject(SubjectKind.COMPANY, ""))
# Whether a buyer is new or comes again is told by any order of the company, however long ago.
_OF_ALL_TIME = frozenset({"new_buyers", "returning_buyers"})


def reach_of(prepared: Iterable[Prepared]) -> frozenset[Reached]:
    """Every subject that the values are made of, with the days from the first to the last."""
    spans: dict[str, tuple[date | None, date]] = {}
    for one in prepared:
        for part in one.parts:
            for subject, start, end in _of_part(part):
                known = spans.get(subject)
                spans[subject] = (start, end) if known is None else _around(known, (start, end))
    return frozenset(Reached(subject, start, end) for subject, (start, end) in spans.items())


def touched_by(marks: Iterable[Mark]) -> set[tuple[str, date]]:
    """The subjects and days that marks speak of; everything is of the company."""
    return {(subject, mark.day) for mark in marks for subject in _marked(mark)}


def _of_part(part: Part) -> Iterator[tuple[str, date | None, date]]:
    selections = [part.selection, *([part.earlier] if part.earlier else [])]
    slices = {one for each in selections for one in (*each.slices, *each.presence)}
    looks_back = bool(part.filter.ages)
    for one in slices:
        for subject in _named(one):
            yield subject, None if looks_back else one.start, one.end
    if part.measure.code in _OF_ALL_TIME:
        for one in slices:
            yield _COMPANY, None, one.end


def _named(one: Slice) -> Iterator[str]:
    if one.shops is None and one.employees is None:
        yield _COMPANY
    for kind, codes in (
        (SubjectKind.SHOP, one.shops),
        (SubjectKind.EMPLOYEE, one.employees),
        (SubjectKind.UNIT, one.units),
    ):
        for code in codes or ():
            yield str(Subject(kind, code))


def _marked(mark: Mark) -> Iterator[str]:
    yield _COMPANY
    for kind, code in (
        (SubjectKind.SHOP, mark.shop),
        (SubjectKind.EMPLOYEE, mark.employee),
        (SubjectKind.UNIT, mark.unit),
    ):
        if code:
            yield str(Subject(kind, code))


def _around(
    one: tuple[date | None, date], other: tuple[date | None, date]
) -> tuple[date | None, date]:
    """The days from the first of both to the last; an open beginning stays open."""
    start = None if one[0] is None or other[0] is None else min(one[0], other[0])
    return start, max(one[1], other[1])
