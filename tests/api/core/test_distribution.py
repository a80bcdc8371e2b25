"""Ranks by total: equal totals share a rank, and the next one is left out."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.api.core.distribution import rank_by_total


def test_requirement_30_90_85_85_0_rank_1_2_2_4() -> None:
    totals = {who: Decimal(total) for who, total in zip("abcd", (90, 85, 85, 0), strict=True)}
    assert rank_by_total(totals) == {"a": 1, "b": 2, "c": 2, "d": 4}


def test_equal_totals_are_equal_however_they_are_written() -> None:
    assert rank_by_total({"a": Decimal("85.00"), "b": Decimal(85)}) == {"a": 1, "b": 1}


def test_who_has_no_total_has_no_rank_and_takes_no_place() -> None:
    assert rank_by_total({"a": None, "b": Decimal(5), "c": Decimal(4)}) == {
        "a": None,
        "b": 1,
        "c": 2,
    }
    assert rank_by_total({}) == {}


@given(st.dictionaries(st.text(max_size=3), st.decimals("0", "100", places=2)))
def test_a_rank_is_one_more_than_those_who_stand_higher(totals: dict[str, Decimal]) -> None:
    ranks = rank_by_total(totals)
    for who, total in totals.items():
        assert ranks[who] == 1 + sum(other > total for other in totals.values())
    assert list(ranks) == list(totals)
