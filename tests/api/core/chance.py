"""Schemes and inputs drawn by seeded chance: every rule, policy, gate and band among them."""

from decimal import Decimal
from random import Random

from services.api.core.schemes import parse_scheme
from services.schema.money import plain, share_out
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import Adjustment, ItemInput
from services.schema.words import Better
from tests.api.core.scoring import NAME, Document, given

POLICIES = ("block", "zero", "full", "redistribute", "redistribute", "redistribute")
MARKS = ("100", "5", "30", "7.5", "120")


def random_scheme(chance: Random) -> Scheme:
    """A scheme that could be published: weights sum, steps are in order."""
    full_mark = chance.choice(MARKS)
    sections: list[Document] = []
    for at, weight in enumerate(_weights(chance, chance.randint(1, 3))):
        inside = _weights(chance, chance.randint(1, 3))
        items = [_item(chance, f"i{at}{number}", each) for number, each in enumerate(inside)]
        sections.append({"code": f"s{at}", "name": NAME, "weight": weight, "items": items})
    return parse_scheme(
        {
            "name": NAME,
            "cycle": "month",
            "full_mark": full_mark,
            "sections": sections,
            "gates": [_gate(chance, sections, full_mark) for _ in range(chance.randint(0, 2))],
            "adjustments": chance.choice((None, {"minimum": "-2.5", "maximum": "1.25"})),
            "grades": _grades(chance, full_mark),
        }
    )


def random_inputs(chance: Random, scheme: Scheme) -> dict[str, ItemInput]:
    return {
        item.code: given(
            None if chance.random() < 0.15 else _number(chance),
            budget=None if chance.random() < 0.1 else _number(chance),
            challenge=None if chance.random() < 0.2 else _number(chance),
            better=chance.choice(list(Better)),
        )
        for section in scheme.sections
        for item in section.items
    }


def random_adjustments(chance: Random) -> list[Adjustment]:
    return [
        Adjustment(Decimal(chance.randint(-300, 300)) / 100, "a reason", "somebody")
        for _ in range(chance.randint(0, 2))
    ]


def _weights(chance: Random, count: int) -> list[str]:
    parts = [chance.choice((1, 1, 2, 3, chance.randint(1, 999))) for _ in range(count)]
    return [plain(each) for each in share_out(Decimal(100), parts, 4)]


def _item(chance: Random, code: str, weight: str) -> Document:
    return {
        "code": code,
        "indicator": code,
        "weight": weight,
        "target": {"kind": "set"},
        "rule": _rule(chance),
        "missing": chance.choice(POLICIES),
        "full_mark": chance.choice((None, None, *MARKS)),
    }


def _rule(chance: Random) -> Document:
    of = chance.choice(("value", "attainment"))
    bounds = sorted(Decimal(each) / 100 for each in chance.sample(range(-50, 250), 3))
    scores = [str(Decimal(chance.randint(0, 1_200_000)) / 10_000) for _ in range(3)]
    match chance.choice(("ratio", "ratio", "steps", "curve", "deduct", "pass")):
        case "ratio":
            cap = chance.choice((None, "90", "3.3333"))
            return {"kind": "ratio", "floor": chance.choice(("0", "1.25")), "cap": cap}
        case "steps":
            levels = [chance.choice(("budget", "challenge")) for _ in bounds]
            upward = chance.random() < 0.5
            ordered = bounds if upward else reversed(bounds)
            steps = [
                {
                    ("at_most" if upward else "at_least"): str(bound),
                    "score": score,
                    **({"level": level} if of == "attainment" else {}),
                }
                for bound, score, level in zip(ordered, scores, levels, strict=True)
            ]
            return {"kind": "steps", "of": of, "steps": steps}
        case "curve":
            points = [[str(bound), mark] for bound, mark in zip(bounds, scores, strict=True)]
            return {"kind": "curve", "of": of, "points": points}
        case "deduct":
            return {"kind": "deduct", "per_occurrence": "0.3333", "free": "0.5", "floor": "0.1"}
        case _:
            name = chance.choice(("at_least", "at_most"))
            return {"kind": "pass", "of": of, name: str(bounds[1])}


def _gate(chance: Random, sections: list[Document], full_mark: str) -> Document:
    bound = plain(Decimal(full_mark) * chance.randint(1, 9) / 10)
    name = chance.choice(("below", "at_least", "at_most"))
    items = sections[0]["items"]
    assert isinstance(items, list)
    when: Document = {"section": sections[-1]["code"], name: bound}
    if chance.random() < 0.5:
        of = chance.choice(("score", "value", "attainment"))
        when = {"item": items[0]["code"], "of": of, name: bound}
    effects: tuple[Document, ...] = ({"fail": True}, {"cap": bound}, {"grade": "B"})
    return {"when": when, "then": chance.choice(effects)}


def _grades(chance: Random, full_mark: str) -> list[Document]:
    """Always A, B and C, so that a gate of any segment finds the grade it names."""
    starts = sorted(chance.sample(range(100), 3), reverse=True)
    return [
        {
            "grade": grade,
            "from": plain((Decimal(full_mark) * start / 100).quantize(Decimal("0.01"))),
            "coefficient": str(coefficient),
        }
        for grade, start, coefficient in zip("ABC", starts, ("1.2", 1, "0.6"), strict=True)
    ]


def _number(chance: Random) -> str:
    """Often a plain number, sometimes one with all its decimals, now and then none at all."""
    return chance.choice(
        (
            "0",
            "1",
            str(chance.randint(1, 120)),
            str(Decimal(chance.randint(1, 300)) / 100),
            str(Decimal(chance.randint(1, 300_000_000)) / 1_000_000),
        )
    )
