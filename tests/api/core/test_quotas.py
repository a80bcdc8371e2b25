"""Grades held against their quotas, and the smallest set of moves that meets them."""

from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.api.core.distribution import Forced, force, rank
from services.api.core.quotas import (
    Allowed,
    Proposal,
    allowed_by,
    keeps_within,
    meets,
    propose,
)
from tests.api.core.ranking import Ranking, keys_of, rankings


def allowed_in(ranking: Ranking) -> Allowed:
    forced = force(ranking.keys, ranking.limits, ranking.quotas)
    return allowed_by(ranking.quotas, forced)


def proposed(
    ranking: Ranking, grades: list[int] | tuple[int, ...], decided: tuple[int, ...] = ()
) -> tuple[Proposal, ...]:
    return propose(
        allowed_in(ranking),
        grades,
        limits=ranking.limits,
        places=rank(ranking.keys),
        decided=decided,
    )


def after(grades: list[int] | tuple[int, ...], moves: tuple[Proposal, ...]) -> list[int]:
    found = list(grades)
    for move in moves:
        assert found[move.person] == move.from_grade != move.to_grade
        found[move.person] = move.to_grade
    return found


def steps(moves: tuple[Proposal, ...]) -> int:
    return sum(abs(move.from_grade - move.to_grade) for move in moves)


TEN = Ranking(tuple(keys_of(*range(10, 0, -1))), (0,) * 10, (2, 7, 1))


@pytest.mark.parametrize(
    ("grades", "moves"),
    [
        ([0, 0, 1, 1, 1, 1, 1, 1, 1, 2], []),
        ([0, 0, 0, 1, 1, 1, 1, 1, 1, 2], [(2, 0, 1)]),
        ([0, 1, 1, 1, 1, 1, 1, 1, 1, 2], [(1, 1, 0)]),
        ([0, 0, 0, 1, 1, 1, 1, 1, 1, 1], [(2, 0, 1), (9, 1, 2)]),
        ([0, 0, 1, 1, 1, 1, 1, 1, 2, 2], [(8, 2, 1)]),
        ([0] * 10, [*((at, 0, 1) for at in range(2, 9)), (9, 0, 2)]),
        ([2] * 10, [(0, 2, 0), (1, 2, 0), *((at, 2, 1) for at in range(2, 9))]),
    ],
)
def test_the_smallest_set_moves_those_next_to_the_boundary(
    grades: list[int], moves: list[tuple[int, int, int]]
) -> None:
    assert proposed(TEN, grades) == tuple(Proposal(*move) for move in moves)


def test_who_was_moved_by_people_is_left_where_they_are() -> None:
    """The third was promoted: somebody else of the best grade goes down."""
    grades = [0, 0, 0, 1, 1, 1, 1, 1, 1, 2]
    assert proposed(TEN, grades, (2,)) == (Proposal(1, 0, 1),)
    assert proposed(TEN, grades, (0, 1, 2)) == (Proposal(2, 0, 1),)
    # But nobody is fetched from further away for that.
    near = Ranking(tuple(keys_of(4, 3, 2, 1)), (0,) * 4, (2, 1, 1))
    assert proposed(near, [0, 1, 2, 2], (1,))[0] == Proposal(1, 1, 0)


def test_a_tie_is_not_cut_and_people_may_cut_it() -> None:
    tied = Ranking(tuple(keys_of(9, 8, 8, 8, 1)), (0,) * 5, (2, 2, 1))
    allowed = allowed_in(tied)
    assert (allowed.least, allowed.most) == ((2, 4, 5), (4, 4, 5))
    for held in (2, 3, 4):
        assert meets(allowed, [0] * held + [1] * (4 - held) + [2])
    assert not meets(allowed, [0, 1, 1, 1, 2])
    # Below the quota the whole tie comes up, never a part of it.
    assert proposed(tied, [0, 1, 1, 1, 2]) == tuple(Proposal(at, 1, 0) for at in (1, 2, 3))


def test_whom_a_gate_keeps_back_is_not_proposed() -> None:
    limited = Ranking(tuple(keys_of(5, 4, 3, 2)), (0, 1, 0, 0), (2, 1, 1))
    assert proposed(limited, [0, 1, 1, 2]) == (Proposal(2, 1, 0),)


def test_within_is_no_more_than_the_quotas_of_the_better_grades() -> None:
    allowed = allowed_in(TEN)
    fewer = [0, 1, 1, 1, 1, 1, 1, 1, 1, 2]
    assert (keeps_within(allowed, fewer), meets(allowed, fewer)) == (True, False)
    assert not keeps_within(allowed, [0, 0, 0, 1, 1, 1, 1, 1, 1, 2])
    assert not keeps_within(allowed, [0, 0, 1, 1, 1, 1, 1, 1, 1, 1])


@given(rankings(), st.data())
def test_proposals_meet_the_quotas_within_every_limit(
    ranking: Ranking, data: st.DataObject
) -> None:
    worst = len(ranking.quotas) - 1
    grades = [data.draw(st.integers(limit, worst)) for limit in ranking.limits]
    moves = proposed(ranking, grades)
    now = after(grades, moves)
    assert meets(allowed_in(ranking), now)
    assert all(grade >= limit for grade, limit in zip(now, ranking.limits, strict=True))
    assert (moves == ()) == meets(allowed_in(ranking), grades)


@given(rankings())
def test_what_forcing_gives_meets_the_quotas(ranking: Ranking) -> None:
    forced = force(ranking.keys, ranking.limits, ranking.quotas)
    assert proposed(ranking, forced.grades) == ()


@given(rankings(gated=False), st.data())
def test_from_bands_the_proposals_are_the_forced_grades(
    ranking: Ranking, data: st.DataObject
) -> None:
    """Where grades follow totals and nobody is tied, nobody is passed."""
    assume(len(set(ranking.keys)) == len(ranking.keys))
    worst = len(ranking.quotas) - 1
    order = sorted(range(len(ranking.keys)), key=lambda at: ranking.keys[at], reverse=True)
    bands = sorted(data.draw(st.integers(0, worst)) for _ in order)
    grades = [0] * len(order)
    for at, band in zip(order, bands, strict=True):
        grades[at] = band
    forced: Forced = force(ranking.keys, ranking.limits, ranking.quotas)
    assert after(grades, proposed(ranking, grades)) == list(forced.grades)


@given(rankings(most=5), st.data())
def test_no_smaller_set_of_steps_meets_the_quotas(ranking: Ranking, data: st.DataObject) -> None:
    """Held against every assignment there is; with ties the whole tie is taken, not a part."""
    assume(len(set(ranking.keys)) == len(ranking.keys))
    worst = len(ranking.quotas) - 1
    grades = [data.draw(st.integers(limit, worst)) for limit in ranking.limits]
    allowed = allowed_in(ranking)
    least = min(
        sum(abs(one - other) for one, other in zip(grades, other_grades, strict=True))
        for other_grades in product(*(range(limit, worst + 1) for limit in ranking.limits))
        if meets(allowed, other_grades)
    )
    assert steps(proposed(ranking, grades)) == least
