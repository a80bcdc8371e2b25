"""The chain as it lies in the database: whoever touches it is found, at the first entry touched."""

# ruff: noqa: S608  numbers of this test alone are put into its statements

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from services.api.flows.audit import CHUNK, Verification, verify_audit
from services.api.store.audit import read_entries
from services.schema.chain import GENESIS, link
from services.schema.db import WriteSession
from services.schema.shapes.audit import Deed, Entry
from tests.databases import TestDatabase
from tests.figures import Figures, Most, Wrong

TENANT = 507
AT = datetime(2026, 10, 31, 16, 30, tzinfo=UTC)
LENGTH = CHUNK + 20
"""More than is read at a time: links between two readings are links as well."""
TOUCHED = "tamperings with a chain of entries"
PLACES = (1, 2, CHUNK - 1, CHUNK, CHUNK + 1, LENGTH - 1)
_COLUMNS = ("tenant_id", "number", "at", "actor", "action", "object", "detail", "previous",
            "digest")  # fmt: skip


def chain(length: int, *, after: Entry | None = None, value: str = "1.10") -> list[Entry]:
    entries: list[Entry] = []
    first = 1 if after is None else after.number + 1
    previous = GENESIS if after is None else after.digest
    for number in range(first, length + 1):
        detail = f'{{"reason":"为什么","value":"{value}"}}'
        deed = Deed("target.set", f"employee:e-{number}", detail)
        entry = link(deed, tenant=TENANT, number=number, at=AT, actor="key:a", previous=previous)
        entries.append(entry)
        previous = entry.digest
    return entries


async def put(session: WriteSession, entries: Sequence[Entry]) -> None:
    """Write entries as somebody would who has the server's own powers."""
    rows = [
        (TENANT, each.number, each.at, each.actor, each.deed.action, each.deed.subject,
         each.deed.detail, each.previous, each.digest)
        for each in entries
    ]  # fmt: skip
    driver = await session.driver()
    await driver.copy_records_to_table("audit", records=rows, columns=_COLUMNS)


async def change(session: WriteSession, *statements: str) -> None:
    for each in statements:
        await session.execute(text(each))


@pytest.fixture
async def session(database: TestDatabase) -> AsyncIterator[WriteSession]:
    """A chain, and nobody who guards it: what superusers can do is what it is for."""
    async with database.undone("kaohe", TENANT) as session:
        await change(session, "ALTER TABLE audit DISABLE TRIGGER USER")
        await put(session, chain(LENGTH))
        await change(session, f"INSERT INTO counters VALUES ({TENANT}, 'audit', {LENGTH})")
        yield session


class _Undone(Exception):
    pass


async def verified(
    session: WriteSession,
    *statements: str,
    kept: Mapping[int, bytes] | None = None,
    entries: Sequence[Entry] = (),
) -> Verification:
    """What is found after these statements and entries, which are undone then."""
    found = []
    with suppress(_Undone):
        async with session.savepoint():
            await change(session, *statements)
            await put(session, entries)
            found.append(await verify_audit(session, kept))
            raise _Undone
    return found[0]


MOVE_UP = (
    "UPDATE audit SET number = -number WHERE number >= {place}",
    "UPDATE audit SET number = 1 - number WHERE number < 0",
)


def tamperings(place: int) -> dict[str, tuple[tuple[str, ...], int]]:
    """Statements, and the entry at which they show."""
    at = f"number = {place}"
    swap = (
        f"UPDATE audit SET number = -number WHERE number IN ({place}, {place + 1})",
        f"UPDATE audit SET number = {2 * place + 1} + number WHERE number < 0",
    )
    up = tuple(each.format(place=place + 1) for each in MOVE_UP)
    again = (
        "INSERT INTO audit "
        "(tenant_id, number, at, actor, action, object, detail, previous, digest) "
        f"SELECT tenant_id, {place + 1}, at, actor, action, object, detail, previous, digest "
        f"FROM audit WHERE {at}"
    )
    return {
        "detail": ((f"UPDATE audit SET detail = '{{}}' WHERE {at}",), place),
        "actor": ((f"UPDATE audit SET actor = 'key:b' WHERE {at}",), place),
        "action": ((f"UPDATE audit SET action = 'target.get' WHERE {at}",), place),
        "object": ((f"UPDATE audit SET object = 'employee:x' WHERE {at}",), place),
        "at": ((f"UPDATE audit SET at = at - interval '1 microsecond' WHERE {at}",), place),
        "previous": ((f"UPDATE audit SET previous = digest WHERE {at}",), place),
        "digest": ((f"UPDATE audit SET digest = previous WHERE {at}",), place),
        "delete": ((f"DELETE FROM audit WHERE {at}",), place),
        "delete and close up": (
            (
                f"DELETE FROM audit WHERE {at}",
                f"UPDATE audit SET number = -number WHERE number > {place}",
                "UPDATE audit SET number = -number - 1 WHERE number < 0",
            ),
            place,
        ),
        "swap": (swap, place),
        "insert a copy": ((*up, again), place + 1),
    }


