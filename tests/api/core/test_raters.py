"""Who may rate whom in which role, and what is told of those who stay unnamed."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

import pytest

from services.api.core.raters import (
    MINIMUM_RATERS,
    Relation,
    inviting_roles,
    newest,
    rater_of,
    shown_to,
)
from services.schema.errors import Conflict, Forbidden, NotFound
from services.schema.shapes.people import Caller
from services.schema.shapes.ratings import KeptRating, StatedMark
from services.schema.words import RaterRole, Role
from tests.api.core.rated import stated_mark

NOBODY = Relation(is_seen=False, is_own=False, is_below=False, invited=frozenset())
ABOVE = replace(NOBODY, is_seen=True, is_below=True)
OWN = replace(NOBODY, is_seen=True, is_own=True)
SEEN = replace(NOBODY, is_seen=True)
ALLOWED = {
    ("own", Role.EMPLOYEE): {"self"},
    ("own", Role.LEAD): {"self"},
    ("own", Role.HR): {"self"},
    ("above", Role.LEAD): {"manager"},
    ("above", Role.HR): {"manager", "hr", "customer", "branch", "supervisor", "third_party"},
    ("seen", Role.LEAD): set(),
    ("seen", Role.HR): {"hr", "customer", "branch", "supervisor", "third_party"},
    ("seen", Role.ADMIN): {"hr", "customer", "branch", "supervisor", "third_party"},
    ("peer", Role.EMPLOYEE): {"peer"},
    ("peer", Role.LEAD): {"peer"},
}
RELATIONS = {
    "own": OWN,
    "above": ABOVE,
    "seen": SEEN,
    "peer": replace(NOBODY, invited=frozenset({RaterRole.PEER})),
}


def caller(role: Role = Role.EMPLOYEE, employee: str | None = "e-1") -> Caller:
    return Caller(1, role, employee, "key:key_1")


def stating(role: RaterRole, rater: str | None = None) -> StatedMark:
    return StatedMark("a", role, None, 1, None, None, rater)


@pytest.mark.parametrize(("relation", "role"), ALLOWED)
@pytest.mark.parametrize("rating_as", list(RaterRole))
def test_each_role_belongs_to_somebody(relation: str, role: Role, rating_as: RaterRole) -> None:
    def ask() -> str:
        return rater_of(stating(rating_as), caller(role), RELATIONS[relation])

    if rating_as.value in ALLOWED[relation, role]:
        assert ask() == "e-1"
    else:
        with pytest.raises(Forbidden, match="rate") as refusal:
            ask()
        assert refusal.value.code == "role_not_yours"


def test_whoever_neither_sees_the_card_nor_was_asked_finds_nothing() -> None:
    for role in RaterRole:
        with pytest.raises(NotFound):
            rater_of(stating(role), caller(), NOBODY)


def test_hr_enters_what_people_outside_gave_and_nobody_else_speaks_for_others() -> None:
    office = caller(Role.HR, None)
    assert rater_of(stating(RaterRole.CUSTOMER, "c-17"), office, SEEN) == "c-17"
    assert rater_of(stating(RaterRole.HR), office, SEEN) == "key:key_1"
    for role, who, relation in (
        (RaterRole.HR, office, SEEN),
        (RaterRole.PEER, office, SEEN),
        (RaterRole.CUSTOMER, caller(Role.LEAD), ABOVE),
        (RaterRole.MANAGER, caller(Role.LEAD), ABOVE),
    ):
        with pytest.raises(Conflict) as refusal:
            rater_of(stating(role, "c-17"), who, relation)
        assert refusal.value.code == "rater_not_asked"


def kept(number: int, role: str, rater: str, mark: str, item: str = "a") -> KeptRating:
    stated = replace(
        stated_mark(item, role, rater, mark=mark),
        comment=f"by {rater}",
        stated_at=datetime(2026, 11, number, tzinfo=UTC),
    )
    return KeptRating(f"rat_{number}", number, stated, f"key:{rater}")


def test_of_one_rater_in_one_role_of_an_item_the_last_holds() -> None:
    marks = [
        kept(1, "peer", "e-1", "1"),
        kept(2, "peer", "e-2", "2"),
        kept(3, "peer", "e-1", "3"),
        kept(4, "member", "e-1", "4"),
        kept(5, "peer", "e-1", "5", item="b"),
    ]
    assert [each.number for each in newest(marks)] == [2, 3, 4, 5]
    Random(1).shuffle(marks)
    assert [each.number for each in newest(marks)] == [2, 3, 4, 5]


@pytest.mark.parametrize("raters", [1, MINIMUM_RATERS - 1, MINIMUM_RATERS, MINIMUM_RATERS + 1])
def test_what_few_have_given_is_not_told_one_by_one(raters: int) -> None:
    marks = [kept(at, "peer", f"e-{at}", str(9 - at)) for at in range(1, raters + 1)]
    # Who has rated twice is still one; a rater of another item or role is none of these.
    marks += [
        kept(20, "peer", "e-1", "8"),
        kept(21, "member", "e-8", "1"),
        kept(22, "peer", "e-8", "1", item="b"),
    ]
    shown = [
        each
        for each in shown_to(marks, sees_names=False, own=None)
        if (each.item, each.role) == ("a", RaterRole.PEER)
    ]
    assert len(shown) == raters
    assert {each.withheld for each in shown} == {raters < MINIMUM_RATERS}
    told = [each.mark for each in shown]
    if raters < MINIMUM_RATERS:
        assert told == [None] * raters
        assert [each.comment for each in shown] == [None] * raters
    else:
        # Neither in the order of stating nor with anything that tells of it.
        assert told == sorted(told, key=str)
    for each in shown:
        assert (each.id, each.rater, each.author, each.stated_at) == (None, None, None, None)


@pytest.mark.parametrize("role", ["supervisor", "mentor", "third_party"])
def test_what_one_gives_by_office_is_told_without_a_name(role: str) -> None:
    (shown,) = shown_to([kept(1, role, "e-1", "7")], sees_names=False, own=None)
    assert (shown.mark, shown.withheld, shown.holds) == (Decimal(7), False, True)
    assert (shown.id, shown.rater, shown.author, shown.stated_at) == (None, None, None, None)


def test_one_s_own_marks_and_those_of_the_named_are_told_with_their_history() -> None:
    marks = [
        kept(1, "manager", "e-3", "1"),
        kept(2, "peer", "e-1", "2"),
        kept(3, "peer", "e-1", "3"),
        kept(4, "manager", "e-3", "4"),
        kept(5, "peer", "e-2", "5"),
    ]
    shown = shown_to(marks, sees_names=False, own="e-1")
    assert [(each.id, each.rater, each.holds, each.withheld) for each in shown] == [
        ("rat_1", "e-3", False, False),
        ("rat_2", "e-1", False, False),
        ("rat_3", "e-1", True, False),
        ("rat_4", "e-3", True, False),
        (None, None, True, True),
    ]
    everything = shown_to(marks, sees_names=True, own=None)
    assert [each.id for each in everything] == [f"rat_{at}" for at in range(1, 6)]


def test_people_are_asked_one_by_one_in_all_roles_but_those_that_are_named() -> None:
    assert set(inviting_roles()) == set(RaterRole) - {
        RaterRole.SELF,
        RaterRole.MANAGER,
        RaterRole.HR,
    }
