"""Ids say their kind and sort by time."""

from services.schema.ids import IdKind, encode_id, is_id, new_id


def test_ids_sort_by_the_time_of_making() -> None:
    early = encode_id(IdKind.SCORECARD, 1_700_000_000_000, b"\xff" * 10)
    late = encode_id(IdKind.SCORECARD, 1_700_000_000_001, b"\x00" * 10)
    assert early < late
    assert early.startswith("sc_")


def test_an_id_says_its_kind() -> None:
    made = new_id(IdKind.PAYOUT)
    assert is_id(IdKind.PAYOUT, made)
    assert not is_id(IdKind.RESULT, made)
    assert not is_id(IdKind.PAYOUT, made + "0")
    assert not is_id(IdKind.PAYOUT, made.upper())
    assert new_id(IdKind.PAYOUT) != made
