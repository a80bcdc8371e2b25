"""Plans of targets: which actions are to reach them, who does each by when, and what came of it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.schema.shapes.people import Subject


class PlanMode(StrEnum):
    """What a target is after: to sell more, or to earn more on it."""

    SCALE = "scale"
    PROFIT = "profit"


class ActionState(StrEnum):
    """Where an action stands: planned, being done, its result looked at, settled; or given up."""

    PLAN = "plan"
    DO = "do"
    CHECK = "check"
    ACT = "act"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Action:
    """Something that somebody does for a target."""

    code: str
    """Unique in its plan."""
    what: str
    owner: str
    """An employee's code."""
    due_on: date
    state: ActionState
    result: str | None


@dataclass(frozen=True, slots=True)
class StatedPlan:
    """What somebody wants a plan to be."""

    subject: Subject
    indicator: str
    period: str
    """With subject and indicator, the target that it is the plan of; of both its levels."""
    mode: PlanMode
    actions: tuple[Action, ...]
    reason: str | None


@dataclass(frozen=True, slots=True)
class TargetPlan:
    """One revision of a plan; the highest is in force."""

    subject: Subject
    indicator: str
    period: str
    mode: PlanMode
    actions: tuple[Action, ...]
    reason: str | None
    author: str
    set_at: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """A plan as somebody may see it on a day."""

    plan: TargetPlan
    overdue: frozenset[str]
    """The actions, by their codes, that are neither done nor given up after their day."""
    complete: bool
    """Whether all its actions are shown: who owns but actions sees these alone."""
