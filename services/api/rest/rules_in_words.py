"""Rules, gates and what they do, in words for a reader who has no key to their documents."""

from collections.abc import Mapping
from typing import Any

Document = Mapping[str, Any]

_BOUNDS = (("at_least", "≥"), ("at_most", "≤"), ("below", "<"))


def rule_in_words(rule: Document, full_mark: str) -> str:  # noqa: PLR0911  one for each kind
    """What a rule gives."""
    of = rule.get("of")
    match rule["kind"]:
        case "ratio":
            cap = rule["cap"] or f"1.2 × {full_mark}"
            return f"ratio: {full_mark} × attainment, from {rule['floor']} to {cap}"
        case "steps":
            steps = "; ".join(_step(step, of) for step in rule["steps"])
            return f"steps: the first that holds; {steps}; none: 0"
        case "curve":
            points = ", ".join(f"({figure}, {score})" for figure, score in rule["points"])
            return f"curve: straight lines of the {of} between {points}, flat outside"
        case "deduct":
            beyond = f"{rule['per_occurrence']} for each beyond {rule['free']}"
            return f"deduct: {full_mark} less {beyond}, not below {rule['floor']}"
        case "pass":
            return f"pass: {full_mark} if the {of} is {bound_in_words(rule)}, else 0"
        case "rating":
            return f"rating: {_rating(rule, full_mark)}"
        case "ladder":
            rungs = zip(rule["behaviours"], rule["marks"], strict=True)
            told = "; ".join(f"{_name(behaviour)}: {mark}" for behaviour, mark in rungs)
            return f"ladder: the highest of which all before it hold; {told}; none: 0"
        case "rubric":
            levels = "; ".join(_rubric_level(level) for level in rule["levels"])
            return f"rubric: the first that holds; {levels}; none: 0"
        case kind:
            return str(kind)


def condition_in_words(when: Document) -> str:
    """What a gate waits for."""
    place = f"section {when['section']}" if when.get("section") else f"item {when['item']}"
    return f"{when['of']} of {place} {bound_in_words(when)}"


def effect_in_words(then: Document) -> str:
    """What a gate does."""
    if then.get("fail"):
        return "the lowest grade"
    if then.get("cap") is not None:
        return f"a total of at most {then['cap']}"
    return f"no better than {then['grade']}"


def bound_in_words(stated: Document) -> str:
    """The one bound that is stated."""
    return next(f"{sign} {stated[name]}" for name, sign in _BOUNDS if stated.get(name) is not None)


def _rating(rule: Document, full_mark: str) -> str:
    raters = ", ".join(f"{each['role']} {each['weight']} %" for each in rule["raters"])
    if rule["levels"]:
        levels = "; ".join(f"{_name(each['text'])}: {each['mark']}" for each in rule["levels"])
        return f"mean of marks by {raters}; {levels}"
    if (marks := rule["marks"]) is not None:
        between = f"from {marks['from']} to {marks['to']} by {marks['step']}"
        return f"mean of marks by {raters}; {between}"
    return f"mean of marks by {raters}; from 0 to {full_mark}"


def _rubric_level(level: Document) -> str:
    how = "all" if level.get("all") else "any"
    conditions = ", ".join(
        f"{each['of']} of {each['indicator']} {bound_in_words(each)}" for each in level[how]
    )
    score = level.get("score") or " to ".join(level["range"])
    return f"{how} of {conditions}: {score}"


def _name(name: Document) -> str:
    return f"{name['zh']} {name['en']}" if name["zh"] != name["en"] else str(name["en"])


def _step(step: Document, of: str | None) -> str:
    level = f" of {step['level']}" if step.get("level") else ""
    return f"{of}{level} {bound_in_words(step)}: {step['score']}"
