"""Ranks, quotas and the grades they give: ties to the better grade, gates held through."""

from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.core.distribution import (
    BoundaryTie,
    Forced,
    force,
    held_in,
    key_of,
    quotas_of,
    rank,
    rank_by_total,
)
from tests.api.core.ranking import Ranking, keys_of, rankings


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


@pytest.mark.parametrize(
    ("shares", "people", "quotas"),
    [
        ((20, 70, 10), 23, (5, 16, 2)),  # 4.6, 16.1, 2.3
        ((20, 70, 10), 10, (2, 7, 1)),
        ((20, 70, 10), 5, (1, 4, 0)),  # 1, 3.5, 0.5: equal remainders, the better grade
        ((20, 70, 10), 1, (0, 1, 0)),
        ((35, 50, 15), 20, (7, 10, 3)),
        ((35, 50, 15), 10, (4, 5, 1)),  # 3.5, 5, 1.5
        ((35, 50, 15), 7, (2, 4, 1)),  # 2.45, 3.5, 1.05
        ((0, 100), 3, (0, 3)),
        (("33.3333", "33.3333", "33.3334"), 3, (1, 1, 1)),
        ((20, 70, 10), 0, (0, 0, 0)),
    ],
)
def test_requirement_30_quotas_are_by_largest_remainder(
    shares: tuple[str | int, ...], people: int, quotas: tuple[int, ...]
) -> None:
    assert quotas_of([Decimal(share) for share in shares], people) == quotas


@given(st.lists(st.integers(0, 100), min_size=1, max_size=6), st.integers(0, 500))
def test_quotas_sum_to_the_people_and_none_is_a_whole_person_off(
    weights: list[int], people: int
) -> None:
    shares = [Decimal(weight) for weight in [*weights, 1]]
    quotas = quotas_of(shares, people)
    assert sum(quotas) == people
    for share, quota in zip(shares, quotas, strict=True):
        assert abs(Fraction(share) * people / Fraction(sum(shares)) - quota) < 1


def test_requirement_30_2_7_1_over_23_people_by_their_totals() -> None:
    forced = force(keys_of(*range(23)), [0] * 23, quotas_of([Decimal(n) for n in (20, 70, 10)], 23))
    assert held_in(forced.grades, 3) == (5, 16, 2)
    assert forced == Forced((2, 2, *[1] * 16, *[0] * 5), ())


def test_requirement_30_a_tie_on_a_boundary_takes_the_better_grade_and_is_reported() -> None:
    """Two places for 90 and three times 85: all four have them, and the next gives up two."""
    totals = keys_of(85, 90, 85, 85, 80, 75, 70, 65, 60, 55)
    assert force(totals, [0] * 10, (2, 7, 1)) == Forced(
        (0, 0, 0, 0, 1, 1, 1, 1, 1, 2), (BoundaryTie(0, (0, 2, 3), 1),)
    )
    # On the other side of the boundary nobody has to share.
    clear = keys_of(86, 90, 85, 85, 80, 75, 70, 65, 60, 55)
    assert force(clear, [0] * 10, (2, 7, 1)) == Forced((0, 0, 1, 1, 1, 1, 1, 1, 1, 2), ())


def test_a_tie_may_take_all_places_of_the_grades_after_it() -> None:
    assert force(keys_of(5, 5, 5, 1), [0] * 4, (1, 1, 2)) == Forced(
        (0, 0, 0, 2), (BoundaryTie(0, (0, 1, 2), 1),)
    )
    assert force(keys_of(5, 5, 5, 5), [0] * 4, (1, 2, 1)).grades == (0, 0, 0, 0)


def test_tie_breakers_decide_between_equal_totals_each_in_its_better_direction() -> None:
    def key(total: int, sales: int | None, faults: int | None) -> tuple[tuple[bool, Decimal], ...]:
        values = [None if each is None else Decimal(each) for each in (sales, faults)]
        return key_of(Decimal(total), values, lower_is_better=(False, True))

    keys = [key(85, 10, 3), key(85, 10, 2), key(85, None, 0), key(90, None, None), key(85, 11, 9)]
    assert rank(keys) == (4, 3, 5, 1, 2)
    assert force(keys, [0] * 5, (2, 3, 0)) == Forced((1, 1, 1, 0, 0), ())


def test_a_gate_holds_through_forcing_and_the_place_passes_to_the_next_person() -> None:
    best_is_limited = force(keys_of(99, 90, 80, 70, 60, 50), [2, 0, 0, 0, 0, 0], (2, 3, 1))
    assert best_is_limited.grades == (2, 0, 0, 1, 1, 1)
    # More failed than the lowest quota holds: the grade before it stays short.
    failed = force(keys_of(99, 90, 80, 70, 60, 50), [0, 2, 2, 2, 0, 0], (2, 3, 1))
    assert failed.grades == (0, 2, 2, 2, 0, 1)
    # No better than B: what A cannot fill is B's.
    nobody = force(keys_of(5, 4, 3, 2), [1, 1, 1, 1], (1, 2, 1))
    assert nobody == Forced((1, 1, 1, 2), ())


@given(rankings())
def test_forced_grades_follow_rank_limits_and_quotas(ranking: Ranking) -> None:
    forced = force(ranking.keys, ranking.limits, ranking.quotas)
    people = range(len(ranking.keys))
    for one in people:
        assert forced.grades[one] >= ranking.limits[one]
        for other in people:
            if ranking.limits[one] == ranking.limits[other]:
                if ranking.keys[one] == ranking.keys[other]:
                    assert forced.grades[one] == forced.grades[other]
                elif ranking.keys[one] > ranking.keys[other]:
                    assert forced.grades[one] <= forced.grades[other]
    if not any(ranking.limits) and len(set(ranking.keys)) == len(ranking.keys):
        assert held_in(forced.grades, len(ranking.quotas)) == ranking.quotas
        assert forced.ties == ()
    for tie in forced.ties:
        assert 0 < tie.places < len(tie.people)
        assert {forced.grades[at] for at in tie.people} == {tie.grade}


@given(rankings(), st.randoms(use_true_random=False))
def test_the_order_in_which_people_are_given_does_not_matter(
    ranking: Ranking, chance: Random
) -> None:
    order = list(range(len(ranking.keys)))
    chance.shuffle(order)
    plain = force(ranking.keys, ranking.limits, ranking.quotas).grades
    shuffled = force(
        [ranking.keys[at] for at in order], [ranking.limits[at] for at in order], ranking.quotas
    ).grades
    assert shuffled == tuple(plain[at] for at in order)
