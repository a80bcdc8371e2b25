"""A cycle is published: its results and what payroll is to hear, in the one transaction."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from services.api.core.frozen import read_score
from services.api.core.identities import derive_id
from services.api.core.pay_bases import read_basis
from services.api.core.payouts import (
    business_pay,
    correction,
    inputs_document,
    is_news,
    owed_by,
    pay,
)
from services.api.core.results import result_document
from services.api.core.reviews import in_force
from services.api.flows.entries import Line, append_lines, digest_of
from services.api.flows.leaders import lines_of_leaders, read_members_pay
from services.api.flows.reviews import figures_of
from services.api.store.counters import take_numbers
from services.api.store.cycles import read_moves
from services.api.store.deliveries import tell_webhooks
from services.api.store.pay_adjustments import read_pay_adjustments
from services.api.store.payouts import PAYROLL, NewEntry, Stated, read_stated
from services.api.store.people import read_tenant
from services.api.store.results import FrozenResult, insert_results, read_last_published
from services.api.store.reviews import read_reviews
from services.api.store.scorecards import read_cards_of_cycle
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict, Fault
from services.schema.ids import IdKind
from services.schema.shapes.cycles import Cycle, Move
from services.schema.shapes.payouts import MemberPay, Owed, PayBasis, Payout
from services.schema.shapes.results import Approval, Result, ResultHead
from services.schema.shapes.reviews import Review
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import Score, Scorecard
from services.schema.shapes.webhooks import WebhookEvent
from services.schema.words import Approver, CycleStatus, PayPlan, SubjectKind

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """One card's result and its pay."""

    card: Scorecard
    score: Score
    result: str
    payouts: tuple[Payout, ...]


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
    outcomes = await _outcomes_of(session, cycle, cards, scheme, currency, at=at)
    moves = (await read_moves(session, [cycle.code]))[cycle.code]
    reason = _reason_of(moves)
    stated = await read_stated(session, cycle.code) if cycle.revision > 1 else {}
    lines = _lines_of(outcomes, stated, cycle, currency, reason)
    numbers = await take_numbers(session, PAYROLL, len(lines))
    # Under the counter's lock moments only rise, so that a list by time is never added to inside.
    last = await read_last_published(session)
    published_at = at if last is None else max(at, last + _TICK)
    trails = await read_reviews(session, {(card.cycle, card.subject) for card in cards})
    results = [
        _freeze(
            outcome,
            cycle,
            _approvals_of(outcome.card, trails[cycle.code, outcome.card.subject], moves),
            published_at,
        )
        for outcome in outcomes
    ]
    await insert_results(session, results)
    await tell_webhooks(
        session, WebhookEvent.RESULT_PUBLISHED, [_ids_of(each.result) for each in results]
    )
    entries = await append_lines(session, lines, numbers, at=published_at)
    earners = {line.employee for line in lines if line.owed.plan is PayPlan.COMMISSION}
    led = await lines_of_leaders(session, cycle, earners, reason=_reason_for_leaders(cycle, reason))
    numbers = await take_numbers(session, PAYROLL, len(led)) if led else range(0)
    entries += await append_lines(session, led, numbers, at=published_at)
    return _summary(results, entries)


async def payouts_of(
    session: ReadSession, cycle: Cycle, card: Scorecard, scheme: Scheme, *, at: datetime
) -> tuple[Payout, ...]:
    """What somebody would be paid for a complete card as it stands here; nothing is written."""
    if card.subject.kind is not SubjectKind.EMPLOYEE:
        return ()
    beside: list[Scorecard] = []
    if members := _basis_of(card).members:
        beside = [
            each
            for each in await read_cards_of_cycle(session, cycle.code, cycle.revision)
            if each.subject.code in members and each.total is not None and each.id != card.id
        ]
    currency = (await read_tenant(session)).currency
    outcomes = await _outcomes_of(session, cycle, [*beside, card], scheme, currency, at=at)
    return outcomes[-1].payouts


async def _outcomes_of(
    session: ReadSession,
    cycle: Cycle,
    cards: Sequence[Scorecard],
    scheme: Scheme,
    currency: str,
    *,
    at: datetime,
) -> list[_Outcome]:
    """The results of all cards; members before leaders, who are paid by what these earn."""
    # A unit is scored; its people are paid for themselves.
    people = [card for card in cards if card.subject.kind is SubjectKind.EMPLOYEE]
    scores = {card.id: read_score(card.document) for card in cards}
    bases = {card.id: _basis_of(card) for card in people}
    members = {code for basis in bases.values() for code in basis.members}
    earned = await read_members_pay(session, cycle, members)
    for card in people:
        if card.subject.code in members:
            with _naming(card):
                own = business_pay(scheme, scores[card.id], bases[card.id], currency=currency)
            if own is not None:
                earned.append(MemberPay(card.subject.code, cycle.code, own))
    earned.sort(key=lambda each: (each.employee, each.cycle))
    adjusted = await read_pay_adjustments(session, cycle.code)
    outcomes = []
    for card in cards:
        payouts: tuple[Payout, ...] = ()
        if (basis := bases.get(card.id)) is not None:
            with _naming(card):
                payouts = pay(
                    scheme,
                    scores[card.id],
                    basis,
                    currency=currency,
                    members=[each for each in earned if each.employee in basis.members],
                    adjustments=adjusted.get(card.subject.code, ()),
                )
        result = derive_id(IdKind.RESULT, at, session.tenant, card.id)
        outcomes.append(_Outcome(card, scores[card.id], result, payouts))
    return outcomes


