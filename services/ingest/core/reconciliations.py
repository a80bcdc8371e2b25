"""Why a tool's total of a day is another than ours: the difference split by cause, to the cent.

Ours is built up to theirs step by step: orders that we exclude and they count, days that are cut by
another midnight, what happened after they had counted, what they take off for refunds; then, where
they name their orders, one by one. What is left after all of that is missing, where we know that
something is, or unexplained: it is never hidden in another cause.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from services.schema.days import start_of_day
from services.schema.shapes.reconciliations import (
    DayStatement,
    DifferenceCause,
    Named,
    OwnDay,
    OwnOrder,
    Part,
    Reconciliation,
    StatusCount,
)

ZERO = Decimal(0)
_Parts = dict[DifferenceCause, list[Named]]


def days_of(stated: DayStatement, timezone: str) -> tuple[datetime, datetime]:
    """From the first instant to the end of a day, in the tool's zone and in ours together."""
    zones = (stated.timezone, timezone)
    following = stated.day + timedelta(days=1)
    return (
        min(start_of_day(stated.day, zone) for zone in zones),
        max(start_of_day(following, zone) for zone in zones),
    )


def reconcile(stated: DayStatement, own: OwnDay, *, currency: str) -> Reconciliation:
    """Our total beside theirs, and what the difference is made of."""
    counted = [one for one in own.orders if one.day == stated.day and not one.excluded]
    orders, amount = len(counted), sum((one.amount for one in counted), ZERO)
    found: _Parts = {}
    theirs = _as_they_count(stated, own, found)
    _take_refunds(stated, own, found)
    if stated.rows is not None:
        _compare(stated.rows, theirs, own, found)
    # A figure that nobody stated differs by nothing: its parts say what they would have come to.
    total, value = _sums(each for own_part in found.values() for each in own_part)
    rest_orders = 0 if stated.orders is None else stated.orders - orders - total
    rest_amount = ZERO if stated.amount is None else stated.amount - amount - value
    if rest_orders or rest_amount:
        cause = _cause_of_rest(stated, own, rest_orders, rest_amount)
        _add(found, cause, Named(None, rest_orders, rest_amount))
    return Reconciliation(
        statement=stated,
        currency=currency,
        orders=orders,
        amount=amount,
        parts=tuple(_part(cause, found[cause]) for cause in DifferenceCause if cause in found),
        statuses=tuple(_statuses(stated, counted)),
    )


def _as_they_count(stated: DayStatement, own: OwnDay, found: _Parts) -> dict[str, OwnOrder]:
    """The orders that they count by what we hold, each step away from ours put down."""
    start, end = _interval(stated)
    theirs: dict[str, OwnOrder] = {}
    for one in own.orders:
        ours, inside = one.day == stated.day, start <= one.at < end
        if one.excluded:
            if not stated.with_excluded:
                continue
            if ours:
                _add(found, DifferenceCause.EXCLUSIONS, _plus(one))
        if inside and not ours:
            _add(found, DifferenceCause.ZONE, _plus(one))
        elif ours and not inside:
            _add(found, DifferenceCause.ZONE, _minus(one))
        if inside and one.at > stated.stated_at:
            _add(found, DifferenceCause.LATE, _minus(one))
        elif inside:
            theirs[one.id] = one
    return theirs


def _take_refunds(stated: DayStatement, own: OwnDay, found: _Parts) -> None:
    if not stated.net_of_refunds:
        return
    start, end = _interval(stated)
    for refund in own.refunds:
        known_to_them = start <= refund.at < end and refund.at <= stated.stated_at
        if known_to_them and (refund.counts or stated.with_excluded):
            named = Named(refund.order or refund.id, 0, -refund.amount)
            _add(found, DifferenceCause.REFUNDS, named)


def _compare(
    rows: Mapping[str, Decimal], theirs: Mapping[str, OwnOrder], own: OwnDay, found: _Parts
) -> None:
    """Order by order, where they are named."""
    for number in sorted(rows.keys() - theirs.keys()):
        # Of one that we hold otherwise, as unpaid or on another day, we have not heard the last.
        cause = DifferenceCause.LATE if number in own.known else DifferenceCause.MISSING
        _add(found, cause, Named(number, 1, rows[number]))
    for number in sorted(theirs.keys() - rows.keys()):
        _add(found, DifferenceCause.UNEXPLAINED, _minus(theirs[number]))
    for number in sorted(rows.keys() & theirs.keys()):
        off = rows[number] - theirs[number].amount
        if off:
            paid_back = sum((one.amount for one in own.refunds if one.order == number), ZERO)
            refunded = off == -paid_back
            cause = DifferenceCause.REFUNDS if refunded else DifferenceCause.UNEXPLAINED
            _add(found, cause, Named(number, 0, off))


def _cause_of_rest(
    stated: DayStatement, own: OwnDay, orders: int, amount: Decimal
) -> DifferenceCause:
    """They have more than we: we may know why. Otherwise nobody does."""
    if orders < 0 or amount < 0:
        return DifferenceCause.UNEXPLAINED
    _, end = _interval(stated)
    if own.read_until is not None and own.read_until < min(end, stated.stated_at):
        return DifferenceCause.LATE
    if own.lacks_day or own.rejected:
        return DifferenceCause.MISSING
    return DifferenceCause.UNEXPLAINED


def _statuses(stated: DayStatement, counted: Iterable[OwnOrder]) -> Iterator[StatusCount]:
    if stated.statuses is None:
        return
    ours: dict[str, int] = {}
    for one in counted:
        ours[one.status] = ours.get(one.status, 0) + 1
    for status in sorted(stated.statuses.keys() | ours.keys()):
        yield StatusCount(status, stated.statuses.get(status, 0), ours.get(status, 0))


def _interval(stated: DayStatement) -> tuple[datetime, datetime]:
    following = stated.day + timedelta(days=1)
    return start_of_day(stated.day, stated.timezone), start_of_day(following, stated.timezone)


def _add(found: _Parts, cause: DifferenceCause, named: Named) -> None:
    found.setdefault(cause, []).append(named)


def _plus(one: OwnOrder) -> Named:
    return Named(one.id, 1, one.amount)


def _minus(one: OwnOrder) -> Named:
    return Named(one.id, -1, -one.amount)


def _sums(named: Iterable[Named]) -> tuple[int, Decimal]:
    orders, amount = 0, ZERO
    for each in named:
        orders, amount = orders + each.orders, amount + each.amount
    return orders, amount


def _part(cause: DifferenceCause, named: list[Named]) -> Part:
    orders, amount = _sums(named)
    return Part(cause, orders, amount, tuple(named))
