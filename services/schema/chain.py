"""The audit's chain: an entry's digest covers the one before it, so that no edit stays unseen."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from services.schema.deeds import check_detail
from services.schema.shapes.audit import Deed, Entry

GENESIS = bytes(32)
"""What the first entry has for the digest before it."""


def make_deed(action: str, subject: str, detail: Mapping[str, object]) -> Deed:
    """A deed with its detail as canonical JSON, which has the members of its action."""
    check_detail(action, detail)
    return Deed(action, subject, _canonical(detail))


def link(
    deed: Deed, *, tenant: int, number: int, at: datetime, actor: str, previous: bytes
) -> Entry:
    """The entry of a deed: its digest is sha256(previous || canonical entry)."""
    content = {
        "tenant": tenant,
        "number": number,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": actor,
        "action": deed.action,
        "object": deed.subject,
        "detail": deed.detail,
    }
    digest = hashlib.sha256(previous + _canonical(content).encode()).digest()
    return Entry(number, at, actor, deed, previous, digest)


def first_bad(entries: Iterable[Entry], *, tenant: int, after: int, previous: bytes) -> int | None:
    """The number at which entries stop being the chain that goes on after `after`; null if never.

    Where an entry is missing, it is the number that is missing.
    """
    number = after
    for entry in entries:
        number += 1
        made = link(
            entry.deed,
            tenant=tenant,
            number=number,
            at=entry.at,
            actor=entry.actor,
            previous=previous,
        )
        if entry != made:
            return number
        previous = entry.digest
    return None


def _canonical(content: Mapping[str, object]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
