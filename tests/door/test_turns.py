"""Requests of one company wait for each other, not for ever, and only beside a neighbour."""

import asyncio
from collections.abc import Callable

import pytest

from services.door import turns
from services.door.turns import SHARED_SECONDS, TURNS, Turns

LOUD, QUIET = 1, 2


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def shared(clock: Clock | None = None) -> Turns:
    """Of a process to which two companies came."""
    line = Turns(clock or Clock())
    for tenant in (QUIET, LOUD):
        (await line.begin(tenant))()
    return line


async def begun(waiting: list[asyncio.Task[Callable[[], None]]]) -> int:
    """How many of them have their turn by now."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return sum(task.done() for task in waiting)


def ask(line: Turns, tenant: int, times: int) -> list[asyncio.Task[Callable[[], None]]]:
    return [asyncio.create_task(line.begin(tenant)) for _ in range(times)]


async def test_a_company_waits_for_itself_and_nobody_else_does() -> None:
    line = await shared()
    loud = ask(line, LOUD, TURNS + 3)
    assert await begun(loud) == TURNS
    assert await begun(ask(line, QUIET, 1)) == 1
    for number, end in enumerate([task.result() for task in loud if task.done()], 1):
        end()
        end()  # ending twice ends one turn
        assert await begun(loud) == TURNS + number


async def test_turns_come_in_the_order_of_asking_and_none_is_lost() -> None:
    line = await shared()
    loud = ask(line, LOUD, 50)
    for number in range(50):
        assert await begun(loud) == min(50, number + TURNS)
        assert all(task.done() for task in loud[: number + 1])
        loud[number].result()()
    assert line._lines == {}
    assert line._taken == {}


async def test_who_takes_long_keeps_its_turn_for_its_first_moments_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.02)
    line = await shared()
    loud = ask(line, LOUD, TURNS * 3)
    async with asyncio.timeout(5):
        await asyncio.gather(*loud)


@pytest.mark.parametrize("when", ["while it waits", "as its turn comes", "before that is known"])
async def test_who_goes_away_leaves_its_turn_to_the_next(when: str) -> None:
    line = await shared()
    loud = ask(line, LOUD, TURNS + 2)
    assert await begun(loud) == TURNS
    impatient = loud[TURNS]
    if when == "while it waits":
        impatient.cancel()
        await begun(loud)
    elif when == "before that is known":
        impatient.cancel()
    loud[0].result()()
    if when == "as its turn comes":
        impatient.cancel()
    await begun(loud)
    assert impatient.cancelled()
    assert loud[-1].done()
    for task in (*loud[1:TURNS], loud[-1]):
        task.result()()
    assert line._taken == {}


async def test_a_company_that_has_the_process_for_itself_waits_for_nothing() -> None:
    line = Turns(Clock())
    assert await begun(ask(line, LOUD, 50)) == 50


async def test_a_neighbour_who_has_not_come_for_long_is_waited_for_no_more() -> None:
    clock = Clock()
    line = await shared(clock)
    clock.now += SHARED_SECONDS - 1
    assert await begun(ask(line, LOUD, 50)) == TURNS
    clock.now += 1
    assert await begun(ask(line, LOUD, 10)) == 10
