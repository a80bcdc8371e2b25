"""What a calibration makes of its people: places, quotas, forced grades, moves, and who is over.

Grades are places in the scheme's order here, the best is 0 (`distribution`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.api.core.distribution import BoundaryTie, Forced, force, key_of, quotas_of, rank
from services.api.core.gates import best_first
from services.api.core.quotas import Allowed, Proposal, allowed_by, keeps_within, meets, propose
from services.schema.errors import Fault
from services.schema.shapes.calibrations import (
    CalibrationMove,
    Candidate,
    Population,
    Round,
    WantedMove,
)
from services.schema.shapes.schemes import Distribution, Scheme
from services.schema.words import Better, GradeOrigin, Unforced

_NONE = Decimal(0)


@dataclass(frozen=True, slots=True)
class BandCheck:
    """How many people's scores lie in each band, the best band first, and how many may."""

    quotas: tuple[int, ...]
    bands: tuple[int, ...]
    """The band of each person in `people`."""
    people: tuple[Candidate, ...]
    """Those who have a score."""
    within: bool
    proposals: tuple[Proposal, ...]
    """Whose score would have to lie elsewhere."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A population in the order of its places, and what its quotas give."""

    population: Population
    people: tuple[Candidate, ...]
    places: tuple[int, ...]
    limits: tuple[int, ...]
    before: tuple[int, ...]
    unforced: Unforced | None
    quotas: tuple[int, ...]
    """None where nothing is forced."""
    grades: tuple[int, ...]
    """What the distribution gives; where nothing is forced, the grades before it."""
    ties: tuple[BoundaryTie, ...]
    allowed: Allowed | None
    bands: BandCheck | None


def names_of(scheme: Scheme) -> tuple[str, ...]:
    """The grades of a scheme, best first."""
    return tuple(grade.grade for grade in best_first(scheme.grades))


def rank_round(begun: Round, scheme: Scheme) -> tuple[Ranked, ...]:
    """Every population of a round, ranked and forced as the scheme says."""
    members: dict[str, list[Candidate]] = {each.code: [] for each in begun.populations}
    for candidate in begun.candidates:
        members[candidate.population].append(candidate)
    lower = [each.better is Better.LOWER for each in begun.tie_breakers]
    return tuple(
        _rank(population, members[population.code], scheme, lower_is_better=lower)
        for population in begun.populations
    )


def grades_after(
    ranked: Ranked, moves: Sequence[CalibrationMove], names: Sequence[str]
) -> list[int]:
    """The grade of each of the people, once it was moved."""
    moved = {move.scorecard: names.index(move.to_grade) for move in moves}
    return [
        moved.get(person.scorecard, grade)
        for person, grade in zip(ranked.people, ranked.grades, strict=True)
    ]


def origin_of(ranked: Ranked, at: int, *, moved: bool) -> GradeOrigin:
    """What gave somebody the grade they have."""
    person = ranked.people[at]
    if moved:
        return GradeOrigin.CALIBRATION
    if ranked.unforced is None:
        return GradeOrigin.DISTRIBUTION
    return GradeOrigin.BAND if person.before == person.band else GradeOrigin.GATE


def proposals_of(
    ranked: Ranked, grades: Sequence[int], decided: Collection[str] = ()
) -> tuple[Proposal, ...]:
    """The smallest set of moves that meets the quotas of a population."""
    if ranked.allowed is None:
        return ()
    settled = {at for at, person in enumerate(ranked.people) if person.scorecard in decided}
    return propose(
        ranked.allowed, grades, limits=ranked.limits, places=ranked.places, decided=settled
    )


def meets_quotas(ranked: Ranked, grades: Sequence[int]) -> bool:
    """Whether the grades of a population are as its quotas ask; without any they always are."""
    return ranked.allowed is None or meets(ranked.allowed, grades)


def faults_of_moves(
    ranks: Sequence[Ranked],
    wanted: Sequence[WantedMove],
    now: Mapping[str, str],
    names: Sequence[str],
) -> Iterator[Fault]:
    """What stands against moves, one by one: whom, to what, and what gates leave them."""
    limits = {person.scorecard: person.limit for own in ranks for person in own.people}
    seen: set[str] = set()
    for at, move in enumerate(wanted):
        place = f"/moves/{at}"
        if move.scorecard not in limits:
            detail = f"{move.scorecard} is not ranked in this cycle."
            yield Fault(f"{place}/scorecard", "scorecard_unknown", detail)
            continue
        if move.scorecard in seen:
            detail = f"{move.scorecard} is moved twice."
            yield Fault(f"{place}/scorecard", "scorecard_repeated", detail)
        seen.add(move.scorecard)
        limit = limits[move.scorecard]
        if move.grade not in names:
            detail = f"There is no grade {move.grade}."
            yield Fault(f"{place}/grade", "grade_unknown", detail)
        elif move.grade == now[move.scorecard]:
            detail = f"{move.scorecard} has the grade {move.grade} already."
            yield Fault(f"{place}/grade", "grade_unchanged", detail)
        elif limit is not None and names.index(move.grade) < names.index(limit):
            detail = f"A gate leaves {move.scorecard} no better grade than {limit}."
            yield Fault(f"{place}/grade", "grade_limited", detail)


