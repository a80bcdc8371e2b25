"""An order of the made-up company with its whole life: a life holds its future, too, and what has
happened by an instant is asked for.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Literal

from sandbox.articles import Article
from sandbox.shops import Shop

Status = Literal["unpaid", "paid", "part_shipped", "shipped", "completed", "cancelled", "refunded"]


@dataclass(frozen=True, slots=True)
class Line:
    """One article of an order, with what was taken off its price."""

    id: int
    article: Article
    quantity: int
    discount: Decimal
    """Taken off this line."""
    share: Decimal
    """Its share of what was taken off the whole order."""

    @property
    def total(self) -> Decimal:
        return self.article.price * self.quantity - self.discount

    @property
    def paid(self) -> Decimal:
        return self.total - self.share


@dataclass(frozen=True, slots=True)
class Claim:
    """A buyer wants money back for one line."""

    id: str
    line: Line
    amount: Decimal
    requested_at: datetime
    agreed_at: datetime | None
    """When goods were asked back; null where none have to come back."""
    settled_at: datetime
    succeeds: bool

    def succeeded_by(self, at: datetime) -> bool:
        return self.succeeds and self.settled_at <= at

    def modified_at(self, at: datetime) -> datetime:
        """When it last changed before or at an instant."""
        moments = (self.requested_at, self.agreed_at, self.settled_at)
        return max(moment for moment in moments if moment and moment <= at)


@dataclass(frozen=True, slots=True)
class Review:
    """What a buyer thought of one line."""

    line: Line
    result: Literal["good", "neutral", "bad"]
    created_at: datetime


@dataclass(frozen=True)
class Sale:
    """An order with its whole life; an instant that never comes is null."""

    shop: Shop
    id: int
    type: str
    buyer: int
    guide: str | None
    campaign: str | None
    postage: Decimal
    lines: tuple[Line, ...]
    exclusion: str | None
    created_at: datetime
    paid_at: datetime | None
    part_shipped_at: datetime | None
    shipped_at: datetime | None
    completed_at: datetime | None
    closed_at: datetime | None
    """Closed without payment, or by a refund of the whole."""
    claims: tuple[Claim, ...]
    reviews: tuple[Review, ...]

    @property
    def paid_amount(self) -> Decimal:
        """What the buyer paid at the time, postage included."""
        return sum((line.paid for line in self.lines), self.postage)

    @property
    def number(self) -> str:
        """What its marketplace calls it; at Amazon's in three groups."""
        if self.shop.marketplace != "amazon":
            return str(self.id)
        digits = str(self.id).removeprefix("30")
        return f"{digits[:3]}-{digits[3:10]}-{digits[10:]}"

    @property
    def counted_at(self) -> datetime | None:
        """The instant that a sale counts on; Amazon tells none but when an order was placed."""
        if self.paid_at is not None and self.shop.marketplace == "amazon":
            return self.created_at
        return self.paid_at

    @property
    def cost(self) -> Decimal:
        return sum((line.article.cost * line.quantity for line in self.lines), Decimal(0))

    def refunded_by(self, at: datetime) -> Decimal:
        """What has gone back to the buyer by an instant."""
        return sum((c.amount for c in self.claims if c.succeeded_by(at)), Decimal(0))

    def modified_at(self, at: datetime) -> datetime:
        """When this order last changed before or at an instant."""
        return self._moments[bisect_right(self._moments, at) - 1]

    def status(self, at: datetime) -> Status:
        """Where the order stands at an instant."""
        stages: tuple[tuple[datetime | None, Status], ...] = (
            (self.closed_at, "refunded" if self.paid_at else "cancelled"),
            (self.completed_at, "completed"),
            (self.shipped_at, "shipped"),
            (self.part_shipped_at, "part_shipped"),
            (self.paid_at, "paid"),
        )
        return next((word for moment, word in stages if moment and moment <= at), "unpaid")

    @cached_property
    def _moments(self) -> list[datetime]:
        """Every change, first to last."""
        stages = (
            self.created_at,
            self.paid_at,
            self.part_shipped_at,
            self.shipped_at,
            self.completed_at,
            self.closed_at,
        )
        of_claims = (m for claim in self.claims for m in (claim.requested_at, claim.settled_at))
        return sorted({*(moment for moment in stages if moment), *of_claims})
