"""Accounts are sealed: they open where they belong, and are sealed anew while pulls go on."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.door.sealing import Keyring
from services.door.secret_files import read_or_make_keys, rotate_key
from services.ingest.flows.accounts import open_accounts
from services.ingest.sources.accounts import read_accounts
from services.ingest.sources.tokens import KeptPair, Tokens, print_of
from services.ingest.workers.desks import DeskKey, Desks
from services.ingest.workers.pairs import SealedPairs
from services.ingest.workers.rotating import rotate_accounts
from services.schema.db import Database
from tests.databases import TestDatabase
from tests.figures import Figures, Wrong
from tests.ingest.worlds import (
    BUYER_KEYS,
    FIRST,
    Clock,
    World,
    make_tenant,
    sandbox_on_loopback,
    seal_accounts,
    write_accounts,
)

_numbers = itertools.count(1)
DOUYIN = ("dy-qinghe",)
TAOBAO = ("tm-life", "tm-qinghe")
TABLES = ("accounts", "data_keys", "account_fields")


@asynccontextmanager
async def selling(
    database: TestDatabase, folder: Path, shops: tuple[str, ...], door: str
) -> AsyncIterator[World]:
    """Shops whose accounts are sealed, under a master key in a file.

    In a database of their own: whoever pulls looks for accounts of all tenants.
    """
    clock, code = Clock(), f"sealed-{next(_numbers)}"
    pool = Database(database.dsn("kaohe_ingest"), application="test")
    accounts, key = folder / "marketplaces.json", folder / "master.key"
    with sandbox_on_loopback(clock, FIRST, door) as (gateway, address):
        tenant = await make_tenant(database, code, shops)
        write_accounts(accounts, code, address, shops, FIRST)
        world = World(pool, tenant, code, gateway, clock, accounts, shops, database.dsn("kaohe"))
        world.ring = Keyring(lambda: read_or_make_keys(key))
        await seal_accounts(world)
        try:
            yield world
        finally:
            for desks in world.desks:
                await desks.close()
            await pool.close()


async def opened(world: World, ring: Keyring, tenant: int | None = None) -> set[str]:
    """The shops whose accounts open."""
    async with world.database.read(tenant or world.tenant) as session:
        accounts, shut = await open_accounts(session, ring, world.code)
    assert not {account.shop for account in accounts} & set(shut)
    return {account.shop for account in accounts}


async def change(world: World, statement: str, *values: object) -> None:
    owner = await asyncpg.connect(world.dsn)
    await owner.execute(statement, *values)
    await owner.close()


@pytest.fixture
async def sealed(fresh_database: TestDatabase, tmp_path: Path) -> AsyncIterator[World]:
    async with selling(fresh_database, tmp_path, TAOBAO, "taobao") as world:
        yield world


_SWAP = """
UPDATE account_fields AS f SET sealed = o.sealed, data_key = o.data_key
FROM account_fields AS o WHERE f.tenant_id = $1 AND o.tenant_id = $1
    AND f.shop = $2 AND o.shop = $3 AND f.field = $4 AND o.field = $5