def faults_of_quotas(
    ranks: Sequence[Ranked],
    moves: Sequence[CalibrationMove],
    names: Sequence[str],
    *,
    pointer: str,
) -> Iterator[Fault]:
    """The populations whose grades do not meet their quotas, and what would mend each."""
    decided = {move.scorecard for move in moves}
    for ranked in ranks:
        grades = grades_after(ranked, moves, names)
        if meets_quotas(ranked, grades):
            continue
        held = ", ".join(
            f"{name} {grades.count(at)} of {ranked.quotas[at]}" for at, name in enumerate(names)
        )
        code = ranked.population.code
        yield Fault(pointer, "quota_not_met", f"In {code} the grades hold {held}.")
        for each in proposals_of(ranked, grades, decided):
            person = ranked.people[each.person]
            move = f"{person.subject} from {names[each.from_grade]} to {names[each.to_grade]}"
            yield Fault(pointer, "move_proposed", f"{person.scorecard}: {move}.")


def faults_of_bands(
    ranks: Sequence[Ranked], distribution: Distribution, *, pointer: str
) -> Iterator[Fault]:
    """The populations of whose scores too many lie in the better bands."""
    stated = () if distribution.bands is None else distribution.bands.shares
    for ranked in ranks:
        check = ranked.bands
        if check is None or check.within:
            continue
        held = ", ".join(
            f"from {band.start} {check.bands.count(at)} of {check.quotas[at]}"
            for at, band in enumerate(stated)
        )
        detail = f"In {ranked.population.code} the score bands hold {held}."
        yield Fault(pointer, "band_quota_exceeded", detail)


def _rank(
    population: Population,
    members: Sequence[Candidate],
    scheme: Scheme,
    *,
    lower_is_better: Sequence[bool],
) -> Ranked:
    assert scheme.distribution is not None, "calibration is for schemes with a distribution"
    stated, names = scheme.distribution, names_of(scheme)
    keys = {
        each.scorecard: key_of(each.total, each.tie_breakers, lower_is_better=lower_is_better)
        for each in members
    }
    people = tuple(
        sorted(
            sorted(members, key=lambda each: each.subject),
            key=lambda each: keys[each.scorecard],
            reverse=True,
        )
    )
    in_order = [keys[each.scorecard] for each in people]
    limits = tuple(0 if each.limit is None else names.index(each.limit) for each in people)
    before = tuple(0 if each.before is None else names.index(each.before) for each in people)
    unforced = _unforced(stated, len(people))
    quotas: tuple[int, ...] = ()
    forced, allowed = Forced(before, ()), None
    if unforced is None:
        shares = {each.grade: each.share for each in stated.shares}
        quotas = quotas_of([shares.get(name, _NONE) for name in names], len(people))
        forced = force(in_order, limits, quotas)
        allowed = allowed_by(quotas, forced)
    return Ranked(
        population=population,
        people=people,
        places=rank(in_order),
        limits=limits,
        before=before,
        unforced=unforced,
        quotas=quotas,
        grades=forced.grades,
        ties=forced.ties,
        allowed=allowed,
        bands=_check_bands(people, stated),
    )


def _unforced(stated: Distribution, people: int) -> Unforced | None:
    if people < stated.minimum_population:
        return Unforced.BELOW_MINIMUM
    return None if stated.shares else Unforced.NO_SHARES


def _check_bands(people: Sequence[Candidate], stated: Distribution) -> BandCheck | None:
    """Score bands held against their quotas as grades are, ties and all; fewer are never wrong."""
    if stated.bands is None or len(people) < stated.minimum_population:
        return None
    scored = tuple(
        sorted(
            (each for each in people if each.score is not None),
            key=lambda each: each.score or _NONE,
            reverse=True,
        )
    )
    scores = [each.score or _NONE for each in scored]
    quotas = quotas_of([each.share for each in stated.bands.shares], len(scored))
    starts = [each.start for each in stated.bands.shares]
    bands = tuple(
        next((at for at, start in enumerate(starts) if score >= start), len(starts) - 1)
        for score in scores
    )
    keys = [key_of(score, (), lower_is_better=()) for score in scores]
    free = [0] * len(scored)
    allowed = allowed_by(quotas, force(keys, free, quotas))
    within = keeps_within(allowed, bands)
    moves = () if within else propose(allowed, bands, limits=free, places=rank(keys))
    lower = tuple(each for each in moves if each.to_grade > each.from_grade)
    return BandCheck(quotas, bands, scored, within, lower)
