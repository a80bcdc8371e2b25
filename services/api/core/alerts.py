"""Alerts: which breaches are news, since when they last, and who may take one in hand.

Of a breach, a subject and a day there is one alert; looked at again it only tells what became of
it. What is closed is over.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from services.schema.errors import Closed, Conflict, Fault, Forbidden
from services.schema.shapes.alerts import Alert, AlertKey, Breach, Check, Handled
from services.schema.shapes.people import Caller
from services.schema.watch_words import AlertState
from services.schema.words import Role


@dataclass(frozen=True, slots=True)
class News:
    """A breach that is to be told, and the first of the days in a row on which it is one."""

    breach: Breach
    since: date


@dataclass(frozen=True, slots=True)
class Weighed:
    """What is to be raised, oldest day first, and the alerts that now say something else."""

    raised: tuple[News, ...]
    changed: tuple[Alert, ...]


def weigh(checks: Iterable[Check], known: Mapping[AlertKey, Alert], *, at: datetime) -> Weighed:
    """Part what is new from what is known; `known` reaches one day further back."""
    raised: dict[AlertKey, News] = {}
    changed = []
    for check in sorted(checks, key=lambda each: each.key):
        there = known.get(check.key)
        if there is not None:
            if (again := _looked_at_again(there, check, at)) is not None:
                changed.append(again)
        elif check.breach is not None:
            since = _since(check.breach, known, raised)
            raised[check.key] = News(check.breach, since)
    return Weighed(tuple(raised.values()), tuple(changed))


def keys_before(checks: Iterable[Check]) -> set[AlertKey]:
    """Whose alerts are to be known: those of what was looked at, and of the day before."""
    keys = {check.key for check in checks}
    return keys | {(*key[:3], key[3] - timedelta(days=1)) for key in keys}


def acknowledged(alert: Alert, by: Handled) -> Alert:
    """Somebody has seen it; the first who says so is kept."""
    _check_open(alert)
    if alert.acknowledged is not None:
        detail = f"{alert.acknowledged.person} has acknowledged it already."
        raise Conflict("acknowledged", detail)
    return replace(alert, acknowledged=by)


def closed(alert: Alert, by: Handled, caller: Caller, *, is_own: bool) -> Alert:
    """Somebody says what was done; not whom it is about, and not without a word."""
    if is_own or caller.role is Role.EMPLOYEE:
        raise Forbidden("own_alert", "An alert is closed by somebody above whom it is about.")
    _check_open(alert)
    if by.note is None:
        fault = Fault("/note", "note_missing", "Say what was done, or why nothing need be.")
        raise Conflict(fault.code, fault.detail, [fault])
    return replace(alert, closed=by)


def _check_open(alert: Alert) -> None:
    if alert.state is AlertState.CLOSED:
        raise Closed("alert_closed", "The alert is closed.")


def _looked_at_again(alert: Alert, check: Check, at: datetime) -> Alert | None:
    is_broken = check.breach is not None
    same = (alert.is_broken, alert.latest) == (is_broken, check.latest)
    if same or alert.state is AlertState.CLOSED:
        return None
    return replace(alert, is_broken=is_broken, latest=check.latest, checked_at=at)


def _since(
    breach: Breach, known: Mapping[AlertKey, Alert], raised: Mapping[AlertKey, News]
) -> date:
    """The day itself, unless the same was broken on the day before."""
    before = (breach.kind, breach.source, breach.subject, breach.day - timedelta(days=1))
    if (news := raised.get(before)) is not None:
        return news.since
    there = known.get(before)
    return there.since if there is not None and there.is_broken else breach.day
