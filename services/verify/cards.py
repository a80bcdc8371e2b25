"""A card recomputed from its explanation: lines, sections, total and grade, by `domain.md`, 5."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from services.verify.arithmetic import (
    Json,
    half_up,
    number,
    number_or_null,
    shortened,
    total,
    written,
)
from services.verify.calibrations import recount_calibration, recount_ungraded
from services.verify.lines import Found, recount_line
from services.verify.rules import SCORES, TOTALS, VALUES, within
from services.verify.weights import weights_of

ROUNDING = {
    "mode": "half up",
    "values": VALUES,
    "attainments": VALUES,
    "weights": SCORES,
    "scores": SCORES,
    "points": SCORES,
    "sections": TOTALS,
    "totals": TOTALS,
}


def recount(explanation: Json) -> Found:
    """Every figure that an explanation computes, recomputed, in the places where it stands."""
    several = len(explanation["segments"]) > 1
    segments = [
        _segment(place, segment, several=several)
        for place, segment in enumerate(explanation["segments"], 1)
    ]
    mean = _mean(segments)
    bonus = _bonus(explanation["adjustments"])
    adjusted = None if mean is None else max(Fraction(0), mean + bonus)
    whole = adjusted
    if adjusted is not None and not several:
        whole = min([adjusted, *_caps(explanation["segments"][0], segments[0])])
    return {
        "rounding": ROUNDING,
        "segments": segments,
        "mean": _total(mean),
        "adjustments": {"sum": shortened(bonus, SCORES)},
        "adjusted": _total(adjusted),
        "total": _total(whole),
        **_grades(explanation, segments, whole),
    }


def _segment(place: int, told: Json, *, several: bool) -> Found:
    full_mark = number(told["full_mark"])
    lines = [recount_line(line, full_mark) for line in told["lines"]]
    _weigh(told, lines)
    sections = [_section(section, told["lines"], lines) for section in told["sections"]]
    points = None if _is_open(lines) else half_up(_points(lines), TOTALS)
    gates = [_gate(gate, told, lines, sections) for gate in told["gates"]]
    found: Found = {
        "segment": place,
        "days": (date.fromisoformat(told["to"]) - date.fromisoformat(told["from"])).days,
        "lines": lines,
        "sections": sections,
        "points": _total(points),
        "gates": gates,
    }
    capped = points
    if points is not None and several:
        capped = min([points, *_caps(told, found)])
    return {**found, "total": _total(capped)}


def _weigh(told: Json, lines: list[Found]) -> None:
    """Give each line its weight, and the points of its score."""
    codes = [section["section"] for section in told["sections"]]
    own = [[at for at, e in enumerate(told["lines"]) if e["section"] == code] for code in codes]
    weights = weights_of(
        [number(section["stated_weight"]) for section in told["sections"]],
        [[number(told["lines"][at]["stated_weight"]) for at in places] for places in own],
        [[lines[at]["policy"] == "redistribute" for at in places] for places in own],
    )
    for places, shares in zip(own, weights, strict=True):
        for at, weight in zip(places, shares, strict=True):
            score = number_or_null(lines[at]["score"])
            points = None if score is None else half_up(score * weight / 100, SCORES)
            lines[at]["weight"] = shortened(weight, SCORES)
            lines[at]["points"] = shortened(points, SCORES)


def _section(section: Json, told: Sequence[Json], lines: Sequence[Found]) -> Found:
    own = [
        line
        for line, stated in zip(lines, told, strict=True)
        if stated["section"] == section["section"]
    ]
    weight = total(number(line["weight"]) for line in own)
    score = None if _is_open(own) else half_up(_points(own) * 100 / weight, TOTALS)
    return {"weight": shortened(weight, SCORES), "score": _total(score)}


def _is_open(lines: Sequence[Found]) -> bool:
    """Whether a line blocks or none is left, so that there is no sum."""
    blocked = any(line["policy"] == "block" for line in lines)
    return blocked or all(line["weight"] == "0" for line in lines)


def _points(lines: Sequence[Found]) -> Fraction:
    return total(number(line["points"]) for line in lines if line["points"] is not None)


def _gate(
    gate: Json, told: Json, lines: Sequence[Found], sections: Sequence[Found]
) -> dict[str, Any]:
    actual = _read_by(gate["when"], told, lines, sections)
    bites = actual is not None and within(gate["when"], actual)
    return {"bites": bites, "actual": shortened(actual, VALUES) if bites else None}


def _read_by(
    when: Json, told: Json, lines: Sequence[Found], sections: Sequence[Found]
) -> Fraction | None:
    """The figure that a gate reads, after the policy for missing data."""
    if "section" in when:
        codes = [section["section"] for section in told["sections"]]
        return number_or_null(sections[codes.index(when["section"])]["score"])
    items = [line["item"] for line in told["lines"]]
    place = items.index(when["item"])
    if when["of"] == "attainment":
        return number_or_null(shown_attainment(told["lines"][place], lines[place]))
    own: Json = lines[place] if when["of"] == "score" else told["lines"][place]
    return number_or_null(own[when["of"]])


def shown_level(line: Json) -> str:
    """The level that a card shows: the budget, unless the rule asks for the challenge alone."""
    rule = line["rule"]
    asked = {step.get("level") for step in rule.get("steps", ()) if rule["of"] == "attainment"}
    return "challenge" if asked == {"challenge"} else "budget"


def shown_attainment(line: Json, found: Found) -> str | None:
    attained: str | None = found["attainments"].get(shown_level(line))
    return attained


def _caps(told: Json, found: Found) -> list[Fraction]:
    effects = zip(told["gates"], found["gates"], strict=True)
    return [number(g["then"]["cap"]) for g, f in effects if f["bites"] and "cap" in g["then"]]


def _mean(segments: Sequence[Found]) -> Fraction | None:
    """By days."""
    if any(segment["total"] is None for segment in segments):
        return None
    weighed = total(number(segment["total"]) * segment["days"] for segment in segments)
    return half_up(weighed / sum(segment["days"] for segment in segments), TOTALS)


def _bonus(adjustments: Json) -> Fraction:
    """Rewards and penalties together, within what the scheme allows; without bounds nothing."""
    bounds = adjustments["bounds"]
    if bounds is None:
        return Fraction(0)
    together = total(number(each["points"]) for each in adjustments["stated"])
    return min(max(together, number(bounds["minimum"])), number(bounds["maximum"]))


def _grades(explanation: Json, segments: Sequence[Found], whole: Fraction | None) -> Found:
    """The band that the total reaches, what the gates leave of it, and what calibration made."""
    grades = explanation["grades"]
    names = [grade["grade"] for grade in grades]
    place: int | None = None
    found: Found = {"band": None}
    if whole is not None and grades:
        reached = [at for at, grade in enumerate(grades) if whole >= number(grade["from"])]
        band = min(reached, default=len(grades) - 1)
        limit = _limit(explanation, segments, names)
        place = max(band, limit)
        found = {"band": names[band]}
        if explanation.get("calibration") is not None:
            made, place = recount_calibration(explanation["calibration"], names, place, limit)
            found["calibration"] = made
    elif explanation.get("calibration") is not None:
        found["calibration"] = recount_ungraded()
    return {
        **found,
        "grade": None if place is None else names[place],
        "coefficient": None if place is None else grades[place]["coefficient"],
    }


def _limit(explanation: Json, segments: Sequence[Found], names: Sequence[str]) -> int:
    """The best grade that the gates leave."""
    limit = 0
    for told, found in zip(explanation["segments"], segments, strict=True):
        for gate, bite in zip(told["gates"], found["gates"], strict=True):
            then = gate["then"]
            if bite["bites"] and then.get("fail"):
                limit = len(names) - 1
            elif bite["bites"] and then.get("grade") is not None:
                limit = max(limit, _place(then["grade"], names, told.get("grades", ())))
    return limit


def _place(name: str, names: Sequence[str], of_segment: Sequence[str]) -> int:
    """Where a grade stands from the top; one that the card's own scheme has not, where it stood in
    the scheme of its segment, or at the lowest.
    """
    for known in (names, of_segment):
        if name in known:
            return min(known.index(name), len(names) - 1)
    return len(names) - 1


def _total(value: Fraction | None) -> str | None:
    return None if value is None else written(value, TOTALS)
