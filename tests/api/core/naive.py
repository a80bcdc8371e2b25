"""A card recomputed from its explanation alone: a second implementation that shares no code.

It reads what was put in (values, targets, rules, weights, gates, bands) and never what came out. It
counts in long decimals where the first counts in fractions, and divides weights by hand.
"""

import json
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any

Json = dict[str, Any]
LONG = Context(prec=120, rounding=ROUND_HALF_UP)


def recompute(explanation: bytes) -> Json:
    """Lines, sections, total and grade, as text the way a card shows them."""
    told = json.loads(explanation)
    with localcontext(LONG):
        segments = [_segment(each) for each in told["segments"]]
        return _card(told, segments)


def _card(told: Json, segments: list[Json]) -> Json:
    answer: Json = {"segments": segments, "total": None, "grade": None, "coefficient": None}
    totals = [each["total"] if len(segments) == 1 else capped(each) for each in segments]
    if None in totals:
        return answer
    days = [each["days"] for each in told["segments"]]
    together = sum(total * count for total, count in zip(totals, days, strict=True))
    mean = _round(together / sum(days), 2)
    bounds = told["adjustments"]["bounds"]
    extra = sum((Decimal(each["points"]) for each in told["adjustments"]["stated"]), Decimal(0))
    if bounds is None:
        extra = Decimal(0)
    else:
        extra = max(Decimal(bounds["minimum"]), min(Decimal(bounds["maximum"]), extra))
    total = max(Decimal(0), mean + extra)
    if len(segments) == 1:
        total = min([total, *segments[0]["caps"]])
    answer["total"] = f"{total:.2f}"
    return {**answer, **_grade(told, segments, total)}


def _grade(told: Json, segments: list[Json], total: Decimal) -> Json:
    grades = sorted(told["grades"], key=lambda grade: -Decimal(grade["from"]))
    if not grades:
        return {}
    names = [grade["grade"] for grade in grades]
    place = len(names) - 1
    for number, grade in enumerate(grades):
        if total >= Decimal(grade["from"]):
            place = number
            break
    for segment in segments:
        if segment["fails"]:
            place = len(names) - 1
        for limit in segment["limits"]:
            place = max(place, names.index(limit))
    return {"grade": names[place], "coefficient": grades[place]["coefficient"]}


def _segment(told: Json) -> Json:
    full_mark = Decimal(told["full_mark"])
    lines = [_line(line, full_mark) for line in told["lines"]]
    _weigh(told["sections"], lines)
    for line in lines:
        if line["score"] is not None:
            line["points"] = _round(line["score"] * line["weight"] / 100, 4)
    sections = {}
    for section in told["sections"]:
        own = [line for line in lines if line["section"] == section["section"]]
        sections[section["section"]] = _mark(own)
    tripped = [gate for gate in told["gates"] if _trips(gate["when"], lines, sections)]
    caps = [Decimal(gate["then"]["cap"]) for gate in tripped if "cap" in gate["then"]]
    points = _open_sum(lines)
    return {
        "lines": lines,
        "sections": sections,
        "total": None if points is None else _round(points, 2),
        "caps": caps,
        "fails": any("fail" in gate["then"] for gate in tripped),
        "limits": [gate["then"]["grade"] for gate in tripped if "grade" in gate["then"]],
    }


def capped(segment: Json) -> Decimal | None:
    """A segment's total under its own caps, as several segments show it."""
    return None if segment["total"] is None else min([segment["total"], *segment["caps"]])


def _open_sum(lines: list[Json]) -> Decimal | None:
    if any(line["blocks"] for line in lines) or all(line["weight"] == 0 for line in lines):
        return None
    return sum((line["points"] for line in lines if line["points"] is not None), Decimal(0))


def _mark(lines: list[Json]) -> Decimal | None:
    points = _open_sum(lines)
    return points if points is None else _round(points * 100 / sum(e["weight"] for e in lines), 2)


