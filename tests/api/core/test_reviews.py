"""Whose turn it is, who stands in for whom, and that no two steps of a card are one person's."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from services.api.core.reviews import (
    check_decision,
    faults_of_leaving,
    faults_of_pending,
    faults_of_publishing,
    in_force,
    own_of,
    person_of,
    superiors_of,
    waits_for,
)
from services.schema.errors import Conflict, Forbidden, KaoheError
from services.schema.shapes.people import Assignment, Caller, Employee, Subject, Unit
from services.schema.shapes.reviews import Review, ReviewState
from services.schema.words import Approver, ReviewDecision, Role, SubjectKind
from tests.figures import Figures, Wrong
from tests.machines import IN_MEMORY, Size

DAY = date(2026, 2, 10)
AT = datetime(2026, 2, 10, tzinfo=UTC)
SELF, MANAGER, SECOND, HR = Approver
SUBMIT, RETURN, APPROVE = ReviewDecision
ORDER = (SELF, MANAGER, SECOND, HR)
ANN = Subject(SubjectKind.EMPLOYEE, "ann")


def person(code: str, manager: str | None = None, unit: str = "team", **more: date) -> Employee:
    held = Assignment("agent", unit, (), date(2026, 1, 1), None)
    return Employee(code, code, manager, more.get("joined"), more.get("left"), (held,))


def people(*employees: Employee) -> dict[str, Employee]:
    return {each.code: each for each in employees}


UNITS = {
    "top": Unit("top", "top", None, "ceo"),
    "floor": Unit("floor", "floor", "top", "head"),
    "team": Unit("team", "team", "floor", "lead"),
}
ALL = people(
    person("ann", "lead"),
    person("lead", "boss"),
    person("boss"),
    person("head"),
    person("ceo"),
)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ([], ("lead", "boss", "head", "ceo")),
        # Without a manager the leads of the unit and above stand there.
        ([person("ann")], ("lead", "head", "ceo")),
        # Who has left is passed over from the day after the last, who has yet to come as well.
        ([person("lead", "boss", left=date(2026, 2, 10))], ("lead", "boss", "head", "ceo")),
        ([person("lead", "boss", left=date(2026, 2, 9))], ("boss", "head", "ceo")),
        ([person("lead", "boss", joined=date(2026, 2, 10))], ("lead", "boss", "head", "ceo")),
        ([person("lead", "boss", joined=date(2026, 2, 11))], ("boss", "head", "ceo")),
        # Of another unit its leads; who leads the own unit is not above themselves.
        ([person("ann", "boss", unit="floor")], ("boss", "head", "ceo")),
        ([person("ann", None, unit="top")], ("ceo",)),
    ],
)
def test_who_stands_above_is_said_by_the_day(
    changed: list[Employee], expected: tuple[str, ...]
) -> None:
    assert superiors_of(ANN, "team", {**ALL, **people(*changed)}, UNITS, DAY) == expected


def test_a_lead_is_not_above_themselves_and_a_circle_ends() -> None:
    lead = Subject(SubjectKind.EMPLOYEE, "lead")
    assert superiors_of(lead, "team", ALL, UNITS, DAY) == ("boss", "head", "ceo")
    circle = people(person("ann", "lead"), person("lead", "ann"))
    assert superiors_of(ANN, "team", circle, {}, DAY) == ("lead",)


def test_above_a_unit_stand_the_leads_of_those_above() -> None:
    team = Subject(SubjectKind.UNIT, "team")
    assert superiors_of(team, "team", ALL, UNITS, DAY) == ("head", "ceo")
    assert own_of(team, ALL, UNITS, DAY) == "lead"
    twice = {**UNITS, "floor": replace(UNITS["floor"], lead="lead")}
    assert superiors_of(team, "team", ALL, twice, DAY) == ("ceo",)
    headless = {**UNITS, "team": replace(UNITS["team"], lead=None)}
    assert own_of(team, ALL, headless, DAY) is None
    assert superiors_of(team, "team", ALL, headless, DAY) == ("head", "ceo")


def test_whoever_works_nowhere_today_is_judged_by_the_unit_of_the_card() -> None:
    gone = people(person("ann", None, left=date(2026, 1, 31)), *list(ALL.values())[1:])
    assert superiors_of(ANN, "team", gone, UNITS, DAY) == ("lead", "head", "ceo")
    assert own_of(ANN, gone, UNITS, DAY) is None


def review(part: Approver, who: str, decision: ReviewDecision, figures: str = "f") -> Review:
    return Review(1, part, decision, "why", who, f"key:{who}", figures, AT)


def state(
    *held: Review,
    order: tuple[Approver, ...] = ORDER,
    superiors: tuple[str, ...] = ("lead", "boss", "head"),
    own: str | None = "ann",
) -> ReviewState:
    return ReviewState(order, own, held, superiors)


ANNS, LEADS = review(SELF, "ann", SUBMIT), review(MANAGER, "lead", APPROVE)
BOSSES = review(SECOND, "boss", APPROVE)
MOVED = review(HR, "hr-1", APPROVE)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (state(), "ann"),
        (state(own=None), "lead"),
        (state(own=None, superiors=()), None),
        (state(ANNS), "lead"),
        (state(ANNS, superiors=()), None),
        (state(ANNS, LEADS), "boss"),
        (state(ANNS, LEADS, superiors=("lead",)), None),
        (state(ANNS, LEADS, BOSSES), None),
        # The second level is above the first also where nobody is asked for the first.
        (state(order=(SECOND, HR)), "boss"),
        (state(order=(SECOND, HR), superiors=("lead",)), None),
        # Who stood in for somebody takes no step of their own; the next one up does.
        (state(review(SELF, "lead", SUBMIT), own=None), "boss"),
        (state(review(SELF, "lead", SUBMIT), review(MANAGER, "boss", APPROVE), own=None), "head"),
    ],
)
def test_whose_turn_it_is(at: ReviewState, expected: str | None) -> None:
    assert waits_for(at) == expected


def decide(at: ReviewState, who: str, decision: ReviewDecision, **more: object) -> Approver:
    role = Role.HR if who.startswith("hr") else Role.LEAD
    caller = Caller(1, role, None if who.startswith("hr") else who, who)
    comment = more.get("comment", "why")
    assert comment is None or isinstance(comment, str)
    return check_decision(
        at,
        caller,
        decision,
        comment,
        is_own=who == "ann",
        is_complete=bool(more.get("complete", True)),
    )


@pytest.mark.parametrize(
    ("at", "who", "decision", "more", "code"),
    [
        (state(), "ann", SUBMIT, {"complete": False}, "scorecard_incomplete"),
        (state(ANNS), "lead", APPROVE, {"complete": False}, "scorecard_incomplete"),
        (state(ANNS), "lead", SUBMIT, {}, "decision_not_expected"),
        (state(ANNS), "lead", RETURN, {"comment": None}, "reason_required"),
        (state(ANNS), "lead", RETURN, {"comment": " \n"}, "reason_required"),
        (state(ANNS), "boss", APPROVE, {}, "not_your_turn"),
        (state(ANNS), "hr-1", APPROVE, {}, "not_your_turn"),
        (state(ANNS), "ann", SUBMIT, {}, "step_taken"),
        (state(ANNS), "ann", APPROVE, {}, "own_card"),
        (state(), "ann", APPROVE, {}, "own_card"),
        (state(ANNS, LEADS), "lead", APPROVE, {}, "step_taken"),
        (state(ANNS, LEADS), "lead", RETURN, {}, "step_taken"),
        (state(ANNS, LEADS, BOSSES), "head", APPROVE, {}, "not_your_turn"),
        (state(review(MANAGER, "hr-1", APPROVE), order=(MANAGER, HR)), "hr-1", APPROVE, {},
         "step_taken"),
        (state(ANNS, order=(SELF,)), "lead", APPROVE, {}, "review_complete"),
    ],
)  # fmt: skip
def test_what_is_refused(
    at: ReviewState, who: str, decision: ReviewDecision, more: dict[str, object], code: str
) -> None:
    with pytest.raises((Conflict, Forbidden)) as refusal:
        decide(at, who, decision, **more)
    assert refusal.value.code == code


def test_returning_needs_no_total() -> None:
    assert decide(state(ANNS), "lead", RETURN, complete=False) is MANAGER
    assert decide(state(), "ann", RETURN, complete=False) is SELF


def test_steps_are_of_the_figures_that_were_seen() -> None:
    other = review(MANAGER, "lead", APPROVE, "g")
    assert in_force([ANNS, LEADS], "f") == (ANNS, LEADS)
    assert in_force([ANNS, LEADS, other], "f") == (ANNS, LEADS)
    assert in_force([ANNS, LEADS], "g") == ()
    returned = review(SECOND, "boss", RETURN)
    assert in_force([ANNS, LEADS, returned], "f") == (ANNS,)
    assert in_force([ANNS, LEADS, returned, returned, returned], "f") == ()


def test_what_a_cycle_waits_for_is_named() -> None:
    named = list(faults_of_pending({"sc_1": state(ANNS), "sc_2": state(ANNS, order=(SELF,))}))
    assert [(each.pointer, each.code) for each in named] == [
        ("/scorecards/sc_1", "approval_pending")
    ]
    assert named[0].detail == "It waits for manager: lead."
    last = state(ANNS, LEADS, BOSSES)
    assert [each.detail for each in faults_of_pending({"sc_1": last})] == ["It waits for hr: HR."]


@pytest.mark.parametrize(
    ("at", "mover", "code"),
    [
        (state(ANNS, LEADS, order=(SELF, MANAGER)), "lead", "approved_alone"),
        (state(ANNS, LEADS, order=(SELF, MANAGER)), "hr-1", None),
        (state(LEADS, BOSSES, order=(MANAGER, SECOND)), "lead", None),
        (state(order=()), "ann", "own_card"),
        (state(ANNS, order=(SELF,)), "ann", "own_card"),
        # Where nobody is asked, who moves the cycle approves; another publishes.
        (state(order=()), "hr-1", None),
        (state(ANNS, order=(SELF,)), "hr-1", None),
        (state(MOVED, order=()), "hr-1", None),
        # A scorecard that others approved may be one's own: they did, not who moves it on.
        (state(LEADS, order=(MANAGER,)), "ann", None),
    ],
)
def test_nobody_approves_alone(at: ReviewState, mover: str, code: str | None) -> None:
    assert [each.code for each in faults_of_leaving({"sc_1": at}, mover)] == (
        [code] if code else []
    )


@pytest.mark.parametrize(
    ("at", "mover", "code"),
    [
        (state(MOVED, order=()), "hr-1", "published_alone"),
        (state(ANNS, MOVED, order=(SELF,)), "hr-1", "published_alone"),
        (state(MOVED, order=()), "hr-2", None),
        (state(ANNS, MOVED, order=(SELF,)), "hr-2", None),
        # Opened again with the same figures, another moved it on: two have approved.
        (state(MOVED, review(HR, "hr-2", APPROVE), order=()), "hr-1", None),
        (state(MOVED, order=()), "ann", "own_card"),
        # Submitting is no approval, also of who stood in.
        (state(review(SELF, "lead", SUBMIT), MOVED, order=(SELF,)), "hr-1", "published_alone"),
        (state(order=()), "hr-1", "published_alone"),
        # Where others were asked, who moved the cycle was the second.
        (state(LEADS, order=(MANAGER,)), "lead", None),
        (state(LEADS, order=(MANAGER,)), "ann", None),
    ],
)
def test_nobody_publishes_alone(at: ReviewState, mover: str, code: str | None) -> None:
    assert [each.code for each in faults_of_publishing({"sc_1": at}, mover)] == (
        [code] if code else []
    )


def test_who_would_publish_alone_is_told_who_approved() -> None:
    found = faults_of_publishing({"sc_1": state(MOVED, order=()), "sc_2": state(order=())}, "hr-1")
    assert [each.detail for each in found] == [
        "Nobody but hr-1 has approved it; somebody else publishes.",
        "Nobody has approved it; somebody else publishes.",
    ]


class Reviewing(RuleBasedStateMachine):
    """Anybody tries anything at any time; a model of its own says what may hold."""

    attempts = 0

    @initialize(
        order=st.permutations(ORDER).flatmap(
            lambda steps: st.integers(0, 4).map(lambda most: tuple(steps[:most]))
        ),
        superiors=st.permutations(("lead", "boss", "head")).flatmap(
            lambda codes: st.integers(0, 3).map(lambda most: tuple(codes[:most]))
        ),
        is_there=st.booleans(),
    )
    def begin(
        self, order: tuple[Approver, ...], superiors: tuple[str, ...], *, is_there: bool
    ) -> None:
        self.order, self.superiors = order, superiors
        self.own = "ann" if is_there else None
        self.trail: list[Review] = []
        self.figures = "f0"
        self.model: dict[str, list[tuple[Approver, str]]] = defaultdict(list)

    def now(self) -> ReviewState:
        held = in_force(self.trail, self.figures)
        return ReviewState(self.order, self.own, held, self.superiors)

    @rule(
        who=st.sampled_from(("ann", "lead", "boss", "head", "hr-1", "hr-2")),
        decision=st.sampled_from((SUBMIT, APPROVE, APPROVE, RETURN)),
    )
    def attempt(self, who: str, decision: ReviewDecision) -> None:
        before = self.now()
        Reviewing.attempts += 1
        try:
            part = decide(before, who, decision)
        except KaoheError:
            return
        assert part is before.step
        assert who in {waits_for(before) or "hr", "hr-1", "hr-2"}
        taken = self.model[self.figures]
        if decision is RETURN:
            del taken[-1:]
        else:
            assert decision is (SUBMIT if part is SELF else APPROVE)
            taken.append((part, who))
        caller = Caller(1, Role.HR, None if who.startswith("hr") else who, who)
        self.trail.append(review(part, person_of(caller), decision, self.figures))

    @rule(figures=st.sampled_from(("f0", "f1")))
    def figures_change(self, figures: str) -> None:
        self.figures = figures

    @precondition(lambda self: self.now().step is not None)
    @rule()
    def whose_turn_it_is_can_go_on(self) -> None:
        """There is always somebody, as long as there are two people in the office."""
        whom = waits_for(self.now())
        tried = ("hr-1", "hr-2", "hr-3", "hr-4", "hr-5") if whom is None else (whom,)
        onward = SUBMIT if self.now().step is SELF else APPROVE
        assert any(self._goes(who, onward) for who in tried)

    def _goes(self, who: str, decision: ReviewDecision) -> bool:
        try:
            decide(self.now(), who, decision)
        except KaoheError:
            return False
        return True

    @invariant()
    def steps_are_in_order_and_of_different_people(self) -> None:
        if not hasattr(self, "order"):
            return
        held = [(each.part, each.person) for each in self.now().held]
        assert held == self.model[self.figures]
        assert tuple(part for part, _ in held) == self.order[: len(held)]
        assert len({who for _, who in held}) == len(held), "nobody takes two steps"
        assert all(part is SELF for part, who in held if who == "ann"), "nor approves their own"


@IN_MEMORY
def test_scenario_p04_no_sequence_of_decisions_leaves_the_order(
    size: Size, figure: Figures
) -> None:
    Reviewing.attempts = 0
    size.run(Reviewing)
    figure("P04", Wrong.MOVES, 0, tried=Reviewing.attempts, of="decisions in sequences by chance")
