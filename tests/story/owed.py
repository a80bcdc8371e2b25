"""Which facts count for somebody after what was decided, and what that comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

TARGET = Decimal(1000)
GRADES = (("A", 90, "1.2"), ("B", 60, "1"), ("C", 0, "0.5"))
BONUS = Decimal(500)


@dataclass(frozen=True)
class Order:
    """An order as its source and the ledger state it by now, or as a card took it."""

    amount: Decimal
    is_excluded: bool = False
    in_month: Decimal = Decimal(0)
    """Of it, refunded in October."""
    later: Decimal = Decimal(0)
    """Refunded in November: pay alone counts it in October."""
    changed: int = 0


Facts = dict[str, Order]


def come_to(facts: Facts, upheld: Mapping[str, Decimal | None]) -> list[tuple[int, Decimal]]:
    """How many orders, refunds in October and later ones count, and their amounts."""
    counted = [
        (amount, each.in_month, each.later)
        for number, each in facts.items()
        if (amount := upheld.get(number, each.amount)) is not None and not each.is_excluded
    ]
    kinds = zip(*counted, strict=True)
    return [(sum(map(bool, amounts)), sum(amounts, Decimal(0))) for amounts in kinds]


@dataclass
class Person:
    """Which facts count for somebody, and what is known of those that do not."""

    code: str
    facts: Facts = field(default_factory=dict)
    counted: Facts = field(default_factory=dict)
    upheld: dict[str, Decimal | None] = field(default_factory=dict)
    """What an order counts as for this card alone; null is not at all."""
    since: int = 0
    """What changed after this is not counted."""
    waits: bool = False
    is_held: bool = False
    seen: list[tuple[int, Decimal]] = field(default_factory=list)
    """What all the facts came to as HR rejected some."""
    contested: set[str] = field(default_factory=set)

    @property
    def first(self) -> str:
        """The order that is never left out: without any a card says that there are no data."""
        return next(iter(self.facts))

    def reject(self, *, again: bool) -> None:
        """What changes nothing holds nothing back: the card goes on following the facts."""
        self.waits, self.seen = False, come_to(self.facts, {})
        self.is_held = again or self.is_other

    @property
    def is_other(self) -> bool:
        """Whether facts come to anything else than counts."""
        return come_to(self.facts, {}) != come_to(self.counted, self.upheld)

    @property
    def is_unseen(self) -> bool:
        """Whether facts come to anything else than HR has looked at."""
        return self.is_held and self.seen != come_to(self.facts, {})

    def sales(self, *, paid: bool) -> Decimal:
        found = Decimal(0)
        for number, each in self.counted.items():
            amount = self.upheld.get(number, each.amount)
            if amount is not None and not each.is_excluded:
                found += amount - each.in_month - (each.later if paid else 0)
        return found

    def owed(self) -> tuple[Decimal, str, dict[str, Decimal]]:
        """Total, grade and pay by plan, as section 5 of the domain rounds them."""
        attainment = half_up(self.sales(paid=False) / TARGET, "0.000001")
        total = half_up(min(max(attainment * 100, Decimal(0)), Decimal(120)), "0.01")
        grade, _, coefficient = next(each for each in GRADES if total >= each[1])
        times = Decimal(coefficient)
        # A base below 0 reaches no band.
        commission = half_up(max(self.sales(paid=True), Decimal(0)) / 100 * times, "0.01")
        return total, grade, {"commission": commission, "grade_bonus": BONUS * times}


def half_up(value: Decimal, places: str) -> Decimal:
    return value.quantize(Decimal(places), ROUND_HALF_UP)
