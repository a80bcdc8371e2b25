"""Who sees how much: the company, the people below, or oneself (`api.md`, section 8)."""

from services.schema.shapes.people import Caller
from services.schema.shapes.views import Reach, View
from services.schema.words import Role

_BOUNDED = frozenset({Role.LEAD, Role.EMPLOYEE})
_WRITERS_OF_SCHEMES = frozenset({Role.ADMIN, Role.HR})


def sees_whole(role: Role) -> bool:
    """Whether a role's view is the company; nobody's reach need be read then."""
    return role not in _BOUNDED


def sees_pay(role: Role) -> bool:
    """Whether a role that sees results sees their payouts: a viewer sees scores without pay."""
    return role is not Role.VIEWER


def writes_schemes(role: Role) -> bool:
    """Whether a role sees the drafts of schemes; all others see what was published."""
    return role in _WRITERS_OF_SCHEMES


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
