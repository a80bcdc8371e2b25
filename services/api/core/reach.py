"""Whose facts of which days a value is made of: a change of any of these may change it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from services.api.core.amounts import Part
from services.api.core.values import Prepared
from services.schema.shapes.indicators import Slice
from services.schema.shapes.late_facts import LateMark
from services.schema.shapes.live import Mark, Reached
from services.schema.shapes.people import Subject
from services.schema.words import FactKind, SubjectKind

PAY = "pay/"
"""Before a subject: that pay is made of its facts."""
_COMPANY = str(Subject(SubjectKind.COMPANY, ""))
# Whether a buyer is new or comes again is told by any order of the company, however long ago.
_OF_ALL_TIME = frozenset({"new_buyers", "returning_buyers"})
_SALES = frozenset({FactKind.ORDERS, FactKind.REFUNDS})

LateMarks = Mapping[str, Sequence[LateMark]]
"""Which facts came late, by the subjects that they name; all of them under the company."""


def reach_of(prepared: Iterable[Prepared]) -> frozenset[Reached]:
    """Every subject that the values are made of, with the days from the first to the last."""
    asked = {
        (selection, bool(part.filter.ages), part.measure.code in _OF_ALL_TIME)
        for one in prepared
        for part in one.parts
        for selection in (part.selection, part.earlier)
        if selection is not None
    }
    spans: dict[str, tuple[date | None, date]] = {}
    for selection, looks_back, of_all_time in asked:
        for one in {*selection.slices, *selection.presence}:
            for subject in _named(one):
                _widen(spans, subject, None if looks_back else one.start, one.end)
            if of_all_time:
                _widen(spans, _COMPANY, None, one.end)
    return _reached(spans)


def pay_reach_of(prepared: Iterable[Prepared]) -> frozenset[Reached]:
    """The same of what pay is made of, where a refund counts on its order's day."""
    return frozenset(
        Reached(f"{PAY}{each.subject}", each.start, each.end) for each in reach_of(prepared)
    )


def join_reach(one: Iterable[Reached], other: Iterable[Reached]) -> frozenset[Reached]:
    """What is made of the one and the other."""
    spans: dict[str, tuple[date | None, date]] = {}
    for each in (*one, *other):
        _widen(spans, each.subject, each.start, each.end)
    return _reached(spans)


def touched_by(marks: Iterable[Mark]) -> set[tuple[str, date]]:
    """The subjects and days that marks speak of, of scores and of pay; all are of the company."""
    return {
        (f"{part}{subject}", mark.day)
        for mark in marks
        for subject in _marked(mark)
        for part in ("", PAY)
    }


def pay_touched_by(marks: Iterable[Mark]) -> set[tuple[str, date]]:
    """The same of pay alone: an order was refunded on another day."""
    return {(f"{PAY}{subject}", mark.day) for mark in marks for subject in _marked(mark)}


def late_by_subject(marks: Iterable[LateMark]) -> LateMarks:
    """What came late, as values look for it."""
    found: dict[str, list[LateMark]] = defaultdict(list)
    for mark in marks:
        for subject in _marked(mark):
            found[subject].append(mark)
    return found


def is_late(prepared: Prepared, late: LateMarks, *, had_rows: bool) -> bool:
    """Whether a value is made of any of these facts.

    To one that had no rows they may also give the nought that facts of its shops vouch for.
    """
    return any(
        mark.kind in kinds and mark.day < one.end and (looks_back or one.start <= mark.day)
        for part in prepared.parts
        for kinds, looks_back in [_changing(part, had_rows=had_rows)]
        for selection in (part.selection, part.earlier)
        if selection is not None
        for one in (*selection.slices, *(() if had_rows else selection.presence))
        for subject in _asked(part, one)
        for mark in late.get(subject, ())
    )


def _changing(part: Part, *, had_rows: bool) -> tuple[frozenset[FactKind], bool]:
    """Facts of which kinds change a measure, and whether those of any earlier day do."""
    kinds = frozenset({part.measure.kind})
    if not had_rows and kinds <= _SALES:
        kinds = _SALES
    if part.filter.ages:
        # A campaign is as old as the first traffic that names it.
        kinds |= {FactKind.TRAFFIC}
    return kinds, bool(part.filter.ages) or part.measure.code in _OF_ALL_TIME


def _asked(part: Part, one: Slice) -> Iterable[str]:
    return (_COMPANY,) if part.measure.code in _OF_ALL_TIME else _named(one)


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


def _marked(mark: Mark | LateMark) -> Iterator[str]:
    yield _COMPANY
    for kind, code in (
        (SubjectKind.SHOP, mark.shop),
        (SubjectKind.EMPLOYEE, mark.employee),
        (SubjectKind.UNIT, mark.unit),
    ):
        if code:
            yield str(Subject(kind, code))


def _reached(spans: Mapping[str, tuple[date | None, date]]) -> frozenset[Reached]:
    return frozenset(Reached(subject, start, end) for subject, (start, end) in spans.items())


def _widen(
    spans: dict[str, tuple[date | None, date]], subject: str, start: date | None, end: date
) -> None:
    """Add days to those of a subject; an open beginning stays open."""
    first, last = spans.get(subject, (start, end))
    first = None if first is None or start is None else min(first, start)
    spans[subject] = first, max(last, end)
