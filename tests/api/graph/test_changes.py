"""Who follows scorecards hears of each change once, and is told when some were missed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from sqlalchemy import text

from services.api.graph.changes import MOST_WAITING, Changes, Follower
from services.api.store.changes import CHANNEL
from services.schema.db import Database
from services.schema.errors import Unavailable
from services.schema.shapes.live import CardChange
from services.schema.shapes.people import Subject, parse_subject
from services.schema.words import SubjectKind
from tests.databases import TestDatabase

NOTIFY = "SELECT pg_notify(:channel, :told)"
CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND query LIKE 'LISTEN%' || :channel || '%'
"""
ONE = Subject(SubjectKind.EMPLOYEE, "e-1")
TWO = Subject(SubjectKind.EMPLOYEE, "e-2")


def change(card: str, subject: Subject = ONE, cycle: str = "jan", tenant: int = 1) -> CardChange:
    return CardChange(tenant, cycle, subject, card)


async def heard(cards: AsyncIterator[str], count: int) -> list[str]:
    async with asyncio.timeout(5):
        return [await anext(cards) for _ in range(count)]


def test_a_change_is_a_line_of_words() -> None:
    for subject in ("employee:e-1", "unit:u.1", "company"):
        made = change("sc_1", parse_subject(subject))
        assert CardChange.from_text(str(made)) == made


async def test_a_follower_hears_of_its_own_cycle_and_subject_alone() -> None:
    own, whole = Follower(1, "jan", ONE), Follower(1, "jan", None)
    for told in (
        change("a"),
        change("b", TWO),
        change("c", cycle="feb"),
        change("d", tenant=2),
        change("a"),
        change("e"),
    ):
        own.tell(told)
        whole.tell(told)
    assert await heard(own.cards(), 2) == ["a", "e"]
    assert await heard(whole.cards(), 3) == ["a", "b", "e"]


async def test_a_card_that_changes_again_later_is_heard_of_again() -> None:
    follower = Follower(1, "jan", None)
    cards = follower.cards()
    follower.tell(change("a"))
    assert await heard(cards, 1) == ["a"]
    follower.tell(change("a"))
    assert await heard(cards, 1) == ["a"]


async def test_who_is_too_slow_is_told_so() -> None:
    follower = Follower(1, "jan", None)
    for number in range(MOST_WAITING):
        follower.tell(change(str(number)))
    assert await heard(follower.cards(), 1) == ["0"]
    follower.tell(change("one more"))
    follower.tell(change("one too many"))
    with pytest.raises(Unavailable):
        await heard(follower.cards(), 1)


async def test_all_are_told_when_the_listener_is_cut_off_and_may_come_again(
    database: TestDatabase,
) -> None:
    listener = Database(database.dsn("kaohe_api"), application="test")
    owner = Database(database.dsn("kaohe"), application="test")
    changes = Changes(listener)
    with pytest.raises(Unavailable), changes.follow(1, "jan", None):
        pytest.fail("nobody can follow before anything is heard")
    async with changes.running():
        for card in ("sc_1", "sc_2"):
            await listening(changes)
            with changes.follow(1, "jan", None) as follower:
                cards = follower.cards()
                await send(owner, NOTIFY, told=str(change(card)))
                assert await heard(cards, 1) == [card]
                await send(owner, CUT)
                with pytest.raises(Unavailable):
                    await heard(cards, 1)
    await listener.close()
    await owner.close()


async def listening(changes: Changes) -> None:
    """Wait until changes are heard."""
    async with asyncio.timeout(10):
        while True:
            with suppress(Unavailable), changes.follow(1, "jan", None):
                return
            await asyncio.sleep(0.01)


async def send(owner: Database, statement: str, **values: str) -> None:
    async with owner.write(1) as session:
        await session.execute(text(statement), {"channel": CHANNEL, **values})
