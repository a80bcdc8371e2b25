"""One scheme of eight items, cards for it by seeded chance, and its score in bare closures."""

import random
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

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
TARGET = Decimal(200)

Card = tuple[Decimal, ...]
"""The values of a card's items, in order."""


def draw_cards(count: int) -> list[Card]:
    chance = random.Random(20260301)
    return [
        (
            *(Decimal(chance.randrange(300_000_000)).scaleb(-6) for _ in range(7)),
            Decimal(chance.randrange(12)),
        )
        for _ in range(count)
    ]


def scheme_document() -> dict[str, object]:
    items = [
        {
            "code": f"i{number}",
            "indicator": f"indicator_{number}",
            "weight": weight,
            "scope": "own",
            "target": {"kind": "fixed", "value": str(TARGET)},
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


def score_bare(cards: Sequence[Card]) -> list[tuple[Decimal, str]]:
    """The scheme above as a programmer would write it for itself alone."""
    zero, hundred, top, four = Decimal(0), Decimal(100), Decimal(120), Decimal("0.0001")
    steps = [(Decimal(1), hundred), (Decimal("0.8"), Decimal(75)), (Decimal("0.6"), Decimal(50))]
    weights = [Decimal(weight) for weight in _WEIGHTS]
    grades = [(grade, Decimal(start)) for grade, start, _ in _GRADES]

    def attained(value: Decimal) -> Decimal:
        return (value / TARGET).quantize(Decimal("0.000001"), ROUND_HALF_UP)

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