def _line(told: Json, full_mark: Decimal) -> Json:
    value, attained = _measured(told)
    line = {
        "section": told["section"],
        "item": told["item"],
        "value": value,
        "attained": attained,
        "shown": "challenge" if _levels(told["rule"]) == {"challenge"} else "budget",
        "stated": Decimal(told["stated_weight"]),
        "score": None,
        "points": None,
        "leaves": False,
        "blocks": False,
        "status": "ok",
    }
    own = Decimal(told["full_mark"])
    if told["rule"]["kind"] in {"rating", "ladder", "rubric"}:
        mark = _described(told, own)
    elif value is None:
        mark = "no_data"
    elif not _levels(told["rule"]) <= set(attained):
        mark = "no_target"
    else:
        mark = _rule(told["rule"], own, value, attained)
    if isinstance(mark, Decimal):
        line["score"] = _round(mark * full_mark / own, 4)
        return line
    line["status"] = mark
    policy = told["missing"]
    line["score"] = {"zero": Decimal(0), "full": full_mark}.get(policy)
    return {**line, "leaves": policy == "redistribute", "blocks": policy == "block"}


def _measured(told: Json) -> tuple[Decimal | None, dict[str, Decimal]]:
    targets = {target["level"]: Decimal(target["value"]) for target in told["targets"]}
    value = None if told["value"] is None else Decimal(told["value"])
    attained = {}
    for level, target in targets.items():
        if value is not None and target != 0:
            ratio = value / target
            attained[level] = _round(ratio if told["better"] == "higher" else 2 - ratio, 6)
    return value, attained


def _described(told: Json, own: Decimal) -> Decimal | str:
    """The mark of a rating, a ladder or a rubric; a word says why there is none."""
    rule = told["rule"]
    if rule["kind"] == "rating":
        return _rating(rule, told, own)
    return _ladder(rule, told) if rule["kind"] == "ladder" else _rubric(rule, told)


def _ladder(rule: Json, told: Json) -> Decimal | str:
    if told["behaviours"] is None:
        return "no_data"
    missing = [at for at in range(len(rule["marks"])) if at + 1 not in told["behaviours"]]
    height = min([*missing, len(rule["marks"])])
    return Decimal(rule["marks"][height - 1]) if height else Decimal(0)


def _rubric(rule: Json, told: Json) -> Decimal | str:
    figures: dict[str, Json] = {}
    for each in (told, *told.get("others", ())):
        value, attained = _measured(each)
        if value is None:
            return "no_data"
        figures[each["indicator"]] = {"value": value, "attainment": attained.get("budget")}
    levels = [(level, level.get("all", level.get("any"))) for level in rule["levels"]]
    asked = [figures[each["indicator"]][each["of"]] for _, own in levels for each in own]
    if None in asked:
        return "no_target"
    for level, conditions in levels:
        kept = [_within(each, figures[each["indicator"]][each["of"]]) for each in conditions]
        if (all if "all" in level else any)(kept):
            return _given_by(level, told["chosen"])
    return Decimal(0)


def _given_by(level: Json, chosen: str | None) -> Decimal:
    low, high = level.get("range") or (level["score"], level["score"])
    wanted = low if chosen is None else chosen
    return Decimal(wanted if Decimal(low) <= Decimal(wanted) <= Decimal(high) else low)


def _rating(rule: Json, told: Json, own: Decimal) -> Decimal | str:
    """One division at the very end: the means of roles are brought to one denominator."""
    few = {each["role"] for each in told["marks"] if each["raters"] < _needed(each["role"])}
    counts = {each["role"]: 0 if each["role"] in few else each["raters"] for each in told["marks"]}
    if not any(counts.values()) or (told["missing"] == "block" and not all(counts.values())):
        return "no_data"
    denominator = Decimal(1)
    for count in counts.values():
        denominator *= count or 1
    weighed = weights = Decimal(0)
    for rater, given in zip(rule["raters"], told["marks"], strict=True):
        count = counts[rater["role"]]
        if count == 0 and told["missing"] == "redistribute":
            continue
        instead = own if told["missing"] == "full" else Decimal(0)
        together = Decimal(given["sum"]) if count else instead
        weighed += Decimal(rater["weight"]) * together * denominator / (count or 1)
        weights += Decimal(rater["weight"])
    return weighed / (weights * denominator)


def _needed(role: str) -> int:
    """Of many who are hidden among each other three, of all others one."""
    return 3 if role in {"peer", "member", "customer", "branch"} else 1


