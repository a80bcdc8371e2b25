"""Who is ranked in a cycle, with whom, and by what: read from cards that are computed already."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from services.api.core.cards import CardPlan, Setting, items_in
from services.api.core.gates import best_first, limit_grade
from services.api.core.pools import Pool, pool_by_unit
from services.schema.money import TOTAL_PLACES, round_half_up
from services.schema.shapes.calibrations import Candidate, Population, Round, TieBreaker
from services.schema.shapes.indicators import Wanted
from services.schema.shapes.people import Unit
from services.schema.shapes.schemes import Distribution, Gate, Scheme
from services.schema.shapes.scorecards import GateBite, Scorecard
from services.schema.words import Better, GateOf, RankedBy

COMPANY = "company"
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ballot:
    """A cycle's cards with all that ranking them asks for."""

    cycle: str
    cards: Sequence[Scorecard]
    scheme: Scheme
    schemes: Mapping[tuple[str, int], Scheme]
    """Of every segment."""
    tie_breakers: Mapping[str, Sequence[Decimal | None]]
    """By card; none before data close."""
    better: Mapping[str, Better]
    """By tie-breaker."""
    units: Mapping[str, Unit]


def tie_breakers_wanted(plan: CardPlan, stated: Distribution, setting: Setting) -> list[Wanted]:
    """The tie-breakers of a card over all of its days.

    The scope is that of the first item with the same indicator, else of the first item there is
    (`domain.md`, section 5, does not say whose facts they are of).
    """
    items = list(items_in(plan.segments[-1], setting))
    scopes = {item.indicator: item.scope for item in reversed(items)}
    return [
        Wanted(
            indicator=code,
            subject=plan.card.subject,
            scope=scopes.get(code, items[0].scope),
            period=plan.cycle.period,
            start=plan.segments[0].start,
            end=plan.segments[-1].end,
        )
        for code in stated.tie_breakers
    ]


def versions_in(cards: Sequence[Scorecard]) -> set[tuple[str, int]]:
    """The versions of schemes that the segments of cards were scored by."""
    return {
        (segment["scheme"], segment["scheme_version"])
        for card in cards
        for segment in json.loads(card.document)["segments"]
    }


def begin_round(ballot: Ballot) -> Round:
    """Everyone with a total, in populations as the scheme has them; a unit is ranked as it is."""
    stated = ballot.scheme.distribution
    assert stated is not None, "calibration is for schemes with a distribution"
    cards = {card.id: card for card in ballot.cards if card.total is not None}
    of_units = {card.id: card.unit for card in cards.values()}
    named = populations_of(stated, ballot.cycle, of_units, ballot.units)
    return Round(
        tie_breakers=tuple(TieBreaker(code, ballot.better[code]) for code in stated.tie_breakers),
        populations=tuple(population for population, _ in named),
        candidates=tuple(
            _candidate(cards[who], population.code, ballot)
            for population, people in named
            for who in people
        ),
    )


def populations_of(
    stated: Distribution, cycle: str, of_units: Mapping[str, str], units: Mapping[str, Unit]
) -> list[tuple[Population, tuple[str, ...]]]:
    """Who is ranked together: all of a cycle, or those of units, small ones pooled.

    `of_units` is the unit of each.
    """
    if stated.by is not RankedBy.UNIT:
        return [(Population(cycle, None), tuple(of_units))]
    pools = pool_by_unit(of_units, units, minimum=stated.minimum_population)
    return [(Population(_code_of(pool), pool.members), pool.people) for pool in pools]


def best_left(scheme: Scheme, bites: Iterable[tuple[Scheme, GateBite]]) -> str | None:
    """The best grade that gates leave somebody; null where they leave every grade."""
    ordered = best_first(scheme.grades)
    if not ordered:
        return None
    limited = limit_grade(ordered[0], bites, ordered)
    return None if limited is ordered[0] else limited.grade


def _code_of(pool: Pool[str]) -> str:
    return COMPANY if pool.unit is None else f"unit:{pool.unit}"


def _candidate(card: Scorecard, population: str, ballot: Ballot) -> Candidate:
    told, shown = json.loads(card.explanation), json.loads(card.document)
    stated = ballot.scheme.distribution
    assert stated is not None, "calibration is for schemes with a distribution"
    assert card.total is not None, "only who has a total is ranked"
    nothing = (None,) * len(stated.tie_breakers)
    section = None if stated.bands is None else stated.bands.section
    return Candidate(
        scorecard=card.id,
        subject=card.subject,
        population=population,
        total=card.total,
        tie_breakers=tuple(ballot.tie_breakers.get(card.id, nothing)),
        band=told["band"],
        limit=limit_of(told, ballot.scheme, ballot.schemes),
        before=told["grade"],
        score=card.total if section is None else _score_of(section, shown),
    )


def limit_of(
    told: Document, scheme: Scheme, schemes: Mapping[tuple[str, int], Scheme]
) -> str | None:
    """The best grade that the gates of all segments leave; null where they leave every one."""
    return best_left(scheme, _bites(told, schemes))


def _bites(
    told: Document, schemes: Mapping[tuple[str, int], Scheme]
) -> Iterator[tuple[Scheme, GateBite]]:
    for segment in told["segments"]:
        scheme = schemes[segment["scheme"], segment["scheme_version"]]
        for gate in segment["gates"]:
            if gate["bites"]:
                yield scheme, GateBite(_effect_of(gate["then"]), Decimal(gate["actual"]))


def _effect_of(then: Document) -> Gate:
    """A gate as far as it says what becomes of a grade."""
    return Gate(
        section=None,
        item=None,
        of=GateOf.SCORE,
        below=None,
        at_least=None,
        at_most=None,
        fail=bool(then.get("fail")),
        cap=None,
        grade=then.get("grade"),
    )


def _score_of(section: str, shown: Document) -> Decimal | None:
    """A section's score; of several segments that have it, the mean by days."""
    weighed, days = Fraction(0), 0
    for each in shown["sections"]:
        if each["section"] != section:
            continue
        if each["score"] is None:
            return None
        own = shown["segments"][each.get("segment", 1) - 1]["days"]
        weighed, days = weighed + Fraction(each["score"]) * own, days + own
    return round_half_up(weighed / days, TOTAL_PLACES) if days else None
