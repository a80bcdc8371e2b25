"""Alerts are raised once for each breach, subject and day; people acknowledge and close them."""

from collections.abc import Sequence
from datetime import datetime

from services.api.core.alerts import acknowledged, closed, keys_before, weigh
from services.api.core.reviews import person_of
from services.api.store.alerts import (
    insert_alerts,
    read_alert,
    read_alerts_of,
    update_alert,
)
from services.api.store.audit import append_entries, append_entry
from services.api.store.counters import lock_noun
from services.api.store.deliveries import tell_webhooks
from services.schema.chain import make_deed
from services.schema.db import WriteSession
from services.schema.errors import NotFound
from services.schema.ids import IdKind, new_id
from services.schema.money import plain
from services.schema.shapes.alerts import Alert, Check, Handled
from services.schema.shapes.audit import Deed
from services.schema.shapes.people import Caller
from services.schema.shapes.views import View
from services.schema.shapes.webhooks import WebhookEvent
from services.schema.watch_words import AlertState
from services.schema.words import Role

ALERTS = "alerts"
"""The noun that is locked while alerts are raised or taken in hand."""


async def tell(session: WriteSession, checks: Sequence[Check], *, at: datetime) -> list[Alert]:
    """Raise what is new among what was looked at, and keep what became of the rest."""
    await lock_noun(session, ALERTS)
    known = await read_alerts_of(session, keys_before(checks))
    weighed = weigh(checks, known, at=at)
    for alert in weighed.changed:
        await update_alert(session, alert)
    raised = [
        Alert(
            id=new_id(IdKind.ALERT),
            breach=new.breach,
            since=new.since,
            latest=None if new.breach.measured is None else new.breach.measured.value,
            is_broken=True,
            raised_at=at,
            checked_at=at,
            acknowledged=None,
            closed=None,
        )
        for new in weighed.raised
    ]
    await insert_alerts(session, raised)
    news = [{"alert": each.id, "subject": str(each.breach.subject)} for each in raised]
    await tell_webhooks(session, WebhookEvent.ALERT_RAISED, news)
    watcher = Caller(session.tenant, Role.ADMIN, None, "system:watch")
    deeds = [_deed_of(each) for each in raised]
    await append_entries(session, at=at, caller=watcher, deeds=deeds)
    return raised


async def take_in_hand(
    session: WriteSession,
    id: str,
    to: AlertState,
    *,
    note: str | None,
    view: View,
    caller: Caller,
    at: datetime,
) -> Alert:
    """Acknowledge or close an alert that the caller sees."""
    await lock_noun(session, ALERTS)
    alert = await read_alert(session, id)
    if alert is None or not view.sees(alert.breach.subject):
        raise NotFound("alert")
    by = Handled(person_of(caller), caller.name, note, at)
    if to is AlertState.CLOSED:
        made = closed(alert, by, caller, is_own=view.is_own(alert.breach.subject))
    else:
        made = acknowledged(alert, by)
    await update_alert(session, made)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="alert.close" if to is AlertState.CLOSED else "alert.acknowledge",
        subject=f"alert:{id}",
        detail={"note": note},
    )
    return made


def _deed_of(alert: Alert) -> Deed:
    breach, measured = alert.breach, alert.breach.measured
    detail = {
        "kind": breach.kind,
        "source": breach.source,
        "subject": str(breach.subject),
        "day": breach.day.isoformat(),
        "value": None if measured is None else plain(measured.value),
    }
    return make_deed("alert.raise", f"alert:{alert.id}", detail)
