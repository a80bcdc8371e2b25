"""What payroll is to hear, before it has a number, and how it is appended to the feed."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.api.core.identities import derive_id
from services.api.core.payouts import entry_document
from services.api.store.deliveries import tell_webhooks
from services.api.store.payouts import NewEntry, insert_entries
from services.schema.db import WriteSession
from services.schema.ids import IdKind
from services.schema.shapes.payouts import Entry, EntryContent, Owed
from services.schema.shapes.webhooks import WebhookEvent
from services.schema.words import EntryKind


@dataclass(frozen=True, slots=True)
class Line:
    """An entry before it has a number."""

    employee: str
    cycle: str
    period: str
    owed: Owed
    corrects: str | None
    result: str
    place: int
    """Of the entry among those of its result."""
    grade: str | None
    total: Decimal
    fingerprint: str
    inputs: bytes
    reason: str | None
    """Why it corrects."""


async def append_lines(
    session: WriteSession, lines: Sequence[Line], numbers: range, *, at: datetime
) -> list[NewEntry]:
    """Give the lines their numbers, in their order, and append them; corrections are told of."""
    entries = [
        _entry_of(line, seq, session.tenant, at) for seq, line in zip(numbers, lines, strict=True)
    ]
    await insert_entries(session, entries)
    corrected = [
        {"result": line.result, "entry": new.entry.id, "subject": f"employee:{line.employee}"}
        for line, new in zip(lines, entries, strict=True)
        if line.corrects is not None
    ]
    await tell_webhooks(session, WebhookEvent.RESULT_CORRECTED, corrected)
    return entries


def digest_of(document: bytes) -> bytes:
    return hashlib.sha256(document).digest()


def _entry_of(line: Line, seq: int, tenant: int, at: datetime) -> NewEntry:
    entry_id = derive_id(IdKind.PAYOUT, at, tenant, line.result, line.place)
    content = EntryContent(
        seq=seq,
        id=entry_id,
        corrects=line.corrects,
        employee=line.employee,
        cycle=line.cycle,
        period=line.period,
        owed=line.owed,
        grade=line.grade,
        total=line.total,
        reason=line.reason,
        fingerprint=line.fingerprint,
        published_at=at,
    )
    document = entry_document(content)
    entry = Entry(
        seq=seq,
        id=entry_id,
        kind=EntryKind.RESULT if line.corrects is None else EntryKind.CORRECTION,
        corrects=line.corrects,
        employee=line.employee,
        cycle=line.cycle,
        plan=line.owed.plan,
        amount=line.owed.amount,
        currency=line.owed.currency,
        document=document,
    )
    return NewEntry(entry, digest_of(document), line.result, line.place, line.inputs, at)
