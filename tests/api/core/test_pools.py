"""Small teams pooled with their siblings, up the tree, until they are enough."""

from hypothesis import given
from hypothesis import strategies as st

from services.api.core.pools import Pool, pool_by_unit
from services.schema.shapes.people import Unit

TREE = {
    code: Unit(code, code, parent, None)
    for code, parent in {
        "company": None, "north": "company", "south": "company", "n1": "north", "n2": "north",
        "n3": "north", "s1": "south",
    }.items()
}  # fmt: skip


def pooled(minimum: int, **sizes: int) -> list[tuple[str | None, tuple[str, ...], int]]:
    people = {f"{unit}-{n}": unit for unit, size in sizes.items() for n in range(size)}
    pools = pool_by_unit(people, TREE, minimum=minimum)
    return [(pool.unit, pool.members, len(pool.people)) for pool in pools]


def test_a_unit_of_the_minimum_stands_alone_and_one_person_fewer_is_pooled() -> None:
    assert pooled(3, n1=3, n2=3) == [("n1", ("n1",), 3), ("n2", ("n2",), 3)]
    assert pooled(3, n1=3, n2=2) == [("n1", ("n1",), 3), (None, ("n2",), 2)]


def test_small_siblings_are_pooled_under_their_parent_with_its_own_people() -> None:
    assert pooled(5, n1=2, n2=2, n3=6, north=1) == [
        ("n3", ("n3",), 6),
        ("north", ("n1", "n2", "north"), 5),
    ]


def test_what_is_too_small_goes_further_up_and_meets_the_rest_at_the_top() -> None:
    assert pooled(4, n1=2, n2=1, s1=1) == [("company", ("n1", "n2", "s1"), 4)]
    assert pooled(5, n1=2, n2=1, s1=1) == [(None, ("n1", "n2", "s1"), 4)]


def test_without_a_minimum_each_unit_is_its_own() -> None:
    assert pooled(0, n1=1, s1=1) == [("n1", ("n1",), 1), ("s1", ("s1",), 1)]
    assert pooled(5) == []


def test_an_unknown_unit_stands_at_the_top() -> None:
    assert pool_by_unit({"a": "gone", "b": "n1"}, TREE, minimum=2) == [
        Pool(None, ("gone", "n1"), ("a", "b"))
    ]


@given(st.dictionaries(st.integers(), st.sampled_from(sorted(TREE))), st.integers(0, 9))
def test_everyone_is_in_one_pool_and_at_most_one_is_small(
    people: dict[int, str], minimum: int
) -> None:
    pools = pool_by_unit(people, TREE, minimum=minimum)
    assert sorted(who for pool in pools for who in pool.people) == sorted(people)
    small = [pool for pool in pools if len(pool.people) < minimum]
    assert [pool.unit for pool in small] == [None] * len(small)
    assert len(small) <= 1
    for pool in pools:
        assert pool.members == tuple(sorted({people[who] for who in pool.people}))
