"""What is proved of a scheme before it scores anybody: better is never worse, all is reached.

A refusal names the place and a counter-example: two figures, and what each of them scores.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from services.api.core.faults import items_of
from services.api.core.gate_proofs import faults_of_bands, faults_of_bites
from services.api.core.spans import spans_of
from services.api.core.trials import MOST_TRIALS, Fall, Tried, try_item
from services.api.core.unit_proofs import faults_of_units
from services.schema.errors import Fault
from services.schema.money import SCORE_PLACES, plain, round_half_up
from services.schema.shapes.indicators import Indicator
from services.schema.shapes.schemes import Item, Ratio, Rubric, Rule, Scheme, Steps


def faults_of_proof(scheme: Scheme, indicators: Mapping[str, Indicator]) -> Iterator[Fault]:
    """All that speaks against a scheme in which every part for itself is as it should be."""
    yield from faults_of_units(scheme, indicators)
    tried: dict[str, Tried | None] = {}
    for pointer, item in items_of(scheme):
        own_mark = scheme.full_mark if item.full_mark is None else item.full_mark
        tried[item.code] = try_item(item, indicators, own_mark)
        yield from _faults_of_trials(f"{pointer}/rule", item, tried[item.code])
    if any(each is not None and not each.trials for each in tried.values()):
        return
    spans = spans_of(scheme, tried)
    yield from faults_of_bites(scheme, indicators, spans)
    yield from faults_of_bands(scheme, spans)


def _faults_of_trials(pointer: str, item: Item, tried: Tried | None) -> Iterator[Fault]:
    if tried is None:
        return
    if not tried.trials:
        detail = f"The rule of {item.code} can turn at more than {MOST_TRIALS} places."
        yield Fault(pointer, "rule_too_wide", detail)
        return
    if (fall := tried.fall()) is not None:
        yield Fault(_place_of(pointer, fall.after.step), "score_falls", _say_fall(tried, fall))
    rule = item.rule
    if isinstance(rule, Ratio) and rule.cap is not None and tried.high < rule.cap:
        detail = f"The cap of {item.code} is {plain(rule.cap)}, and {_say(tried.high)} the most."
        yield Fault(f"{pointer}/cap", "cap_unreachable", detail)
    part, count = _parts_of(rule)
    for number in range(1, count + 1):
        if f"{part} {number}" not in tried.steps:
            detail = f"No figures of {item.code} lead to {part} {number}."
            yield Fault(f"{pointer}/{part}s/{number - 1}", f"{part}_unreachable", detail)


def _parts_of(rule: Rule) -> tuple[str, int]:
    match rule:
        case Steps(steps):
            return "step", len(steps)
        case Rubric(levels):
            return "level", len(levels)
        case _:
            return "part", 0


def _say_fall(tried: Tried, fall: Fall) -> str:
    return (
        f"Better performance scores less: {tried.say(fall.worse)} gives {_say(fall.before.high)},"
        f" {tried.say(fall.better)} gives {_say(fall.after.low)}."
    )


def _place_of(pointer: str, step: str) -> str:
    """The part of a rule that gave a score, as `step 2` names it."""
    part, _, number = step.partition(" ")
    if part in {"step", "level"} and number.isdecimal():
        return f"{pointer}/{part}s/{int(number) - 1}"
    return pointer


def _say(score: Fraction) -> str:
    return plain(round_half_up(score, SCORE_PLACES))
