"""Whose facts a value is made of, and what a mark speaks of."""

from datetime import UTC, date, datetime

from services.api.core.reach import touched_by
from services.schema.shapes.live import Mark

AT = datetime(2026, 1, 1, tzinfo=UTC)
DAY = date(2026, 1, 9)


def test_a_mark_speaks_of_the_company_and_of_whom_it_names() -> None:
    whole = Mark(DAY, "tm-1", "u-1", "e-1", AT)
    assert touched_by([whole]) == {
        ("company", DAY),
        ("shop:tm-1", DAY),
        ("unit:u-1", DAY),
        ("employee:e-1", DAY),
    }


def test_empty_texts_are_nobody() -> None:
    assert touched_by([Mark(DAY, "tm-1", "", "", AT)]) == {("company", DAY), ("shop:tm-1", DAY)}
    assert touched_by([]) == set()


def test_days_are_told_apart() -> None:
    other = date(2026, 1, 10)
    marks = [Mark(DAY, "", "", "e-1", AT), Mark(other, "", "", "e-1", AT)]
    assert touched_by(marks) == {
        ("company", DAY),
        ("company", other),
        ("employee:e-1", DAY),
        ("employee:e-1", other),
    }
