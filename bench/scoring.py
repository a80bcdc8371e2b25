"""Scoring: cards of eight indicators a second, against the same arithmetic in bare closures."""

import random
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

from bench.figures import Figure, Options, Way, measure
from services.api.core.card_documents import card_document, fingerprint
from services.api.core.schemes import parse_scheme
from services.api.core.scorecards import score
from services.local.database import Server
from services.schema.shapes.indicators import Value
from services.schema.shapes.people import Subject
from services.schema.shapes.scorecards import CardHead, ItemInput, Segment, SegmentInput
from services.schema.shapes.targets import TargetInForce
from services.schema.words import Better, ScorecardStatus, SubjectKind, TargetLevel

CARDS_PER_ROW = 0.01
_WEIGHTS = ("20", "15", "15", "10", "10", "10", "10", "10")
_RATIO = {"kind": "ratio", "floor": "0", "cap": "120"}
_STEPS = {
    "kind": "steps",
    "of": "attainment",
    "steps": [
        {"at_least": "1", "score": "100"},
        {"at_least": "0.8", "score": "75"},
        {"at_least": "0.6", "score": "50"},
        {"at_least": "0", "score": "0"},
    ],
}
_DEDUCT = {"kind": "deduct", "per_occurrence": "5", "free": "1", "floor": "0"}
_RULES = (_RATIO, _RATIO, _RATIO, _RATIO, _RATIO, _STEPS, _STEPS, _DEDUCT)
_GRADES = (("A", "90", "1.2"), ("B", "75", "1"), ("C", "0", "0.6"))
_TARGET = Decimal(200)

Card = tuple[Decimal, ...]
"""The values of a card's items, in order."""


async def run(_server: Server, options: Options) -> list[Figure]:
    cards = _draw(round(options.rows * CARDS_PER_ROW))
    scheme = parse_scheme(_document())
    segment = Segment(date(2026, 3, 1), date(2026, 4, 1), "seller", "all", "bench", 1)
    given = [
        SegmentInput(
            segment, scheme, {f"i{n}": _item(value) for n, value in enumerate(card, start=1)}
        )
        for card in cards
    ]
    _check(cards, given)
    figure = await measure(
        "scoring",
        f"{len(cards):,} cards of eight items: lines, sections, total, gate, grade",
        "cards",
        limit=Way("bare closures over Decimals", _timed(len(cards), lambda: _score_bare(cards))),
        ways=[
            Way("the core", _timed(len(cards), lambda: [score([each]) for each in given])),
            Way(
                "the core, its document and fingerprint",
                _timed(len(cards), lambda: [_write(each) for each in given]),
            ),
        ],
        rounds=options.rounds,
    )
    return [figure]


def _check(cards: Sequence[Card], given: Sequence[SegmentInput]) -> None:
    """The limit does the same work: no total differs."""
    totals = [score([each]).total for each in given]
    assert [total for total, _ in _score_bare(cards)] == totals


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
        coverage=Decimal(1),
        provisional=False,
        computed_at=datetime(2026, 4, 1, tzinfo=UTC),
        fingerprint=fingerprint("bench", subject, [given]),
    )
    return card_document(head, scored)


def _item(value: Decimal) -> ItemInput:
    target = TargetInForce(_TARGET, _TARGET, None, 31, 31, Decimal(31), Decimal(31))
    return ItemInput(Value(value, None), {TargetLevel.BUDGET: target}, Better.HIGHER)


def _draw(count: int) -> list[Card]:
    chance = random.Random(20260301)
    return [
        (
            *(Decimal(chance.randrange(300_000_000)).scaleb(-6) for _ in range(7)),
            Decimal(chance.randrange(12)),
        )
        for _ in range(count)
    ]


def _document() -> dict[str, object]:
    items = [
        {
            "code": f"i{number}",
            "indicator": f"indicator_{number}",
            "weight": weight,
            "scope": "own",
            "target": {"kind": "fixed", "value": str(_TARGET)},
            "rule": rule,
            "missing": "block",
        }
        for number, (weight, rule) in enumerate(zip(_WEIGHTS, _RULES, strict=True), start=1)
    ]
    return {
        "name": {"zh": "基准", "en": "Bench"},
        "cycle": "month",
        "full_mark": "100",
        "sections": [
            {"code": "all", "name": {"zh": "全部", "en": "All"}, "weight": "100", "items": items}
        ],
        "gates": [{"when": {"item": "i8", "below": "50"}, "then": {"cap": "79"}}],
        "adjustments": None,
        "grades": [
            {"grade": grade, "from": start, "coefficient": coefficient}
            for grade, start, coefficient in _GRADES
        ],
        "distribution": None,
        "approval": [],
        "pay": [],
    }


def _score_bare(cards: Sequence[Card]) -> list[tuple[Decimal, str]]:
    """The scheme above as a programmer would write it for itself alone."""
    zero, hundred, top, four = Decimal(0), Decimal(100), Decimal(120), Decimal("0.0001")
    steps = [(Decimal(1), hundred), (Decimal("0.8"), Decimal(75)), (Decimal("0.6"), Decimal(50))]
    weights = [Decimal(weight) for weight in _WEIGHTS]
    grades = [(grade, Decimal(start)) for grade, start, _ in _GRADES]

    def attained(value: Decimal) -> Decimal:
        return (value / _TARGET).quantize(Decimal("0.000001"), ROUND_HALF_UP)

    def ratio(value: Decimal) -> Decimal:
        return min(max(attained(value) * hundred, zero), top)

    def step(value: Decimal) -> Decimal:
        reached = attained(value)
        return next((points for bound, points in steps if reached >= bound), zero)

    def deduct(value: Decimal) -> Decimal:
        return max(zero, hundred - 5 * max(zero, value - 1))

    rules = [*[ratio] * 5, step, step, deduct]
    scored = []
    for card in cards:
        scores = [rule(value).quantize(four) for rule, value in zip(rules, card, strict=True)]
        points = [
            (each * weight / hundred).quantize(four, ROUND_HALF_UP)
            for each, weight in zip(scores, weights, strict=True)
        ]
        total = sum(points, zero).quantize(Decimal("0.01"), ROUND_HALF_UP)
        if scores[-1] < 50:
            total = min(total, Decimal(79))
        scored.append((total, next(grade for grade, start in grades if total >= start)))
    return scored
