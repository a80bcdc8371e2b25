"""Whose measures count for whom: the facts that name people, and the shops they answer for.

`domain.md`, section 4, "Attribution"; scopes as in `api.md`, section 4. Days are told apart
wherever an assignment begins or ends; a unit has each fact once and whole, a person has a share.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

from services.schema.shapes.indicators import Selection, Slice
from services.schema.shapes.people import Assignment, Employee, Subject, Unit
from services.schema.words import Scope, SubjectKind

WHOLE = Decimal(100)
"""Percent."""
_NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Held:
    """An assignment on the days on which its employee works at all."""

    employee: str
    assignment: Assignment
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class OverbookedShares:
    """A shop of which one position has more than the whole, from a day on."""

    shop: str
    position: str
    start: date
    total: Decimal
    """Percent."""


class Attribution:
    """The company's people and units, asked whose measures count for a subject."""

    def __init__(self, units: Mapping[str, Unit], employees: Mapping[str, Employee]) -> None:
        self._units = units
        self._employees = employees
        self._known: dict[tuple[Subject | frozenset[str], Scope, date, date], Selection] = {}

    def select(self, subject: Subject, scope: Scope, start: date, end: date) -> Selection:
        """The slices of a subject's facts from a day to another, end exclusive."""
        key = (subject, scope, start, end)
        if key not in self._known:
            self._known[key] = self._select(subject, scope, start, end)
        return self._known[key]

    def units_on(self, employee: str, start: date, end: date) -> tuple[str, ...]:
        """The units of an employee on the last of some days on which there is one; sorted."""
        held = _held(self._employees.get(employee), start, end)
        last = max((one.end for one in held), default=None)
        return tuple(sorted({one.assignment.unit for one in held if one.end == last}))

    def tree(self, units: Iterable[str]) -> frozenset[str]:
        """Units and all below them."""
        found: set[str] = set()
        open_ones = list(units)
        while open_ones:
            unit = open_ones.pop()
            if unit not in found:
                found.add(unit)
                open_ones += self._below[unit]
        return frozenset(found)

    def _select(self, subject: Subject, scope: Scope, start: date, end: date) -> Selection:
        if scope is Scope.COMPANY or subject.kind is SubjectKind.COMPANY:
            return _alike([Slice(start, end, None, None, _NOBODY, WHOLE)])
        if subject.kind is SubjectKind.SHOP:
            shops = frozenset({subject.code})
            return _alike([Slice(start, end, shops, _NOBODY, _NOBODY, WHOLE)])
        if subject.kind is SubjectKind.UNIT:
            return self._select_unit(self.tree([subject.code]), scope, start, end)
        if scope is Scope.UNIT:
            return self._select_units_of(subject.code, start, end)
        return self._select_person(subject.code, scope, start, end)

    def _select_person(self, code: str, scope: Scope, start: date, end: date) -> Selection:
        named = Slice(start, end, _NOBODY, frozenset({code}), _NOBODY, WHOLE)
        shared = _shares(_held(self._employees.get(code), start, end), start, end)
        presence = tuple(_present(code, shared, start, end))
        if scope is Scope.SHOPS:
            return Selection(tuple(shared), presence, by_shop=True)
        return Selection((named,), presence, by_shop=False)

    def _select_units_of(self, code: str, start: date, end: date) -> Selection:
        """The measures of the units that a person belongs to, on the days of each."""
        held = _held(self._employees.get(code), start, end)
        slices: list[Slice] = []
        for first, after in _stretches(held, start, end):
            own = {one.assignment.unit for one in held if one.start < after and first < one.end}
            if own:
                slices += self._select_unit(self.tree(own), Scope.UNIT, first, after).slices
        return _alike(slices)

    def _select_unit(
        self, units: frozenset[str], scope: Scope, start: date, end: date
    ) -> Selection:
        """The same for whoever asks: all people of a unit may."""
        key = (units, scope, start, end)
        if key not in self._known:
            self._known[key] = self._make_unit(units, scope, start, end)
        return self._known[key]

    def _make_unit(self, units: frozenset[str], scope: Scope, start: date, end: date) -> Selection:
        """The facts that name a unit's people, or of the shops they answer for, or both."""
        held = [
            _Held(one.employee, one.assignment, max(one.start, start), min(one.end, end))
            for unit in units
            for one in self._by_unit[unit]
            if one.start < end and start < one.end
        ]
        slices: list[Slice] = []
        for first, after in _stretches(held, start, end):
            here = [one for one in held if one.start < after and first < one.end]
            people = frozenset(one.employee for one in here)
            shops = frozenset(part.shop for one in here for part in one.assignment.shops)
            slices.append(Slice(first, after, shops, people, units, WHOLE))
        present = _merged(slices)
        if scope is Scope.OWN:
            slices = [_with(one, shops=_NOBODY) for one in slices]
        elif scope is Scope.SHOPS:
            slices = [_with(one, employees=_NOBODY, units=_NOBODY) for one in slices]
        return Selection(tuple(_merged(slices)), tuple(present), by_shop=False)

    @cached_property
    def _below(self) -> Mapping[str, list[str]]:
        below: dict[str, list[str]] = defaultdict(list)
        for unit in self._units.values():
            if unit.parent is not None:
                below[unit.parent].append(unit.code)
        return below

    @cached_property
    def _by_unit(self) -> Mapping[str, list[_Held]]:
        found: dict[str, list[_Held]] = defaultdict(list)
        for employee in self._employees.values():
            for one in _held(employee, date.min, date.max):
                found[one.assignment.unit].append(one)
        return found


