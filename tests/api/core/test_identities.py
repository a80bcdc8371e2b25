"""Ids that follow from whom and what they are for."""

from datetime import UTC, datetime, timedelta

from services.api.core.identities import derive_id
from services.schema.ids import IdKind, is_id

AT = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_same_thing_has_the_same_id_and_no_other_has() -> None:
    made = derive_id(IdKind.RESULT, AT, 1, "jan", "employee:e-1")
    assert is_id(IdKind.RESULT, made)
    assert derive_id(IdKind.RESULT, AT, 1, "jan", "employee:e-1") == made
    others = {
        derive_id(IdKind.PAYOUT, AT, 1, "jan", "employee:e-1"),
        derive_id(IdKind.RESULT, AT, 2, "jan", "employee:e-1"),
        derive_id(IdKind.RESULT, AT, 1, "jan", "employee:e-2"),
        derive_id(IdKind.RESULT, AT, 1, "janemployee:e-1", ""),
        derive_id(IdKind.RESULT, AT + timedelta(milliseconds=1), 1, "jan", "employee:e-1"),
    }
    assert len(others | {made}) == 6


def test_ids_sort_by_the_moment_they_were_made_at() -> None:
    made = [derive_id(IdKind.PAYOUT, AT + timedelta(seconds=n), 1, -n) for n in range(100)]
    assert made == sorted(made)
