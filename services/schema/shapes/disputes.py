"""Disputes: what somebody contests of their card, what HR decided, what would come of it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.schema.shapes.payouts import PayChange, Payout
from services.schema.shapes.people import Subject
from services.schema.words import DisputeAbout, FactKind


@dataclass(frozen=True, slots=True)
class ClaimedValue:
    """What a line's value should be, as who contests it says."""

    item: str
    segment: int | None
    """Null where the card has but one."""
    value: Decimal
    holds: bool = True
    """Whether it holds if it is upheld; of facts that were contested earlier it was shown alone."""


@dataclass(frozen=True, slots=True)
class FactChange:
    """How a fact should count otherwise than its source states it; what is null is as stated."""

    exclude: bool = False
    """Not at all; an order as if the ledger excluded it."""
    amount: Decimal | None = None
    salesperson: str | None = None
    """Whose it is: of ratings, chats and posted measures the employee."""

    def then(self, later: "FactChange") -> "FactChange":
        """This and a later one: what that leaves open stays as it is here."""
        return FactChange(
            self.exclude or later.exclude,
            self.amount if later.amount is None else later.amount,
            self.salesperson if later.salesperson is None else later.salesperson,
        )


@dataclass(frozen=True, slots=True)
class ChangedFact:
    """A fact as it counts for one card since a dispute was upheld, or would if one were."""

    kind: FactKind
    source: str
    id: str
    """Of a daily kind the key without the source, as one text."""
    change: FactChange
    dispute: str | None = None
    """Null while it is only weighed."""


@dataclass(frozen=True, slots=True)
class StatedDispute:
    """What somebody contests, and why."""

    about: DisputeAbout
    named: str
    """A fact as `orders/<source>/<id>`, the item of a line, or the id of a rating."""
    segment: int | None
    claims: tuple[ClaimedValue, ...]
    """Of a line or a rating what it should be, of a fact what its lines should be."""
    reason: str
    change: FactChange | None = None
    """Of a fact: how it should count, where that is what is contested."""


@dataclass(frozen=True, slots=True)
class DisputeDecision:
    """What HR decided."""

    uphold: bool
    reason: str
    value: Decimal | None
    """What holds from now on: of a line its value, of a fact the amount, of a rating the mark."""
    person: str
    author: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Correction:
    """What a published card came to as a dispute of it was upheld, and what payroll heard of it."""

    total: Decimal
    grade: str | None
    pay: tuple[PayChange, ...]
    entries: tuple[str, ...]
    """Those of leaders who are paid by the person's pay among them."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute as it is kept."""

    id: str
    scorecard: str
    cycle: str
    subject: Subject
    stated: StatedDispute
    person: str
    author: str
    filed_at: datetime
    decision: DisputeDecision | None
    correction: Correction | None = None
    """Of one that was upheld of a published card."""


@dataclass(frozen=True, slots=True)
class Upheld:
    """What a card would come to if a dispute were upheld; nothing of it is written."""

    total: Decimal | None
    grade: str | None
    coefficient: Decimal | None
    payouts: tuple[Payout, ...] | None
    """Null where pay cannot be told yet; none without a total."""
