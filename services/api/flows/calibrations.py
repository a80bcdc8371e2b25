"""Grades by quota: set as calibration is entered, moved by people with reasons, held to quotas."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from services.api.core.calibrated import calibrate
from services.api.core.calibration_documents import (
    Distributed,
    distribution_document,
    read_round,
    round_document,
)
from services.api.core.calibrations import (
    Ranked,
    faults_of_bands,
    faults_of_moves,
    faults_of_quotas,
    grades_after,
    names_of,
    rank_round,
)
from services.api.core.candidates import Ballot, begin_round, versions_in
from services.api.flows.indicators import known_indicators
from services.api.flows.people import own_among, refuse
from services.api.flows.schemes import scheme_of
from services.api.store.audit import append_entry
from services.api.store.calibrations import (
    insert_calibration_moves,
    insert_round,
    read_calibration_moves,
    read_round_document,
    read_tie_breakers,
)
from services.api.store.cycles import lock_cycle, read_moves
from services.api.store.people import read_units
from services.api.store.schemes import read_draft, read_versions
from services.api.store.scorecards import (
    lock_cards_of_cycle,
    read_cards_of_cycle,
    write_cards,
)
from services.door.authors import read_author_names
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Closed, Conflict, Fault, Forbidden, NotFound
from services.schema.shapes.calibrations import CalibrationMove, Round, WantedMove
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.people import Caller
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import Scorecard
from services.schema.shapes.views import View
from services.schema.words import CycleStatus

AT_ONCE = 1000
"""Cards graded between two statements: no transaction may be idle for long."""
MOST_NAMED = 50
"""Faults that a refusal names."""
_CALIBRATED = frozenset({CycleStatus.CALIBRATION, CycleStatus.APPROVED, CycleStatus.PUBLISHED})

Permit = Callable[[bytes], None]
"""Sees the distribution that is there, once nobody else can change it, and may refuse."""


async def begin_calibration(
    session: WriteSession,
    cycle: Cycle,
    scheme: Scheme,
    cards: Sequence[Scorecard],
    *,
    number: int,
    at: datetime,
) -> dict[str, object]:
    """Set the grades of a cycle by its distribution and write its cards; gives what the audit is
    told.

    What the round begins with is kept as it is now: later changes of the company alter nothing.
    """
    begun = await _round_of(session, cycle, scheme, cards)
    await insert_round(session, cycle.code, number, round_document(begun), at=at)
    ranks = await asyncio.to_thread(rank_round, begun, scheme)
    for first in range(0, len(cards), AT_ONCE):
        some = cards[first : first + AT_ONCE]
        graded = await asyncio.to_thread(_calibrate_all, some, ranks, begun, scheme, ())
        by_id = {card.id: card for card in (*some, *graded)}
        await write_cards(session, list(by_id.values()))
    return {
        "round": number,
        "forced": sum(ranked.unforced is None for ranked in ranks),
        "unforced": sum(ranked.unforced is not None for ranked in ranks),
        "ties": sum(len(ranked.ties) for ranked in ranks),
    }


async def check_quotas(session: ReadSession, cycle: Cycle, scheme: Scheme) -> None:
    """Refuse to leave calibration while grades or scores do not meet their quotas."""
    assert scheme.distribution is not None, "calibration is for schemes with a distribution"
    now = await _distributed(session, cycle, scheme)
    ranks = rank_round(now.begun, scheme)
    _refuse_misses(
        [
            *faults_of_quotas(ranks, now.moves, names_of(scheme), pointer=""),
            *faults_of_bands(ranks, scheme.distribution, pointer=""),
        ]
    )


async def move_grades(
    session: WriteSession,
    code: str,
    wanted: Sequence[WantedMove],
    *,
    permit: Permit,
    caller: Caller,
    at: datetime,
) -> bytes:
    """Move grades in calibration, all or none; gives the distribution as it then is."""
    cycle = await lock_cycle(session, code)
    if cycle is None:
        raise NotFound("cycle")
    scheme = await _scheme_in_force(session, cycle)
    before = await _distributed(session, cycle, scheme)
    permit(await _written(session, before))
    if cycle.status is not CycleStatus.CALIBRATION or before.number is None:
        detail = f"Grades are moved in calibration; the cycle is {cycle.status}."
        raise Closed("not_in_calibration", detail)
    await _refuse_self_dealing(session, before.begun, wanted, caller)
    ranks, names = rank_round(before.begun, scheme), names_of(scheme)
    now = _grades_by_card(ranks, before.moves, names)
    refuse(list(faults_of_moves(ranks, wanted, now, names))[:MOST_NAMED])
    last = before.moves[-1].number if before.moves else 0
    made = [
        CalibrationMove(
            number=last + each,
            scorecard=move.scorecard,
            from_grade=now[move.scorecard],
            to_grade=move.grade,
            reason=move.reason,
            author=caller.name,
            moved_at=at,
        )
        for each, move in enumerate(wanted, 1)
    ]
    moves = (*before.moves, *made)
    _refuse_misses(list(faults_of_quotas(ranks, moves, names, pointer="/moves")))
    await insert_calibration_moves(session, code, before.number, made)
    await _state_grades(
        session, cycle, before.begun, scheme, moves, {each.scorecard for each in made}
    )
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="cycle.calibrate",
        subject=f"cycle:{code}",
        detail={
            "round": before.number,
            "moves": [
                {
                    "scorecard": move.scorecard,
                    "from": move.from_grade,
                    "to": move.to_grade,
                    "reason": move.reason,
                }
                for move in made
            ],
        },
    )
    after = Distributed(cycle, scheme, before.number, before.begun, moves)
    return await _written(session, after)


async def read_distribution(session: ReadSession, cycle: Cycle) -> bytes | None:
    """A cycle's distribution as it was calibrated, or as it would be now; null without one."""
    scheme = await _scheme_in_force(session, cycle)
    if scheme.distribution is None:
        return None
    return await _written(session, await _distributed(session, cycle, scheme))