async def test_scenario_p07_whatever_is_touched_the_first_bad_entry_is_named(
    session: WriteSession, figure: Figures
) -> None:
    whole = await verified(session)
    assert whole == Verification(LENGTH, None, chain(LENGTH)[-1].digest)
    tried, wrong = 0, []
    for place in PLACES:
        for what, (statements, first_bad) in tamperings(place).items():
            found = await verified(session, *statements)
            tried += 1
            if (found.intact, found.first_bad, found.entries) != (False, first_bad, first_bad - 1):
                wrong.append(f"{what} at {place}: {found.first_bad}")
    for what, statement, first_bad in (
        ("the last gone", f"DELETE FROM audit WHERE number = {LENGTH}", LENGTH),
        ("all gone", "DELETE FROM audit", 1),
    ):
        found = await verified(session, statement)
        tried += 1
        if (found.intact, found.first_bad) != (False, first_bad):
            wrong.append(f"{what}: {found.first_bad}")
    figure("P07", Wrong.TAMPERINGS, wrong, tried=tried, of=TOUCHED)
    assert await verified(session) == whole


@pytest.mark.parametrize("place", PLACES)
async def test_scenario_p07_an_entry_forged_with_its_link_breaks_the_next(
    session: WriteSession, place: int, figure: Figures
) -> None:
    before = (await read_entries(session, after=place - 1, limit=1))[0]
    (forged,) = chain(place + 1, after=before, value="9.99")
    up = tuple(each.format(place=place + 1) for each in MOVE_UP)
    found = await verified(session, *up, entries=[forged])
    missed = int((found.first_bad, found.entries) != (place + 2, place + 1))
    figure("P07", Wrong.TAMPERINGS, missed, tried=1, of=TOUCHED)


async def test_scenario_p07_a_chain_made_anew_is_betrayed_by_a_head_kept_elsewhere(
    session: WriteSession, figure: Figures
) -> None:
    written = chain(LENGTH)
    kept = {each.number: each.digest for each in written[9::100]}
    assert (await verified(session, kept=kept)).intact
    for first in (1, 10, 11, 910, LENGTH):
        # From one entry on everything is written anew, each with its right link.
        base = None if first == 1 else written[first - 2]
        anew = chain(LENGTH, after=base, value="9.99")
        gone = f"DELETE FROM audit WHERE number >= {first}"
        found = await verified(session, gone, entries=anew)
        assert found.intact, "in itself it is sound"
        told = await verified(session, gone, entries=anew, kept=kept)
        betrayed = min((each for each in kept if each >= first), default=None)
        assert (told.rewritten, told.first_bad) == (betrayed, None)
        assert told.intact == (betrayed is None)
    # A chain that is shorter than it was, and says so nowhere else.
    shorter = ("DELETE FROM audit WHERE number > 905", "UPDATE counters SET value = 905")
    found = await verified(session, *shorter, kept=kept)
    assert (found.first_bad, found.rewritten, found.entries) == (None, 910, 905)
    # The last entry alone, written anew since the newest head, is what no head can tell.
    of = "chains written anew, against heads kept elsewhere"
    figure("P07", Wrong.TAMPERINGS, 0, tried=5, of=of)


async def test_scenario_p07_a_long_chain_is_walked_in_time(
    database: TestDatabase, figure: Figures
) -> None:
    length = 20_000
    async with database.undone("kaohe", TENANT) as session:
        await put(session, chain(length))
        await change(session, f"INSERT INTO counters VALUES ({TENANT}, 'audit', {length})")
        begun = time.perf_counter()
        found = await verify_audit(session)
        spent = time.perf_counter() - begun
    assert (found.intact, found.entries) == (True, length)
    figure.most("P07", Most.AUDIT, spent * 1000 * 100_000 / length, limit=None)
