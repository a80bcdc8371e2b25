"""When a card may be contested, by whom it is decided, and what would be stated if it is upheld."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from services.api.core.disputes import (
    APPEAL_DAYS,
    MOST_DISPUTES,
    check_decides,
    check_disinterested,
    check_in_time,
    check_stated,
    faults_of_open,
    line_contested,
    rating_contested,
    stated_if_upheld,
)
from services.api.core.raters import newest
from services.api.core.stated_values import with_values
from services.api.core.told_cards import ToldCard
from services.schema.days import Period
from services.schema.errors import Conflict, Forbidden
from services.schema.shapes.cycles import Cycle, Population
from services.schema.shapes.disputes import (
    ClaimedValue,
    Dispute,
    DisputeDecision,
    FactChange,
    StatedDispute,
)
from services.schema.shapes.indicators import Explained, Value
from services.schema.shapes.people import Subject
from services.schema.shapes.ratings import KeptRating
from services.schema.shapes.scorecards import (
    ItemInput,
    Mark,
    Segment,
    SegmentInput,
    Stated,
    StatedValue,
)
from services.schema.words import (
    Better,
    CycleStatus,
    DisputeAbout,
    RaterRole,
    SubjectKind,
)
from tests.api.core.rated import rated, rating
from tests.api.core.scoring import CONTRACT, flat, given, item, scheme_of, segment_input
from tests.api.core.test_next_steps import told_card

AT = datetime(2026, 2, 1, tzinfo=UTC)
PUBLISHED_ON = date(2026, 2, 2)
FACT, LINE, RATING = DisputeAbout
GONE = FactChange(exclude=True)


def cycle(status: CycleStatus) -> Cycle:
    period = Period("2026-01", date(2026, 1, 1), date(2026, 2, 1), 1)
    return Cycle(
        "jan", "s", 1, period, Population(), "UTC", 0, status, 1, 1, closed_at=AT, published_at=None
    )


def dispute(
    about: DisputeAbout = LINE,
    named: str = "orders",
    *claims: ClaimedValue,
    change: FactChange | None = None,
) -> Dispute:
    stated = StatedDispute(about, named, None, claims, "why", change)
    subject = Subject(SubjectKind.EMPLOYEE, "ann")
    return Dispute("dsp_1", "sc_1", "jan", subject, stated, "ann", "key:a", AT, None)


def mark(role: RaterRole, rater: str, number: int) -> KeptRating:
    stated = Mark("team", role, rater, Decimal(number), None, None, None, AT)
    return KeptRating(f"rat_{number}", number, stated, f"key:{rater}")


@pytest.mark.parametrize("status", CycleStatus)
def test_a_card_is_contested_in_review_and_when_published(status: CycleStatus) -> None:
    if status in {"closed", "review", "published"}:
        check_in_time(cycle(status), None, PUBLISHED_ON)
    else:
        with pytest.raises(Conflict) as refusal:
            check_in_time(cycle(status), None, PUBLISHED_ON)
        assert refusal.value.code == "not_contestable"


def test_a_result_is_contested_within_so_many_days() -> None:
    last = PUBLISHED_ON + timedelta(days=APPEAL_DAYS)
    check_in_time(cycle(CycleStatus.PUBLISHED), PUBLISHED_ON, last)
    with pytest.raises(Conflict) as refusal:
        check_in_time(cycle(CycleStatus.PUBLISHED), PUBLISHED_ON, last + timedelta(days=1))
    assert refusal.value.code == "appeal_over"


@pytest.mark.parametrize("days", [0, 30])
def test_a_scheme_says_within_how_many_days(days: int) -> None:
    last, there = PUBLISHED_ON + timedelta(days=days), cycle(CycleStatus.PUBLISHED)
    check_in_time(there, PUBLISHED_ON, last, appeal_days=days)
    with pytest.raises(Conflict) as refusal:
        check_in_time(there, PUBLISHED_ON, last + timedelta(days=1), appeal_days=days)
    assert last.isoformat() in refusal.value.detail


def test_ratings_that_hold_and_are_named_are_contested() -> None:
    first, second = mark(RaterRole.MANAGER, "boss", 1), mark(RaterRole.MANAGER, "boss", 2)
    peers = mark(RaterRole.PEER, "two", 3)
    assert rating_contested("rat_2", [first, second, peers]) == second
    for unknown in ("rat_1", "rat_3", "rat_4"):
        with pytest.raises(Conflict) as refusal:
            rating_contested(unknown, [first, second, peers])
        assert refusal.value.code == "rating_unknown"


def test_a_withdrawn_rating_holds_no_longer_nor_what_it_replaced() -> None:
    first, second = mark(RaterRole.MANAGER, "boss", 1), mark(RaterRole.MANAGER, "boss", 2)
    other = mark(RaterRole.HR, "hr", 3)
    withdrawn = replace(second, is_withdrawn=True)
    assert newest([first, withdrawn, other]) == (other,)
    again = mark(RaterRole.MANAGER, "boss", 4)
    assert newest([first, withdrawn, other, again]) == (other, again)


def test_a_mark_that_hr_stated_holds_in_the_place_of_the_one_contested() -> None:
    first, other = mark(RaterRole.MANAGER, "boss", 1), mark(RaterRole.HR, "hr", 2)
    withdrawn = replace(first, is_withdrawn=True)
    stated = replace(
        first,
        id="dsp_1",
        stated=first.stated.restated(Decimal(70), AT + timedelta(days=1)),
        replaces="rat_1",
    )
    assert newest([withdrawn, stated, other]) == (stated, other)
    assert rating_contested("rat_1", [withdrawn, stated]) == stated
    assert rating_contested("dsp_1", [withdrawn, stated]) == stated
    again = mark(RaterRole.MANAGER, "boss", 3)
    assert newest([withdrawn, stated, other, again]) == (other, again)


def test_what_would_be_stated() -> None:
    given = mark(RaterRole.MANAGER, "boss", 1)
    now = Stated(marks=(given.stated,))
    about_rating = dispute(RATING, "rat_1")
    assert stated_if_upheld(about_rating, now, [given], None) == Stated()
    (restated,) = (stated_if_upheld(about_rating, now, [given], Decimal(3)) or now).marks
    assert restated == replace(given.stated, mark=Decimal(3))
    wished = dispute(RATING, "rat_1", ClaimedValue("team", None, Decimal(4)))
    (restated,) = (stated_if_upheld(wished, now, [given], None) or now).marks
    assert restated.mark == 4
    assert stated_if_upheld(dispute(), now, [], None) is None
    claimed = dispute(LINE, "orders", ClaimedValue("orders", 2, Decimal(4)))
    weighed = stated_if_upheld(claimed, now, [], None)
    assert weighed == replace(now, values=(StatedValue("orders", 2, Decimal(4), None),))
    of_hr = stated_if_upheld(claimed, now, [], Decimal(3))
    assert of_hr == replace(now, values=(StatedValue("orders", None, Decimal(3), None),))


def test_the_last_value_of_a_line_holds_in_its_segment() -> None:
    measured = Explained(Value(Decimal(1), None), "orders", 7, (), None, ("/v1/facts/orders",))
    given = ItemInput(measured.value, {}, Better.HIGHER, measured)
    whole = Segment(date(2026, 1, 1), date(2026, 1, 16), "a", "u", "s", 1)
    segments = [SegmentInput(whole, scheme_of(CONTRACT), {"one": given, "two": given})] * 2
    assert with_values(segments, ()) is segments
    values = [
        StatedValue("one", 2, Decimal(4), "dsp_1"),
        StatedValue("one", None, Decimal(5), "dsp_2"),
        StatedValue("one", 1, Decimal(6), "dsp_3"),
    ]
    first, second = with_values(segments, values)
    assert (first.items["two"], second.items["two"]) == (given, given)
    told = [each.items["one"].explained for each in (first, second)]
    assert [each and (each.value.value, each.links) for each in told] == [
        (Decimal(6), ("/v1/disputes/dsp_3",)),
        (Decimal(5), ("/v1/disputes/dsp_2",)),
    ]
    assert {each and (each.formula, each.version) for each in told} == {(None, 7)}
    assert first.items["one"].value == Value(Decimal(6), None)


@pytest.mark.parametrize(
    ("status", "about", "uphold", "value", "code"),
    [
        ("review", LINE, True, Decimal(1), None),
        ("review", LINE, True, Decimal(0), None),
        ("published", LINE, True, None, "value_expected"),
        ("open", FACT, True, None, "change_expected"),
        ("closed", FACT, False, None, None),
        ("closed", FACT, True, Decimal(1), "value_unexpected"),
        ("closed", LINE, False, Decimal(1), "value_unexpected"),
        ("closed", RATING, False, None, None),
        ("closed", RATING, True, None, None),
        ("published", RATING, True, Decimal(9), None),
        ("closed", RATING, False, Decimal(9), "value_unexpected"),
        ("calibration", RATING, True, None, "cycle_between"),
        ("approved", LINE, True, Decimal(1), "cycle_between"),
    ],
)
def test_what_can_be_decided_when(
    status: str, about: DisputeAbout, *, uphold: bool, value: Decimal | None, code: str | None
) -> None:
    asked = cycle(CycleStatus(status))
    if code is None:
        check_decides(dispute(about), asked, uphold=uphold, value=value)
    else:
        with pytest.raises(Conflict) as refusal:
            check_decides(dispute(about), asked, uphold=uphold, value=value)
        assert refusal.value.code == code
    decided = DisputeDecision(
        uphold=False, reason="no", value=None, person="hr", author="k", decided_at=AT
    )
    with pytest.raises(Conflict) as refusal:
        check_decides(replace(dispute(about), decision=decided), asked, uphold=uphold, value=value)
    assert refusal.value.code == "already_decided"


def test_whom_it_concerns_does_not_decide() -> None:
    given = mark(RaterRole.HR, "hr-1", 1).stated
    check_disinterested(dispute(), "hr-2", given, is_own=False)
    for person, is_own, code in (
        ("hr-1", False, "own_rating"),
        ("ann", False, "own_dispute"),
        ("hr-2", True, "own_dispute"),
    ):
        with pytest.raises(Forbidden) as refusal:
            check_disinterested(dispute(), person, given, is_own=is_own)
        assert refusal.value.code == code


def told() -> ToldCard:
    """Two segments; the second has a line more, and both one that people rate."""
    stated = flat(item("sales", "60"), rated("team", "40", rating(), missing="zero"))
    more = flat(
        item("sales", "40"), item("care", "20"), rated("team", "40", rating(), missing="zero")
    )
    rates: dict[str, ItemInput | str | None] = {"sales": "10", "team": given(None)}
    return told_card(
        segment_input(stated, rates, days=15),
        segment_input(more, {**rates, "care": "5"}, days=16, after=15),
    )


@pytest.mark.parametrize(
    ("item_code", "segment", "pointer", "code", "detail"),
    [
        ("none", None, "/line", "line_unknown", "The card has no line none."),
        ("care", 1, "/line", "line_unknown", "The card has no line care."),
        ("sales", 3, "/line", "line_unknown", "The card has no line sales."),
        (
            "sales",
            None,
            "/segment",
            "segment_expected",
            "sales stands in 2 segments; say in which.",
        ),
        (
            "team",
            2,
            "/line",
            "line_is_rated",
            "People rate team: contest a rating, not the line.",
        ),
    ],
)
def test_a_line_that_cannot_be_contested(
    item_code: str, segment: int | None, pointer: str, code: str, detail: str
) -> None:
    with pytest.raises(Conflict) as refusal:
        line_contested(told(), item_code, segment, place="/line")
    (fault,) = refusal.value.faults
    assert (refusal.value.code, fault.pointer, fault.code) == (code, pointer, code)
    assert (str(refusal.value), fault.detail) == (detail, detail)


def test_a_line_is_found_in_its_segment_or_where_it_stands_alone() -> None:
    card = told()
    assert line_contested(card, "sales", 2, place="").place == (2, "sales")
    assert line_contested(card, "sales", 1, place="").place == (1, "sales")
    assert line_contested(card, "care", None, place="").place == (2, "care")


@pytest.mark.parametrize(
    ("stated", "pointer", "code"),
    [
        (StatedDispute(FACT, "orders/erp/SO-1", None, (), "x"), None, None),
        (StatedDispute(FACT, "traffic/erp/tm-1/2026-10-01/search/", None, (), "x"), None, None),
        (StatedDispute(FACT, "measures/erp/a/b/c", None, (), "x"), None, None),
        (StatedDispute(FACT, "order/erp/SO-1", None, (), "x"), "/fact", "fact_unreadable"),
        (StatedDispute(FACT, "orders/erp", None, (), "x"), "/fact", "fact_unreadable"),
        (StatedDispute(FACT, "orders//SO-1", None, (), "x"), "/fact", "fact_unreadable"),
        (StatedDispute(LINE, "care", None, (), "x"), None, None),
        (StatedDispute(LINE, "gone", None, (), "x"), "/line", "line_unknown"),
        (StatedDispute(RATING, "rat_1", None, (), "x"), None, None),
        (StatedDispute(RATING, "rat_9", None, (), "x"), "/rating", "rating_unknown"),
        (
            StatedDispute(FACT, "traffic/erp/a/b", None, (), "x", FactChange(amount=Decimal(1))),
            "/amount",
            "change_unfit",
        ),
        (
            StatedDispute(FACT, "orders/erp/a", None, (), "x", FactChange(amount=Decimal(-1))),
            "/amount",
            "amount_negative",
        ),
        (
            StatedDispute(FACT, "refunds/erp/a", None, (), "x", FactChange(salesperson="bob")),
            "/salesperson",
            "change_unfit",
        ),
        (
            StatedDispute(FACT, "chats/erp/a", None, (), "x", FactChange(salesperson="bob")),
            None,
            None,
        ),
        (
            StatedDispute(
                FACT,
                "orders/erp/1",
                None,
                (ClaimedValue("care", None, Decimal(1)), ClaimedValue("gone", 2, Decimal(1))),
                "x",
            ),
            "/values/1/item",
            "line_unknown",
        ),
        (
            StatedDispute(FACT, "orders/erp/1", None, (ClaimedValue("care", 2, Decimal(1)),), "x"),
            None,
            None,
        ),
    ],
)
def test_what_is_contested_is_of_the_card(
    stated: StatedDispute, pointer: str | None, code: str | None
) -> None:
    ratings = [mark(RaterRole.MANAGER, "boss", 1)]
    if pointer is None:
        check_stated(stated, told(), ratings, [])
        return
    with pytest.raises(Conflict) as refusal:
        check_stated(stated, told(), ratings, [])
    (fault,) = refusal.value.faults
    assert fault.pointer == pointer
    assert refusal.value.code == (code or "fact_unreadable")
    if pointer == "/fact":
        assert fault.detail == "A fact is named by kind, source and id: orders/erp/SO-1."


def test_what_waits_for_a_decision_is_not_contested_again() -> None:
    stated = StatedDispute(LINE, "sales", 2, (), "x")
    waiting = replace(dispute(), stated=stated)
    with pytest.raises(Conflict) as refusal:
        check_stated(replace(stated, reason="y"), told(), [], [dispute(), waiting])
    assert refusal.value.code == "already_contested"
    decision = DisputeDecision(
        uphold=False, reason="no", value=None, person="hr", author="k", decided_at=AT
    )
    check_stated(stated, told(), [], [replace(waiting, decision=decision)])
    check_stated(replace(stated, segment=1), told(), [], [waiting])
    check_stated(StatedDispute(LINE, "care", 2, (), "x"), told(), [], [waiting])


def test_a_card_has_so_many_disputes_and_no_more() -> None:
    stated = StatedDispute(LINE, "care", None, (), "x")
    check_stated(stated, told(), [], [dispute()] * (MOST_DISPUTES - 1))
    with pytest.raises(Conflict) as refusal:
        check_stated(stated, told(), [], [dispute()] * MOST_DISPUTES)
    assert refusal.value.code == "too_many_disputes"
    assert str(refusal.value) == f"A card has at most {MOST_DISPUTES} disputes."


def test_each_open_dispute_keeps_its_cycle_in_review() -> None:
    (fault,) = faults_of_open([dispute()])
    assert (fault.pointer, fault.code, fault.detail) == (
        "/disputes/dsp_1",
        "dispute_open",
        "employee:ann contests the card.",
    )
    assert faults_of_open([]) == []
