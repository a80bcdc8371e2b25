"""Improvements: what an interview agreed, how it is followed up later, and when it is overdue.

`domain.md`, section 7: plan, do, check, act. What both have signed stays; only its state goes on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from services.api.core.interviews import answers_in, signatures_of
from services.schema.errors import Conflict, Fault, Forbidden
from services.schema.shapes.alerts import AlertKey, Breach, Check
from services.schema.shapes.improvements import FollowUp, Improvement
from services.schema.shapes.interviews import InterviewEntry
from services.schema.shapes.ratings import About
from services.schema.watch_words import AlertKind, ImprovementState
from services.schema.words import InterviewPart

LONGEST_TITLE = 200
MOST_FOLLOW_UPS = 100
"""Of one improvement."""


@dataclass(frozen=True, slots=True)
class StatedFollowUp:
    """What somebody finds of an improvement."""

    cycle: str
    number: int
    state: ImprovementState
    owner: str | None
    """Null leaves it to whom it was left."""
    note: str | None


def agreed_in(
    about: About,
    trail: tuple[InterviewEntry, ...],
    followed: Mapping[int, FollowUp],
) -> list[Improvement]:
    """The measures of an interview that both have signed; of one that they have not, none."""
    if len(signatures_of(trail)) < len(InterviewPart):
        return []
    cycle, subject = about
    return [
        Improvement(cycle, subject, number, each.what, each.due_on, followed.get(number))
        for number, each in enumerate(answers_in(trail).measures, 1)
        if each.due_on is not None
    ]


def check_follow_up(
    improvement: Improvement | None, stated: StatedFollowUp, *, is_own: bool
) -> Improvement:
    """Refuse what was not agreed, what says nothing, and what is not the subject's to drop."""
    if improvement is None:
        detail = f"No interview of {stated.cycle} agreed a measure {stated.number}."
        raise Conflict("not_agreed", detail, [Fault("/number", "not_agreed", detail)])
    if stated.state is not ImprovementState.OPEN and stated.note is None:
        fault = Fault("/note", "note_missing", "Say what was done, or why it is dropped.")
        raise Conflict(fault.code, fault.detail, [fault])
    if is_own and stated.state is ImprovementState.DROPPED:
        raise Forbidden("own_improvement", "What was agreed with you is dropped by the other side.")
    if improvement.last is not None and improvement.last.revision >= MOST_FOLLOW_UPS:
        raise Conflict("too_many_follow_ups", f"It is looked at {MOST_FOLLOW_UPS} times at most.")
    return improvement


def is_overdue(improvement: Improvement, today: date) -> bool:
    """Whether it should have been done by now; the day it is due is the last good one."""
    return improvement.state is ImprovementState.OPEN and today > improvement.due_on


def checks_of(
    improvements: Iterable[Improvement], told: Iterable[AlertKey], today: date
) -> list[Check]:
    """An alert for each that is overdue and its day; those of before are settled."""
    wrong = {}
    for each in improvements:
        if not is_overdue(each, today):
            continue
        title = each.what[:LONGEST_TITLE]
        breach = Breach(
            kind=AlertKind.IMPROVEMENT,
            source=f"{each.cycle}.{each.subject.code}.{each.number}",
            subject=each.owner,
            day=each.due_on + timedelta(days=1),
            zh=f"改进措施逾期：{title}",
            en=f"An improvement is overdue: {title}",
            measured=None,
        )
        wrong[breach.key] = Check(breach.key, breach, None)
    settled = [Check(key, None, None) for key in told if key not in wrong]
    return [*wrong.values(), *settled]