async def _written(session: ReadSession, of: Distributed) -> bytes:
    """As it is shown to who sees the company whole: of grades that moved, who moved them."""
    everyone = View(whole=True, own=None)
    authors = await read_author_names(session, (move.author for move in of.moves), everyone)
    return await asyncio.to_thread(distribution_document, of, authors)


async def _distributed(session: ReadSession, cycle: Cycle, scheme: Scheme) -> Distributed:
    if cycle.status in _CALIBRATED:
        steps = (await read_moves(session, [cycle.code]))[cycle.code]
        numbers = [step.number for step in steps if step.to_status is CycleStatus.CALIBRATION]
        kept = await read_round_document(session, cycle.code, numbers[-1]) if numbers else None
        if kept is not None:
            moves = await read_calibration_moves(session, cycle.code, numbers[-1])
            return Distributed(cycle, scheme, numbers[-1], read_round(kept), moves)
    cards = await read_cards_of_cycle(session, cycle.code, cycle.revision)
    return Distributed(cycle, scheme, None, await _round_of(session, cycle, scheme, cards), ())


async def _round_of(
    session: ReadSession, cycle: Cycle, scheme: Scheme, cards: Sequence[Scorecard]
) -> Round:
    """What a round would begin with, as cards and company are now."""
    assert scheme.distribution is not None, "calibration is for schemes with a distribution"
    wanted = await asyncio.to_thread(versions_in, cards)
    versions = await read_versions(session, wanted) if wanted else {}
    indicators = await known_indicators(session, scheme.distribution.tie_breakers)
    is_live = cycle.status in {CycleStatus.DRAFT, CycleStatus.OPEN}
    ballot = Ballot(
        cycle=cycle.code,
        cards=cards,
        scheme=scheme,
        schemes={key: scheme_of(version.document) for key, version in versions.items()},
        tie_breakers={}
        if is_live
        else await read_tie_breakers(session, cycle.code, cycle.revision),
        better={code: indicators[code].better for code in scheme.distribution.tie_breakers},
        units=await read_units(session),
    )
    return await asyncio.to_thread(begin_round, ballot)


async def _scheme_in_force(session: ReadSession, cycle: Cycle) -> Scheme:
    """The version that scores a cycle; of a draft the newest there is."""
    version = cycle.scheme_version
    if version is None:
        draft = await read_draft(session, cycle.scheme)
        version = None if draft is None else draft.latest
    if version is None:
        detail = f"The scheme {cycle.scheme} has no published version to score by."
        raise Conflict("scheme_not_published", detail)
    (published,) = (await read_versions(session, {(cycle.scheme, version)})).values()
    return scheme_of(published.document)


async def _state_grades(
    session: WriteSession,
    cycle: Cycle,
    begun: Round,
    scheme: Scheme,
    moves: Sequence[CalibrationMove],
    changed: set[str],
) -> None:
    """Write the cards whose grades were moved."""
    cards = await lock_cards_of_cycle(session, cycle.code, cycle.revision)
    moved = [card for card in cards if card.id in changed]
    graded = _calibrate_all(moved, rank_round(begun, scheme), begun, scheme, moves)
    await write_cards(session, graded)


def _calibrate_all(
    cards: Sequence[Scorecard],
    ranks: Sequence[Ranked],
    begun: Round,
    scheme: Scheme,
    moves: Sequence[CalibrationMove],
) -> list[Scorecard]:
    return [card for ranked in ranks for card in calibrate(cards, ranked, begun, scheme, moves)]


def _grades_by_card(
    ranks: Sequence[Ranked], moves: Sequence[CalibrationMove], names: Sequence[str]
) -> dict[str, str]:
    return {
        person.scorecard: names[grade]
        for ranked in ranks
        for person, grade in zip(ranked.people, grades_after(ranked, moves, names), strict=True)
        if names
    }


async def _refuse_self_dealing(
    session: ReadSession, begun: Round, wanted: Sequence[WantedMove], caller: Caller
) -> None:
    """Nobody moves their own grade, nor those of people with whom they share a quota.

    A place that somebody loses there is one for the others, the caller among them; a unit stands
    for who leads it.
    """
    subjects = {each.subject for each in begun.candidates}
    own = await own_among(session, subjects, caller.employee)
    if not own:
        return
    populations = {each.population for each in begun.candidates if each.subject in own}
    people = {each.scorecard: each for each in begun.candidates}
    moved = [people[move.scorecard] for move in wanted if move.scorecard in people]
    if any(each.subject in own for each in moved):
        raise Forbidden("own_scorecard", "Nobody calibrates their own scorecard.")
    if any(each.population in populations for each in moved):
        detail = "Nobody calibrates those with whom they share a quota."
        raise Forbidden("own_population", detail)


def _refuse_misses(faults: Sequence[Fault]) -> None:
    """Raise where quotas are missed, with the moves that would mend it."""
    if faults:
        misses = " ".join(fault.detail for fault in faults if fault.code != "move_proposed")
        raise Conflict(faults[0].code, misses, faults[:MOST_NAMED])
