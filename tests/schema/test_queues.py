"""Tenants take turns at the places of a process: none starves, none is lost, none comes twice."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.schema.queues import Crowded, FairQueue, share_of

LOUD, QUIET = 1, 2


@pytest.mark.parametrize(
    ("places", "share"), [(1, 1), (2, 2), (3, 3), (4, 3), (5, 4), (8, 6), (10, 8)]
)
def test_a_quarter_is_left_to_others_where_there_are_enough(places: int, share: int) -> None:
    assert share_of(places) == share


async def _wait(queue: FairQueue, tenant: int, order: list[int], names: int) -> None:
    async with queue.place(tenant):
        order.append(names)
        await asyncio.sleep(0)


async def test_one_tenant_never_holds_more_than_its_share() -> None:
    queue = FairQueue(4, waiting=10)
    assert [queue.enter_now(LOUD) for _ in range(4)] == [True, True, True, False]
    assert queue.enter_now(QUIET)
    # All are taken: the quiet one gets the next that is given back, the loud one waits on.
    first, second = asyncio.ensure_future(queue.enter(LOUD)), None
    await asyncio.sleep(0)
    second = asyncio.ensure_future(queue.enter(QUIET))
    await asyncio.sleep(0)
    queue.leave(QUIET)
    await asyncio.sleep(0)
    assert (first.done(), second.done()) == (False, True)
    queue.leave(LOUD)
    await asyncio.sleep(0)
    assert first.done()


async def test_a_long_queue_of_one_makes_nobody_elses_longer() -> None:
    """A hundred of the loud one were there first; three of the quiet one wait three rounds."""
    queue = FairQueue(1, waiting=200)
    order: list[int] = []
    assert queue.enter_now(LOUD)
    loud = [asyncio.ensure_future(_wait(queue, LOUD, order, LOUD)) for _ in range(100)]
    await asyncio.sleep(0)
    quiet = [asyncio.ensure_future(_wait(queue, QUIET, order, QUIET)) for _ in range(3)]
    await asyncio.sleep(0)
    queue.leave(LOUD)
    await asyncio.gather(*loud, *quiet)
    assert order[:6] == [LOUD, QUIET] * 3
    assert Counter(order) == {LOUD: 100, QUIET: 3}


async def test_one_more_than_may_wait_is_sent_away() -> None:
    queue = FairQueue(1, waiting=2)
    assert queue.enter_now(LOUD)
    waiting = [asyncio.ensure_future(queue.enter(LOUD)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Crowded):
        await queue.enter(LOUD)
    other = asyncio.ensure_future(queue.enter(QUIET))
    await asyncio.sleep(0)
    for each in (*waiting, other):
        each.cancel()
    await asyncio.gather(*waiting, other, return_exceptions=True)
    queue.leave(LOUD)
    assert queue.enter_now(LOUD)


async def test_who_is_let_in_and_called_away_at_once_holds_no_place() -> None:
    queue = FairQueue(1, waiting=2)
    assert queue.enter_now(LOUD)
    waiting = asyncio.ensure_future(queue.enter(QUIET))
    await asyncio.sleep(0)
    queue.leave(LOUD)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert queue.enter_now(LOUD)


steps = st.lists(
    st.tuples(st.sampled_from(["come", "go", "give up"]), st.integers(1, 3)), max_size=60
)


@settings(max_examples=100)
@given(places=st.integers(1, 6), steps=steps)
def test_places_are_neither_lost_nor_doubled(places: int, steps: list[tuple[str, int]]) -> None:
    asyncio.run(_play(places, steps))


def _let_in(waiting: list[tuple[int, asyncio.Future[None]]]) -> Counter[int]:
    """Who of those who wait has a place now, or has none to hope for."""
    done = [each for each in waiting if each[1].done()]
    for each in done:
        waiting.remove(each)
    return Counter(tenant for tenant, turn in done if turn.exception() is None)


async def _play(places: int, steps: list[tuple[str, int]]) -> None:
    queue = FairQueue(places, waiting=5)
    holding: Counter[int] = Counter()
    waiting: list[tuple[int, asyncio.Future[None]]] = []
    for step, tenant in steps:
        if step == "come" and queue.enter_now(tenant):
            holding[tenant] += 1
        elif step == "come":
            waiting.append((tenant, asyncio.ensure_future(queue.enter(tenant))))
        elif step == "go" and holding[tenant]:
            holding[tenant] -= 1
            queue.leave(tenant)
        elif step == "give up" and waiting:
            waiting.pop(0)[1].cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        holding.update(_let_in(waiting))
        assert holding.total() <= places
        assert max(holding.values(), default=0) <= share_of(places)
        # Nobody waits while there is a place for it.
        for one, _ in waiting:
            assert holding.total() == places or holding[one] == share_of(places)
    for _, turn in waiting:
        turn.cancel()
    await asyncio.gather(*(turn for _, turn in waiting), return_exceptions=True)
    for tenant in list(holding.elements()):
        queue.leave(tenant)
    assert sum(queue.enter_now(tenant) for tenant in range(10, 10 + places + 1)) == places
