"""Whether a company holds together: known names, dates in order, no chain that bites its tail."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from services.api.core.attribution import OverbookedShares, overbooked_shares
from services.schema.errors import Fault
from services.schema.money import plain
from services.schema.shapes.people import Employee, Shop, Unit

Above = Mapping[str, str | None]
"""Everyone, or every unit, there is, and who or what stands directly above."""


def faults_of_unit(unit: Unit, parents: Above) -> list[Fault]:
    """What the rules refuse in a unit, beside the units there are.

    Its lead may be unknown: people name their unit, so one of the two must come first.
    """
    if unit.parent is None:
        return []
    if unit.parent != unit.code and unit.parent not in parents:
        return [Fault("/parent", "unknown_unit", f"There is no unit {unit.parent}.")]
    if _bites_its_tail(unit.code, unit.parent, parents):
        detail = f"{unit.parent} is {unit.code} itself, or stands below it."
        return [Fault("/parent", "unit_cycle", detail)]
    return []


def faults_of_terms(employee: Employee) -> list[Fault]:
    """What is senseless in an employee whatever company it is: days the wrong way round."""
    faults = []
    if employee.joined_on and employee.left_on and employee.left_on < employee.joined_on:
        detail = "The last day of work lies before the first."
        faults.append(Fault("/left_on", "days_reversed", detail))
    for index, held in enumerate(employee.assignments):
        place = f"/assignments/{index}"
        if held.end is not None and held.end <= held.start:
            detail = "An assignment ends after the day it starts on; its end is exclusive."
            faults.append(Fault(f"{place}/to", "days_reversed", detail))
        shops = [share.shop for share in held.shops]
        for number, shop in enumerate(shops):
            if shop in shops[:number]:
                detail = f"{shop} stands twice in one assignment."
                faults.append(Fault(f"{place}/shops/{number}/shop", "shop_twice", detail))
    return faults


class Company:
    """What employees are put into: the names there are, and the people whose shares may meet."""

    def __init__(
        self,
        *,
        shops: Collection[str],
        units: Collection[str],
        managers: Above,
        people: Iterable[Employee],
    ) -> None:
        self._shops = shops
        self._units = units
        self._managers = dict(managers)
        self._people: dict[str, Employee] = {}
        self._holders: dict[str, set[str]] = defaultdict(set)
        for employee in people:
            self.take(employee)

    def take(self, employee: Employee) -> None:
        """Have an employee in the company, in the place of whoever had the code."""
        self._managers[employee.code] = employee.manager
        self._people[employee.code] = employee
        for shop in _shops_of(employee):
            self._holders[shop].add(employee.code)

    def faults_of(self, employee: Employee) -> list[Fault]:
        """What the rules refuse in an employee who would be taken."""
        faults = _faults_of_manager(employee, self._managers)
        for index, held in enumerate(employee.assignments):
            place = f"/assignments/{index}"
            if held.unit not in self._units:
                detail = f"There is no unit {held.unit}."
                faults.append(Fault(f"{place}/unit", "unknown_unit", detail))
            for number, share in enumerate(held.shops):
                if share.shop not in self._shops:
                    pointer = f"{place}/shops/{number}/shop"
                    faults.append(Fault(pointer, "unknown_shop", f"There is no shop {share.shop}."))
        return faults + self._faults_of_shares(employee)

    def _faults_of_shares(self, employee: Employee) -> list[Fault]:
        """Shares that together exceed the whole shop, named at the employee's own."""
        codes = {code for shop in _shops_of(employee) for code in self._holders[shop]}
        others = [self._people[code] for code in sorted(codes - {employee.code})]
        overbooked: dict[tuple[str, str], OverbookedShares] = {}
        for found in overbooked_shares([employee, *others]):
            overbooked.setdefault((found.shop, found.position), found)
        return [
            _fault_of_share(overbooked[share.shop, held.position], index, number)
            for index, held in enumerate(employee.assignments)
            for number, share in enumerate(held.shops)
            if (share.shop, held.position) in overbooked
        ]


def _fault_of_share(found: OverbookedShares, assignment: int, share: int) -> Fault:
    return Fault(
        f"/assignments/{assignment}/shops/{share}/share",
        "shares_overbooked",
        f"From {found.start} on, {plain(found.total)} % of {found.shop} would be answered for "
        f"in the position {found.position}.",
    )


def scores_follow_shop(before: Shop | None, after: Shop) -> bool:
    """Whether figures may be others; of a shop that is new nothing was stated yet."""
    return before is not None and any(
        getattr(before, name) != getattr(after, name)
        for name in ("timezone", "currency", "kind", "opened_on")
    )


def scores_follow_unit(before: Unit | None, after: Unit) -> bool:
    """Whether figures may be others; in a unit that is new nobody works yet."""
    return before is not None and before.parent != after.parent


def scores_follow_employee(before: Employee | None, after: Employee) -> bool:
    """Whether figures or populations may be others: a name or a manager changes neither."""
    return before is None or replace(before, name=after.name, manager=after.manager) != after


def in_order(employee: Employee) -> Employee:
    """The same employee with assignments by their start and shops by their code, as kept."""
    held = (
        replace(each, shops=tuple(sorted(each.shops, key=lambda share: share.shop)))
        for each in sorted(employee.assignments, key=lambda each: each.start)
    )
    return replace(employee, assignments=tuple(held))


def _shops_of(employee: Employee) -> frozenset[str]:
    return frozenset(share.shop for held in employee.assignments for share in held.shops)


def _faults_of_manager(employee: Employee, managers: Above) -> list[Fault]:
    manager = employee.manager
    if manager is None:
        return []
    if manager != employee.code and manager not in managers:
        return [Fault("/manager", "unknown_employee", f"There is no employee {manager}.")]
    if _bites_its_tail(employee.code, manager, managers):
        detail = f"{manager} is {employee.code} in person, or managed by way of {employee.code}."
        return [Fault("/manager", "manager_cycle", detail)]
    return []


def _bites_its_tail(code: str, above: str | None, nexts: Above) -> bool:
    """Whether going up from `above` comes back to `code`; what is stored never does by itself."""
    while above is not None:
        if above == code:
            return True
        above = nexts[above]
    return False
