"""The stages of a cycle: which move may be made, what each needs, and when data may be closed."""

from datetime import datetime, timedelta

from services.api.core.documents import instant_text
from services.schema.days import start_of_day
from services.schema.errors import Closed, Conflict, Fault
from services.schema.shapes.cycles import Cycle, Standing, Step
from services.schema.words import CycleStatus

_ONWARD = {
    CycleStatus.DRAFT: CycleStatus.OPEN,
    CycleStatus.OPEN: CycleStatus.CLOSED,
    CycleStatus.CLOSED: CycleStatus.REVIEW,
    CycleStatus.REVIEW: CycleStatus.CALIBRATION,
    CycleStatus.CALIBRATION: CycleStatus.APPROVED,
    CycleStatus.APPROVED: CycleStatus.PUBLISHED,
}
_UNCLOSED = frozenset({CycleStatus.DRAFT, CycleStatus.OPEN})


def move(cycle: Cycle, to: CycleStatus, *, reason: str | None, standing: Standing) -> Step:
    """The step to a stage, or the refusal of it (`domain.md`, section 7).

    That the scheme has a version in force when a draft is opened is for the flow to see.
    """
    allowed = next_stages(cycle.status, has_distribution=standing.has_distribution)
    if to not in allowed:
        others = " or ".join(allowed)
        raise Conflict(
            "move_not_allowed", f"From {cycle.status} a cycle moves to {others}, not to {to}."
        )
    if is_reopening(cycle.status, to):
        return _reopen(cycle, reason)
    if to is CycleStatus.CLOSED:
        _check_over(cycle, standing.at)
    if cycle.status is CycleStatus.REVIEW and standing.pending_approvals:
        raise Conflict(
            "approvals_pending", f"Approvals still waited for: {standing.pending_approvals}."
        )
    if to is CycleStatus.APPROVED and standing.incomplete:
        raise Conflict(
            "scorecards_incomplete",
            f"Scorecards without a total, which cannot be approved: {standing.incomplete}.",
        )
    return Step(cycle.status, to, cycle.revision, reason)


def next_stages(status: CycleStatus, *, has_distribution: bool) -> tuple[CycleStatus, ...]:
    """Where a cycle may go: one step on, or from any later stage back to open."""
    onward = _ONWARD.get(status)
    if onward is CycleStatus.CALIBRATION and not has_distribution:
        onward = CycleStatus.APPROVED
    back = () if status in (CycleStatus.DRAFT, CycleStatus.OPEN) else (CycleStatus.OPEN,)
    return back if onward is None else (onward, *back)


def is_reopening(status: CycleStatus, to: CycleStatus) -> bool:
    return to is CycleStatus.OPEN and status is not CycleStatus.DRAFT


def pending_after_close(status: CycleStatus, pending: int) -> int:
    """How many of a cycle's cards facts came for after data were closed, of those with marks."""
    return 0 if status in _UNCLOSED else pending


def closes_at(cycle: Cycle) -> datetime:
    """The first instant at which data may be closed: the period's end and the grace days."""
    return start_of_day(cycle.period.end + timedelta(days=cycle.grace_days), cycle.timezone)


def _check_over(cycle: Cycle, at: datetime) -> None:
    if at < (end := closes_at(cycle)):
        raise Closed(
            "period_open",
            f"The period {cycle.period.code} with {cycle.grace_days} days of grace "
            f"is open until {instant_text(end)}.",
        )


def _reopen(cycle: Cycle, reason: str | None) -> Step:
    """Back to open; what was published stays, and a new revision begins."""
    if reason is None or not reason.strip():
        detail = "Going back to open needs a reason."
        raise Conflict("reason_required", detail, [Fault("/reason", "reason_required", detail)])
    published = cycle.status is CycleStatus.PUBLISHED
    return Step(cycle.status, CycleStatus.OPEN, cycle.revision + published, reason)
