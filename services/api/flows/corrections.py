"""What a published card came to otherwise is stated to payroll, as entries that correct."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from services.api.core.payouts import correction, inputs_document, is_news, owed_by
from services.api.flows.anew import Paid
from services.api.flows.entries import Line, append_lines
from services.api.flows.leaders import lines_of_leaders
from services.api.store.counters import take_numbers
from services.api.store.payouts import (
    PAYROLL,
    NewEntry,
    Stated,
    read_newest_moment,
    read_stated,
)
from services.api.store.people import read_tenant
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.payouts import Owed
from services.schema.shapes.scorecards import Scorecard
from services.schema.words import PayPlan, SubjectKind


async def read_heard(
    session: ReadSession, cycle: Cycle, cards: Sequence[Scorecard]
) -> dict[str, Mapping[int, Stated]]:
    """What payroll has heard of each card's person, by the place of the plan; of units nothing."""
    heard = await read_stated(session, cycle.code)
    return {
        card.id: heard.get(card.subject.code, {})
        if card.subject.kind is SubjectKind.EMPLOYEE
        else {}
        for card in cards
    }


async def append_corrections(
    session: WriteSession,
    cycle: Cycle,
    now: Scorecard,
    payouts: Paid,
    heard: Mapping[int, Stated],
    *,
    reason: str,
    at: datetime,
) -> list[NewEntry]:
    """Append what each plan now pays less all that was stated of it; leaders follow.

    The cycle stays as it is published, and so does everybody else's card.
    """
    if now.total is None:
        raise Conflict("scorecard_incomplete", f"{now.subject} would have no total.")
    if isinstance(payouts, Conflict):
        raise payouts
    currency = (await read_tenant(session)).currency
    lines = list(_lines_of(cycle, now, payouts or (), heard, currency, reason))
    numbers = await take_numbers(session, PAYROLL, len(lines)) if lines else range(0)
    newest = await read_newest_moment(session)
    published_at = at if newest is None else max(at, newest)
    entries = await append_lines(session, lines, numbers, at=published_at)
    earners = {line.employee for line in lines if line.owed.plan is PayPlan.COMMISSION}
    led = await lines_of_leaders(
        session,
        cycle,
        earners,
        reason=f"The pay of members was corrected in {cycle.code}: {reason}",
    )
    numbers = await take_numbers(session, PAYROLL, len(led)) if led else range(0)
    return entries + await append_lines(session, led, numbers, at=published_at)


def summary_of(entries: Sequence[NewEntry]) -> dict[str, object]:
    """What was appended to the feed, so that the audit's chain covers every byte of it."""
    digests = b"".join(each.sha256 for each in entries)
    return {
        "entries": len(entries),
        "first_seq": entries[0].entry.seq if entries else None,
        "last_seq": entries[-1].entry.seq if entries else None,
        "entries_sha256": hashlib.sha256(digests).hexdigest(),
    }


def _lines_of(
    cycle: Cycle,
    now: Scorecard,
    payouts: Paid,
    heard: Mapping[int, Stated],
    currency: str,
    reason: str,
) -> Iterator[Line]:
    """An entry for each plan of which payroll has to hear something new."""
    assert now.total is not None, "an incomplete card corrects nothing"
    assert isinstance(payouts, tuple), "who cannot be paid is not corrected"
    for owed in owed_by(payouts, currency) if heard else ():
        before = heard[owed.number]
        amount = correction(owed.amount, before.amounts)
        if not is_news(amount, now.grade, now.total, latest=before.latest):
            continue
        yield Line(
            employee=now.subject.code,
            cycle=cycle.code,
            period=cycle.period.code,
            owed=Owed(owed.number, owed.plan, amount, owed.currency),
            corrects=before.original,
            result=before.result,
            place=before.next_place,
            grade=now.grade,
            total=now.total,
            fingerprint=now.fingerprint,
            inputs=inputs_document(payouts[owed.number]) if payouts else b"{}",
            reason=reason,
        )
