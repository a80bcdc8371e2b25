"""Cards of a population for tests of calibration: each of one figure, computed as any card is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from services.api.core.calibrated import calibrate
from services.api.core.calibrations import Ranked, rank_round
from services.api.core.candidates import Ballot, begin_round
from services.api.core.card_documents import card_document, fingerprint
from services.api.core.explanations import explanation_document
from services.api.core.scorecards import score
from services.schema.shapes.calibrations import CalibrationMove, Round
from services.schema.shapes.people import Subject, Unit
from services.schema.shapes.scorecards import Scorecard, SegmentInput
from services.schema.words import Better, ScorecardStatus, SubjectKind
from tests.api.core.scoring import Document, flat, head, item, scheme_of, segment_input

SHARES: list[Document] = [
    {"grade": "A", "share": "20"},
    {"grade": "B", "share": "70"},
    {"grade": "C", "share": "10"},
]


def stated(distribution: Document | None = None, **more: object) -> Document:
    """A scheme whose total is the value of one item."""
    return flat(item("a", "100"), distribution=distribution or {"shares": SHARES}, **more)


def card_of(who: str, segments: Sequence[SegmentInput], *, unit: str = "north") -> Scorecard:
    """The card of somebody with these inputs."""
    made = score(segments)
    own, subject = head(segments), Subject(SubjectKind.EMPLOYEE, who)
    known_by = fingerprint(own.cycle, subject, segments)
    own = replace(own, id=f"sc_{who}", subject=subject, fingerprint=known_by)
    return Scorecard(
        id=own.id,
        cycle=own.cycle,
        subject=own.subject,
        revision=1,
        position="guide",
        unit=unit,
        status=ScorecardStatus.IN_REVIEW,
        total=made.total,
        grade=made.grade,
        rank=None,
        document=card_document(own, made),
        explanation=explanation_document(own, segments, made),
        bases=None,
        fingerprint=own.fingerprint,
        computed_at=own.computed_at,
        stale_since=None,
        version=1,
    )


def cards_of(
    scheme: Document, totals: Mapping[str, str | None], units: Mapping[str, str] | None = None
) -> list[Scorecard]:
    return [
        card_of(who, [segment_input(scheme, {"a": total})], unit=(units or {}).get(who, "north"))
        for who, total in totals.items()
    ]


def ballot_of(
    scheme: Document,
    cards: Sequence[Scorecard],
    *,
    tie_breakers: Mapping[str, Sequence[Decimal | None]] | None = None,
    better: Mapping[str, Better] | None = None,
    units: Mapping[str, Unit] | None = None,
) -> Ballot:
    parsed = scheme_of(scheme)
    return Ballot(
        cycle="2026-10-front",
        cards=cards,
        scheme=parsed,
        schemes={("front", 1): parsed},
        tie_breakers=tie_breakers or {},
        better=better or {},
        units=units or {},
    )


def ranked_in(scheme: Document, totals: Mapping[str, str | None]) -> tuple[Round, Ranked]:
    """The one population of a cycle."""
    begun = begin_round(ballot_of(scheme, cards_of(scheme, totals)))
    (ranked,) = rank_round(begun, scheme_of(scheme))
    return begun, ranked


def calibrated(
    scheme: Document, totals: Mapping[str, str | None], *moves: CalibrationMove
) -> dict[str, Scorecard]:
    """The cards of a cycle by person, with the grades that calibration gives them."""
    cards = cards_of(scheme, totals)
    begun = begin_round(ballot_of(scheme, cards))
    (ranked,) = rank_round(begun, scheme_of(scheme))
    made = calibrate(cards, ranked, begun, scheme_of(scheme), moves)
    return {card.subject.code: card for card in made}
