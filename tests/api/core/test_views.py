"""A role sees the company, the people below, or oneself."""

import pytest

from services.api.core.views import make_view, sees_pay, writes_schemes
from services.schema.shapes.people import Caller, parse_subject
from services.schema.shapes.views import Reach, View
from services.schema.words import Role

REACH = Reach(
    units=frozenset({"u"}),
    members=frozenset({"m", "boss"}),
    managed=frozenset({"r"}),
    shops=frozenset({"s"}),
    above=frozenset({"boss", "chief", "me"}),
)
NOBODY: frozenset[str] = frozenset()


def view(role: Role, employee: str | None = "me", reach: Reach | None = REACH) -> View:
    return make_view(Caller(1, role, employee, "key:k"), reach)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.HR, Role.VIEWER, Role.ERP, Role.PAYROLL])
def test_for_some_the_matrix_alone_is_the_bound(role: Role) -> None:
    seen = view(role, None, None)
    assert seen == View(whole=True, own=None)
    assert seen.subjects() is None
    assert all(seen.sees(parse_subject(text)) for text in ("company", "unit:x", "employee:y"))


def test_a_lead_sees_below_and_names_above() -> None:
    seen = view(Role.LEAD)
    assert seen.employees == {"me", "m", "r", "boss"}
    # Who is above and below at once is seen wholly.
    assert seen.names == {"chief"}
    assert seen.units == {"u"}
    assert seen.shops == {"s"}
    assert not seen.sees(parse_subject("company"))
    assert seen.sees(parse_subject("unit:u"))
    assert not seen.sees(parse_subject("employee:chief"))


def test_an_employee_sees_one_self_whatever_is_below() -> None:
    seen = view(Role.EMPLOYEE)
    assert seen.employees == {"me"}
    assert seen.units == NOBODY
    assert seen.names == {"boss", "chief"}
    own = {parse_subject("employee:me"), parse_subject("shop:s")}
    assert seen.subjects() == frozenset(own)
    assert seen.is_own(parse_subject("employee:me"))
    assert not seen.is_own(parse_subject("unit:me"))


@pytest.mark.parametrize("role", [Role.LEAD, Role.EMPLOYEE])
def test_a_person_without_an_employee_sees_nothing(role: Role) -> None:
    seen = view(role, None, None)
    assert seen == View(whole=False, own=None)
    assert seen.subjects() == frozenset()


@pytest.mark.parametrize("role", list(Role))
def test_a_viewer_sees_no_pay_and_hr_alone_sees_drafts(role: Role) -> None:
    assert sees_pay(role) is (role is not Role.VIEWER)
    assert writes_schemes(role) is (role in {Role.ADMIN, Role.HR})
