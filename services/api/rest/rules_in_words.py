"""Rules, gates and what they do, in words for a reader who has no key to their documents."""

from collections.abc import Mapping
from typing import Any

Document = Mapping[str, Any]

_BOUNDS = (("at_least", "≥"), ("at_most", "≤"), ("below", "<"))


def rule_in_words(rule: Document, full_mark: str) -> str:
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


def _step(step: Document, of: str | None) -> str:
    level = f" of {step['level']}" if step.get("level") else ""
    return f"{of}{level} {bound_in_words(step)}: {step['score']}"
