"""A difference is split by cause, its parts sum to it, and what is planted is found and named."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.core.reconciliations import days_of, reconcile
from services.schema.shapes.reconciliations import (
    Basis,
    DayStatement,
    DifferenceCause,
    Named,
    OwnDay,
    OwnOrder,
    OwnRefund,
    Reconciliation,
    StatusCount,
)
from tests.figures import Figures, Wrong

DAY = date(2026, 10, 31)
START = datetime(2026, 10, 30, 16, tzinfo=UTC)
"""Midnight in Shanghai."""
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
END = START + 24 * HOUR
CENT = Decimal("0.01")
EXCLUSIONS, ZONE, LATE = DifferenceCause.EXCLUSIONS, DifferenceCause.ZONE, DifferenceCause.LATE
REFUNDS, MISSING = DifferenceCause.REFUNDS, DifferenceCause.MISSING
UNEXPLAINED = DifferenceCause.UNEXPLAINED
PLANTED = "differences of a cent or an order in what a tool states"


def order(id: str, amount: str, hours: float = 12, *, excluded: bool = False) -> OwnOrder:
    at = START + hours * HOUR
    day = (at + 8 * HOUR).date()
    return OwnOrder(id, at, day, Decimal(amount), excluded, "paid")


ONE, TWO, BRUSHED = order("1", "10.00"), order("2", "5.50"), order("3", "7.25", excluded=True)
OWN = OwnDay(orders=(ONE, TWO), refunds=())


def stated(orders: int | None, amount: str | None, **changed: object) -> DayStatement:
    made = DayStatement(
        source="sycm",
        shop="tm-1",
        day=DAY,
        basis=Basis.PAID,
        timezone="Asia/Shanghai",
        stated_at=END + HOUR,
        orders=orders,
        amount=None if amount is None else Decimal(amount),
    )
    return replace(made, **changed)  # type: ignore[arg-type]  # the names are those of the fields


def against(statement: DayStatement, own: OwnDay = OWN) -> Reconciliation:
    found = reconcile(statement, own, currency="CNY")
    if statement.orders is not None:
        assert sum(part.orders for part in found.parts) == found.orders_off
    if statement.amount is not None:
        assert sum((part.amount for part in found.parts), Decimal(0)) == found.amount_off
    return found


def parts(found: Reconciliation) -> dict[DifferenceCause, tuple[int, str]]:
    return {part.cause: (part.orders, str(part.amount)) for part in found.parts}


def test_a_day_that_agrees_has_no_part() -> None:
    found = against(stated(2, "15.50"))
    assert (found.agrees, found.parts) == (True, ())
    assert (found.orders, found.amount) == (2, Decimal("15.50"))


@pytest.mark.parametrize("off", [CENT, -CENT])
def test_scenario_s14_a_cent_is_found(off: Decimal, figure: Figures) -> None:
    found = against(stated(2, str(Decimal("15.50") + off)))
    figure("S14", Wrong.TAMPERINGS, int(found.agrees), tried=1, of=PLANTED)
    assert parts(found) == {UNEXPLAINED: (0, str(off))}


@pytest.mark.parametrize("off", [1, -1])
def test_scenario_s14_an_order_is_found(off: int, figure: Figures) -> None:
    found = against(stated(2 + off, None))
    figure("S14", Wrong.TAMPERINGS, int(found.agrees), tried=1, of=PLANTED)
    assert parts(found) == {UNEXPLAINED: (off, "0")}


def test_scenario_s14_where_orders_are_named_the_one_that_differs_is(figure: Figures) -> None:
    rows = {"1": Decimal("10.01"), "2": Decimal("5.50")}
    (part,) = against(stated(2, "15.51", rows=rows)).parts
    assert (part.cause, part.named) == (UNEXPLAINED, (Named("1", 0, CENT),))
    (lost,) = against(stated(3, "16.50", rows={**_amounts(OWN), "9": Decimal(1)})).parts
    assert (lost.cause, lost.named) == (MISSING, (Named("9", 1, Decimal(1)),))
    known = replace(OWN, known=frozenset({"9"}))
    (late,) = against(stated(3, "16.50", rows={**_amounts(OWN), "9": Decimal(1)}), known).parts
    assert late.cause is LATE
    (extra,) = against(stated(1, "5.50", rows={"2": Decimal("5.50")})).parts
    assert (extra.cause, extra.named) == (UNEXPLAINED, (Named("1", -1, Decimal("-10.00")),))
    figure("S14", Wrong.TAMPERINGS, 0, tried=4, of=PLANTED)


def test_orders_that_we_exclude_and_they_count() -> None:
    own = replace(OWN, orders=(ONE, TWO, BRUSHED))
    assert parts(against(stated(3, "22.75"), own)) == {EXCLUSIONS: (1, "7.25")}
    assert against(stated(2, "15.50", with_excluded=False), own).agrees


def test_days_that_are_cut_by_another_midnight() -> None:
    """Their day of UTC begins and ends eight hours later."""
    early, late = order("e", "1.00", 7.99), order("l", "2.00", 31.99)
    edge, next_day = order("8", "4.00", 8), order("n", "8.00", 32)
    own = OwnDay(orders=(early, late, edge, next_day), refunds=())
    found = against(stated(2, "6.00", timezone="UTC", stated_at=END + 99 * HOUR), own)
    assert parts(found) == {ZONE: (0, "1.00")}
    assert {each.id for each in found.parts[0].named} == {"e", "l"}
    assert days_of(found.statement, "Asia/Shanghai") == (START, END + 8 * HOUR)


def test_what_happened_after_they_had_counted_is_late() -> None:
    asked = START + 12 * HOUR
    later = order("9", "3.00", 13)
    own = replace(OWN, orders=(ONE, TWO, later))
    assert parts(against(stated(2, "15.50", stated_at=asked), own)) == {LATE: (-1, "-3.00")}
    assert against(stated(3, "18.50", stated_at=START + 13 * HOUR), own).agrees


@pytest.mark.parametrize(
    ("own", "cause"),
    [
        (replace(OWN, read_until=END - SECOND), LATE),
        (replace(OWN, read_until=END), UNEXPLAINED),
        (replace(OWN, read_until=END, lacks_day=True), MISSING),
        (replace(OWN, rejected=1), MISSING),
    ],
)
def test_what_they_have_more_is_missing_where_we_know_that_something_is(
    own: OwnDay, cause: DifferenceCause
) -> None:
    assert parts(against(stated(3, "20.00"), own)) == {cause: (1, "4.50")}
    # What we have more is never a lack of ours.
    assert parts(against(stated(1, "10.00"), own)) == {UNEXPLAINED: (-1, "-5.50")}


def test_what_they_take_off_for_refunds_of_the_day() -> None:
    refunds = (
        OwnRefund("r1", "1", START, Decimal("4.00"), counts=True),
        OwnRefund("r2", None, END - SECOND, Decimal("0.50"), counts=False),
        OwnRefund("r3", "2", END, Decimal("1.00"), counts=True),
    )
    own = replace(OWN, refunds=refunds)
    net = stated(2, "11.00", net_of_refunds=True)
    assert parts(against(net, own)) == {REFUNDS: (0, "-4.50")}
    fewer = replace(net, with_excluded=False, amount=Decimal("11.50"))
    assert parts(against(fewer, own)) == {REFUNDS: (0, "-4.00")}
    assert against(stated(2, "15.50"), own).agrees
    named = stated(2, "11.50", rows={"1": Decimal("6.00"), "2": Decimal("5.50")})
    assert parts(against(named, own)) == {REFUNDS: (0, "-4.00")}


def test_orders_that_stand_elsewhere_are_shown_though_their_count_agrees() -> None:
    found = against(stated(2, None, statuses={"paid": 1, "shipped": 1}))
    assert found.statuses == (StatusCount("paid", 1, 2), StatusCount("shipped", 1, 0))
    assert (found.orders_off, found.amount_off, found.parts) == (0, None, ())
    assert not found.agrees
    assert against(stated(2, None, statuses={"paid": 2})).agrees


_moments = st.integers(-12 * 60, 40 * 60).map(lambda minutes: minutes / 60)
_cents = st.integers(0, 10**6).map(lambda cents: str(Decimal(cents) / 100))


@settings(max_examples=100)
@given(
    orders=st.lists(st.tuples(_moments, _cents, st.booleans()), max_size=6),
    paid_back=st.lists(st.tuples(_moments, _cents, st.booleans()), max_size=3),
    theirs=st.dictionaries(st.sampled_from("012345678"), _cents.map(Decimal), max_size=8),
    flags=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    zone=st.sampled_from(["Asia/Shanghai", "UTC", "America/Los_Angeles"]),
    asked=_moments,
)
def test_parts_always_sum_to_the_difference_and_no_order_is_told_twice(
    orders: list[tuple[float, str, bool]],
    paid_back: list[tuple[float, str, bool]],
    theirs: Mapping[str, Decimal],
    flags: tuple[bool, bool, bool],
    zone: str,
    asked: float,
) -> None:
    net, with_excluded, named = flags
    own = OwnDay(
        orders=tuple(
            order(str(number), amount, hours, excluded=excluded)
            for number, (hours, amount, excluded) in enumerate(orders)
        ),
        refunds=tuple(
            OwnRefund(f"r{number}", str(number), START + hours * HOUR, Decimal(amount), counts)
            for number, (hours, amount, counts) in enumerate(paid_back)
        ),
    )
    statement = stated(
        len(theirs),
        str(sum(theirs.values(), Decimal(0))),
        timezone=zone,
        stated_at=START + asked * HOUR,
        net_of_refunds=net,
        with_excluded=with_excluded,
        rows=theirs if named else None,
    )
    found = against(statement, own)
    assert len({part.cause for part in found.parts}) == len(found.parts)


def _amounts(own: OwnDay) -> dict[str, Decimal]:
    return {one.id: one.amount for one in own.orders}
