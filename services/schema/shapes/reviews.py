"""Reviews: what was decided of a scorecard, step by step, and whose turn it is."""

from dataclasses import dataclass
from datetime import datetime

from services.schema.shapes.people import Subject
from services.schema.words import Approver, ReviewDecision


@dataclass(frozen=True, slots=True)
class Review:
    """One decision; it is of the figures that the card then showed."""

    number: int
    """Of the card, from 1 on, in the order in which they were made."""
    part: Approver
    decision: ReviewDecision
    comment: str | None
    person: str
    """An employee's code, or the name of a key that is nobody's."""
    author: str
    fingerprint: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewState:
    """How the review of a card stands."""

    order: tuple[Approver, ...]
    """The steps, as the scheme has them."""
    own: str | None
    """Whom the card is about; of a unit its lead."""
    held: tuple[Review, ...]
    """The steps that are taken, first to last: one each; then who approved by moving the cycle."""
    superiors: tuple[str, ...]
    """Who stands above, nearest first, of those who are there today."""

    @property
    def step(self) -> Approver | None:
        """What comes next; null where every step is taken."""
        return self.order[len(self.held)] if len(self.held) < len(self.order) else None

    @property
    def approvers(self) -> frozenset[str]:
        """Who has approved; submitting is none."""
        return frozenset(each.person for each in self.held if each.part is not Approver.SELF)


@dataclass(frozen=True, slots=True)
class CardReview:
    """A card's review with all that was ever decided."""

    scorecard: str
    subject: Subject
    revision: int
    fingerprint: str
    """Of the figures: what was decided of others holds no longer."""
    state: ReviewState
    trail: tuple[Review, ...]
