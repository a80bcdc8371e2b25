"""Scoring: cards of eight indicators a second, against the same arithmetic in bare closures."""

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from bench.closures import TARGET, Card, draw_cards, scheme_document, score_bare
from bench.figures import Figure, Options, Way, measure
from services.api.core.card_documents import card_document, fingerprint
from services.api.core.schemes import parse_scheme
from services.api.core.scorecards import score
from services.api.fast.columns import read_columns
from services.api.fast.scoring import ScoreColumns, score_columns
from services.local.database import Server
from services.schema.shapes.coverage import WHOLE
from services.schema.shapes.indicators import Value
from services.schema.shapes.people import Subject
from services.schema.shapes.scorecards import CardHead, ItemInput, Segment, SegmentInput
from services.schema.shapes.targets import TargetInForce
from services.schema.words import Better, ScorecardStatus, SubjectKind, TargetLevel

CARDS_PER_ROW = 0.01
SIZES = (1_000, 10_000, 100_000)
_GOALS = {10_000: 20}
"""Of the arithmetic in columns, where `performance.md` states one."""
_TARGETS = {
    TargetLevel.BUDGET: TargetInForce(TARGET, TARGET, None, 31, 31, Decimal(31), Decimal(31))
}


async def run(_server: Server, options: Options) -> list[Figure]:
    figures = [await _by_core(round(options.rows * CARDS_PER_ROW), options)]
    return [*figures, *[await _in_columns(count, options) for count in SIZES]]


async def _by_core(count: int, options: Options) -> Figure:
    cards = draw_cards(count)
    given = _inputs(cards)
    # The limit does the same work: no total differs.
    assert [total for total, _ in score_bare(cards)] == [score([each]).total for each in given]
    return await measure(
        "scoring",
        f"{count:,} cards of eight items: lines, sections, total, gate, grade",
        "cards",
        limit=Way("bare closures over Decimals", _timed(count, lambda: score_bare(cards))),
        ways=[
            Way("the core", _timed(count, lambda: [score([each]) for each in given])),
            Way(
                "the core, its document and fingerprint",
                _timed(count, lambda: [_write(each) for each in given]),
            ),
        ],
        rounds=options.rounds,
    )


async def _in_columns(count: int, options: Options) -> Figure:
    cards = draw_cards(count)
    given = _inputs(cards)
    scheme = given[0].scheme
    columns = read_columns(given)
    assert not columns.unfit.any()
    assert _shown(score_columns(scheme, columns)) == score_bare(cards)
    return await measure(
        f"scoring_{count}",
        f"{count:,} cards of eight items in columns; every total and grade agrees with the limit's",
        "cards",
        limit=Way("bare closures over Decimals", _timed(count, lambda: score_bare(cards))),
        ways=[
            Way(
                "the twin in columns",
                _timed(count, lambda: score_columns(scheme, columns)),
                goal=_GOALS.get(count),
            ),
            Way(
                "the same, with decimals turned into columns",
                _timed(count, lambda: score_columns(scheme, read_columns(given))),
            ),
        ],
        rounds=options.rounds,
    )


def _shown(scored: ScoreColumns) -> list[tuple[Decimal, str]]:
    assert scored.means.known.all()
    assert not scored.unfit.any()
    return [
        (Decimal(total).scaleb(-2), scored.grades[place].grade)
        for total, place in zip(scored.totals.tolist(), scored.places.tolist(), strict=True)
    ]


def _inputs(cards: Sequence[Card]) -> list[SegmentInput]:
    scheme = parse_scheme(scheme_document())
    segment = Segment(date(2026, 3, 1), date(2026, 4, 1), "seller", "all", "bench", 1)
    return [
        SegmentInput(
            segment,
            scheme,
            {
                f"i{number}": ItemInput(Value(value, None), _TARGETS, Better.HIGHER)
                for number, value in enumerate(card, start=1)
            },
        )
        for card in cards
    ]


def _timed(count: int, work: Callable[[], object]) -> Callable[[], Awaitable[float]]:
    async def timed() -> float:
        began = time.perf_counter()
        work()
        return count / (time.perf_counter() - began)

    return timed


def _write(given: SegmentInput) -> bytes:
    subject = Subject(SubjectKind.EMPLOYEE, "e-1")
    scored = score([given])
    head = CardHead(
        id="sc_1",
        cycle="bench",
        subject=subject,
        revision=1,
        status=ScorecardStatus.LIVE,
        rank=None,
        coverage=WHOLE,
        computed_at=datetime(2026, 4, 1, tzinfo=UTC),
        fingerprint=fingerprint("bench", subject, [given]),
    )
    return card_document(head, scored)
