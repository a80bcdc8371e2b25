"""What a draft would have made of a population: totals, grades, cost of pay, and who moves.

Everything is added up one card at a time, so that no more of a population is held than what it
comes to. Nothing is rounded on the way; the order of cards makes no difference.
"""

import heapq
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from services.api.core.back_test_items import ItemTallies
from services.schema.shapes.back_tests import Before, PlanPaid, Price, Tried
from services.schema.shapes.schemes import Scheme

MOST_NAMED = 200
"""Winners and losers who are named; the others are counted."""

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, order=True)
class Move:
    """Somebody whose card or pay would be another; ordered by how much, then by whom.

    Where pay can be compared it says who wins and loses, else the total does.
    """

    pay: Decimal
    """The difference of pay; 0 where there is none to compare."""
    share: Fraction
    """The difference of totals, as a part of the full mark."""
    subject: str
    period: str
    cycle: str
    totals: tuple[Decimal | None, Decimal | None]
    """Before and under the draft."""
    grades: tuple[str | None, str | None]
    pays: tuple[Decimal, Decimal] | None
    """Before and under the draft; null where either cannot be told."""


@dataclass(slots=True)
class Direction:
    """How many go up, down, nowhere, or cannot be compared."""

    up: int = 0
    down: int = 0
    same: int = 0
    unknown: int = 0

    def count(self, difference: Decimal | Fraction | int | None) -> None:
        if difference is None:
            self.unknown += 1
        elif difference > 0:
            self.up += 1
        elif difference < 0:
            self.down += 1
        else:
            self.same += 1


@dataclass(slots=True)
class Moves:
    """Who moves against the card that was published or is stored."""

    compared: int = 0
    without: int = 0
    """Subjects without a card in the period."""
    totals: Direction = field(default_factory=Direction)
    grades: Direction = field(default_factory=Direction)
    pay: Direction = field(default_factory=Direction)
    gained: Decimal = _NOTHING
    lost: Decimal = _NOTHING
    winners: int = 0
    losers: int = 0
    best: list[Move] = field(default_factory=list)
    """A heap of the greatest winners."""
    worst: list[tuple[Decimal, Fraction, Move]] = field(default_factory=list)
    """A heap of the greatest losers, by what they lose."""

    def add(self, tried: Tried, scheme: Scheme, currency: str) -> None:
        before = tried.before
        if before is None:
            self.without += 1
            return
        self.compared += 1
        pays = _pays_of(tried, before, currency)
        share = _share_moved(tried, before, scheme)
        difference = None if pays is None else pays[1] - pays[0]
        self.totals.count(share)
        self.grades.count(_grade_moved(tried.score.grade, before, scheme))
        self.pay.count(difference)
        self.gained += max(_NOTHING, difference or _NOTHING)
        self.lost += max(_NOTHING, -(difference or _NOTHING))
        move = Move(
            pay=difference or _NOTHING,
            share=share or Fraction(0),
            subject=str(tried.subject),
            period=tried.period,
            cycle=before.cycle,
            totals=(before.total, tried.score.total),
            grades=(before.grade, tried.score.grade),
            pays=pays,
        )
        self._rank(move)

    def _rank(self, move: Move) -> None:
        by = move.pay or move.share
        if by > 0:
            self.winners += 1
            heapq.heappush(self.best, move)
            if len(self.best) > MOST_NAMED:
                heapq.heappop(self.best)
        elif by < 0:
            self.losers += 1
            heapq.heappush(self.worst, (-move.pay, -move.share, move))
            if len(self.worst) > MOST_NAMED:
                heapq.heappop(self.worst)


@dataclass(slots=True)
class Tally:
    """All that is told of a period, or of all periods together."""

    scheme: Scheme
    currency: str
    cards: int = 0
    complete: int = 0
    people: int = 0
    """Cards of people, who are paid; units are scored alone."""
    totals: Counter[Decimal] = field(default_factory=Counter)
    shares_before: Counter[Fraction] = field(default_factory=Counter)
    """Totals before, as parts of their full marks: two schemes may have two scales."""
    grades: Counter[str] = field(default_factory=Counter)
    grades_before: Counter[str] = field(default_factory=Counter)
    draft_pay: dict[PlanPaid, Decimal] = field(default_factory=dict)
    paid: dict[PlanPaid, Decimal] = field(default_factory=dict)
    priced: int = 0
    """People whose pay under the draft can be told."""
    paid_people: int = 0
    """People of whom payroll has heard."""
    unpriced: Counter[str] = field(default_factory=Counter)
    """The others, by why it cannot be told."""
    moves: Moves = field(default_factory=Moves)
    items: ItemTallies = field(init=False)

    def __post_init__(self) -> None:
        self.items = ItemTallies(self.scheme)

    def add(self, tried: Tried) -> None:
        """One card more, whole."""
        self.add_lines(tried)
        self.add_outcome(tried)

    def add_lines(self, tried: Tried) -> None:
        """What its lines come to, for which neither grade nor pay need be known yet."""
        self.items.add(tried)

    def add_outcome(self, tried: Tried) -> None:
        """Total, grade and pay of a card whose lines were added; it need not hold them any more."""
        score, before = tried.score, tried.before
        self.cards += 1
        if score.total is not None:
            self.complete += 1
            self.totals[score.total] += 1
        if score.grade is not None:
            self.grades[score.grade] += 1
        if before is not None and before.total is not None:
            self.shares_before[Fraction(before.total) / Fraction(before.full_mark)] += 1
        if before is not None and before.grade is not None:
            self.grades_before[before.grade] += 1
        if tried.price is not None:
            self.people += 1
            self._add_pay(tried.price, before)
        self.moves.add(tried, self.scheme, self.currency)

    def _add_pay(self, price: Price, before: Before | None) -> None:
        if price.payouts is not None:
            self.priced += 1
            for payout in price.payouts:
                _put(self.draft_pay, (payout.plan, payout.currency), payout.amount)
        elif price.unpaid is not None:
            self.unpriced[price.unpaid] += 1
        if before is not None and before.paid is not None:
            self.paid_people += 1
            for key, amount in before.paid.items():
                _put(self.paid, key, amount)


def _put(sums: dict[PlanPaid, Decimal], key: PlanPaid, amount: Decimal) -> None:
    sums[key] = sums.get(key, _NOTHING) + amount


def _share_moved(tried: Tried, before: Before, scheme: Scheme) -> Fraction | None:
    if tried.score.total is None or before.total is None:
        return None
    now = Fraction(tried.score.total) / Fraction(scheme.full_mark)
    return now - Fraction(before.total) / Fraction(before.full_mark)


def _grade_moved(grade: str | None, before: Before, scheme: Scheme) -> int | None:
    """How many grades up, by the order of the draft or else of the scheme before.

    Null where neither knows both.
    """
    if grade is None or before.grade is None:
        return None
    now = [each.grade for each in sorted(scheme.grades, key=lambda each: -each.start)]
    for order in (now, before.grades):
        if grade in order and before.grade in order:
            return order.index(before.grade) - order.index(grade)
    return None


def _pays_of(tried: Tried, before: Before, currency: str) -> tuple[Decimal, Decimal] | None:
    """Pay before and under the draft, where both are known in one currency."""
    payouts = None if tried.price is None else tried.price.payouts
    if payouts is None or before.paid is None:
        return None
    if any(of != currency for _, of in before.paid):
        return None
    now = sum((payout.amount for payout in payouts), _NOTHING)
    return sum(before.paid.values(), _NOTHING), now
