"""Uses of results: which grades propose what for whom, once, and what people decided stays."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.api.core.uses import check_rule, uses_of
from services.schema.errors import Invalid
from services.schema.shapes.uses import (
    Histories,
    PastGrade,
    Use,
    UseDecision,
    UseRule,
    UseState,
)
from services.schema.words import CycleKind

AT = datetime(2026, 10, 1, tzinfo=UTC)
MONTH, QUARTER = CycleKind.MONTH, CycleKind.QUARTER
UP = UseRule(
    "up", "升", "up", Use.PROMOTION, "agent", "senior", MONTH, ("S", "A"), 2, 3, active=True
)
WARN = UseRule("warn", "警", "warn", Use.WARNING, None, None, MONTH, ("C",), 2, 2, active=True)
AGENT = {"ann": frozenset({"agent"})}


def past(grades: str, kind: CycleKind = MONTH) -> tuple[PastGrade, ...]:
    """Grades, the newest first; the oldest is result 1."""
    count = len(grades)
    return tuple(
        PastGrade(f"{kind}-{count - i}", f"c-{i}", "2026-01", kind, grade, Decimal(80))
        for i, grade in enumerate(grades)
    )


def proposed(rule: UseRule, histories: Histories, **positions: frozenset[str]) -> list[str]:
    return [
        f"{each.proposal.employee} {each.proposal.result} {each.proposal.met}"
        for each in uses_of([rule], histories, positions or AGENT, [])
    ]


@pytest.mark.parametrize(
    ("grades", "found"),
    [
        ("", []),
        ("A", []),
        ("AA", ["ann month-2 2"]),
        ("AS", ["ann month-2 2"]),
        ("ABB", []),
        ("ABA", ["ann month-3 2"]),
        ("BAA", ["ann month-3 2"]),
        ("AAA", ["ann month-3 3"]),
        ("BBAA", []),
        ("ABBA", []),
        ("ABAAAA", ["ann month-6 2"]),
    ],
)
def test_so_many_of_the_last_ones(grades: str, found: list[str]) -> None:
    assert proposed(UP, {"ann": past(grades)}) == found


def test_a_rule_speaks_of_its_position_and_its_kind_of_cycle() -> None:
    histories = {"ann": past("AA"), "bob": past("AA"), "cyd": past("CC")}
    held = {"ann": frozenset({"agent"}), "bob": frozenset({"buyer"}), "cyd": frozenset({"x"})}
    assert proposed(UP, histories, **held) == ["ann month-2 2"]
    assert proposed(WARN, histories, **held) == ["cyd month-2 2"]
    assert proposed(replace(UP, active=False), histories, **held) == []
    mixed = {"ann": (*past("A", QUARTER), *past("AB"), *past("A", QUARTER))}
    assert proposed(UP, mixed) == []
    assert proposed(replace(UP, cycle=QUARTER), mixed) == ["ann quarter-1 2"]
    # No grade is none of the rule's, and takes a place among the last.
    nothing = tuple(replace(each, grade=None) for each in past("AA"))
    assert proposed(WARN, {"ann": (nothing[0], *past("CC"))}) == []


def test_what_was_decided_stays_and_leads_to_nothing_again() -> None:
    def shown(grades: str, decisions: list[UseDecision]) -> list[tuple[str, UseState]]:
        found = uses_of([UP], {"ann": past(grades)}, AGENT, decisions)
        return [(each.proposal.result, each.state) for each in found]

    (open_one,) = uses_of([UP], {"ann": past("AA")}, AGENT, [])
    yes = UseDecision(open_one.proposal, True, "well done", "key:k", AT)  # noqa: FBT003  what was decided
    no = replace(yes, accepted=False)
    for decision, state in ((yes, UseState.ACCEPTED), (no, UseState.DECLINED)):
        assert shown("AA", [decision]) == [("month-2", state)]
        # Also where a correction has taken the grades away, or the rule is no more.
        assert shown("BB", [decision]) == [("month-2", state)]
        assert len(uses_of([], {}, {}, [decision])) == 1
    # A third A is one of three with what was declined, and the first of new ones after a yes.
    assert shown("AAA", [no]) == [("month-2", UseState.DECLINED), ("month-3", UseState.OPEN)]
    assert shown("AAA", [yes]) == [("month-2", UseState.ACCEPTED)]
    assert shown("AAAA", [yes]) == [("month-2", UseState.ACCEPTED), ("month-4", UseState.OPEN)]


@pytest.mark.parametrize(
    ("rule", "places"),
    [
        (UP, []),
        (WARN, []),
        (replace(WARN, use=Use.TRAINING), []),
        (replace(WARN, use=Use.TRANSFER), []),
        (replace(WARN, use=Use.TRANSFER, to="buyer"), []),
        (replace(UP, use=Use.DEMOTION, to="junior"), []),
        (replace(UP, at_least=3), []),
        (replace(UP, at_least=4), ["/at_least"]),
        (replace(UP, grades=("A", "A")), ["/grades"]),
        (replace(UP, position=None), ["/position"]),
        (replace(UP, to=None), ["/to"]),
        (replace(UP, to="agent"), ["/to"]),
        (replace(WARN, to="buyer"), ["/to"]),
        (replace(WARN, use=Use.TRAINING, to="buyer"), ["/to"]),
        (replace(WARN, use=Use.DEMOTION, at_least=3), ["/at_least", "/position", "/to"]),
    ],
)
def test_a_rule_that_cannot_hold_is_refused(rule: UseRule, places: list[str]) -> None:
    if not places:
        check_rule(rule)
        return
    with pytest.raises(Invalid) as refused:
        check_rule(rule)
    assert [fault.pointer for fault in refused.value.faults] == places
