"""The ledger of truth: what really became of each order and refund of one shop, and since when.

Every change is stamped by the marketplace's own clock, and is seen by whoever asks from some
instant on, mostly at once.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any

from tests.simulation.weathers import HOUR, Weather

CHINA = timezone(timedelta(hours=8))
HISTORY_SECONDS = 36 * HOUR
LONGEST_DELAY = 150.0
"""Seconds until a change is seen: with clocks that differ and copies that are behind, less than is
read again."""
CURED_BY = 600.0
GUIDE = "guide"
"""Who has sold some of the orders on TOP; of the others nobody is named."""
_CENT = Decimal("0.01")
_STATES = {
    "unpaid": "WAIT_BUYER_PAY",
    "paid": "WAIT_SELLER_SEND_GOODS",
    "shipped": "WAIT_BUYER_CONFIRM_GOODS",
    "completed": "TRADE_FINISHED",
    "cancelled": "TRADE_CLOSED_BY_TAOBAO",
    "refunded": "TRADE_CLOSED",
}


@dataclass(frozen=True, slots=True)
class State:
    """An order or a refund as it stands."""

    number: int
    order: int
    word: str
    amount: Decimal
    """What was paid, or is asked back."""
    created: datetime
    off: Decimal = Decimal(0)
    postage: Decimal = Decimal(0)
    shrunk: Decimal = Decimal(0)
    """Paid back of it by now."""
    paid: datetime | None = None
    shipped: datetime | None = None
    ended: datetime | None = None
    poisoned: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """A state since a stamp, for those who ask from an instant on."""

    state: State
    stamp: datetime
    seen_from: float


@dataclass(slots=True)
class Ledger:
    """One shop's orders, refunds and ratings by number, each with its versions in their order."""

    start: datetime
    skew: timedelta
    versions: dict[str, dict[int, list[Version]]] = field(
        default_factory=lambda: {"orders": {}, "refunds": {}, "ratings": {}}
    )

    def stamp(self, at: float) -> datetime:
        """An instant as the marketplace's clock shows it: in whole seconds."""
        return (self.start + timedelta(seconds=at) + self.skew).replace(microsecond=0)

    def add(self, kind: str, state: State, at: float, *, delay: float = 0.0) -> None:
        """Let something stand differently from an instant on."""
        known = self.versions[kind].setdefault(state.number, [])
        stamp = self.stamp(at)
        if known:
            # Of two states of one second nobody could tell which is the later.
            stamp = max(stamp, known[-1].stamp + timedelta(seconds=1))
        known.append(Version(state, stamp, at + delay))

    def touch(self, kind: str, number: int, at: float) -> None:
        """Something about it changes of which we are not told."""
        self.add(kind, self.versions[kind][number][-1].state, at)

    def seen(self, kind: str, at: float) -> list[Version]:
        """How each stands, as far as it is seen; newest first."""
        found = [
            next((v for v in reversed(known) if v.seen_from <= at), None)
            for known in self.versions[kind].values()
        ]
        there = [version for version in found if version]
        return sorted(there, key=lambda v: (v.stamp, v.state.number), reverse=True)

    def last(self, kind: str) -> dict[int, Version]:
        return {number: known[-1] for number, known in self.versions[kind].items()}


def draw_ledger(weather: Weather, chance: Random, start: datetime) -> Ledger:
    """A shop's history up to the end of the story."""
    ledger = Ledger(start, timedelta(seconds=weather.skew_seconds))
    changes: list[tuple[float, str, State]] = []
    for place in range(weather.orders):
        begin = (
            chance.uniform(-HISTORY_SECONDS, 0)
            if chance.random() < 0.4
            else chance.uniform(-600, weather.span_seconds)
        )
        changes += _life(ledger, weather, chance, place + 1, begin)
    ends = weather.span_seconds - CURED_BY
    cures: list[tuple[float, str, State]] = []
    for place, (at, kind, state) in enumerate(changes):
        if kind != "ratings" and chance.random() < weather.poisoned:
            changes[place] = at, kind, replace(state, poisoned=True)
            if chance.random() < 0.7:
                # Many soon, while a copy that is behind may still tell what was wrong.
                cures.append((at + 30 + (CURED_BY - 30) * chance.random() ** 3, kind, state))
    for at, kind, state in sorted(changes, key=lambda each: each[0]):
        if at > ends:
            continue
        for cure in sorted(cures, key=lambda each: each[0]):
            if cure[0] <= at:
                _cure(ledger, cure, weather.span_seconds)
                cures.remove(cure)
        delay = chance.uniform(1, LONGEST_DELAY) if chance.random() < weather.late else 0.0
        ledger.add(kind, state, at, delay=delay)
    for cure in sorted(cures, key=lambda each: each[0]):
        _cure(ledger, cure, weather.span_seconds)
    return ledger


def _cure(ledger: Ledger, cure: tuple[float, str, State], last: float) -> None:
    """From now on it is stated in words that are known."""
    at, kind, state = cure
    known = ledger.versions[kind].get(state.number)
    if known and known[-1].state.poisoned and at <= last:
        ledger.add(kind, replace(known[-1].state, poisoned=False), at)


