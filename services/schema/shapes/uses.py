"""Uses of results besides pay: rules over past grades, their proposals, people's decisions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from services.schema.words import CycleKind


class Use(StrEnum):
    """What a result leads to besides pay (`domain.md`, 7)."""

    PROMOTION = "promotion"
    DEMOTION = "demotion"
    TRAINING = "training"
    TRANSFER = "transfer"
    WARNING = "warning"


class UseState(StrEnum):
    """Whether people have decided on a proposal, and how."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class UseRule:
    """So many grades of these among the last ones propose a use."""

    code: str
    zh: str
    en: str
    use: Use
    position: str | None
    """Of whom it speaks: who holds it today; null is everybody."""
    to: str | None
    """The next position of its ladder, up, down or beside; null where the use has none."""
    cycle: CycleKind
    """Grades of months are not counted with those of quarters."""
    grades: tuple[str, ...]
    at_least: int
    of_last: int
    active: bool
    """One that is not proposes nothing more."""


@dataclass(frozen=True, slots=True)
class PastGrade:
    """A published result as a rule looks at it, in its newest revision."""

    result: str
    cycle: str
    period: str
    kind: CycleKind | None
    """Null where the period is of no kind of cycle."""
    grade: str | None
    total: Decimal


@dataclass(frozen=True, slots=True)
class UseProposal:
    """What a rule proposes for somebody, and on what grounds."""

    rule: str
    use: Use
    employee: str
    position: str | None
    """The one that the rule speaks of."""
    to: str | None
    result: str
    """The newest result looked at: with the next one it is another proposal."""
    met: int
    """How many of the grades are the rule's."""
    grades: tuple[PastGrade, ...]
    """Those looked at, the newest first."""


@dataclass(frozen=True, slots=True)
class UseDecision:
    """What people decided on a proposal, kept as it then was."""

    proposal: UseProposal
    accepted: bool
    reason: str
    author: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class ShownUse:
    """A proposal, and the decision where there is one."""

    proposal: UseProposal
    decision: UseDecision | None

    @property
    def state(self) -> UseState:
        if self.decision is None:
            return UseState.OPEN
        return UseState.ACCEPTED if self.decision.accepted else UseState.DECLINED

    @property
    def place(self) -> list[str]:
        """Where it stands in a list, and what it is known by."""
        return [self.proposal.rule, self.proposal.employee, self.proposal.result]


Histories = Mapping[str, tuple[PastGrade, ...]]
"""What was published of each employee, the newest first."""
