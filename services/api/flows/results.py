"""A cycle is published: its results and what payroll is to hear, in the one transaction."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from services.api.core.frozen import read_bases, read_score
from services.api.core.identities import derive_id
from services.api.core.payouts import correction, entry_document, inputs_document, owed_by, pay
from services.api.core.results import result_document
from services.api.store.counters import take_numbers
from services.api.store.cycles import read_moves
from services.api.store.payouts import (
    PAYROLL,
    NewEntry,
    Stated,
    insert_entries,
    read_stated,
)
from services.api.store.people import read_tenant
from services.api.store.results import FrozenResult, insert_results, read_last_published
from services.schema.db import WriteSession
from services.schema.errors import Conflict, Fault
from services.schema.ids import IdKind
from services.schema.shapes.cycles import Cycle, Move
from services.schema.shapes.payouts import Entry, EntryContent, Owed, Payout
from services.schema.shapes.results import Approval, Result, ResultHead
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import Score, Scorecard
from services.schema.words import Approver, CycleStatus, EntryKind, SubjectKind

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """One card's result and its pay."""

    card: Scorecard
    score: Score
    result: str
    payouts: tuple[Payout, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """An entry before it has a number."""

    employee: str
    owed: Owed
    corrects: str | None
    result: str
    place: int
    """Of the entry among those of its result."""
    grade: str | None
    total: Decimal
    fingerprint: str
    inputs: bytes


async def publish_results(
    session: WriteSession,
    cycle: Cycle,
    scheme: Scheme,
    cards: Sequence[Scorecard],
    *,
    at: datetime,
) -> dict[str, object]:
    """Append a result for every card and its entries to the feed; gives what the audit is to know.

    Amounts come from the cards as they were approved: no fact is read again.
    """
    currency = (await read_tenant(session)).currency
    outcomes = [_outcome_of(card, scheme, currency, tenant=session.tenant, at=at) for card in cards]
    stated = await read_stated(session, cycle.code) if cycle.revision > 1 else {}
    lines = _lines_of(outcomes, stated, currency)
    numbers = await take_numbers(session, PAYROLL, len(lines))
    # Under the counter's lock moments only rise, so that a list by time is never added to inside.
    last = await read_last_published(session)
    published_at = at if last is None else max(at, last + _TICK)
    moves = (await read_moves(session, [cycle.code]))[cycle.code]
    approvals = _approvals_of(moves)
    results = [_freeze(outcome, cycle, approvals, published_at) for outcome in outcomes]
    await insert_results(session, results)
    reason = _reason_of(moves)
    entries = [
        _entry_of(line, seq, cycle, reason, session.tenant, published_at)
        for seq, line in zip(numbers, lines, strict=True)
    ]
    await insert_entries(session, entries)
    return _summary(results, entries)


def _outcome_of(
    card: Scorecard, scheme: Scheme, currency: str, *, tenant: int, at: datetime
) -> _Outcome:
    assert card.bases is not None, "the bases of pay were frozen as data closed"
    score = read_score(card.document)
    # A unit is scored; its people are paid for themselves.
    is_paid = card.subject.kind is SubjectKind.EMPLOYEE
    bases = read_bases(card.bases)
    try:
        payouts = pay(scheme, score, currency=currency, bases=bases) if is_paid else ()
    except Conflict as refusal:
        fault = Fault(f"/scorecards/{card.id}", refusal.code, f"{card.subject}: {refusal.detail}")
        raise Conflict(fault.code, fault.detail, [fault]) from None
    result = derive_id(IdKind.RESULT, at, tenant, card.id)
    return _Outcome(card, score, result, payouts)


def _freeze(
    outcome: _Outcome, cycle: Cycle, approvals: tuple[Approval, ...], at: datetime
) -> FrozenResult:
    card, score = outcome.card, outcome.score
    assert score.total is not None, "an incomplete card is not approved"
    own = score.segments[-1].segment
    head = ResultHead(
        id=outcome.result,
        cycle=cycle.code,
        period=cycle.period.code,
        subject=card.subject,
        revision=card.revision,
        unit=card.unit,
        scorecard=card.id,
        rank=card.rank,
        approvals=approvals,
        fingerprint=card.fingerprint,
        published_at=at,
    )
    document = result_document(head, score, outcome.payouts)
    result = Result(
        id=head.id,
        cycle=cycle.code,
        period=cycle.period.code,
        subject=card.subject,
        revision=card.revision,
        unit=card.unit,
        scorecard=card.id,
        scheme=own.scheme,
        scheme_version=own.scheme_version,
        total=score.total,
        grade=score.grade,
        document=document,
        fingerprint=card.fingerprint,
        published_at=at,
    )
    return FrozenResult(result, _digest(document), card.document, card.explanation)


def _lines_of(
    outcomes: Sequence[_Outcome], stated: Mapping[str, Mapping[int, Stated]], currency: str
) -> list[_Line]:
    """An entry for each payout: its amount, or what it differs by from what was stated before."""
    people = {
        outcome.card.subject.code: outcome
        for outcome in outcomes
        if outcome.card.subject.kind is SubjectKind.EMPLOYEE
    }
    lines = [
        _line_of(outcome, owed, stated.get(employee, {}).get(owed.number))
        for employee, outcome in people.items()
        for owed in owed_by(outcome.payouts, currency)
    ]
    gone = [
        _take_back(employee, number, before)
        for employee, own in sorted(stated.items())
        if employee not in people
        for number, before in sorted(own.items())
    ]
    return [*lines, *gone]


def _line_of(outcome: _Outcome, owed: Owed, before: Stated | None) -> _Line:
    card, score = outcome.card, outcome.score
    assert score.total is not None, "an incomplete card is not approved"
    if before is not None:
        amount = correction(owed.amount, before.amounts)
        owed = Owed(owed.number, owed.plan, amount, owed.currency)
    payouts = outcome.payouts
    return _Line(
        employee=card.subject.code,
        owed=owed,
        corrects=None if before is None else before.original,
        result=outcome.result,
        place=owed.number,
        grade=score.grade,
        total=score.total,
        fingerprint=card.fingerprint,
        inputs=inputs_document(payouts[owed.number]) if payouts else b"{}",
    )


def _take_back(employee: str, number: int, before: Stated) -> _Line:
    """Of someone whom the new revision no longer holds, all that was stated."""
    amount = correction(Decimal(0), before.amounts)
    return _Line(
        employee=employee,
        owed=Owed(number, before.plan, amount, before.currency),
        corrects=before.original,
        result=before.result,
        place=before.next_place,
        grade=None,
        total=Decimal(0),
        fingerprint=before.fingerprint,
        inputs=b"{}",
    )


def _entry_of(
    line: _Line, seq: int, cycle: Cycle, reason: str | None, tenant: int, at: datetime
) -> NewEntry:
    entry_id = derive_id(IdKind.PAYOUT, at, tenant, line.result, line.place)
    content = EntryContent(
        seq=seq,
        id=entry_id,
        corrects=line.corrects,
        employee=line.employee,
        cycle=cycle.code,
        period=cycle.period.code,
        owed=line.owed,
        grade=line.grade,
        total=line.total,
        reason=None if line.corrects is None else reason,
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
        cycle=cycle.code,
        plan=line.owed.plan,
        amount=line.owed.amount,
        currency=line.owed.currency,
        document=document,
    )
    return NewEntry(entry, _digest(document), line.result, line.place, line.inputs, at)


def _approvals_of(moves: Sequence[Move]) -> tuple[Approval, ...]:
    """Who moved the cycle to approved: HR, for every card of it."""
    last = [move for move in moves if move.to_status is CycleStatus.APPROVED][-1]
    return (Approval(Approver.HR, last.author, last.moved_at),)


def _reason_of(moves: Sequence[Move]) -> str | None:
    """Why the cycle was last opened again after it had been published."""
    reopened = [move.reason for move in moves if move.from_status is CycleStatus.PUBLISHED]
    return reopened[-1] if reopened else None


def _summary(results: Sequence[FrozenResult], entries: Sequence[NewEntry]) -> dict[str, object]:
    """What was published, so that the audit's chain covers every byte of it."""
    digests = [*(each.sha256 for each in results), *(each.sha256 for each in entries)]
    return {
        "results": len(results),
        "entries": len(entries),
        "first_seq": entries[0].entry.seq if entries else None,
        "last_seq": entries[-1].entry.seq if entries else None,
        "sha256": hashlib.sha256(b"".join(digests)).hexdigest(),
    }


def _digest(document: bytes) -> bytes:
    return hashlib.sha256(document).digest()