def _basis_of(card: Scorecard) -> PayBasis:
    assert card.bases is not None, "the bases of pay were frozen as data closed"
    return read_basis(card.bases)


@contextmanager
def _naming(card: Scorecard) -> Iterator[None]:
    """Say of whose card it is that a refusal speaks."""
    try:
        yield
    except Conflict as refusal:
        fault = Fault(f"/scorecards/{card.id}", refusal.code, f"{card.subject}: {refusal.detail}")
        raise Conflict(fault.code, fault.detail, [fault]) from None


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
    return FrozenResult(result, digest_of(document), card.document, card.explanation)


def _lines_of(
    outcomes: Sequence[_Outcome],
    stated: Mapping[str, Mapping[int, Stated]],
    cycle: Cycle,
    currency: str,
    reason: str | None,
) -> list[Line]:
    """An entry for each payout: its amount, or what it differs by from what was stated before.

    A new revision is told of only where something is new: others hear nothing of a correction.
    """
    people = {
        outcome.card.subject.code: outcome
        for outcome in outcomes
        if outcome.card.subject.kind is SubjectKind.EMPLOYEE
    }
    lines = [
        (_line_of(outcome, owed, before, cycle, reason), before)
        for employee, outcome in people.items()
        for owed in owed_by(outcome.payouts, currency)
        for before in [stated.get(employee, {}).get(owed.number)]
    ]
    gone = [
        (_take_back(employee, number, before, cycle, reason), before)
        for employee, own in sorted(stated.items())
        if employee not in people
        for number, before in sorted(own.items())
    ]
    return [
        line
        for line, before in [*lines, *gone]
        if before is None or is_news(line.owed.amount, line.grade, line.total, latest=before.latest)
    ]


def _line_of(
    outcome: _Outcome, owed: Owed, before: Stated | None, cycle: Cycle, reason: str | None
) -> Line:
    card, score = outcome.card, outcome.score
    assert score.total is not None, "an incomplete card is not approved"
    if before is not None:
        amount = correction(owed.amount, before.amounts)
        owed = Owed(owed.number, owed.plan, amount, owed.currency)
    payouts = outcome.payouts
    return Line(
        employee=card.subject.code,
        cycle=cycle.code,
        period=cycle.period.code,
        owed=owed,
        corrects=None if before is None else before.original,
        result=outcome.result,
        place=owed.number,
        grade=score.grade,
        total=score.total,
        fingerprint=card.fingerprint,
        inputs=inputs_document(payouts[owed.number]) if payouts else b"{}",
        reason=None if before is None else reason,
    )


def _take_back(
    employee: str, number: int, before: Stated, cycle: Cycle, reason: str | None
) -> Line:
    """Of someone whom the new revision no longer holds, all that was stated."""
    amount = correction(Decimal(0), before.amounts)
    return Line(
        employee=employee,
        cycle=cycle.code,
        period=cycle.period.code,
        owed=Owed(number, before.plan, amount, before.currency),
        corrects=before.original,
        result=before.result,
        place=before.next_place,
        grade=None,
        total=Decimal(0),
        fingerprint=before.fingerprint,
        inputs=b"{}",
        reason=reason,
    )


def _approvals_of(
    card: Scorecard, trail: Sequence[Review], moves: Sequence[Move]
) -> tuple[Approval, ...]:
    """Who took the steps of a card, and who moved the cycle to approved: HR, for every card."""
    last = [move for move in moves if move.to_status is CycleStatus.APPROVED][-1]
    taken = [
        Approval(each.part, each.author, each.decided_at)
        for each in in_force(trail, figures_of(card))
    ]
    # Where nobody was asked for approval, moving the cycle was a step of each card.
    return tuple(dict.fromkeys([*taken, Approval(Approver.HR, last.author, last.moved_at)]))


def _reason_of(moves: Sequence[Move]) -> str | None:
    """Why the cycle was last opened again after it had been published."""
    reopened = [move.reason for move in moves if move.from_status is CycleStatus.PUBLISHED]
    return reopened[-1] if reopened else None


def _reason_for_leaders(cycle: Cycle, reason: str | None) -> str:
    stated = f"The pay of members was stated by {cycle.code}"
    return f"{stated}." if reason is None else f"{stated}: {reason}"


def _ids_of(result: Result) -> dict[str, str]:
    return {"result": result.id, "cycle": result.cycle, "subject": str(result.subject)}


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
