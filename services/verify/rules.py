"""The score that each kind of rule gives, read from the documents of `api.md`, section 4.

Everything here is of `domain.md`, section 5. A rule scores on the item's own scale; floors and caps
are what lies between `before` and `after`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from services.verify.arithmetic import Json, Unreadable, half_up, number, shortened

VALUES, SCORES, TOTALS = 6, 4, 2
"""Decimals of values and attainments; of weights, scores and points; of totals."""


@dataclass(frozen=True)
class Mark:
    """What a rule gives, and the part of it that did."""

    before: Fraction
    after: Fraction
    step: str


@dataclass(frozen=True)
class Figures:
    """What a rule is held against."""

    value: Fraction | None
    attainments: Mapping[str, Fraction]
    full_mark: Fraction

    def of(self, what: object, level: object = None) -> Fraction:
        """The value, or the attainment of a level: of the budget unless one is named."""
        if what == "attainment":
            return self.attainments[str(level or "budget")]
        assert self.value is not None, "a line without a value is scored by its policy"
        return self.value


def attainment_of(value: Fraction, target: Fraction, better: object) -> Fraction | None:
    """Actual against target; two less that where lower is better; a target of zero has none."""
    if not target:
        return None
    return half_up(value / target if better == "higher" else 2 - value / target, VALUES)


def levels_needed(rule: Json) -> set[str]:
    """The levels of target without which a rule has no score to give."""
    if rule["kind"] == "ratio":
        return {"budget"}
    if rule.get("of") != "attainment":
        return set()
    if rule["kind"] == "steps":
        return {str(step.get("level") or "budget") for step in rule["steps"]}
    return {"budget"}


def mark_of(rule: Json, figures: Figures) -> Mark:
    """The score of a rule that has all that it asks for."""
    match rule["kind"]:
        case "ratio":
            return _ratio(rule, figures)
        case "steps":
            return _steps(rule, figures)
        case "curve":
            points = [(number(at), number(score)) for at, score in rule["points"]]
            return _curve(points, figures.of(rule["of"]))
        case "deduct":
            return _deduct(rule, figures)
        case "pass":
            passed = within(rule, figures.of(rule["of"]))
            score = figures.full_mark if passed else Fraction(0)
            return Mark(score, score, "passed" if passed else "not passed")
        case kind:
            raise Unreadable(f"there is no rule {kind!r}")


def within(bounds: Json, figure: Fraction) -> bool:
    """Whether a figure keeps within every bound that is stated; only `below` is outside itself."""
    kept = []
    if bounds.get("at_least") is not None:
        kept.append(figure >= number(bounds["at_least"]))
    if bounds.get("at_most") is not None:
        kept.append(figure <= number(bounds["at_most"]))
    if bounds.get("below") is not None:
        kept.append(figure < number(bounds["below"]))
    return all(kept)


def _ratio(rule: Json, figures: Figures) -> Mark:
    score = figures.full_mark * figures.attainments["budget"]
    floor = number(rule["floor"])
    cap = figures.full_mark * 6 / 5 if rule["cap"] is None else number(rule["cap"])
    if score < floor:
        return Mark(score, floor, "floor")
    return Mark(score, cap, "cap") if score > cap else Mark(score, score, "ratio")


def _steps(rule: Json, figures: Figures) -> Mark:
    for place, step in enumerate(rule["steps"], 1):
        if within(step, figures.of(rule["of"], step.get("level"))):
            score = number(step["score"])
            return Mark(score, score, f"step {place}")
    return Mark(Fraction(0), Fraction(0), "no step")


def _curve(points: Sequence[tuple[Fraction, Fraction]], figure: Fraction) -> Mark:
    if figure < points[0][0]:
        return Mark(points[0][1], points[0][1], "before point 1")
    for place in range(1, len(points)):
        (left, low), (right, high) = points[place - 1], points[place]
        if figure <= right:
            score = low + (high - low) * (figure - left) / (right - left)
            return Mark(score, score, f"point {place} to {place + 1}")
    return Mark(points[-1][1], points[-1][1], f"after point {len(points)}")


def _deduct(rule: Json, figures: Figures) -> Mark:
    beyond = max(Fraction(0), figures.of("value") - number(rule["free"]))
    score = figures.full_mark - number(rule["per_occurrence"]) * beyond
    floor = number(rule["floor"])
    if score < floor:
        return Mark(score, floor, "floor")
    return Mark(score, score, f"{shortened(half_up(beyond, VALUES), VALUES)} beyond the free")
