"""Facts that came after the close: when they are taken, what they change, and how that is told."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from services.api.core.documents import to_bytes
from services.api.core.drifts import Difference
from services.api.core.late_facts import (
    LATE,
    Asked,
    accepted_of,
    asked_by,
    check_second,
    check_takes,
    explanation_kept,
    kept_bases,
    late_document,
    pay_changes,
    periods_past,
    waits_since,
    with_proposal,
    with_values,
)
from services.api.core.pay_bases import basis_document, read_basis
from services.api.core.told_cards import ToldCard
from services.schema.days import Period
from services.schema.errors import Closed, Conflict
from services.schema.ids import IdKind, new_id
from services.schema.shapes.cycles import Cycle, Population
from services.schema.shapes.indicators import Explained, Value, Wanted
from services.schema.shapes.late_facts import Decided, LateFact
from services.schema.shapes.payouts import Owed, PayBasis, PayChange
from services.schema.words import (
    CycleStatus,
    FactKind,
    LateBasis,
    LateDecision,
    PayPlan,
    Scope,
)
from tests.api.core.rated import rated, rating, rubric
from tests.api.core.scoring import EMPLOYEE, flat, given, item, segment_input
from tests.api.core.test_next_steps import told_card

CLOSED_AT = datetime(2026, 11, 3, 9, tzinfo=UTC)
PUBLISHED_AT = datetime(2026, 11, 9, 9, tzinfo=UTC)
MONTH = Period("2026-10", date(2026, 10, 1), date(2026, 11, 1), 1)


def cycle(status: CycleStatus, period: Period = MONTH) -> Cycle:
    published = PUBLISHED_AT if status is CycleStatus.PUBLISHED else None
    return Cycle(
        "oct", "front", 1, period, Population(), "UTC", 0, status, 1, 1, CLOSED_AT, published
    )


@pytest.mark.parametrize(
    ("months", "start", "end", "today", "past"),
    [
        (1, (2026, 10, 1), (2026, 11, 1), (2026, 9, 30), 0),
        (1, (2026, 10, 1), (2026, 11, 1), (2026, 10, 31), 0),
        (1, (2026, 10, 1), (2026, 11, 1), (2026, 11, 1), 1),
        (1, (2026, 10, 1), (2026, 11, 1), (2026, 12, 31), 2),
        (1, (2026, 10, 1), (2026, 11, 1), (2027, 10, 1), 12),
        (3, (2026, 10, 1), (2027, 1, 1), (2026, 12, 31), 0),
        (3, (2026, 10, 1), (2027, 1, 1), (2027, 1, 1), 1),
        (3, (2026, 10, 1), (2027, 1, 1), (2027, 3, 31), 1),
        (12, (2026, 1, 1), (2027, 1, 1), (2026, 12, 31), 0),
        (12, (2026, 1, 1), (2027, 1, 1), (2028, 1, 1), 2),
        # A fiscal month that begins on the 15th is not over on the 14th.
        (1, (2026, 10, 15), (2026, 11, 15), (2026, 11, 14), 0),
        (1, (2026, 10, 15), (2026, 11, 15), (2026, 11, 15), 1),
        # A stretch of ten days has no months: it is counted by its own length.
        (None, (2026, 10, 1), (2026, 10, 11), (2026, 9, 1), 0),
        (None, (2026, 10, 1), (2026, 10, 11), (2026, 10, 10), 0),
        (None, (2026, 10, 1), (2026, 10, 11), (2026, 10, 11), 1),
        (None, (2026, 10, 1), (2026, 10, 11), (2026, 10, 31), 3),
    ],
)
def test_how_many_periods_past(
    months: int | None,
    start: tuple[int, int, int],
    end: tuple[int, int, int],
    today: tuple[int, int, int],
    past: int,
) -> None:
    period = Period("x", date(*start), date(*end), months)
    assert periods_past(period, date(*today)) == past


@pytest.mark.parametrize("status", sorted(LATE))
def test_facts_are_taken_before_ranks_and_after_publication(status: CycleStatus) -> None:
    asked = cycle(status)
    if status in {"closed", "review", "published"}:
        check_takes(asked, most_periods=None, today=date(2030, 1, 1))
        return
    with pytest.raises(Closed) as refusal:
        check_takes(asked, most_periods=None, today=date(2026, 11, 1))
    assert (refusal.value.code, str(refusal.value)) == (
        "cycle_settled",
        f"oct is {status}: open it again, or publish it and have the late facts correct its pay.",
    )


def test_requirement_19_facts_of_too_long_ago_are_refused() -> None:
    asked = cycle(CycleStatus.PUBLISHED)
    check_takes(asked, most_periods=2, today=date(2026, 12, 31))
    with pytest.raises(Closed) as refusal:
        check_takes(asked, most_periods=2, today=date(2027, 1, 1))
    assert (refusal.value.code, str(refusal.value)) == (
        "period_too_old",
        "2026-10 is 3 periods past; late facts are taken for 2.",
    )
    check_takes(asked, most_periods=0, today=date(2026, 10, 31))


def explained(value: str, formula: str | None = "a - b", version: int = 1) -> Explained:
    return Explained(Value(Decimal(value), None), formula, version, (), None, ())


def scored_by(own: Explained, other: Explained | None = None) -> tuple[ToldCard, Asked]:
    """A card of a line, a rubric over it and another indicator, and a rating; in two segments."""
    judged = rubric({"all": [{"indicator": "other", "at_least": "1"}], "score": "5"})
    stated = flat(
        item("sales", "40"),
        item("judged", "40", judged),
        rated("people", "20", rating(), missing="zero"),
    )
    inputs = {
        "sales": replace(given("10"), value=own.value, explained=own),
        "judged": replace(
            given("1"),
            explained=explained("1"),
            others={"other": replace(given("2"), explained=other)},
        ),
        "people": given(None),
    }
    first = segment_input(stated, inputs, days=15)
    second = segment_input(stated, inputs, days=16, after=15)
    card = told_card(first, second)
    return card, asked_by(card, EMPLOYEE, cycle(CycleStatus.CLOSED))


def test_each_value_of_each_segment_is_asked_for_again_over_its_own_days() -> None:
    _, asked = scored_by(explained("10"))
    assert sorted(asked) == [
        (number, *place)
        for number in (1, 2)
        for place in (("judged", "judged"), ("judged", "other"), ("sales", "sales"))
    ]
    assert asked[2, "judged", "other"] == Wanted(
        "other", EMPLOYEE, Scope.OWN, MONTH, date(2026, 10, 16), date(2026, 11, 1)
    )
    assert (asked[1, "sales", "sales"].start, asked[1, "sales", "sales"].end) == (
        date(2026, 10, 1),
        date(2026, 10, 16),
    )


@pytest.mark.parametrize(
    ("then", "now", "value"),
    [
        (explained("10"), explained("12"), "12"),
        # What was posted stays, and so does what is defined otherwise by now.
        (explained("10", None), explained("12", None), "10"),
        (explained("10"), explained("12", None), "10"),
        (explained("10"), explained("12", version=2), "10"),
        (explained("10"), explained("12", "a - c"), "10"),
    ],
)
def test_figures_follow_the_facts_of_now_unless_they_are_no_facts(
    then: Explained, now: Explained, value: str
) -> None:
    card, asked = scored_by(then, explained("2"))
    values = {
        asked[1, "sales", "sales"]: now,
        asked[2, "judged", "other"]: explained("7"),
        asked[1, "judged", "judged"]: explained("3"),
    }
    first, second = with_values(card, asked, values)
    assert first.items["sales"].value.value == Decimal(value)
    assert first.items["sales"].explained == (now if value == "12" else then)
    # Of nothing else that was not read anew a figure changes.
    assert second.items["sales"] == card.segments[1].items["sales"]
    assert first.items["judged"].others == card.segments[0].items["judged"].others
    assert first.items["judged"].value.value == 3
    assert second.items["judged"].value.value == 1
    assert second.items["judged"].others["other"].value.value == 7
    assert first.items["people"] == card.segments[0].items["people"]
    assert (first.segment, first.scheme) == (card.segments[0].segment, card.segments[0].scheme)


def test_pay_is_compared_plan_by_plan_and_what_never_was_is_0() -> None:
    owed = (
        Owed(0, PayPlan.COMMISSION, Decimal("12.34"), "CNY"),
        Owed(1, PayPlan.GRADE_BONUS, Decimal(500), "JPY"),
    )
    changes = pay_changes({0: Decimal("20.00")}, owed)
    assert changes == (
        PayChange(0, PayPlan.COMMISSION, Decimal("20.00"), Decimal("12.34"), "CNY"),
        PayChange(1, PayPlan.GRADE_BONUS, Decimal(0), Decimal(500), "JPY"),
    )
    document = late_document({}, [], 0, [], changes, rejected_until=None)
    assert document["pay"] == [
        {"place": 0, "plan": "commission", "before": "20.00", "after": "12.34",
         "difference": "-7.66", "currency": "CNY"},
        {"place": 1, "plan": "grade_bonus", "before": "0", "after": "500", "difference": "500",
         "currency": "JPY"},
    ]  # fmt: skip


def facts_of(document: Mapping[str, object]) -> list[dict[str, object]]:
    listed: list[dict[str, object]] = json.loads(json.dumps(document["facts"]))
    return listed


def test_what_waits_is_told_fact_by_fact_with_what_it_changes() -> None:
    fact = LateFact(
        FactKind.ORDERS, "erp", "SO-1", date(2026, 10, 31), "tm-1", "", "e-1", LateBasis.BOTH,
        CLOSED_AT, PUBLISHED_AT,
    )  # fmt: skip
    nobody = replace(fact, shop="", unit="u-1", employee="", basis=LateBasis.PAY)
    found = [Difference("/total", "1.00", None)]
    document = late_document({"id": "late_1"}, [fact, nobody], 9, found, None, rejected_until=None)
    assert list(document) == ["id", "facts", "facts_total", "figures", "pay"]
    assert (document["id"], document["facts_total"], document["pay"]) == ("late_1", 9, None)
    assert document["figures"] == [{"figure": "/total", "before": "1.00", "after": None}]
    first, second = facts_of(document)
    assert first == {
        "kind": "orders", "source": "erp", "id": "SO-1", "day": "2026-10-31", "shop": "tm-1",
        "unit": None, "employee": "e-1", "counts_for": "both",
        "modified_at": "2026-11-03T09:00:00Z", "came_at": "2026-11-09T09:00:00Z",
        "rejected": False,
    }  # fmt: skip
    assert (second["shop"], second["unit"], second["employee"]) == (None, "u-1", None)


@pytest.mark.parametrize(("seconds", "rejected"), [(-1, False), (0, True), (1, True)])
def test_what_came_until_a_rejection_says_so(seconds: int, rejected: bool) -> None:  # noqa: FBT001
    fact = LateFact(
        FactKind.ORDERS, "erp", "SO-1", date(2026, 10, 31), "", "", "", LateBasis.BOTH,
        CLOSED_AT, PUBLISHED_AT,
    )  # fmt: skip
    until = PUBLISHED_AT + timedelta(seconds=seconds)
    document = late_document({}, [fact], 1, [], None, rejected_until=until)
    (told,) = facts_of(document)
    assert told["rejected"] is rejected


def decided(decision: LateDecision, at: datetime) -> Decided:
    return Decided(f"late_{at:%d%H%M}", "sc_1", "oct", decision, "why", "k", at, b"{}", None, None)


def test_a_published_card_is_seen_with_what_was_accepted_last_and_after() -> None:
    hour = timedelta(hours=1)
    early = decided(LateDecision.ACCEPTED, PUBLISHED_AT)
    one = decided(LateDecision.ACCEPTED, PUBLISHED_AT + hour)
    two = decided(LateDecision.ACCEPTED, PUBLISHED_AT + 2 * hour)
    no = decided(LateDecision.REJECTED, PUBLISHED_AT + 3 * hour)
    published = cycle(CycleStatus.PUBLISHED)
    assert accepted_of(published, [early, one, two, no]) == two
    assert accepted_of(published, [early, one, no]) == one
    assert accepted_of(published, [early, no]) is None
    assert accepted_of(cycle(CycleStatus.REVIEW), [one]) is None
    assert accepted_of(replace(published, published_at=None), [one]) is None


def test_facts_wait_since_the_close_or_what_was_accepted_last() -> None:
    closed = cycle(CycleStatus.REVIEW)
    taken = decided(LateDecision.ACCEPTED, CLOSED_AT + timedelta(days=1))
    no = decided(LateDecision.REJECTED, CLOSED_AT + timedelta(days=2))
    before = decided(LateDecision.ACCEPTED, CLOSED_AT - timedelta(days=1))
    assert waits_since(closed, []) == CLOSED_AT
    assert waits_since(closed, [before, no]) == CLOSED_AT
    assert waits_since(closed, [before, taken, no]) == taken.decided_at
    of_dispute = replace(taken, id=new_id(IdKind.DISPUTE), decided_at=CLOSED_AT + timedelta(days=3))
    assert waits_since(closed, [taken, of_dispute]) == taken.decided_at


def test_what_was_upheld_is_what_a_published_card_is_seen_with() -> None:
    published = cycle(CycleStatus.PUBLISHED)
    taken = decided(LateDecision.ACCEPTED, PUBLISHED_AT + timedelta(days=1))
    of_dispute = replace(
        taken, id=new_id(IdKind.DISPUTE), decided_at=PUBLISHED_AT + timedelta(days=2)
    )
    assert accepted_of(published, [taken, of_dispute]) == of_dispute


def test_how_a_card_came_about_is_kept_beside_what_it_is_paid_by() -> None:
    basis = PayBasis({"net_sales": Value(Decimal("1.50"), None)}, {}, ("e-2",), {})
    kept = kept_bases(basis, b'{"total":"90.00"}')
    assert read_basis(kept) == basis
    assert explanation_kept(kept) == b'{"total":"90.00"}'
    assert explanation_kept(basis_document(basis)) is None


def test_a_proposal_is_of_the_case_as_it_was_then() -> None:
    proposal = {"by": "e-boss", "reason": "late", "proposed_at": "2026-12-01T00:00:00Z"}
    case: dict[str, object] = {"id": "sc_1", "facts_total": 1}
    kept = to_bytes({**case, "proposal": proposal})
    assert with_proposal(case, None) == ({**case, "proposal": None}, None)
    assert with_proposal(case, kept) == ({**case, "proposal": proposal}, "e-boss")
    more = {**case, "facts_total": 2}
    assert with_proposal(more, kept) == ({**more, "proposal": None}, None)


def test_who_proposed_does_not_accept() -> None:
    check_second("e-boss", "e-hr")
    with pytest.raises(Conflict, match="e-boss has proposed to accept it") as refusal:
        check_second("e-boss", "e-boss")
    assert refusal.value.code == "accepted_alone"
