"""The chain names the first entry that was edited, deleted, swapped or put in between (P07)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.schema.chain import GENESIS, first_bad, link
from services.schema.shapes.audit import Deed, Entry

AT = datetime(2026, 10, 31, 16, 30, tzinfo=UTC)
TENANT = 7


def chain(length: int) -> list[Entry]:
    entries: list[Entry] = []
    previous = GENESIS
    for number in range(1, length + 1):
        deed = Deed("target.set", f"employee:e-{number}", '{"value":"1.10"}')
        entry = link(deed, tenant=TENANT, number=number, at=AT, actor="key:a", previous=previous)
        entries.append(entry)
        previous = entry.digest
    return entries


def verdict(entries: list[Entry]) -> int | None:
    return first_bad(entries, tenant=TENANT, after=0, previous=GENESIS)


def test_a_digest_is_the_sha256_that_anyone_can_compute() -> None:
    # 32 zero bytes and the canonical entry, written by hand, through sha256sum.
    assert chain(1)[0].digest.hex() == (
        "aed0fc27816fa5c99a93040978ffb619f2e17598488c202885f11e27865486f4"
    )


def test_an_instant_counts_whatever_its_offset() -> None:
    deed = Deed("a", "b", "{}")
    here = link(deed, tenant=1, number=1, at=AT, actor="x", previous=GENESIS)
    there = AT.astimezone(timezone(timedelta(hours=8)))
    assert link(deed, tenant=1, number=1, at=there, actor="x", previous=GENESIS) == here


def test_an_untouched_chain_is_whole_from_anywhere() -> None:
    entries = chain(5)
    assert verdict(entries) is None
    assert verdict([]) is None
    rest = first_bad(entries[2:], tenant=TENANT, after=2, previous=entries[1].digest)
    assert rest is None


@pytest.mark.parametrize("place", [0, 2, 4])
def test_an_edit_is_named(place: int) -> None:
    entries = chain(5)
    deed = replace(entries[place].deed, detail='{"value":"9.99"}')
    entries[place] = replace(entries[place], deed=deed)
    assert verdict(entries) == place + 1


@pytest.mark.parametrize("place", [0, 2, 3])
def test_an_edit_with_a_digest_made_anew_breaks_the_next_link(place: int) -> None:
    entries = chain(5)
    kept = entries[place]
    entries[place] = link(
        Deed("a", "b", "{}"),
        tenant=TENANT,
        number=kept.number,
        at=kept.at,
        actor=kept.actor,
        previous=kept.previous,
    )
    assert verdict(entries) == place + 2


@pytest.mark.parametrize("place", [0, 2, 3])
def test_a_deleted_entry_is_named(place: int) -> None:
    entries = chain(5)
    del entries[place]
    assert verdict(entries) == place + 1


def test_swapped_and_inserted_entries_are_named() -> None:
    entries = chain(5)
    entries[1], entries[2] = entries[2], entries[1]
    assert verdict(entries) == 2
    doubled = chain(5)
    doubled.insert(3, doubled[2])
    assert verdict(doubled) == 4


def test_a_chain_of_another_tenant_is_not_ours() -> None:
    assert first_bad(chain(2), tenant=TENANT + 1, after=0, previous=GENESIS) == 1
