"""What facts that came after data were closed would change, and whether they may still be taken.

`domain.md`, section 9: of a closed cycle the card is computed anew, of a published one its pay is
corrected. The rest of the card stays as it was: its targets, its weights, its people.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from services.api.core.documents import instant_text, to_bytes
from services.api.core.drifts import Difference
from services.api.core.outcomes import indicators_of
from services.api.core.pay_bases import basis_document
from services.api.core.told_cards import ToldCard
from services.schema.days import Period
from services.schema.errors import Closed, Conflict
from services.schema.money import fixed, minor_places
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.indicators import Explained, Wanted
from services.schema.shapes.late_facts import Decided, LateFact
from services.schema.shapes.payouts import Owed, PayBasis, PayChange
from services.schema.shapes.people import Subject
from services.schema.shapes.scorecards import ItemInput, SegmentInput
from services.schema.words import CycleStatus, LateDecision

RESCORED = frozenset({CycleStatus.CLOSED, CycleStatus.REVIEW})
"""The stages in which an accepted fact goes into the card."""
LATE = RESCORED | {CycleStatus.CALIBRATION, CycleStatus.APPROVED, CycleStatus.PUBLISHED}
"""The stages in which a fact is late."""

Asked = Mapping[tuple[int, str, str], Wanted]
"""By segment, counted from 1, item and indicator."""


def periods_past(period: Period, today: date) -> int:
    """How many periods of its length ago a period was; 0 is the one that `today` lies in."""
    if period.months is None:
        return max(0, (today - period.start).days // (period.end - period.start).days)
    months = 12 * (today.year - period.start.year) + today.month - period.start.month
    return max(0, months - (today.day < period.start.day)) // period.months


def check_takes(cycle: Cycle, *, most_periods: int | None, today: date) -> None:
    """Facts go into cards until grades are given by rank or approved; later they correct pay.

    In between the way leads back to open, with a reason.
    """
    if cycle.status not in RESCORED and cycle.status is not CycleStatus.PUBLISHED:
        detail = (
            f"{cycle.code} is {cycle.status}: open it again, or publish it and have the late facts "
            "correct its pay."
        )
        raise Closed("cycle_settled", detail)
    past = periods_past(cycle.period, today)
    if most_periods is not None and past > most_periods:
        detail = (
            f"{cycle.period.code} is {past} periods past; late facts are taken for {most_periods}."
        )
        raise Closed("period_too_old", detail)


def asked_by(card: ToldCard, subject: Subject, cycle: Cycle) -> Asked:
    """The values that a card was scored by, to be asked for again."""
    return {
        (line.segment, line.item.code, indicator): Wanted(
            indicator=indicator,
            subject=subject,
            scope=line.item.scope,
            period=cycle.period,
            start=card.segments[line.segment - 1].segment.start,
            end=card.segments[line.segment - 1].segment.end,
        )
        for line in card.each_line()
        for indicator in indicators_of(line.item)
    }


def with_values(
    card: ToldCard, asked: Asked, values: Mapping[Wanted, Explained]
) -> tuple[SegmentInput, ...]:
    """What the card is scored from with the facts of now.

    What was posted stays, and so does a figure whose definition was changed since: facts change
    neither.
    """

    def fresh(place: tuple[int, str], indicator: str, given: ItemInput) -> ItemInput:
        wanted, then = asked.get((*place, indicator)), given.explained
        found = None if wanted is None else values.get(wanted)
        if found is None or then is None or found.formula is None:
            return given
        if (then.formula, then.version) != (found.formula, found.version):
            return given
        return replace(given, value=found.value, explained=found)

    def anew(number: int, code: str, given: ItemInput, indicator: str) -> ItemInput:
        place = number, code
        others = {each: fresh(place, each, own) for each, own in given.others.items()}
        return replace(fresh(place, indicator, given), others=others)

    own_of = {(line.segment, line.item.code): line.item.indicator for line in card.each_line()}
    return tuple(
        replace(
            segment,
            items={
                code: given
                if (indicator := own_of[number, code]) is None
                else anew(number, code, given, indicator)
                for code, given in segment.items.items()
            },
        )
        for number, segment in enumerate(card.segments, 1)
    )


def pay_changes(before: Mapping[int, Decimal], owed: Sequence[Owed]) -> tuple[PayChange, ...]:
    """What each plan pays and would pay, by the place of the plan; what never was is 0."""
    return tuple(
        PayChange(
            each.number, each.plan, before.get(each.number, Decimal(0)), each.amount, each.currency
        )
        for each in owed
    )


def accepted_of(cycle: Cycle, decided: Sequence[Decided]) -> Decided | None:
    """The last acceptance that a published card has to be seen with, which itself never changes.

    What was upheld of it is one.
    """
    if cycle.status is not CycleStatus.PUBLISHED or cycle.published_at is None:
        return None
    taken = (
        each
        for each in reversed(decided)
        if each.decision is LateDecision.ACCEPTED and each.decided_at > cycle.published_at
    )
    return next(taken, None)


def waits_since(cycle: Cycle, decided: Sequence[Decided]) -> datetime:
    """Since when facts are in no card: the close, or what was accepted last."""
    assert cycle.closed_at is not None, "facts are late once data are closed"
    taken = [
        each.decided_at
        for each in decided
        if each.decision is LateDecision.ACCEPTED and not each.is_of_dispute
    ]
    return max([cycle.closed_at, *taken])


def kept_bases(basis: PayBasis, explanation: bytes) -> bytes:
    """What a card is paid by and how it came about, as they are kept with a decision."""
    return to_bytes({**json.loads(basis_document(basis)), "explanation": json.loads(explanation)})


def explanation_kept(bases: bytes) -> bytes | None:
    """How a card came about; null of a decision of which that was not kept."""
    explanation = json.loads(bases).get("explanation")
    return None if explanation is None else to_bytes(explanation)


def pay_to_wire(changes: Sequence[PayChange]) -> list[dict[str, object]]:
    """What each plan pays and would pay, in the currency's own unit."""
    return [
        {
            "place": each.place,
            "plan": each.plan,
            "before": fixed(each.before, minor_places(each.currency)),
            "after": fixed(each.after, minor_places(each.currency)),
            "difference": fixed(each.after - each.before, minor_places(each.currency)),
            "currency": each.currency,
        }
        for each in changes
    ]


