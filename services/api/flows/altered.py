"""What somebody changed by hand after others had approved it is paid by two people's hands."""

from collections.abc import Collection, Sequence

from services.api.core.reviews import faults_of_altering
from services.api.flows.reviews import MOST_NAMED
from services.api.store.calibrations import read_calibration_moves
from services.api.store.cycles import read_moves
from services.api.store.pay_adjustments import read_pay_adjustments
from services.door.authors import read_people
from services.schema.db import ReadSession
from services.schema.errors import Fault
from services.schema.shapes.cycles import Cycle, Move
from services.schema.shapes.people import Caller, Subject
from services.schema.shapes.scorecards import Scorecard
from services.schema.words import CycleStatus, SubjectKind


async def check_altered(
    session: ReadSession, cycle: Cycle, cards: Sequence[Scorecard], *, caller: Caller
) -> list[Fault]:
    """Cards whose grade or pay the caller has changed, in a cycle that nobody else approved."""
    steps = (await read_moves(session, [cycle.code]))[cycle.code]
    approved = _last(steps, CycleStatus.APPROVED)
    if approved is None or not await _by_caller(session, [approved.author], caller):
        return []
    alterers = await _alterers(session, cycle, cards, steps)
    own = await _by_caller(session, {each for some in alterers.values() for each in some}, caller)
    altered = [card.id for card in cards if alterers[card.id] & own]
    return list(faults_of_altering(altered))[:MOST_NAMED]


async def _alterers(
    session: ReadSession, cycle: Cycle, cards: Sequence[Scorecard], steps: Sequence[Move]
) -> dict[str, set[str]]:
    """Who moved the grade that each card has, and who stated money for it in this revision."""
    found: dict[str, set[str]] = {card.id: set() for card in cards}
    calibrated, opened = _last(steps, CycleStatus.CALIBRATION), _last(steps, CycleStatus.OPEN)
    if calibrated is not None and opened is not None and calibrated.number > opened.number:
        moves = await read_calibration_moves(session, cycle.code, calibrated.number)
        for card, author in {move.scorecard: move.author for move in moves}.items():
            found[card].add(author)
    ids = {card.subject: card.id for card in cards}
    reopened = next(
        (each for each in steps[::-1] if each.from_status is CycleStatus.PUBLISHED), None
    )
    began = None if reopened is None else reopened.moved_at
    for employee, stated in (await read_pay_adjustments(session, cycle.code)).items():
        paid = ids.get(Subject(SubjectKind.EMPLOYEE, employee))
        if paid is not None:
            found[paid] |= {each.author for each in stated if not began or each.stated_at > began}
    return found


async def _by_caller(session: ReadSession, authors: Collection[str], caller: Caller) -> set[str]:
    """Which of these did something with a key or token of the caller's."""
    people = await read_people(session, authors) if caller.employee is not None else {}
    return {
        author
        for author in authors
        if author == caller.name or (author in people and people[author] == caller.employee)
    }


def _last(steps: Sequence[Move], to: CycleStatus) -> Move | None:
    return next((step for step in reversed(steps) if step.to_status is to), None)