def _levels(rule: Json) -> set[str]:
    if rule["kind"] == "ratio":
        return {"budget"}
    if rule.get("of") != "attainment":
        return set()
    if rule["kind"] == "steps":
        return {step["level"] for step in rule["steps"]}
    return {"budget"}


def _rule(rule: Json, own: Decimal, value: Decimal, attained: dict[str, Decimal]) -> Decimal:
    figure = attained.get("budget", value) if rule.get("of") == "attainment" else value
    if rule["kind"] == "ratio":
        cap = own * 6 / 5 if rule["cap"] is None else Decimal(rule["cap"])
        return max(Decimal(rule["floor"]), min(cap, own * attained["budget"]))
    if rule["kind"] == "steps":
        for step in rule["steps"]:
            held = attained[step["level"]] if rule["of"] == "attainment" else value
            if _within(step, held):
                return Decimal(step["score"])
        return Decimal(0)
    if rule["kind"] == "curve":
        return _curve([(Decimal(x), Decimal(y)) for x, y in rule["points"]], figure)
    if rule["kind"] == "deduct":
        extra = value - Decimal(rule["free"])
        lost = Decimal(rule["per_occurrence"]) * extra if extra > 0 else Decimal(0)
        return max(Decimal(rule["floor"]), own - lost)
    return own if _within(rule, figure) else Decimal(0)


def _within(bound: Json, figure: Decimal) -> bool:
    if bound.get("at_least") is not None:
        return figure >= Decimal(bound["at_least"])
    if bound.get("below") is not None:
        return figure < Decimal(bound["below"])
    return figure <= Decimal(bound["at_most"])


def _curve(points: list[tuple[Decimal, Decimal]], figure: Decimal) -> Decimal:
    if figure <= points[0][0]:
        return points[0][1]
    for number in range(1, len(points)):
        (left, low), (right, high) = points[number - 1], points[number]
        if figure <= right:
            # One division, at the very end: what comes before it is exact.
            return (low * (right - left) + (figure - left) * (high - low)) / (right - left)
    return points[-1][1]


def _weigh(sections: list[Json], lines: list[Json]) -> None:
    """Give each line its weight, and take it from those that leave theirs to others."""
    shares = {}
    for section in sections:
        own = [line for line in lines if line["section"] == section["section"]]
        stated = Decimal(section["stated_weight"])
        for line, share in zip(own, _divide(stated, [e["stated"] for e in own]), strict=True):
            line["weight"] = share
        staying = any(not line["leaves"] and line["weight"] for line in own)
        shares[section["section"]] = stated if staying else Decimal(0)
    if not any(shares.values()):
        for line in lines:
            line["weight"] = Decimal(0)
        return
    whole = sum((Decimal(section["stated_weight"]) for section in sections), Decimal(0))
    widened = _divide(whole, list(shares.values()))
    for code, share in zip(shares, widened, strict=True):
        own = [line for line in lines if line["section"] == code]
        kept = [Decimal(0) if line["leaves"] else line["weight"] for line in own]
        for line, weight in zip(own, _divide(share, kept), strict=True):
            line["weight"] = weight


def _divide(whole: Decimal, parts: list[Decimal]) -> list[Decimal]:
    """By largest remainder at 4 decimals, one ten-thousandth after the other."""
    if whole == 0:
        return [Decimal(0) for _ in parts]
    unit = Decimal("0.0001")
    exact = [whole * part / sum(parts) for part in parts]
    given = [each.quantize(unit, rounding=ROUND_FLOOR) for each in exact]
    while sum(given) < whole:
        lost = [each - got for each, got in zip(exact, given, strict=True)]
        # Long decimals are not quite exact: equal remainders are those that differ by nothing much.
        winner = min(at for at, each in enumerate(lost) if max(lost) - each < Decimal("1e-60"))
        given[winner] += unit
    return given


def _trips(when: Json, lines: list[Json], sections: dict[str, Decimal | None]) -> bool:
    if "section" in when:
        figure = sections[when["section"]]
    else:
        line = next(each for each in lines if each["item"] == when["item"])
        figure = {
            "score": line["score"],
            "value": line["value"],
            "attainment": line["attained"].get(line["shown"]),
        }[when["of"]]
    return figure is not None and _within(when, figure)


def _round(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
