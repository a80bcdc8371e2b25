"""Links name whom the facts of a kind name, and the one measure where they are posted."""

from datetime import date

from services.api.core.links import links_of
from services.schema.shapes.people import Subject
from services.schema.words import Scope, SubjectKind
from tests.api.core.values import SHOP, prepared
from tests.api.facts import assignment, employee, person

E_1 = employee("e-1", assignment("sales", {"a": "50"}, start=date(2026, 1, 1)))
UNIT = Subject(SubjectKind.UNIT, "sales")
OCTOBER = "from=2026-10-01&to=2026-11-01"


def test_facts_that_name_nobody_are_those_of_the_shops() -> None:
    own = prepared("paid_amount / visitors", person("e-1"), Scope.OWN, E_1)
    assert links_of(own.parts) == (f"/v1/facts/orders?employee=e-1&{OCTOBER}",)
    shops = prepared("paid_amount / visitors", person("e-1"), Scope.SHOPS, E_1)
    assert links_of(shops.parts) == (
        f"/v1/facts/orders?shop=a&{OCTOBER}",
        f"/v1/facts/traffic?shop=a&{OCTOBER}",
    )
    whole = prepared("paid_amount / visitors", UNIT, Scope.UNIT, E_1)
    assert links_of(whole.parts) == (
        f"/v1/facts/orders?shop=a&{OCTOBER}",
        f"/v1/facts/orders?employee=e-1&{OCTOBER}",
        f"/v1/facts/traffic?shop=a&{OCTOBER}",
    )


def test_posted_rows_are_of_one_measure_and_of_units_too() -> None:
    posted = prepared("messages", UNIT, Scope.UNIT, E_1)
    assert links_of(posted.parts) == (
        f"/v1/facts/measures?shop=a&measure=messages&{OCTOBER}",
        f"/v1/facts/measures?employee=e-1&measure=messages&{OCTOBER}",
        f"/v1/facts/measures?unit=sales&measure=messages&{OCTOBER}",
    )
    assert links_of(prepared("messages", SHOP).parts) == (
        f"/v1/facts/measures?shop=a&measure=messages&{OCTOBER}",
    )
