"""The moves of a cycle: one step at a time, each with what it needs."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, product

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.api.core.cycles import (
    closes_at,
    is_reopening,
    move,
    next_stages,
    pending_after_close,
)
from services.schema.days import Calendar, parse_period
from services.schema.errors import Closed, Conflict, Fault, KaoheError
from services.schema.shapes.cycles import Standing, Step
from services.schema.words import CycleStatus, WeekStart
from tests.api.core.people import cycle
from tests.figures import Figures, Wrong
from tests.machines import IN_MEMORY, Size

LATE = datetime(2027, 1, 1, tzinfo=UTC)
END = datetime(2026, 10, 31, 16, tzinfo=UTC)
"""Of October in Shanghai."""

ORDER = [*pairwise(("draft", "open", "closed", "review", "calibration", "approved", "published"))]
ONWARD = set(ORDER)
SKIP = {("review", "approved")}
"""Where the scheme has no distribution."""
BACK = {(status, "open") for status in ("closed", "review", "calibration", "approved", "published")}


def standing(
    *,
    at: datetime = LATE,
    has_distribution: bool = True,
    incomplete: int = 0,
    pending_approvals: int = 0,
) -> Standing:
    return Standing(at, has_distribution, incomplete, pending_approvals)


@pytest.mark.parametrize(("status", "to"), list(product(CycleStatus, CycleStatus)))
def test_only_the_moves_of_the_specification_are_made(status: CycleStatus, to: CycleStatus) -> None:
    stands = cycle(status=status, revision=4)
    if (status, to) in ONWARD | BACK:
        step = move(stands, to, reason="a reason", standing=standing())
        revision = 5 if (status, to) == ("published", "open") else 4
        assert step == Step(status, to, revision, "a reason")
    else:
        with pytest.raises(Conflict) as refusal:
            move(stands, to, reason="a reason", standing=standing())
        assert refusal.value.code == "move_not_allowed"


def test_calibration_is_skipped_where_the_scheme_has_no_distribution() -> None:
    without = standing(has_distribution=False)
    reviewed = cycle(status=CycleStatus.REVIEW)
    step = move(reviewed, CycleStatus.APPROVED, reason=None, standing=without)
    assert step == Step(CycleStatus.REVIEW, CycleStatus.APPROVED, 1, None)
    with pytest.raises(Conflict) as refusal:
        move(reviewed, CycleStatus.CALIBRATION, reason=None, standing=without)
    assert refusal.value.detail == (
        "From review a cycle moves to approved or open, not to calibration."
    )


def test_requirement_18_closing_an_open_period_names_its_end() -> None:
    stands = cycle()
    almost = standing(at=END - timedelta(microseconds=1))
    with pytest.raises(Closed) as refusal:
        move(stands, CycleStatus.CLOSED, reason=None, standing=almost)
    assert refusal.value.code == "period_open"
    assert refusal.value.detail == (
        "The period 2026-10 with 0 days of grace is open until 2026-10-31T16:00:00Z."
    )
    step = move(stands, CycleStatus.CLOSED, reason=None, standing=standing(at=END))
    assert step.to_status is CycleStatus.CLOSED


def test_grace_days_are_local_days_after_the_end() -> None:
    assert closes_at(cycle(grace_days=3)) == END + timedelta(days=3)
    assert closes_at(cycle(timezone="UTC")) == datetime(2026, 11, 1, tzinfo=UTC)
    # New York sets its clocks back on 1 November 2026: that day has 25 hours.
    assert closes_at(cycle(timezone="America/New_York")) == datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert closes_at(cycle(timezone="America/New_York", grace_days=1)) == datetime(
        2026, 11, 2, 5, tzinfo=UTC
    )


def test_requirement_18_periods_of_ten_years_touch_without_gap_or_overlap() -> None:
    calendar = Calendar("Asia/Shanghai", WeekStart.MONDAY, "04-01")
    months = [f"{year}-{month:02}" for year in range(2020, 2030) for month in range(1, 13)]
    quarters = [f"{year}-Q{number}" for year in range(2020, 2030) for number in range(1, 5)]
    halves = [f"{year}-H{number}" for year in range(2020, 2030) for number in (1, 2)]
    years = [str(year) for year in range(2020, 2030)]
    for codes in (months, quarters, halves, years):
        cycles = [cycle(code, period=parse_period(code, calendar)) for code in codes]
        for earlier, later in pairwise(cycles):
            assert earlier.period.end == later.period.start
            assert closes_at(earlier) == later.period.ends_at("Asia/Shanghai") - timedelta(
                days=later.period.days
            )


@pytest.mark.parametrize("reason", [None, "", "  \n"])
@pytest.mark.parametrize("status", [CycleStatus.CLOSED, CycleStatus.PUBLISHED])
def test_going_back_needs_a_reason(reason: str | None, status: CycleStatus) -> None:
    with pytest.raises(Conflict) as refusal:
        move(cycle(status=status), CycleStatus.OPEN, reason=reason, standing=standing())
    sentence = "Going back to open needs a reason."
    assert (refusal.value.code, refusal.value.detail) == ("reason_required", sentence)
    assert refusal.value.faults == (Fault("/reason", "reason_required", sentence),)


def test_opening_a_draft_needs_no_reason_and_no_end() -> None:
    early = standing(at=datetime(2020, 1, 1, tzinfo=UTC), incomplete=9, pending_approvals=9)
    step = move(cycle(status=CycleStatus.DRAFT), CycleStatus.OPEN, reason=None, standing=early)
    assert step == Step(CycleStatus.DRAFT, CycleStatus.OPEN, 1, None)


def test_review_is_left_when_every_card_has_all_its_approvals() -> None:
    reviewed = cycle(status=CycleStatus.REVIEW)
    waiting = standing(pending_approvals=1)
    with pytest.raises(Conflict) as refusal:
        move(reviewed, CycleStatus.CALIBRATION, reason=None, standing=waiting)
    assert refusal.value.code == "approvals_pending"
    assert refusal.value.detail == "Approvals still waited for: 1."
    # Going back is no leaving of review that would need them.
    assert move(reviewed, CycleStatus.OPEN, reason="again", standing=waiting).revision == 1
    step = move(reviewed, CycleStatus.CALIBRATION, reason=None, standing=standing())
    assert step.to_status is CycleStatus.CALIBRATION


@pytest.mark.parametrize(
    ("status", "has_distribution"),
    [(CycleStatus.REVIEW, False), (CycleStatus.CALIBRATION, True)],
)
def test_an_incomplete_card_holds_up_the_approval(
    status: CycleStatus,
    has_distribution: bool,  # noqa: FBT001  a column of the table
) -> None:
    stands = cycle(status=status)
    waiting = standing(incomplete=1, has_distribution=has_distribution)
    with pytest.raises(Conflict) as refusal:
        move(stands, CycleStatus.APPROVED, reason=None, standing=waiting)
    assert refusal.value.code == "scorecards_incomplete"
    assert refusal.value.detail == "Scorecards without a total, which cannot be approved: 1."
    ready = standing(has_distribution=has_distribution)
    step = move(stands, CycleStatus.APPROVED, reason=None, standing=ready)
    assert step.to_status is CycleStatus.APPROVED


def test_an_incomplete_card_may_be_reviewed_and_calibrated() -> None:
    waiting = standing(incomplete=5)
    for status, to in (
        (CycleStatus.OPEN, CycleStatus.CLOSED),
        (CycleStatus.CLOSED, CycleStatus.REVIEW),
        (CycleStatus.REVIEW, CycleStatus.CALIBRATION),
    ):
        assert move(cycle(status=status), to, reason=None, standing=waiting).to_status is to


def test_next_stages_and_reopening() -> None:
    assert next_stages(CycleStatus.PUBLISHED, has_distribution=True) == (CycleStatus.OPEN,)
    assert next_stages(CycleStatus.DRAFT, has_distribution=False) == (CycleStatus.OPEN,)
    assert is_reopening(CycleStatus.CLOSED, CycleStatus.OPEN)
    assert not is_reopening(CycleStatus.DRAFT, CycleStatus.OPEN)
    assert not is_reopening(CycleStatus.OPEN, CycleStatus.CLOSED)


@pytest.mark.parametrize("status", list(CycleStatus))
def test_nothing_is_pending_after_a_close_that_was_none(status: CycleStatus) -> None:
    unclosed = status in {CycleStatus.DRAFT, CycleStatus.OPEN}
    assert pending_after_close(status, 3) == (0 if unclosed else 3)


class Cycling(RuleBasedStateMachine):
    """Anybody moves a cycle anywhere at any time; a model of its own says what may be."""

    attempts = published_ones = 0

    @initialize(has_distribution=st.booleans(), grace_days=st.integers(0, 3))
    def begin(self, grace_days: int, *, has_distribution: bool) -> None:
        self.has_distribution, self.grace_days = has_distribution, grace_days
        self.status, self.revision = CycleStatus.DRAFT, 1
        self.at = END - timedelta(days=2)
        self.pending = self.incomplete = 0
        self.passed: list[CycleStatus] = []
        """The stages since data were last open."""
        self.published: list[int] = []

    @rule(hours=st.integers(1, 72))
    def time_passes(self, hours: int) -> None:
        self.at += timedelta(hours=hours)

    @rule(pending=st.integers(0, 2), incomplete=st.integers(0, 1))
    def people_work(self, pending: int, incomplete: int) -> None:
        self.pending, self.incomplete = pending, incomplete

    @rule(to=st.sampled_from(CycleStatus), reason=st.sampled_from((None, " ", "a reason")))
    def attempt(self, to: CycleStatus, reason: str | None) -> None:
        Cycling.attempts += 1
        stands = cycle(status=self.status, revision=self.revision, grace_days=self.grace_days)
        held = Standing(self.at, self.has_distribution, self.incomplete, self.pending)
        if forbidden := self.why_not(to, reason):
            with pytest.raises(KaoheError) as refusal:
                move(stands, to, reason=reason, standing=held)
            assert refusal.value.code in forbidden
            return
        step = move(stands, to, reason=reason, standing=held)
        assert (step.from_status, step.to_status, step.reason) == (self.status, to, reason)
        if to is CycleStatus.OPEN:
            self.passed = []
        else:
            self.passed.append(to)
        if to is CycleStatus.PUBLISHED:
            self.published.append(step.revision)
            Cycling.published_ones += 1
        self.status, self.revision = step.to_status, step.revision

    @rule(steps=st.integers(1, 7))
    def all_is_done_and_the_cycle_goes_on(self, steps: int) -> None:
        self.pending = self.incomplete = 0
        self.at = max(self.at, END + timedelta(days=self.grace_days))
        for _ in range(steps):
            onward = next((to for status, to in ORDER if status == self.status.value), "open")
            if onward == "calibration" and not self.has_distribution:
                onward = "approved"
            self.attempt(CycleStatus(onward), "a reason")

    def why_not(self, to: CycleStatus, reason: str | None) -> set[str]:
        """The codes of what forbids it, by the words of `domain.md`, section 7."""
        if (self.status.value, to.value) not in ONWARD | BACK | SKIP:
            return {"move_not_allowed"}
        if (to is CycleStatus.CALIBRATION) > self.has_distribution:
            return {"move_not_allowed"}
        if (self.status.value, to.value) in SKIP and self.has_distribution:
            return {"move_not_allowed"}
        faults = {
            "reason_required": (self.status.value, to.value) in BACK and not (reason or "").strip(),
            "period_open": to is CycleStatus.CLOSED
            and self.at < END + timedelta(days=self.grace_days),
            "approvals_pending": self.status is CycleStatus.REVIEW
            and to is not CycleStatus.OPEN
            and self.pending > 0,
            "scorecards_incomplete": to is CycleStatus.APPROVED and self.incomplete > 0,
        }
        return {code for code, holds in faults.items() if holds}

    @invariant()
    def each_publication_went_the_whole_way_and_has_its_own_number(self) -> None:
        if not hasattr(self, "status"):
            return
        assert self.published == list(range(1, len(self.published) + 1))
        whole = [to for _, to in ORDER if to != "open"]
        expected = [stage for stage in whole if self.has_distribution or stage != "calibration"]
        assert [*map(str, self.passed)] == expected[: len(self.passed)]


@IN_MEMORY
def test_scenario_p04_no_sequence_of_moves_leaves_the_order(size: Size, figure: Figures) -> None:
    Cycling.attempts = Cycling.published_ones = 0
    size.run(Cycling)
    assert Cycling.published_ones > size.examples / 10
    figure("P04", Wrong.MOVES, 0, tried=Cycling.attempts, of="moves in sequences by chance")
