"""The steps of a card's review: who stands above, whose turn it is, and what may be decided.

Of `domain.md`, section 7. A decision is of the figures that the card then showed: where these
change, the review begins again. Who is missing is stood in for by the next one up, HR last; nobody
takes two steps of a card.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date

from services.api.core.populations import units_upward, works_on
from services.schema.errors import Conflict, Fault, Forbidden
from services.schema.shapes.people import Caller, Employee, Subject, Unit
from services.schema.shapes.reviews import Review, ReviewState
from services.schema.words import Approver, ReviewDecision, Role, SubjectKind

OFFICE = frozenset({Role.HR, Role.ADMIN})
MOST_REVIEWS = 500
"""Of one card, those among them that hold no longer."""


def in_force(trail: Sequence[Review], fingerprint: str) -> tuple[Review, ...]:
    """The steps that are taken, of a card that shows these figures now."""
    held: list[Review] = []
    for review in trail:
        if review.fingerprint != fingerprint:
            continue
        if review.decision is ReviewDecision.RETURN:
            held = held[:-1]
        else:
            held.append(review)
    return tuple(held)


def person_of(caller: Caller) -> str:
    """Who a caller is, whichever key they use; a key of nobody's stands for itself."""
    return caller.employee or caller.name


def own_of(
    subject: Subject, employees: Mapping[str, Employee], units: Mapping[str, Unit], day: date
) -> str | None:
    """Whom a card is about, of a unit its lead; null who is not there on the day."""
    if subject.kind is SubjectKind.UNIT:
        unit = units.get(subject.code)
        code = None if unit is None else unit.lead
    else:
        code = subject.code
    return code if code is not None and _is_there(code, employees, day) else None


def superiors_of(
    subject: Subject,
    unit: str,
    employees: Mapping[str, Employee],
    units: Mapping[str, Unit],
    day: date,
) -> tuple[str, ...]:
    """Who stands above on a day, nearest first: managers by way of managers, then leads of units.

    `unit` is the card's, for someone who works nowhere on the day. Everyone named sees the card.
    """
    about = subject.code
    found: list[str] = []
    if subject.kind is SubjectKind.UNIT:
        own = units.get(subject.code)
        about = "" if own is None or own.lead is None else own.lead
        places = list(units_upward(subject.code, units))[1:]
    else:
        found += _managers_of(subject.code, employees)
        person = employees.get(subject.code)
        worked = [] if person is None else works_on(person, day)
        places = [each for held in worked or () for each in units_upward(held.unit, units)]
        places = places or list(units_upward(unit, units))
    leads = (units[code].lead for code in places if code in units)
    found += [lead for lead in leads if lead is not None]
    return tuple(
        code for code in dict.fromkeys(found) if code != about and _is_there(code, employees, day)
    )


def waits_for(state: ReviewState) -> str | None:
    """Whose turn it is; null is HR's, or nobody's where every step is taken."""
    taken = {review.person for review in state.held}
    above = [code for code in state.superiors if code not in taken]
    match state.step:
        case Approver.SELF if state.own is not None:
            return state.own
        case Approver.SELF | Approver.MANAGER:
            return next(iter(above), None)
        case Approver.SECOND_LEVEL:
            return next((code for code in above if code in state.superiors[1:]), None)
        case _:
            return None


def check_decision(
    state: ReviewState,
    caller: Caller,
    decision: ReviewDecision,
    comment: str | None,
    *,
    is_own: bool,
    is_complete: bool,
) -> Approver:
    """The step that a caller takes with a decision, or the refusal of it.

    `is_complete` says that the card has a total.
    """
    if is_own and decision is ReviewDecision.APPROVE:
        raise Forbidden("own_card", "Nobody approves their own card.")
    if state.step is None:
        raise Conflict("review_complete", "Every step of this card is taken.")
    _check_turn(state, caller, is_own=is_own)
    onward = ReviewDecision.SUBMIT if state.step is Approver.SELF else ReviewDecision.APPROVE
    if decision not in {onward, ReviewDecision.RETURN}:
        detail = f"The step {state.step} is taken by {onward} or return."
        raise _refused("/decision", "decision_not_expected", detail)
    if decision is ReviewDecision.RETURN:
        if comment is None or not comment.strip():
            raise _refused("/comment", "reason_required", "Returning a card needs a reason.")
    elif not is_complete:
        detail = "A card without a total cannot be approved: supply what its lines wait for."
        raise Conflict("scorecard_incomplete", detail)
    return state.step


