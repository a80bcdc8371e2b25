"""The interview after a result: who may write which part, whose signature holds, when it is due.

Of `domain.md`, section 7. A signature is of all that stands in the form: once somebody changes it,
it has to be signed anew; with both it is frozen.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from services.api.core.reviews import OFFICE, person_of
from services.schema.errors import Closed, Conflict, Fault
from services.schema.shapes.interviews import Answers, InterviewEntry, StatedAnswers
from services.schema.shapes.people import Caller
from services.schema.words import InterviewPart

MOST_ENTRIES = 200
"""Of one card."""
OF_EMPLOYEE = frozenset({"own_standing", "opinion", "help_wanted"})
"""What the employee alone answers; all else is written by both."""
EMPTY = Answers({})


def part_of(caller: Caller, *, is_own: bool, superiors: Sequence[str]) -> InterviewPart:
    """On which side of the table a caller sits.

    The other side is the nearest superior who is there today, HR where there is none.
    """
    if is_own:
        return InterviewPart.EMPLOYEE
    person = person_of(caller)
    holds = person == superiors[0] if superiors else caller.role in OFFICE
    if not holds:
        whom = superiors[0] if superiors else "HR"
        detail = f"The interview is held by the employee and {whom}."
        raise Conflict("not_your_interview", detail)
    return InterviewPart.SUPERIOR


def written(before: Answers, stated: StatedAnswers, part: InterviewPart) -> Answers:
    """The form with what a side writes, or the refusal of what is not its to write."""
    faults = [
        Fault(f"/{code}", "not_your_question", "The employee alone answers this.")
        for code in sorted(OF_EMPLOYEE & stated.texts.keys())
        if part is not InterviewPart.EMPLOYEE
    ]
    if faults:
        raise Conflict(faults[0].code, faults[0].detail, faults)
    return Answers(
        texts={**before.texts, **stated.texts},
        measures=before.measures if stated.measures is None else stated.measures,
        goals=before.goals if stated.goals is None else stated.goals,
    )


def check_open(trail: Sequence[InterviewEntry], *, is_published: bool) -> None:
    """An interview is of a result, and with both signatures it is over."""
    if not is_published:
        raise Closed("not_published", "The interview follows the result: nothing is published yet.")
    if len(signatures_of(trail)) == len(InterviewPart):
        raise Closed("interview_frozen", "Both have signed; the interview is not changed any more.")
    if len(trail) >= MOST_ENTRIES:
        raise Conflict("too_many_entries", f"An interview is written to {MOST_ENTRIES} times.")


def check_signed(answers: Answers) -> None:
    """An empty form is not signed."""
    if answers == EMPTY:
        detail = "Nothing stands in the form that could be signed."
        raise Conflict("nothing_to_sign", detail, [Fault("/sign", "nothing_to_sign", detail)])


def answers_in(trail: Sequence[InterviewEntry]) -> Answers:
    """What stands in the form now."""
    return trail[-1].answers if trail else EMPTY


def signatures_of(trail: Sequence[InterviewEntry]) -> Mapping[InterviewPart, InterviewEntry]:
    """The signatures of what stands there now; of each side the first that holds.

    A form that was changed and changed back has to be signed again all the same.
    """
    held: dict[InterviewPart, InterviewEntry] = {}
    before = EMPTY
    for entry in trail:
        if entry.answers != before:
            held = {}
        if entry.signed:
            held.setdefault(entry.part, entry)
        before = entry.answers
    return held


def due_on(published_on: date, within_days: int) -> date:
    """The last day of the interview: so many after the one of the result."""
    return published_on + timedelta(days=within_days)


def is_overdue(due: date | None, today: date, frozen_on: date | None) -> bool:
    """Whether it was held too late, or is late and still to be held."""
    return due is not None and (today if frozen_on is None else frozen_on) > due
