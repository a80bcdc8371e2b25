"""Valid documents, each varied at every field in turn, and what is refused of each variant."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from services.api.core.level_documents import ladder_to_wire, parse_ladder
from services.api.core.publishing import check_publishable
from services.api.core.schemes import parse_scheme, scheme_to_wire
from services.schema.errors import KaoheError
from services.schema.words import Better, IndicatorUnit
from tests.api.core.rated import LEVELS, SELF_AND_MANAGER, ladder, rated, rating, rubric
from tests.api.core.scoring import NAME, RATIO, Document, flat, item, known

Place = tuple[str | int, ...]
Read = Callable[[Document], object]

KNOWN = {
    **known("sales", "visits", "net_sales"),
    **known("slips", unit=IndicatorUnit.COUNT, better=Better.LOWER),
}
SOLD = item("sales", "60", RATIO, scope="unit", missing="zero", name=NAME)
SLIPS = item("slips", "40", {"kind": "deduct", "per_occurrence": "5"}, missing="full")


def judged(rule: Document) -> Document:
    return {**flat(rated("a", "100", rule)), "grades": []}


def scored(rule: Document, **more: object) -> Document:
    return {**flat(item("a", "100", rule, indicator="visits", **more)), "grades": []}


VALID: dict[str, Document] = {
    "scheme": flat(SOLD, SLIPS, full_mark="100", approval=["manager", "hr"], note="A note."),
    "ratio": scored({**RATIO, "floor": "1", "cap": "110"}, full_mark="100"),
    "steps": scored(
        {
            "kind": "steps",
            "of": "attainment",
            "steps": [
                {"level": "challenge", "at_least": "1", "score": "100"},
                {"level": "budget", "at_least": "0.8", "score": "60"},
            ],
        },
        target={"kind": "fixed", "value": "40", "challenge": "50"},
    ),
    "curve": scored({"kind": "curve", "of": "value", "points": [["0.06", "8"], ["0.13", "100"]]}),
    "pass": scored({"kind": "pass", "of": "value", "at_least": "5"}),
    "deduct": flat(
        item("slips", "100", {"kind": "deduct", "per_occurrence": "5", "free": "1", "floor": "2"})
    ),
    "levels": judged(rating(SELF_AND_MANAGER, levels=LEVELS)),
    "marks": judged(rating(marks={"from": "2.5", "to": "4.5", "step": "0.25"})),
    "behaviours": judged(ladder("10", "50", "100")),
    "rubric": scored(
        rubric(
            {
                "all": [
                    {"indicator": "sales", "of": "value", "at_least": "3"},
                    {"indicator": "visits", "of": "attainment", "at_least": "1"},
                ],
                "score": "100",
            },
            {
                "any": [{"indicator": "sales", "of": "value", "at_least": "1"}],
                "range": ["40", "50"],
            },
        )
    ),
    "gates": flat(
        SOLD,
        SLIPS,
        gates=[
            {"when": {"section": "all", "below": "60"}, "then": {"grade": "B"}},
            {"when": {"item": "slips", "of": "value", "at_least": "3"}, "then": {"cap": "70"}},
            {"when": {"item": "sales", "of": "score", "below": "1"}, "then": {"fail": True}},
        ],
        adjustments={"minimum": "-10", "maximum": "10"},
    ),
    "distribution": flat(
        SOLD,
        SLIPS,
        distribution={
            "shares": [
                {"grade": "A", "share": "20"},
                {"grade": "B", "share": "70"},
                {"grade": "C", "share": "10"},
            ],
            "minimum_population": 10,
            "tie_breakers": ["net_sales"],
            "by": "cycle",
            "bands": {
                "section": "all",
                "shares": [{"from": "90", "share": "40"}, {"from": "0", "share": "60"}],
            },
        },
    ),
    "pay": flat(
        SOLD,
        SLIPS,
        pay=[
            {
                "plan": "commission",
                "indicator": "net_sales",
                "bands": [{"from": "0", "rate": "0.01"}, {"from": "100000", "rate": "0.02"}],
                "coefficient": "grade",
            },
            {"plan": "commission", "indicator": "sales", "rate": "0.01", "coefficient": "score"},
            {"plan": "leader_mean", "task": {"number": "1.1"}, "business": {"item": "sales"}},
            {"plan": "leader_capacity", "indicator": "net_sales", "incentive": {"of": "grade"}},
            {"plan": "grade_bonus", "base": "1000"},
            {
                "plan": "level_allowance",
                "ladder": "agent",
                "amounts": [{"level": "gold", "amount": "500"}],
            },
            {"plan": "adjustment", "minimum": "-100", "maximum": "100"},
        ],
    ),
    "ladder": {
        "name": NAME,
        "positions": ["agent"],
        "levels": [
            {
                "code": "gold",
                "name": NAME,
                "criteria": [
                    {"code": "seen", "name": NAME, "behaviour": "helps", "months": 2},
                    {
                        "code": "quick",
                        "name": NAME,
                        "indicator": "average_response_seconds",
                        "of": "value",
                        "scope": "own",
                        "at_most": "30",
                        "months": 1,
                        "sample": {"size": 1000},
                    },
                ],
            },
            {"code": "bronze", "name": NAME, "criteria": []},
        ],
        "note": "A note.",
    },
}
RULE: Place = ("sections", 0, "items", 0)
VARIED: dict[str, tuple[Place, ...]] = {
    "scheme": ((),),
    "ladder": ((),),
    "gates": (("gates",), ("adjustments",)),
    "distribution": (("distribution",),),
    "pay": (("pay",),),
    "steps": ((*RULE, "rule"), (*RULE, "target")),
}
"""Which parts of a document are varied; of the others it is the rule."""
# Of each bound what is just taken and just not, wherever it is put.
TEXTS = ("", "é", *("x" * length for length in (64, 65, 200, 201, 500, 501, 2000, 2001)))
NUMBERS = (
    *("-0.01", "0", "0.01", "0.001", "0.0001", "0.00001", "0.000001", "0.0000001"),
    *("1", "101", "999999", "1000000", "99999999999999", "100000000000000"),
)
COUNTS = (0, 24, 25, 1001, 1_000_000, 1_000_001)
WORDS = ("attainment", "budget", "company", "hr", "year", "sales", "D")
VARIANTS: tuple[object, ...] = (None, True, False, {}, [], *COUNTS, *NUMBERS, *WORDS, *TEXTS)


def refusals(name: str) -> dict[str, dict[str, str]]:
    """Of each field of a document the variants that are taken, and what is said of the others."""
    read = read_ladder if name == "ladder" else read_scheme
    starts = VARIED.get(name, ((*RULE, "rule"),))
    return {
        place: answers for start in starts for place, answers in varied(VALID[name], start, read)
    }


def read_scheme(stated: Document) -> object:
    scheme = parse_scheme(stated)
    check_publishable(scheme, KNOWN)
    return scheme_to_wire(scheme)


def read_ladder(stated: Document) -> object:
    return ladder_to_wire(parse_ladder(stated))


def varied(valid: Document, start: Place, read: Read) -> Iterator[tuple[str, dict[str, str]]]:
    read(valid)
    for place in places_of(part_at(valid, start), start):
        said: dict[str, list[str]] = {}
        for variant in VARIANTS:
            answer = answer_to(put(valid, place, variant), read)
            said.setdefault(answer, []).append(called(variant))
        said.setdefault(answer_to(longer(valid, place), read), []).append("longer")
        yield "/" + "/".join(map(str, place)), {text: " ".join(of) for text, of in said.items()}


def answer_to(stated: Document, read: Read) -> str:
    """What is refused, in full; else that it is taken."""
    try:
        read(stated)
    except KaoheError as refusal:
        faults = [f"{fault.pointer} {fault.code}: {fault.detail}" for fault in refusal.faults]
        return f"{refusal.code}: {'; '.join(faults[:3])}"
    return "taken"


def places_of(part: object, place: Place = ()) -> Iterator[Place]:
    """Every field of a document, the outer before what is in it; of grades the first alone."""
    if place:
        yield place
    if isinstance(part, dict):
        for name, inner in part.items():
            yield from places_of(inner, (*place, name))
    if isinstance(part, list):
        for at, inner in enumerate(part):
            if not (at and place == ("grades",)):
                yield from places_of(inner, (*place, at))


def part_at(document: Document, place: Place) -> Any:
    part: Any = document
    for step in place:
        part = part[step]
    return part


def put(document: Document, place: Place, variant: object) -> Document:
    """The document with something else at a place."""
    changed, part = copied(document, place)
    part[place[-1]] = variant
    return changed


def longer(document: Document, place: Place) -> Document:
    """The document in which a part stands twice, a list has 101 parts, an object one field more."""
    changed, part = copied(document, place)
    last: Any = place[-1]
    inner = part[last]
    if isinstance(inner, dict):
        inner["new"] = 1
    elif isinstance(inner, list):
        part[last] = inner[:1] * 101
    if isinstance(part, list):
        part.insert(last, json.loads(json.dumps(inner)))
    return changed


def copied(document: Document, place: Place) -> tuple[Document, Any]:
    """A copy, and the part of it in which a place lies."""
    changed = json.loads(json.dumps(document))
    return changed, part_at(changed, place[:-1])


def called(variant: object) -> str:
    is_long = isinstance(variant, str) and len(variant) > 20
    return f"x*{len(variant)}" if is_long and isinstance(variant, str) else repr(variant)