def late_document(
    head: Mapping[str, object],
    facts: Sequence[LateFact],
    total: int,
    found: Sequence[Difference],
    pay: Sequence[PayChange] | None,
    *,
    rejected_until: datetime | None,
) -> dict[str, object]:
    """A card that waits for a decision: its late facts, and what they would change.

    Those that were rejected are facts all the same, and part of what comes out now.
    """
    return {
        **head,
        "facts": [_fact(each, rejected_until) for each in facts],
        "facts_total": total,
        "figures": [
            {"figure": each.figure, "before": each.before, "after": each.after} for each in found
        ],
        "pay": None if pay is None else pay_to_wire(pay),
    }


def decision_document(
    case: Mapping[str, object], decided: Decided, entries: Sequence[str]
) -> bytes:
    """What was decided of a case, with what was known of it then."""
    return to_bytes(
        {
            **case,
            "id": decided.id,
            "scorecard": decided.scorecard,
            "decision": decided.decision,
            "reason": decided.reason,
            "author": decided.author,
            "decided_at": instant_text(decided.decided_at),
            "entries": entries,
        }
    )


def with_proposal(
    document: Mapping[str, object], proposed: bytes | None
) -> tuple[dict[str, object], str | None]:
    """A case with who would accept it, and who that is.

    What was proposed is kept as the case then showed it: of one that has changed it holds no more.
    """
    if proposed is not None:
        proposal = json.loads(proposed)["proposal"]
        shown = {**document, "proposal": proposal}
        if to_bytes(shown) == proposed:
            return shown, proposal["by"]
    return {**document, "proposal": None}, None


def check_second(proposed_by: str, person: str) -> None:
    """What is published is corrected by two people."""
    if proposed_by == person:
        detail = f"{person} has proposed to accept it; somebody else accepts."
        raise Conflict("accepted_alone", detail)


def _fact(fact: LateFact, rejected_until: datetime | None) -> dict[str, Any]:
    return {
        "kind": fact.kind,
        "source": fact.source,
        "id": fact.fact,
        "day": fact.day.isoformat(),
        "shop": fact.shop or None,
        "unit": fact.unit or None,
        "employee": fact.employee or None,
        "counts_for": fact.basis,
        "modified_at": instant_text(fact.modified_at),
        "came_at": instant_text(fact.came_at),
        "rejected": rejected_until is not None and fact.came_at <= rejected_until,
    }
