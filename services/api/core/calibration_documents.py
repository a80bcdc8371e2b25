"""How calibrations are written: what a round began with, and a cycle's distribution of grades."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.api.core.calibrations import (
    BandCheck,
    Ranked,
    grades_after,
    meets_quotas,
    names_of,
    origin_of,
    proposals_of,
    rank_round,
)
from services.api.core.documents import instant_text, plain_or_null, to_bytes
from services.schema.money import TOTAL_PLACES, fixed, plain
from services.schema.shapes.calibrations import (
    CalibrationMove,
    Candidate,
    Population,
    Round,
    TieBreaker,
)
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.people import parse_subject
from services.schema.shapes.schemes import Distribution, Scheme, ScoreBands
from services.schema.words import Better


@dataclass(frozen=True, slots=True)
class Distributed:
    """A cycle's distribution: of a round that was begun, or as one would begin now."""

    cycle: Cycle
    scheme: Scheme
    number: int | None
    """The round's; null where none was begun."""
    begun: Round
    moves: tuple[CalibrationMove, ...]


def round_document(begun: Round) -> bytes:
    """A round as it is kept."""
    return to_bytes(
        {
            "tie_breakers": [
                {"indicator": each.indicator, "better": each.better} for each in begun.tie_breakers
            ],
            "populations": [
                {"code": each.code, "units": None if each.units is None else list(each.units)}
                for each in begun.populations
            ],
            "candidates": [_candidate(each) for each in begun.candidates],
        }
    )


def read_round(document: bytes) -> Round:
    """The round of a document."""
    kept = json.loads(document)
    return Round(
        tie_breakers=tuple(
            TieBreaker(each["indicator"], Better(each["better"])) for each in kept["tie_breakers"]
        ),
        populations=tuple(
            Population(each["code"], None if each["units"] is None else tuple(each["units"]))
            for each in kept["populations"]
        ),
        candidates=tuple(_read_candidate(each) for each in kept["candidates"]),
    )


def distribution_document(of: Distributed, authors: Mapping[str, str]) -> bytes:
    """The distribution of a cycle, before and after; the same state gives the same bytes."""
    stated = of.scheme.distribution
    assert stated is not None, "a distribution is of a scheme that has one"
    ranks = rank_round(of.begun, of.scheme)
    return to_bytes(
        {
            "cycle": of.cycle.code,
            "revision": of.cycle.revision,
            "status": of.cycle.status,
            "round": of.number,
            "by": stated.by,
            "minimum_population": stated.minimum_population,
            "section": None if stated.bands is None else stated.bands.section,
            "populations": [_population(ranked, of, stated) for ranked in ranks],
            "people": [each for ranked in ranks for each in _people(ranked, of)],
            "moves": [_move(move, authors) for move in of.moves],
        }
    )


def _population(ranked: Ranked, of: Distributed, stated: Distribution) -> dict[str, object]:
    names = names_of(of.scheme)
    shares = {each.grade: each.share for each in stated.shares}
    after = grades_after(ranked, of.moves, names)
    # Before a round is begun cards show the grades of their bands.
    now = list(ranked.before) if of.number is None else after
    decided = {move.scorecard for move in of.moves}
    units = ranked.population.units
    return {
        "code": ranked.population.code,
        "units": None if units is None else list(units),
        "people": len(ranked.people),
        "forced": ranked.unforced is None,
        "reason": ranked.unforced,
        "grades": [
            {
                "grade": name,
                "share": plain(shares.get(name, Decimal(0))),
                "quota": ranked.quotas[at] if ranked.quotas else None,
                "before": ranked.before.count(at),
                "after": after.count(at),
            }
            for at, name in enumerate(names)
        ],
        "meets": meets_quotas(ranked, now),
        "ties": [
            {
                "grade": names[tie.grade],
                "places": tie.places,
                "scorecards": [ranked.people[at].scorecard for at in tie.people],
            }
            for tie in ranked.ties
        ],
        "proposals": [
            _proposal(ranked.people[each.person], names[each.from_grade], names[each.to_grade])
            for each in proposals_of(ranked, now, decided)
        ],
        "bands": _bands(ranked.bands, stated.bands),
    }


def _bands(check: BandCheck | None, stated: ScoreBands | None) -> dict[str, object] | None:
    if check is None or stated is None:
        return None
    starts = [plain(each.start) for each in stated.shares]
    return {
        "people": len(check.people),
        "within": check.within,
        "bands": [
            {
                "from": starts[at],
                "share": plain(each.share),
                "quota": check.quotas[at],
                "people": check.bands.count(at),
            }
            for at, each in enumerate(stated.shares)
        ],
        "proposals": [
            _proposal(check.people[each.person], starts[each.from_grade], starts[each.to_grade])
            for each in check.proposals
        ],
    }


def _people(ranked: Ranked, of: Distributed) -> list[dict[str, object]]:
    names = names_of(of.scheme)
    after = grades_after(ranked, of.moves, names)
    moved = {move.scorecard for move in of.moves}
    return [
        {
            "scorecard": person.scorecard,
            "subject": str(person.subject),
            "population": person.population,
            "place": ranked.places[at],
            "total": fixed(person.total, TOTAL_PLACES),
            "score": None if person.score is None else fixed(person.score, TOTAL_PLACES),
            "tie_breakers": [
                {"indicator": each.indicator, "value": plain_or_null(value)}
                for each, value in zip(of.begun.tie_breakers, person.tie_breakers, strict=True)
            ],
            "band": person.band,
            "limit": person.limit,
            "before": person.before,
            "after": names[after[at]] if names else None,
            "origin": origin_of(ranked, at, moved=person.scorecard in moved),
        }
        for at, person in enumerate(ranked.people)
    ]


def _proposal(person: Candidate, before: str, after: str) -> dict[str, object]:
    return {
        "scorecard": person.scorecard,
        "subject": str(person.subject),
        "from": before,
        "to": after,
    }


def _move(move: CalibrationMove, authors: Mapping[str, str]) -> dict[str, object]:
    return {
        "number": move.number,
        "scorecard": move.scorecard,
        "from": move.from_grade,
        "to": move.to_grade,
        "reason": move.reason,
        "author": move.author,
        "author_name": authors.get(move.author),
        "moved_at": instant_text(move.moved_at),
    }


def _candidate(candidate: Candidate) -> dict[str, object]:
    return {
        "scorecard": candidate.scorecard,
        "subject": str(candidate.subject),
        "population": candidate.population,
        "total": fixed(candidate.total, TOTAL_PLACES),
        "tie_breakers": [plain_or_null(each) for each in candidate.tie_breakers],
        "band": candidate.band,
        "limit": candidate.limit,
        "before": candidate.before,
        "score": plain_or_null(candidate.score),
    }


def _read_candidate(kept: Mapping[str, Any]) -> Candidate:
    return Candidate(
        scorecard=kept["scorecard"],
        subject=parse_subject(kept["subject"]),
        population=kept["population"],
        total=Decimal(kept["total"]),
        tie_breakers=_decimals(kept["tie_breakers"]),
        band=kept["band"],
        limit=kept["limit"],
        before=kept["before"],
        score=None if kept["score"] is None else Decimal(kept["score"]),
    )


def _decimals(texts: Sequence[str | None]) -> tuple[Decimal | None, ...]:
    return tuple(None if text is None else Decimal(text) for text in texts)
