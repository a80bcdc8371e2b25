"""Cards with the grade that calibration gives them: grade and origin stated, the rest as it was."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.api.core.calibrations import Ranked, grades_after, names_of, origin_of
from services.api.core.candidates import limit_of
from services.api.core.distribution import BoundaryTie
from services.api.core.documents import instant_text, plain_or_null, to_bytes
from services.api.core.gates import best_first
from services.schema.money import plain
from services.schema.shapes.calibrations import CalibrationMove, Round
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import Scorecard
from services.schema.words import GradeOrigin


def calibrate(
    cards: Sequence[Scorecard],
    ranked: Ranked,
    begun: Round,
    scheme: Scheme,
    moves: Sequence[CalibrationMove],
) -> list[Scorecard]:
    """The cards of a population with their grades, coefficients and fingerprints stated anew.

    What a card's inputs were known by stands in `inputs`; its fingerprint now is that of the whole
    statement, since equal inputs may have unlike grades.
    """
    by_id = {card.id: card for card in cards}
    grades = grades_after(ranked, moves, names_of(scheme))
    moved = {move.scorecard for move in moves}
    ties = {at: tie for tie in ranked.ties for at in tie.people}
    return [
        _state(
            by_id[person.scorecard],
            _statement(ranked, at, begun, scheme, moves, ties.get(at)),
            scheme,
            grade,
            origin_of(ranked, at, moved=person.scorecard in moved),
        )
        for at, (person, grade) in enumerate(zip(ranked.people, grades, strict=True))
        if person.scorecard in by_id
    ]


def keep_calibrated(
    now: Scorecard,
    before: Scorecard,
    scheme: Scheme,
    schemes: Mapping[tuple[str, int], Scheme],
) -> Scorecard:
    """A card that was scored anew with the grade that calibration gave it, where one did.

    Nobody is ranked again for one person's late fact; a gate that bites now limits that grade.
    """
    if "calibration" not in json.loads(before.explanation) or before.grade is None:
        return now
    shown, told = json.loads(now.document), json.loads(now.explanation)
    grades = {each.grade: place for place, each in enumerate(best_first(scheme.grades))}
    limit = limit_of(told, scheme, schemes)
    kept = before.grade if limit is None else max(before.grade, limit, key=grades.__getitem__)
    own = best_first(scheme.grades)[grades[kept]]
    origin = json.loads(before.document).get("grade_origin")
    changed = {"grade": own.grade, "coefficient": plain(own.coefficient), "grade_origin": origin}
    return replace(now, grade=own.grade, document=to_bytes({**shown, **changed}))


def _state(
    card: Scorecard,
    statement: dict[str, object],
    scheme: Scheme,
    grade: int,
    origin: GradeOrigin,
) -> Scorecard:
    shown, told = json.loads(card.document), json.loads(card.explanation)
    before = told.get("calibration")
    inputs = told["fingerprint"] if before is None else before["inputs"]
    statement = {"inputs": inputs, **statement}
    own = best_first(scheme.grades)[grade] if scheme.grades else None
    known_by = statement_fingerprint(statement)
    changed = {
        "grade": None if own is None else own.grade,
        "coefficient": None if own is None else plain(own.coefficient),
        "fingerprint": known_by,
    }
    return replace(
        card,
        grade=changed["grade"],
        fingerprint=known_by,
        document=to_bytes({**shown, **changed, "grade_origin": None if own is None else origin}),
        explanation=to_bytes({**told, **changed, "calibration": statement}),
    )


def statement_fingerprint(statement: dict[str, Any]) -> str:
    """SHA-256 of a statement: keys in order, no spaces, UTF-8."""
    text = json.dumps(statement, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _statement(
    ranked: Ranked,
    at: int,
    begun: Round,
    scheme: Scheme,
    moves: Sequence[CalibrationMove],
    tie: BoundaryTie | None,
) -> dict[str, object]:
    """Where somebody stood, what the distribution gave, and what people made of it."""
    assert scheme.distribution is not None, "calibration is for schemes with a distribution"
    person, names = ranked.people[at], names_of(scheme)
    shares = {each.grade: plain(each.share) for each in scheme.distribution.shares}
    return {
        "population": ranked.population.code,
        "people": len(ranked.people),
        "unforced": ranked.unforced,
        "place": ranked.places[at],
        "tie_breakers": [
            {"indicator": each.indicator, "better": each.better, "value": plain_or_null(value)}
            for each, value in zip(begun.tie_breakers, person.tie_breakers, strict=True)
        ],
        "limit": person.limit,
        "quotas": [
            {"grade": name, "share": shares.get(name, "0"), "quota": quota}
            for name, quota in zip(names, ranked.quotas, strict=False)
        ],
        "tie": None if tie is None else {"people": len(tie.people), "places": tie.places},
        "grade": names[ranked.grades[at]] if names else None,
        "moves": [
            {
                "from": move.from_grade,
                "to": move.to_grade,
                "reason": move.reason,
                "author": move.author,
                "moved_at": instant_text(move.moved_at),
            }
            for move in moves
            if move.scorecard == person.scorecard
        ],
    }
