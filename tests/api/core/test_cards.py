"""What a card asks for, from what its lines are scored, and the card that comes of it."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from services.api.core.candidates import tie_breakers_wanted
from services.api.core.card_documents import card_document, fingerprint
from services.api.core.cards import (
    CardPlan,
    Setting,
    compute_card,
    inputs_of,
    items_in,
    new_card,
    owners_asked,
    plan_card,
    subjects_of,
    wanted_by,
    write_card,
)
from services.api.core.explanations import explanation_document
from services.api.core.identities import derive_id
from services.api.core.scorecards import score
from services.schema.ids import IdKind
from services.schema.shapes.calendars import TargetCalendar, WeighedDays
from services.schema.shapes.coverage import WHOLE, Coverage
from services.schema.shapes.cycles import Cycle, Population
from services.schema.shapes.indicators import Explained, Indicator, Value, Wanted
from services.schema.shapes.people import Subject
from services.schema.shapes.schemes import Distribution, Item
from services.schema.shapes.scorecards import (
    Adjustment,
    CardHead,
    ItemInput,
    Mark,
    Scorecard,
    Segment,
    Stated,
)
from services.schema.shapes.targets import TargetInForce
from services.schema.words import (
    Better,
    CycleStatus,
    IndicatorUnit,
    RaterRole,
    Scope,
    ScorecardStatus,
    SubjectKind,
    TargetLevel,
)
from tests.api.core.people import OCTOBER, UNITS, assigned, cycle, day, employee
from tests.api.core.rated import rated, rating
from tests.api.core.scoring import Document, flat, item, scheme_of
from tests.api.facts import tenant

AT = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
LATER = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
PART = Coverage(Decimal("0.5"), provisional=True, look_again_at=LATER)
ANN = Subject(SubjectKind.EMPLOYEE, "ann")
NORTH = Subject(SubjectKind.UNIT, "north")
RUBRIC: Document = {
    "kind": "rubric",
    "levels": [
        {
            "all": [{"indicator": "visits", "of": "attainment", "at_least": "3"}],
            "score": "90",
        },
        {"all": [{"indicator": "sales", "of": "value", "at_least": "1"}], "score": "40"},
    ],
}
SCHEME = scheme_of(
    flat(
        item("sales", "50", scope="unit"),
        item("mixed", "30", RUBRIC, indicator="sales", target={"kind": "fixed", "value": "10"}),
        rated("conduct", "20", rating([{"role": "manager", "weight": "100"}])),
        adjustments={"minimum": "-10", "maximum": "10"},
    )
)
DOUBLE = TargetCalendar((WeighedDays(day(11), day(12), Decimal(2), None),))


def indicator(
    code: str, *, formula: str | None = None, better: Better = Better.HIGHER
) -> Indicator:
    return Indicator(code, code, code, formula, IndicatorUnit.MONEY, better, 0, "sales")


def mark(item: str, points: str = "80") -> Mark:
    return Mark(item, RaterRole.MANAGER, "boss", Decimal(points), None, None, None, AT)


ANNS = employee(
    assigned("guide", "north", end=day(11)), assigned("guide", "south", start=day(11)), code="ann"
)
BEN = employee(assigned("agent", "north-1"), code="ben")
GONE = employee(assigned("guide", "north", end=day(1)), code="gone")
GUIDES = cycle("guides", Population(position="guide"), scheme="front")
SETTING = Setting(
    tenant=tenant(7),
    units=UNITS,
    employees={one.code: one for one in (GONE, BEN, ANNS)},
    cycles=(GUIDES,),
    schemes={("front", 1): SCHEME},
    indicators={
        "sales": indicator("sales", formula="paid_amount"),
        "visits": indicator("visits", better=Better.LOWER),
    },
    calendar=DOUBLE,
)
FIRST = Segment(day(1), day(11), "guide", "north", "front", 1)
SECOND = Segment(day(11), date(2026, 11, 1), "guide", "south", "front", 1)


def planned(stated: Stated | None = None, card: Scorecard | None = None) -> CardPlan:
    card = card or new_card(GUIDES, ANN, tenant=7, at=AT)
    return CardPlan(card, GUIDES, (FIRST, SECOND), stated or Stated())


def explained(value: str, formula: str | None = None) -> Explained:
    return Explained(Value(Decimal(value), None), formula, 0, (), None, ())


def wanted(indicator: str, segment: Segment, scope: Scope) -> Wanted:
    return Wanted(indicator, ANN, scope, OCTOBER, segment.start, segment.end)


SOLD = explained("12", "paid_amount")
SEEN = explained("5")
OWN = Scope.OWN
VALUES = {
    wanted(code, segment, scope): value
    for segment in (FIRST, SECOND)
    for code, scope, value in (
        ("sales", Scope.UNIT, SOLD),
        ("sales", OWN, SOLD),
        ("visits", OWN, SEEN),
    )
}
TARGETS = {
    (Subject(SubjectKind.UNIT, "south"), "sales", "2026-10"): {TargetLevel.BUDGET: Decimal(32)},
    (ANN, "visits", "2026-10"): {TargetLevel.BUDGET: Decimal(64)},
}


def test_the_cards_of_a_cycle_are_those_of_whom_it_holds_in_order() -> None:
    assert list(subjects_of(GUIDES, SETTING)) == [ANN]
    all_of_them = cycle("all", Population())
    setting = replace(SETTING, cycles=(all_of_them,))
    assert [one.code for one in subjects_of(all_of_them, setting)] == ["ann", "ben"]
    # Ben lies in the cycle that holds him last; Ann's days under it are scored there.
    agents = cycle("agents", Population(position="agent"))
    later = replace(
        BEN, assignments=(assigned("guide", end=day(9)), assigned("agent", start=day(9)))
    )
    both = replace(SETTING, cycles=(GUIDES, agents), employees={"ann": ANNS, "ben": later})
    assert list(subjects_of(GUIDES, both)) == [ANN]
    assert list(subjects_of(agents, both)) == [Subject(SubjectKind.EMPLOYEE, "ben")]


def test_the_cards_of_units_are_of_those_that_there_are() -> None:
    units = cycle("units", Population(units=("south", "ghost", "north")))
    assert list(subjects_of(units, SETTING)) == [NORTH, Subject(SubjectKind.UNIT, "south")]


def test_a_new_card_has_nothing_but_its_name() -> None:
    revised = cycle("guides", revision=3)
    assert new_card(revised, ANN, tenant=7, at=AT) == Scorecard(
        id=derive_id(IdKind.SCORECARD, AT, 7, "guides", ANN, 3),
        cycle="guides",
        subject=ANN,
        revision=3,
        position="",
        unit="",
        status=ScorecardStatus.INCOMPLETE,
        total=None,
        grade=None,
        rank=None,
        document=b"",
        explanation=b"",
        bases=None,
        fingerprint="",
        computed_at=AT,
        stale_since=AT,
        version=1,
    )


def test_a_card_is_planned_while_its_subject_belongs() -> None:
    card = new_card(GUIDES, ANN, tenant=7, at=AT)
    assert plan_card(card, GUIDES, SETTING) == CardPlan(card, GUIDES, (FIRST, SECOND))
    for code in ("gone", "ben", "ghost"):
        other = replace(card, subject=Subject(SubjectKind.EMPLOYEE, code))
        assert plan_card(other, GUIDES, SETTING) is None
    units = cycle("units", Population(units=("north",)), scheme="front")
    whole = Segment(OCTOBER.start, OCTOBER.end, None, "north", "front", 1)
    of_unit = replace(card, subject=NORTH)
    assert plan_card(of_unit, units, SETTING) == CardPlan(of_unit, units, (whole,))


def test_a_card_asks_for_each_value_of_each_segment() -> None:
    expected = [
        wanted(code, segment, scope)
        for segment in (FIRST, SECOND)
        for code, scope in (("sales", Scope.UNIT), ("sales", OWN), ("visits", OWN))
    ]
    assert list(wanted_by(planned(), SETTING)) == expected
    assert [one.code for one in items_in(FIRST, SETTING)] == ["sales", "mixed", "conduct"]


def test_a_card_is_held_against_targets_of_its_subject_and_of_the_unit_of_the_segment() -> None:
    south = Subject(SubjectKind.UNIT, "south")
    assert list(owners_asked(planned(), SETTING)) == [
        (ANN, "sales"),
        (NORTH, "sales"),
        (ANN, "sales"),
        (ANN, "visits"),
        (ANN, "sales"),
        (south, "sales"),
        (ANN, "sales"),
        (ANN, "visits"),
    ]


def test_each_segment_is_scored_from_its_values_and_its_part_of_the_targets() -> None:
    given = inputs_of(planned(Stated((mark("conduct"), mark("mixed")))), SETTING, VALUES, TARGETS)
    assert [one.segment for one in given] == [FIRST, SECOND]
    assert [one.scheme for one in given] == [SCHEME, SCHEME]
    first, second = (one.items for one in given)
    assert list(first) == list(second) == ["sales", "mixed", "conduct"]
    # Nobody set one for the north; of the south's 32 days' weight 22 lie in the segment.
    assert first["sales"] == ItemInput(SOLD.value, {}, Better.HIGHER, SOLD)
    part = TargetInForce(
        value=Decimal(22),
        stated=Decimal(32),
        owner=Subject(SubjectKind.UNIT, "south"),
        days=21,
        of_days=31,
        weight=Decimal(22),
        of_weight=Decimal(32),
    )
    assert second["sales"] == ItemInput(SOLD.value, {TargetLevel.BUDGET: part}, Better.HIGHER, SOLD)
    assert first["conduct"] == ItemInput(
        Value(None, None), {}, Better.HIGHER, marks=(mark("conduct"),)
    )


def test_a_rubric_holds_each_other_indicator_against_the_target_set_for_it() -> None:
    given = inputs_of(planned(Stated((mark("conduct"), mark("mixed")))), SETTING, VALUES, TARGETS)
    mixed = given[0].items["mixed"]
    assert (mixed.value, mixed.explained, mixed.better) == (SOLD.value, SOLD, Better.HIGHER)
    assert mixed.marks == (mark("mixed"),)
    # Its own target is the scheme's, of the segment's 10 days of 32.
    fixed = mixed.targets[TargetLevel.BUDGET]
    assert (fixed.value, fixed.stated, fixed.owner) == (Decimal("3.125"), Decimal(10), None)
    assert list(mixed.others) == ["visits"]
    # What was posted for the period is held against all days of the card.
    whole = TargetInForce(Decimal(64), Decimal(64), ANN, 31, 31, Decimal(32), Decimal(32))
    assert mixed.others["visits"] == ItemInput(
        SEEN.value, {TargetLevel.BUDGET: whole}, Better.LOWER, SEEN
    )


def test_a_card_is_written_as_it_is_scored() -> None:
    stated = Stated((mark("conduct"),), (Adjustment(Decimal(3), "helped", "boss"),))
    card = replace(
        new_card(GUIDES, ANN, tenant=7, at=AT), rank=4, position="was", bases=b"kept", version=6
    )
    plan = planned(stated, card)
    segments = inputs_of(plan, SETTING, VALUES, TARGETS)
    scored = score(segments, stated.adjustments)
    known_by = fingerprint("guides", ANN, segments, stated.adjustments)
    head = CardHead(
        id=card.id,
        cycle="guides",
        subject=ANN,
        revision=1,
        status=ScorecardStatus.LIVE if scored.complete else ScorecardStatus.INCOMPLETE,
        rank=4,
        coverage=PART,
        computed_at=LATER,
        fingerprint=known_by,
    )
    written = compute_card(plan, SETTING, VALUES, TARGETS, PART, at=LATER)
    assert written == replace(
        card,
        position="guide",
        unit="south",
        status=head.status,
        total=scored.total,
        grade=scored.grade,
        document=card_document(head, scored),
        explanation=explanation_document(head, segments, scored),
        fingerprint=known_by,
        computed_at=LATER,
        stale_since=None,
        look_again_at=LATER,
    )
    assert written == write_card(plan, segments, PART, at=LATER)
    assert json.loads(written.document)["adjustments"][0]["points"] == "3"


def test_a_card_of_the_same_inputs_and_status_keeps_the_time_since_which_it_holds() -> None:
    segments = inputs_of(planned(), SETTING, VALUES, TARGETS)
    first = write_card(planned(), segments, WHOLE, at=AT)
    again = write_card(planned(card=replace(first, stale_since=LATER)), segments, WHOLE, at=LATER)
    assert again == first
    other = write_card(planned(card=replace(first, fingerprint="other")), segments, WHOLE, at=LATER)
    assert other.computed_at == LATER
    moved = replace(first, status=ScorecardStatus.PUBLISHED)
    assert write_card(planned(card=moved), segments, WHOLE, at=LATER).computed_at == LATER


@pytest.mark.parametrize(
    ("status", "expected"),
    [(CycleStatus.OPEN, ScorecardStatus.LIVE), (CycleStatus.REVIEW, ScorecardStatus.IN_REVIEW)],
)
def test_a_whole_card_says_where_its_cycle_stands(
    status: CycleStatus, expected: ScorecardStatus
) -> None:
    simple = scheme_of(
        flat(item("sales", "100", {"kind": "curve", "points": [["0", "0"], ["100", "100"]]}))
    )
    setting = replace(SETTING, schemes={("front", 1): simple})
    stands: Cycle = replace(GUIDES, status=status)
    unplaced = replace(SECOND, position=None, unit=None)
    plan = CardPlan(new_card(stands, ANN, tenant=7, at=AT), stands, (unplaced,))
    values = {wanted("sales", SECOND, OWN): SOLD}
    card = compute_card(plan, setting, values, {}, PART, at=AT)
    assert (card.status, card.total, card.grade) == (expected, Decimal(12), "C")
    assert (card.position, card.unit) == ("", "")
    assert (card.look_again_at is None) is (status is not CycleStatus.OPEN)
    assert json.loads(card.document)["status"] == expected.value


SALES, MIXED, CONDUCT = SCHEME.sections[0].items


@pytest.mark.parametrize(
    ("items", "of_sales", "of_visits"),
    [
        ((SALES, MIXED, CONDUCT), Scope.UNIT, Scope.UNIT),
        ((replace(MIXED, scope=Scope.SHOPS), SALES), Scope.SHOPS, Scope.SHOPS),
        ((CONDUCT, SALES, MIXED), Scope.UNIT, Scope.OWN),
    ],
)
def test_tie_breakers_are_of_all_days_in_the_scope_of_their_first_item(
    items: tuple[Item, ...], of_sales: Scope, of_visits: Scope
) -> None:
    """Where no item has the indicator, in that of the scheme's first."""
    scheme = replace(SCHEME, sections=(replace(SCHEME.sections[0], items=items),))
    setting = replace(SETTING, schemes={("front", 1): scheme})
    stated = Distribution((), 10, ("sales", "visits"))
    assert tie_breakers_wanted(planned(), stated, setting) == [
        Wanted(code, ANN, scope, OCTOBER, FIRST.start, SECOND.end)
        for code, scope in (("sales", of_sales), ("visits", of_visits))
    ]
