"""A pair of tokens that was renewed is kept sealed, by one program at a time."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from services.door.sealing import Keyring
from services.ingest.flows.pairs import keep_pair
from services.ingest.sources.errors import NotAuthorised, NotPermitted, TryLater
from services.ingest.sources.tokens import Tokens
from services.ingest.workers import pairs as module
from services.ingest.workers.pairs import TURN, SealedPairs
from services.schema.db import Database
from services.schema.errors import Unavailable
from tests.databases import TestDatabase
from tests.ingest.worlds import MASTER_KEY, Clock, make_tenant

CONSENT = Tokens("a0", "r0")
SHOP = "dy-qinghe"
RING = Keyring(lambda: [MASTER_KEY])
_tenants = iter(range(1000))


class Issuer:
    """Gives each pair once, for the refresh token of the one before."""

    def __init__(self) -> None:
        self.given = 0

    async def __call__(self, refresh: str) -> Tokens:
        await asyncio.sleep(0.01)
        if refresh != f"r{self.given}":
            raise NotAuthorised("this token was used")
        self.given += 1
        return Tokens(f"a{self.given}", f"r{self.given}")


class Shop:
    """One shop, and any number of programs that read it."""

    def __init__(self, database: Database, tenant: int) -> None:
        self.database = database
        self.tenant = tenant
        self.clock = Clock()

    def program(self, consent: Tokens = CONSENT, ring: Keyring = RING) -> SealedPairs:
        return SealedPairs(
            self.database,
            ring,
            self.tenant,
            SHOP,
            consent,
            now=self.clock,
            sleep=lambda _: asyncio.sleep(0.01),
        )


@pytest.fixture
async def shop(database: TestDatabase) -> AsyncIterator[Shop]:
    pool = Database(database.dsn("kaohe_ingest"), application="test")
    tenant = await make_tenant(database, f"paired-{next(_tenants)}", (SHOP,))
    yield Shop(pool, tenant)
    await pool.close()


async def test_until_it_is_renewed_a_pair_is_that_of_the_consent(shop: Shop) -> None:
    assert await shop.program().read() == CONSENT


async def test_a_new_pair_is_kept_for_the_next_program(shop: Shop) -> None:
    issue, first = Issuer(), shop.program()
    assert await first.renew("a0", issue) == Tokens("a1", "r1")
    assert await first.renew("a1", issue) == await first.read() == Tokens("a2", "r2")
    assert await shop.program().read() == Tokens("a2", "r2")
    # Somebody has signed in anew: what was renewed before is of an older consent.
    anew = Tokens("b0", "s0")
    assert await shop.program(anew).read() == anew


async def test_of_many_that_find_a_token_run_out_one_asks_and_all_go_on(shop: Shop) -> None:
    issue = Issuer()
    programs = [shop.program() for _ in range(8)]
    made = await asyncio.gather(*(each.renew("a0", issue) for each in programs))
    assert set(made) == {Tokens("a1", "r1")}
    assert issue.given == 1
    # Some have read long ago what others have renewed since.
    for number in range(1, 5):
        made = await asyncio.gather(*(each.renew(f"a{number}", issue) for each in programs))
        assert set(made) == {Tokens(f"a{number + 1}", f"r{number + 1}")}


async def test_a_consent_without_a_token_gives_the_first_pair_once(shop: Shop) -> None:
    """The number of a shop, or the code of a consent, which is taken but once."""
    consent, asked = Tokens("", "code:c-1"), []

    async def ask(refresh: str) -> Tokens:
        asked.append(refresh)
        await asyncio.sleep(0.01)
        return Tokens("a1", "r1")

    programs = [shop.program(consent) for _ in range(4)]
    assert {await each.read() for each in programs} == {consent}
    made = await asyncio.gather(*(each.renew("", ask) for each in programs))
    assert set(made) == {Tokens("a1", "r1")}
    assert asked == ["code:c-1"]
    assert await shop.program(consent).read() == Tokens("a1", "r1")


async def test_a_refusal_changes_nothing_and_the_turn_is_free_again(shop: Shop) -> None:
    issue, program = Issuer(), shop.program()
    await program.renew("a0", issue)
    issue.given = 7
    with pytest.raises(NotAuthorised):
        await program.renew("a1", issue)
    assert await shop.program().read() == Tokens("a1", "r1")
    issue.given = 1
    assert (await program.renew("a1", issue)).access == "a2"


async def test_a_program_that_died_in_its_turn_holds_nobody_up_for_ever(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAITS", 2)
    dead = asyncio.create_task(shop.program().renew("a0", lambda _: asyncio.sleep(60, CONSENT)))
    await asyncio.sleep(0.2)
    with pytest.raises(TryLater, match="another program"):
        await shop.program().renew("a0", Issuer())
    shop.clock.pass_by(seconds=TURN.total_seconds() + 1)
    assert (await shop.program().renew("a0", Issuer())).access == "a1"
    dead.cancel()
    await asyncio.gather(dead, return_exceptions=True)
    assert (await shop.program().read()).access == "a1"


async def test_what_cannot_be_kept_is_not_asked_for(shop: Shop) -> None:
    """A pair that is given and lost would lock the shop out."""
    await shop.program().renew("a0", Issuer())
    issue, stranger = Issuer(), Keyring(lambda: [b"x" * 32])
    issue.given = 1
    program = shop.program(ring=stranger)
    with pytest.raises(NotPermitted, match="does not open"):
        await program.read()
    with pytest.raises(NotPermitted, match="cannot be kept"):
        await program.renew("a1", issue)
    assert issue.given == 1
    assert await shop.program().read() == Tokens("a1", "r1")


async def test_a_pair_that_could_not_be_kept_at_once_is_kept_before_it_is_used(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, issue = shop.program(), Issuer()
    fails = iter([True] * module.KEEPS)

    async def keep_badly(*arguments: object, **named: object) -> None:
        if next(fails, False):
            raise Unavailable("The database does not answer.")
        await keep_pair(*arguments, **named)  # type: ignore[arg-type]  # handed on

    monkeypatch.setattr(module, "keep_pair", keep_badly)
    with pytest.raises(Unavailable):
        await program.renew("a0", issue)
    assert await shop.program().read() == CONSENT
    assert await program.read() == Tokens("a1", "r1")
    assert await shop.program().read() == Tokens("a1", "r1")


async def test_a_pair_in_the_clear_is_taken_over_once_and_never_over_a_newer_one(
    shop: Shop,
) -> None:
    program, left, older = shop.program(), Tokens("a5", "r5"), Tokens("z0", "y0")
    await shop.program(older).renew("z0", lambda _: asyncio.sleep(0, Tokens("z1", "y1")))
    await program.take_over(left)
    assert await program.read() == left
    await program.renew("a5", lambda _: asyncio.sleep(0, Tokens("a6", "r6")))
    await shop.program().take_over(left)
    assert await shop.program().read() == Tokens("a6", "r6")


async def test_it_is_nowhere_in_the_clear(shop: Shop, database: TestDatabase) -> None:
    secret = "act.0123456789abcdef"

    async def issue(_: str) -> Tokens:
        return Tokens(secret, f"{secret}-r")

    await shop.program().renew("a0", issue)
    owner = Database(database.dsn("kaohe"), application="test", pool_size=1)
    async with owner.read(shop.tenant) as session:
        rows = (await session.execute(text("SELECT t::text FROM account_fields AS t"))).scalars()
        kept = "".join(rows)
    await owner.close()
    assert "renewed" in kept
    assert secret.encode().hex() not in kept
    assert secret not in kept
