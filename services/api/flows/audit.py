"""The audit is verified from its first entry to its last, and against heads kept elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.api.store.audit import count_entries, read_entries, read_head
from services.api.store.tenants import read_tenant_codes
from services.schema.chain import GENESIS, first_bad
from services.schema.db import Database, ReadSession
from services.schema.shapes.audit import Entry, Head

CHUNK = 1000
"""Entries checked at a time: other requests are served in between."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of the chain."""

    entries: int
    """Checked and found good."""
    first_bad: int | None
    """The number of the first entry that is not what was written, or is not there."""
    head: bytes
    """The digest of the last good entry: kept elsewhere, it shows a chain that was made anew."""
    rewritten: int | None = None
    """The lowest number whose digest is not the one that was kept elsewhere, or that is gone.

    A chain that was made anew from some entry on is sound in itself: this alone betrays it.
    """

    @property
    def intact(self) -> bool:
        return self.first_bad is None and self.rewritten is None


async def verify_audit(
    session: ReadSession, kept: Mapping[int, bytes] | None = None
) -> Verification:
    """Walk the chain; an entry that is gone from its end is missed as well.

    `kept` are digests of entries by their numbers, as they were when they were put elsewhere.
    """
    left = dict(sorted((kept or {}).items()))
    checked, head, bad = 0, GENESIS, None
    while bad is None and (entries := await read_entries(session, after=checked, limit=CHUNK)):
        bad = first_bad(entries, tenant=session.tenant, after=checked, previous=head)
        good = entries if bad is None else entries[: bad - checked - 1]
        _take_away(left, good)
        if good:
            checked, head = good[-1].number, good[-1].digest
    if bad is None and await count_entries(session) > checked:
        bad = checked + 1
    return Verification(checked, bad, head, next(iter(left), None))


async def heads_of_all(database: Database) -> list[tuple[int, str, Head]]:
    """The head of every tenant's chain, with the tenant's number and code."""
    async with database.register() as register:
        known = await read_tenant_codes(register)
    heads = []
    for tenant, code in known.items():
        async with database.read(tenant) as session:
            if (head := await read_head(session)) is not None:
                heads.append((tenant, code, head))
    return heads


def _take_away(left: dict[int, bytes], good: Sequence[Entry]) -> None:
    """Of the digests kept elsewhere, those that the entries still have."""
    for entry in good:
        if left.get(entry.number) == entry.digest:
            del left[entry.number]