def overbooked_shares(employees: Iterable[Employee]) -> list[OverbookedShares]:
    """Where the shares of one shop and position exceed 100 % on a day; each stretch's first day."""
    steps: dict[tuple[str, str], dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for employee in employees:
        for one in _held(employee, date.min, date.max):
            for part in one.assignment.shops:
                days = steps[part.shop, one.assignment.position]
                days[one.start] += part.share
                days[one.end] -= part.share
    found: list[OverbookedShares] = []
    for (shop, position), days in sorted(steps.items()):
        total = Decimal(0)
        for day in sorted(days):
            before, total = total, total + days[day]
            if before <= WHOLE < total:
                found.append(OverbookedShares(shop, position, day, total))
    return found


def _held(employee: Employee | None, start: date, end: date) -> list[_Held]:
    """The parts of a person's assignments that lie between two days and within the employment."""
    if employee is None:
        return []
    first = max(start, employee.joined_on or date.min)
    after = min(end, employee.left_on + timedelta(days=1) if employee.left_on else date.max)
    parts = (
        _Held(employee.code, one, max(one.start, first), min(one.end or date.max, after))
        for one in employee.assignments
    )
    return [part for part in parts if part.start < part.end]


def _stretches(held: Collection[_Held], start: date, end: date) -> list[tuple[date, date]]:
    """The days between two days, cut wherever an assignment begins or ends."""
    cuts = {start, end, *(one.start for one in held), *(one.end for one in held)}
    days = sorted(cut for cut in cuts if start <= cut <= end)
    return list(pairwise(days))


def _shares(held: Collection[_Held], start: date, end: date) -> list[Slice]:
    """A slice for each share of shops; two positions in one shop are added, up to the whole."""
    slices: list[Slice] = []
    for first, after in _stretches(held, start, end):
        shares: dict[str, Decimal] = defaultdict(Decimal)
        for one in held:
            if one.start < after and first < one.end:
                for part in one.assignment.shops:
                    shares[part.shop] = min(WHOLE, shares[part.shop] + part.share)
        by_share: dict[Decimal, set[str]] = defaultdict(set)
        for shop, share in shares.items():
            by_share[share].add(shop)
        slices += [
            Slice(first, after, frozenset(shops), _NOBODY, _NOBODY, share)
            for share, shops in sorted(by_share.items())
        ]
    return _merged(slices)


def _present(code: str, shared: Collection[Slice], start: date, end: date) -> list[Slice]:
    """The facts that name a person and all of those of the person's shops, while they are."""
    cuts = {start, end, *(one.start for one in shared), *(one.end for one in shared)}
    days = sorted(cuts)
    slices = []
    for first, after in pairwise(days):
        shops: set[str] = set()
        for one in shared:
            if one.start < after and first < one.end:
                shops |= one.shops or set()
        slices.append(Slice(first, after, frozenset(shops), frozenset({code}), _NOBODY, WHOLE))
    return _merged(slices)


def _merged(slices: Collection[Slice]) -> list[Slice]:
    """Slices that continue one another made one, those that hold nothing left out."""
    merged: dict[tuple[object, ...], list[Slice]] = {}
    for one in slices:
        if not (one.shops or one.employees or one.units):
            continue
        stretches = merged.setdefault((one.shops, one.employees, one.units, one.share), [])
        if stretches and stretches[-1].end == one.start:
            stretches[-1] = _with(stretches[-1], end=one.end)
        else:
            stretches.append(one)
    found = [one for stretches in merged.values() for one in stretches]
    return sorted(found, key=lambda one: (one.start, one.share))


def _with(
    one: Slice,
    *,
    end: date | None = None,
    shops: frozenset[str] | None = None,
    employees: frozenset[str] | None = None,
    units: frozenset[str] | None = None,
) -> Slice:
    return Slice(
        one.start,
        one.end if end is None else end,
        one.shops if shops is None else shops,
        one.employees if employees is None else employees,
        one.units if units is None else units,
        one.share,
    )


def _alike(slices: Collection[Slice]) -> Selection:
    """A selection whose sums are 0 only where it has facts itself."""
    return Selection(tuple(slices), tuple(slices), by_shop=False)
