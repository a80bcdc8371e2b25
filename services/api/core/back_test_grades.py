"""The grades that a draft's distribution would give, to whom calibration would give them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from services.api.core.calibrations import Ranked, rank_round
from services.api.core.candidates import best_left, populations_of
from services.api.core.gates import best_first
from services.schema.shapes.back_tests import Tried
from services.schema.shapes.calibrations import Candidate, Round, TieBreaker
from services.schema.shapes.payouts import PayBasis
from services.schema.shapes.people import Unit
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import Score, SegmentInput
from services.schema.words import Better


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody who was tried, and waits for a grade and for pay until all of the period were."""

    tried: Tried
    cycle: str
    unit: str
    tie_breakers: tuple[Decimal | None, ...]
    limit: str | None
    """The best grade that gates leave; null where none says so."""
    basis: PayBasis


def is_forced(scheme: Scheme) -> bool:
    """Whether a scheme gives grades by quota: quotas of scores set none."""
    return scheme.distribution is not None and bool(scheme.distribution.shares)


def limit_of(scheme: Scheme, inputs: Sequence[SegmentInput], score: Score) -> str | None:
    """The best grade that the gates of all segments leave."""
    bites = (
        (given.scheme, bite)
        for given, each in zip(inputs, score.segments, strict=True)
        for bite in each.gates
    )
    return best_left(scheme, bites)


def force_grades(
    held: Sequence[Held], scheme: Scheme, *, better: Sequence[Better], units: Mapping[str, Unit]
) -> tuple[list[Held], list[Ranked]]:
    """Everybody with the grade that the quotas of their population give, and the populations.

    Each cycle is ranked by itself, as calibration ranks it; who has no total is not ranked.
    """
    if not is_forced(scheme):
        return list(held), []
    names = best_first(scheme.grades)
    ranks: list[Ranked] = []
    grades = {}
    for cycle in dict.fromkeys(each.cycle for each in held):
        own = [each for each in held if each.cycle == cycle and each.tried.score.complete]
        ranks += rank_round(_round_of(cycle, own, scheme, better=better, units=units), scheme)
    for ranked in ranks:
        for person, place in zip(ranked.people, ranked.grades, strict=True):
            grades[person.scorecard] = names[place]
    graded = []
    for each in held:
        given = grades.get(str(each.tried.subject))
        if given is None:
            graded.append(each)
            continue
        score = replace(each.tried.score, grade=given.grade, coefficient=given.coefficient)
        graded.append(replace(each, tried=replace(each.tried, score=score)))
    return graded, ranks


def _round_of(
    cycle: str,
    held: Sequence[Held],
    scheme: Scheme,
    *,
    better: Sequence[Better],
    units: Mapping[str, Unit],
) -> Round:
    """A round as it would begin; nobody's card is there, so that the subject stands for it."""
    stated = scheme.distribution
    assert stated is not None, "grades are forced by a distribution"
    by_subject = {str(each.tried.subject): each for each in held}
    of_units = {subject: each.unit for subject, each in by_subject.items()}
    named = populations_of(stated, cycle, of_units, units)
    return Round(
        tie_breakers=tuple(map(TieBreaker, stated.tie_breakers, better)),
        populations=tuple(population for population, _ in named),
        candidates=tuple(
            _candidate(subject, by_subject[subject], population.code)
            for population, people in named
            for subject in people
        ),
    )


def _candidate(subject: str, held: Held, population: str) -> Candidate:
    score = held.tried.score
    assert score.total is not None, "only who has a total is ranked"
    return Candidate(
        scorecard=subject,
        subject=held.tried.subject,
        population=population,
        total=score.total,
        tie_breakers=held.tie_breakers,
        band=score.band,
        limit=held.limit,
        before=score.grade,
        score=None,
    )
