"""What a receipt may say of a role: how many rated, how many must have, and their sum."""

import pytest

from services.verify.arithmetic import Unreadable
from services.verify.ratings import rated

Json = dict[str, object]


def line(*marks: Json, missing: str = "redistribute") -> Json:
    roles = [{"role": each["role"], "weight": "50"} for each in marks]
    return {
        "rule": {"kind": "rating", "raters": roles},
        "missing": missing,
        "full_mark": "100",
        "marks": list(marks),
    }


def role(name: str, raters: object, together: str | None, **more: object) -> Json:
    return {"role": name, "weight": "50", "raters": raters, "sum": together, **more}


def test_a_role_of_many_counts_from_as_many_as_it_needs() -> None:
    boss = role("manager", 1, "80", needed=1)
    mark, told = rated(line(boss, role("peer", 3, "150", needed=3)))
    assert mark is not None
    assert mark.after == 65
    assert [each["mean"] for each in told["marks"]] == ["80", "50"]
    mark, told = rated(line(boss, role("peer", 2, None, needed=3)))
    assert mark is not None
    assert mark.after == 80
    assert [each["mean"] for each in told["marks"]] == ["80", None]
    assert rated(line(boss, role("peer", 2, None, needed=3), missing="block"))[0] is None


def test_a_receipt_from_before_counts_each_role_from_one_on() -> None:
    mark, _ = rated(line(role("peer", 1, "40"), role("manager", 0, None)))
    assert mark is not None
    assert mark.after == 40


@pytest.mark.parametrize(
    "stated",
    [
        role("peer", 2, "90", needed=3),
        role("peer", 3, None, needed=3),
        role("peer", 0, "90"),
        role("peer", -1, None, needed=3),
        role("peer", 0, None, needed=0),
        role("peer", "3", "90", needed=3),
        role("peer", 3, "90", needed="3"),
    ],
)
def test_what_no_people_can_have_given_is_unreadable(stated: Json) -> None:
    with pytest.raises(Unreadable):
        rated(line(stated))
