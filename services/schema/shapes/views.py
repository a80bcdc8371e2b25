"""Views: the part of a company that a caller may see; the rest looks as if it did not exist.

Both doors ask here who sees how much: the company, the people below, or oneself.
"""

from dataclasses import dataclass

from services.schema.shapes.people import Caller, Subject
from services.schema.words import Role, SubjectKind

_BOUNDED = frozenset({Role.LEAD, Role.EMPLOYEE})


@dataclass(frozen=True, slots=True)
class Reach:
    """Who and what stands below an employee on a day, and who above."""

    units: frozenset[str]
    """The units led, with all below."""
    members: frozenset[str]
    """The people who work in these units on the day."""
    managed: frozenset[str]
    """The people managed, with all below."""
    shops: frozenset[str]
    """The shops that the employee, the members and the managed answer for on the day."""
    above: frozenset[str]
    """The own manager, and the leads of the own units on the day."""


@dataclass(frozen=True, slots=True)
class View:
    """What a caller may see on a day."""

    whole: bool
    """Everything: the matrix alone says what the role may ask."""
    own: str | None
    """The caller's own employee."""
    employees: frozenset[str] = frozenset()
    """People seen wholly, the own one among them."""
    names: frozenset[str] = frozenset()
    """People of whom the name alone is seen."""
    units: frozenset[str] = frozenset()
    shops: frozenset[str] = frozenset()

    def sees(self, subject: Subject) -> bool:
        """Whether figures of a subject may be shown; the company's are for who sees it whole."""
        return self.whole or subject in self._subjects()

    def names_person(self, person: str) -> bool:
        """Whether it may be said who somebody was; a key that is nobody's is the office's."""
        return self.whole or person in self.employees or person in self.names

    def is_own(self, subject: Subject) -> bool:
        """Whether a subject is the caller in person."""
        return subject.kind is SubjectKind.EMPLOYEE and subject.code == self.own

    def may_see_readers(self, subject: Subject) -> bool:
        """Whether one may know to whom a subject's figures were shown: oneself and HR."""
        return self.whole or self.is_own(subject)

    def subjects(self) -> frozenset[Subject] | None:
        """All subjects whose figures may be shown; null is every one."""
        return None if self.whole else self._subjects()

    def _subjects(self) -> frozenset[Subject]:
        seen = (
            (SubjectKind.EMPLOYEE, self.employees),
            (SubjectKind.UNIT, self.units),
            (SubjectKind.SHOP, self.shops),
        )
        return frozenset(Subject(kind, code) for kind, codes in seen for code in codes)


def sees_whole(role: Role) -> bool:
    """Whether a role's view is the company; nobody's reach need be read then."""
    return role not in _BOUNDED


def make_view(caller: Caller, reach: Reach | None) -> View:
    """The view of a caller whose employee has this reach."""
    if sees_whole(caller.role):
        return View(whole=True, own=caller.employee)
    if caller.employee is None or reach is None:
        return View(whole=False, own=None)
    own = frozenset({caller.employee})
    if caller.role is Role.EMPLOYEE:
        return View(
            whole=False,
            own=caller.employee,
            employees=own,
            names=reach.above - own,
            shops=reach.shops,
        )
    people = own | reach.members | reach.managed
    return View(
        whole=False,
        own=caller.employee,
        employees=people,
        names=reach.above - people,
        units=reach.units,
        shops=reach.shops,
    )