"""


async def test_scenario_x06_a_sealed_account_opens_nowhere_else(
    sealed: World, fresh_database: TestDatabase, figure: Figures
) -> None:
    one, two = TAOBAO
    tried: dict[str, set[str]] = {}
    assert await opened(sealed, sealed.ring) == {one, two}
    kept = await sealed.rows("SELECT * FROM account_fields WHERE shop = :shop", shop=one)

    for field in ("app_key", "secret", "session"):
        await change(sealed, _SWAP, sealed.tenant, one, two, field, field)
        tried[f"moved to another shop: {field}"] = await opened(sealed, sealed.ring) - {two}
        await _put_back(sealed, kept)
    await change(sealed, _SWAP, sealed.tenant, one, one, "secret", "session")
    tried["moved to another field"] = await opened(sealed, sealed.ring) - {two}
    await _put_back(sealed, kept)
    assert await opened(sealed, sealed.ring) == {one, two}

    other = await make_tenant(fresh_database, f"{sealed.code}-other", TAOBAO)
    for table in ("data_keys", "accounts", "account_fields"):
        columns = await _columns(sealed, table)
        await change(
            sealed,
            f"INSERT INTO {table} (tenant_id, {columns}) "  # noqa: S608 - from the catalogue
            f"SELECT $2, {columns} FROM {table} WHERE tenant_id = $1",
            sealed.tenant, other,
        )  # fmt: skip
    tried["moved to another tenant"] = await opened(sealed, sealed.ring, other)
    for table in ("account_fields", "accounts", "data_keys"):
        await change(sealed, f"DELETE FROM {table} WHERE tenant_id = $1", other)  # noqa: S608 - ours

    stranger = Keyring(lambda: [b"another master key of 32 letters"])
    tried["another master key"] = await opened(sealed, stranger)
    # Nor can it be sealed anew with one: that would only hide what is shut.
    strange = await rotate_accounts(sealed.database, stranger, now=sealed.clock)
    assert [each.rotated for each in strange if each.tenant == sealed.code] == [None]
    assert await opened(sealed, sealed.ring) == {one, two}
    (done,) = [
        each
        for each in await rotate_accounts(sealed.database, sealed.ring, now=sealed.clock)
        if each.tenant == sealed.code
    ]
    assert done.rotated is not None
    assert (done.rotated.left, done.rotated.dropped, done.shut) == (0, 1, ())
    assert await opened(sealed, sealed.ring) == {one, two}
    for row in kept:
        await change(
            sealed,
            "UPDATE account_fields SET sealed = $4 "
            "WHERE tenant_id = $1 AND shop = $2 AND field = $3",
            sealed.tenant, row.shop, row.field, bytes(row.sealed),
        )  # fmt: skip
    tried["sealed under an old key"] = await opened(sealed, sealed.ring) - {two}
    without = Desks(sealed.database, sealed.accounts, BUYER_KEYS, sealed.clock)
    await without.refresh()
    tried["no key"] = set(without.shops_of(sealed.tenant))
    await without.close()

    denied = await _denied(sealed, fresh_database)
    assert len(denied) == 6
    opening = [name for name, shops in tried.items() if shops]
    of = "ways to open a sealed account elsewhere, and readings of it by roles"
    figure("X06", Wrong.ACCEPTED, opening, tried=len(tried) + len(denied), of=of)


async def _put_back(world: World, kept: list[Any]) -> None:
    for row in kept:
        await change(
            world,
            "UPDATE account_fields SET sealed = $4, data_key = $5 "
            "WHERE tenant_id = $1 AND shop = $2 AND field = $3",
            world.tenant, row.shop, row.field, bytes(row.sealed), row.data_key,
        )  # fmt: skip


async def _columns(world: World, table: str) -> str:
    rows = await world.rows(
        "SELECT column_name FROM information_schema.columns WHERE table_name = :table"
        " AND column_name <> 'tenant_id'",
        table=table,
    )
    return ", ".join(row[0] for row in rows)


async def _denied(world: World, database: TestDatabase) -> list[str]:
    """The tables that a role may not read."""
    denied = []
    for role in ("kaohe_api", "kaohe_payroll"):
        connection = await asyncpg.connect(database.dsn(role))
        await connection.execute(f"SET kaohe.tenant = '{world.tenant}'")
        for table in TABLES:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f"SELECT * FROM {table}")  # noqa: S608 - ours
            denied.append(f"{role} {table}")
        await connection.close()
    return denied


async def test_scenario_x07_keys_are_rotated_while_pulls_and_renewals_go_on(
    fresh_database: TestDatabase, tmp_path: Path, figure: Figures
) -> None:
    """The master key too; no call fails, and nothing is left under a key that was."""
    async with selling(fresh_database, tmp_path, DOUYIN, "douyin") as world:
        world.clock.now = world.clock.now.replace(day=14)
        masters = [world.ring.current().id]
        ended = asyncio.Event()
        pulls = renewals = 0

        async def pull() -> None:
            nonlocal pulls
            while not ended.is_set() or pulls < 3:
                world.clock.pass_by(minutes=11)
                assert await world.pull() == []
                pulls += 1

        async def renew() -> None:
            nonlocal renewals
            consent = Tokens("a0", "r0")
            pairs = SealedPairs(
                world.database, world.ring, world.tenant, DOUYIN[0], consent, now=world.clock
            )

            async def ask(refresh: str) -> Tokens:
                assert refresh == f"r{renewals}"
                return Tokens(f"a{renewals + 1}", f"r{renewals + 1}")

            while not ended.is_set():
                made = await pairs.renew(f"a{renewals}", ask)
                renewals += 1
                assert made == await pairs.read() == Tokens(f"a{renewals}", f"r{renewals}")

        async def rotate() -> int:
            try:
                for _ in range(8):
                    rotate_key(tmp_path / "master.key")
                    await rotate_accounts(world.database, world.ring, now=world.clock, batch=1)
                    masters.append(world.ring.current().id)
            finally:
                ended.set()
            return 8

        done = await asyncio.gather(pull(), renew(), rotate())
        (last,) = [
            each
            for each in await rotate_accounts(world.database, world.ring, now=world.clock)
            if each.tenant == world.code
        ]
        assert len(set(masters)) == done[2] + 1
        calls = world.gateway.trouble.calls
        failed = [call for call in calls if call.outcome != "ok"]
        of = f"calls during {done[2] + 1} rotations"
        figure("X07", Wrong.FAILED, failed, tried=len(calls) + renewals, of=of)
        assert last.rotated is not None
        assert last.rotated.left == 0
        keys = await world.rows("SELECT number, master FROM data_keys")
        assert [tuple(key) for key in keys] == [(last.rotated.key, masters[-1])]
        fields = await world.rows("SELECT data_key FROM account_fields")
        left = [field for field in fields if field.data_key != last.rotated.key]
        figure("X07", Wrong.LEAKS, left, tried=len(fields), of="fields, by the key they are under")
        await world.check_sums()


async def test_what_is_put_is_noticed_while_the_worker_runs(sealed: World, tmp_path: Path) -> None:
    desks = Desks(sealed.database, None, BUYER_KEYS, sealed.clock, ring=sealed.ring)
    sealed.desks.append(desks)
    await desks.refresh()
    assert desks.shops_of(sealed.tenant) == sorted(TAOBAO)
    before = desks[DeskKey(sealed.tenant, TAOBAO[0])]
    await sealed.write("UPDATE accounts SET stated_at = now() WHERE shop = :s", s=TAOBAO[0])
    await sealed.write("DELETE FROM account_fields WHERE shop = :s", s=TAOBAO[1])
    await sealed.write("DELETE FROM accounts WHERE shop = :s", s=TAOBAO[1])
    await desks.refresh()
    assert desks.shops_of(sealed.tenant) == sorted(TAOBAO)
    sealed.clock.pass_by(seconds=11)
    await desks.refresh()
    assert desks.shops_of(sealed.tenant) == [TAOBAO[0]]
    # Nothing of it has changed: whoever reads at the desk goes on.
    assert desks[DeskKey(sealed.tenant, TAOBAO[0])] is before


async def test_an_account_in_the_database_goes_before_one_in_the_file(sealed: World) -> None:
    document = json.loads(sealed.accounts.read_text())
    wrong = {"tenant": sealed.code, "app_key": "x", "secret": "x", "session": "x"}
    shops = [{**wrong, "shop": shop, "gateway": "https://x.example"} for shop in TAOBAO]
    sealed.accounts.write_text(json.dumps({**document, "shops": shops}))
    sealed.clock.now = sealed.clock.now.replace(day=13)
    assert await sealed.pull() == []
    await sealed.check()


async def test_pairs_that_stood_in_the_clear_are_sealed_and_their_file_removed(
    database: TestDatabase, tmp_path: Path
) -> None:
    clock, code = Clock(), f"left-{next(_numbers)}"
    pool = Database(database.dsn("kaohe_ingest"), application="test")
    file, left = tmp_path / "marketplaces.json", tmp_path / "marketplaces.json.tokens"
    tenant = await make_tenant(database, code, DOUYIN)
    write_accounts(file, code, "http://127.0.0.1:9", DOUYIN, FIRST)
    (account,) = read_accounts(file).accounts
    consent = Tokens(account.credential.session, account.credential.refresh or "")
    pair = KeptPair(print_of(consent), Tokens("act.clear", "rft.clear"))
    name = f"{code}/{DOUYIN[0]}"
    left.write_text(json.dumps({name: json.loads(pair.write())}))
    ring = Keyring(lambda: [b"m" * 32])

    # Without a key nothing can be sealed: what is there stays there.
    without = Desks(pool, file, BUYER_KEYS, clock)
    await without.refresh()
    await without.close()
    assert left.exists()
    desks = Desks(pool, file, BUYER_KEYS, clock, ring=ring)
    await desks.refresh()
    await desks.close()
    assert not left.exists()
    pairs = SealedPairs(pool, ring, tenant, DOUYIN[0], consent, now=clock)
    assert await pairs.read() == pair.tokens
    await pool.close()