def asks_nobody(order: Collection[Approver]) -> bool:
    """Whether a scheme asks for nobody's approval: then who moves the cycle approves its cards."""
    return all(part is Approver.SELF for part in order)


def faults_of_leaving(states: Mapping[str, ReviewState], mover: str) -> Iterator[Fault]:
    """Why a cycle cannot leave review at somebody's hand: cards that they alone would approve.

    Where nobody is asked, who moves it approves all but their own; another publishes then.
    """
    for card, state in states.items():
        if asks_nobody(state.order):
            if state.own == mover:
                yield _own_card(card)
        elif state.approvers == {mover}:
            detail = "You alone have approved it; somebody else moves the cycle."
            yield Fault(f"/scorecards/{card}", "approved_alone", detail)


def faults_of_publishing(states: Mapping[str, ReviewState], mover: str) -> Iterator[Fault]:
    """Why a cycle cannot be published at somebody's hand: cards that one person alone would pay."""
    for card, state in states.items():
        if not asks_nobody(state.order):
            continue
        if not state.approvers - {mover}:
            but = "".join(f" but {person}" for person in state.approvers)
            detail = f"Nobody{but} has approved it; somebody else publishes."
            yield Fault(f"/scorecards/{card}", "published_alone", detail)
        elif state.own == mover:
            yield _own_card(card)


def faults_of_altering(altered: Iterable[str]) -> Iterator[Fault]:
    """Cards that one person changed, approved and would publish: others approved another pay."""
    for card in altered:
        detail = "You changed its grade or pay, and approved alone; somebody else publishes."
        yield Fault(f"/scorecards/{card}", "published_alone", detail)


def faults_of_pending(states: Mapping[str, ReviewState]) -> Iterator[Fault]:
    """Each card that waits for a step, and for which."""
    for card, state in states.items():
        if state.step is not None:
            whom = waits_for(state) or "HR"
            detail = f"It waits for {state.step}: {whom}."
            yield Fault(f"/scorecards/{card}", "approval_pending", detail)


def _check_turn(state: ReviewState, caller: Caller, *, is_own: bool) -> None:
    person, whose = person_of(caller), waits_for(state)
    if person in {review.person for review in state.held}:
        detail = "You have taken a step of this card already; it is another's turn."
        raise Conflict("step_taken", detail)
    is_office = caller.role in OFFICE and not is_own
    if not (is_office if whose is None else person == whose):
        detail = f"It is not your turn: the card waits for {state.step}."
        raise Conflict("not_your_turn", detail)


def _managers_of(code: str, employees: Mapping[str, Employee]) -> Iterator[str]:
    seen = {code}
    person = employees.get(code)
    while person is not None and person.manager is not None and person.manager not in seen:
        seen.add(person.manager)
        yield person.manager
        person = employees.get(person.manager)


def _is_there(code: str, employees: Mapping[str, Employee], day: date) -> bool:
    """Whether somebody is of the company on a day; a head may have no assignment."""
    person = employees.get(code)
    if person is None:
        return False
    joined = person.joined_on is None or person.joined_on <= day
    return joined and (person.left_on is None or person.left_on >= day)


def _own_card(card: str) -> Fault:
    detail = "It is your own card; somebody else moves the cycle."
    return Fault(f"/scorecards/{card}", "own_card", detail)


def _refused(pointer: str, code: str, detail: str) -> Conflict:
    return Conflict(code, detail, [Fault(pointer, code, detail)])
