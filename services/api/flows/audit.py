"""The audit is verified from its first entry to its last."""

from dataclasses import dataclass

from services.api.store.audit import count_entries, read_entries
from services.schema.chain import GENESIS, first_bad
from services.schema.db import ReadSession

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


async def verify_audit(session: ReadSession) -> Verification:
    """Walk the chain; an entry that is gone from its end is missed as well."""
    checked, head = 0, GENESIS
    while entries := await read_entries(session, after=checked, limit=CHUNK):
        bad = first_bad(entries, tenant=session.tenant, after=checked, previous=head)
        if bad is not None:
            good = bad - checked - 1
            return Verification(bad - 1, bad, entries[good - 1].digest if good else head)
        checked, head = entries[-1].number, entries[-1].digest
    missing = checked + 1 if await count_entries(session) > checked else None
    return Verification(checked, missing, head)
