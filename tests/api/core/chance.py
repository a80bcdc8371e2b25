"""Schemes and inputs drawn by seeded chance: every rule, policy, gate and band among them."""

from dataclasses import replace
from decimal import Decimal
from random import Random

from services.api.core.outcomes import indicators_of
from services.api.core.schemes import parse_scheme
from services.schema.money import plain, share_out
from services.schema.shapes.schemes import Item, Scheme
from services.schema.shapes.scorecards import Adjustment, ItemInput, Mark
from services.schema.words import Better, RaterRole
from tests.api.core.rated import stated_mark
from tests.api.core.scoring import NAME, Document, given

POLICIES = ("block", "zero", "full", "redistribute", "redistribute", "redistribute")
ROLES = (RaterRole.SELF, RaterRole.MANAGER, RaterRole.HR, RaterRole.PEER, RaterRole.PEER)
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
        item.code: _input(chance, item) for section in scheme.sections for item in section.items
    }


def random_adjustments(chance: Random) -> list[Adjustment]:
    return [
        Adjustment(Decimal(chance.randint(-300, 300)) / 100, "a reason", "somebody")
        for _ in range(chance.randint(0, 2))
    ]


def _weights(chance: Random, count: int) -> list[str]:
    parts = [chance.choice((1, 1, 2, 3, chance.randint(1, 999))) for _ in range(count)]
    return [plain(each) for each in share_out(Decimal(100), parts, 4)]


def _input(chance: Random, item: Item) -> ItemInput:
    """What is put in for an item; of rated ones marks alone, some of which the rule cannot take."""
    own, *others = indicators_of(item) or ("",)
    measured = {
        code: given(
            None if chance.random() < 0.15 or not own else _number(chance),
            budget=None if chance.random() < 0.1 else _number(chance),
            challenge=None if chance.random() < 0.2 else _number(chance),
            better=chance.choice(list(Better)),
        )
        for code in (own, *others)
    }
    if not own:
        measured[own] = replace(measured[own], targets={})
    marks = tuple(_mark(chance, item.code, at) for at in range(chance.choice((0, 2, 5, 12))))
    beside = {code: measured[code] for code in others}
    return replace(measured[own], marks=marks, others=beside)


def _mark(chance: Random, code: str, at: int) -> Mark:
    return stated_mark(
        code,
        chance.choice(ROLES),
        f"e-{at}",
        mark=chance.choice((None, f"{chance.randint(1, 20) * 25 / 100:.2f}")),
        level=chance.choice((None, chance.randint(0, 4))),
        behaviours=chance.choice((None, tuple(chance.sample(range(1, 5), chance.randint(0, 3))))),
    )


def _item(chance: Random, code: str, weight: str) -> Document:
    rule = _rule(chance, code)
    is_rated = rule["kind"] in {"rating", "ladder"}
    return {
        "code": code,
        "indicator": None if is_rated else code,
        "weight": weight,
        "target": None if is_rated else {"kind": "set"},
        "rule": rule,
        "missing": chance.choice(POLICIES),
        "full_mark": chance.choice((None, None, *MARKS)),
    }


def _rule(chance: Random, code: str) -> Document:
    if chance.random() < 0.25:
        return _described(chance, code)
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


def _described(chance: Random, code: str) -> Document:
    """A rule that describes levels."""
    marks = [f"{mark / 100:.2f}" for mark in sorted(chance.sample(range(0, 501, 25), 4))]
    match chance.choice(("rating", "rating", "ladder", "rubric")):
        case "rating":
            roles = chance.sample(sorted(set(ROLES)), chance.randint(1, 3))
            raters: list[Document] = [
                {"role": role, "weight": weight}
                for role, weight in zip(roles, _weights(chance, len(roles)), strict=True)
            ]
            levels: list[Document] = [{"mark": mark, "text": NAME} for mark in reversed(marks)]
            scale = {"from": "0.5", "to": "4.5", "step": "0.25"}
            name, described = chance.choice(
                (("levels", levels), ("marks", scale), ("levels", None))
            )
            return {"kind": "rating", "raters": raters, name: described}
        case "ladder":
            return {"kind": "ladder", "behaviours": [NAME] * 4, "marks": marks}
        case _:
            gives: tuple[Document, ...] = (
                {"range": [marks[2], marks[3]]},
                {"range": [marks[1], marks[2]]},
                {"score": marks[0]},
            )
            return {"kind": "rubric", "levels": [_level(chance, code, each) for each in gives]}


def _level(chance: Random, code: str, gives: Document) -> Document:
    conditions = [
        {
            "indicator": chance.choice((code, code, f"{code}_other")),
            "of": chance.choice(("value", "attainment")),
            chance.choice(("at_least", "at_most", "below")): chance.choice(("1", "0.8", "40")),
        }
        for _ in range(chance.randint(1, 2))
    ]
    return {chance.choice(("all", "any")): conditions, **gives}


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