def _life(  # noqa: C901 - a life has that many turns
    ledger: Ledger, weather: Weather, chance: Random, place: int, begin: float
) -> list[tuple[float, str, State]]:
    """What becomes of one order, and when."""
    at = begin

    def later(seconds: float) -> float:
        nonlocal at
        at += 1 + chance.expovariate(1 / (seconds / 200 if weather.is_hasty else seconds))
        return at

    number = 4_000_000_000_000_000_000 + place
    if chance.random() < 0.05:
        number += 10**24  # no 64 bits hold it, and no float
    goods = Decimal(chance.randint(1, 99_999)) * _CENT
    off = Decimal(chance.choice((0, 0, 0, 500))) * _CENT
    postage = Decimal(chance.choice((0, 600))) * _CENT
    state = State(number, number, "unpaid", goods + postage, ledger.stamp(at), off, postage)
    changes = [(at, "orders", state)]

    def turn(seconds: float, word: str, name: str) -> None:
        nonlocal state
        later(seconds)
        named: dict[str, Any] = {name: ledger.stamp(at)}
        state = replace(state, word=word, **named)
        changes.append((at, "orders", state))

    if chance.random() < 0.15:
        turn(HOUR, "cancelled", "ended")
        return changes
    turn(900, "paid", "paid")
    if chance.random() < 0.7:
        turn(2 * HOUR, "shipped", "shipped")
        if chance.random() < 0.5:
            turn(4 * HOUR, "completed", "ended")
            if chance.random() < 0.5:
                later(HOUR)
                word = chance.choice(("good", "neutral", "bad"))
                rating = State(number, number, word, Decimal(0), ledger.stamp(at))
                changes.append((at, "ratings", rating))
    if chance.random() < 0.5:
        for part in range(chance.choice((1, 1, 2))):
            asked = (goods / 2).quantize(_CENT) if part or chance.random() < 0.6 else goods
            if asked <= 0 or asked > goods - state.shrunk:
                break
            later(HOUR)
            claim = State(number * 10 + part, number, "WAIT_SELLER_AGREE", asked, ledger.stamp(at))
            changes.append((at, "refunds", claim))
            if chance.random() < 0.25:
                later(HOUR)
                changes.append((at, "refunds", replace(claim, word="CLOSED")))
                break
            later(HOUR)
            ended = ledger.stamp(at)
            changes.append((at, "refunds", replace(claim, word="SUCCESS", ended=ended)))
            shrunk = state.shrunk + asked
            word = "refunded" if shrunk == goods else state.word
            state = replace(state, word=word, shrunk=shrunk)
            changes.append((at, "orders", state))
    return changes


def refunds_in(ledger: Ledger, order: Version) -> list[State]:
    """What had been paid back of an order as it stood, one refund after another."""
    number, left, found = order.state.number, order.state.shrunk, []
    for part in range(3):
        for version in ledger.versions["refunds"].get(number * 10 + part, ()):
            if version.state.word == "SUCCESS" and left >= version.state.amount:
                found.append(version.state)
                left -= version.state.amount
                break
    return found


def row_of(kind: str, version: Version) -> dict[str, Any]:
    """As the lists of TOP state it."""
    write = {"orders": _trade, "refunds": _refund, "ratings": _rating}
    return write[kind](version)


def _trade(version: Version) -> dict[str, Any]:
    state = version.state
    is_paid = state.paid is not None
    row = {
        "tid": state.number,
        "status": _STATES[state.word],
        "type": "fixed",
        "created": text_of(state.created),
        "pay_time": text_of(state.paid),
        "consign_time": text_of(state.shipped),
        "end_time": text_of(state.ended),
        "modified": text_of(version.stamp),
        "payment": f"{state.amount - state.shrunk:.2f}",
        "discount_fee": f"{state.off:.2f}",
        "post_fee": f"{state.postage:.2f}",
        "buyer_open_uid": f"buyer-{state.number % 7}",
        "o2o_guide_id": GUIDE if state.number % 3 == 1 else None,
        "orders": {
            "order": [
                {
                    "oid": state.number,
                    "num": 1,
                    "price": f"{state.amount - state.postage + state.off:.2f}",
                    "payment": f"{state.amount - state.shrunk:.2f}",
                    "divide_order_fee": f"{state.amount - state.postage:.2f}" if is_paid else None,
                    "refund_status": "SUCCESS" if state.shrunk else "NO_REFUND",
                    "outer_sku_id": "A-1",
                }
            ]
        },
    }
    whole = {name: value for name, value in row.items() if value is not None}
    return _spoilt(whole) if state.poisoned else whole


def _spoilt(row: dict[str, Any]) -> dict[str, Any]:
    """S11, S12: what nobody can read, each order in its own way and always in the same."""
    (line,) = row["orders"]["order"]
    way = row["tid"] % 4
    if way == 0:
        return {**row, "status": "TRADE_OF_A_NEW_KIND"}
    if way == 1:
        prices = dict.fromkeys(("price", "payment", "divide_order_fee"), "-1.00")
        return {**row, "orders": {"order": [{**line, **prices}]}}
    if way == 2:
        return {**row, "orders": {"order": [{**line, "num": "1,5"}]}}
    return {name: value for name, value in row.items() if name != "orders"}


def _rating(version: Version) -> dict[str, Any]:
    state = version.state
    created = text_of(version.stamp)
    return {"tid": state.order, "oid": state.number, "result": state.word, "created": created}


def _refund(version: Version) -> dict[str, Any]:
    state = version.state
    return {
        "refund_id": str(state.number),
        "tid": state.order,
        "oid": state.order,
        "status": "REFUND_OF_A_NEW_KIND" if state.poisoned else state.word,
        "refund_fee": f"{state.amount:.2f}",
        "created": text_of(state.created),
        "modified": text_of(version.stamp),
        "dispute_type": "REFUND",
        "has_good_return": False,
    }


def text_of(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(CHINA).replace(tzinfo=None).isoformat(" ", "seconds")
