"""Graph of alerts: what went wrong for whom on which day, and what people made of it."""

from typing import Self

import strawberry

from services.api.graph.arguments import subject_of
from services.api.graph.context import Asked, GraphContext
from services.api.graph.nodes import Node
from services.api.graph.pages import USUAL, After, Connection, First, listing
from services.api.graph.scalars import (
    DayText,
    DecimalText,
    InstantText,
    day_text,
    decimal_text,
    instant_text,
)
from services.api.graph.schemes import Name
from services.api.store.alerts import AlertFilter, read_alert, read_page_of_alerts
from services.schema.days import parse_period
from services.schema.shapes import alerts as shapes
from services.schema.shapes.views import View
from services.schema.watch_words import AlertKind, AlertState

strawberry.enum(AlertKind, description=AlertKind.__doc__)
strawberry.enum(AlertState, description=AlertState.__doc__)


@strawberry.type(description="Who took an alert in hand, and what they say.")
class Handled:
    by: str | None = strawberry.field(description="Null where the caller is not told.")
    note: str | None
    at: InstantText

    @classmethod
    def from_shape(cls, handled: shapes.Handled | None, view: View) -> Self | None:
        if handled is None:
            return None
        by = handled.person if view.names_person(handled.person) else None
        return cls(by=by, note=handled.note, at=instant_text(handled.at))


@strawberry.type(description="The value that broke a standard, and the bound that it broke.")
class MeasuredBreach:
    indicator: str
    standard_version: int
    period: str
    value: DecimalText
    at_least: DecimalText | None
    at_most: DecimalText | None
    latest: DecimalText | None = strawberry.field(description="The value as it is by now.")


@strawberry.type(description="A broken standard, or what was not done in time.")
class Alert(Node):
    kind: AlertKind
    source: str
    name: Name
    subject: str
    day: DayText
    since: DayText
    measured: MeasuredBreach | None
    broken: bool = strawberry.field(description="Still so when it was last looked at.")
    state: AlertState
    raised_at: InstantText
    checked_at: InstantText
    acknowledgement: Handled | None
    closure: Handled | None

    @classmethod
    def from_shape(cls, alert: shapes.Alert, view: View) -> Self:
        breach, measured = alert.breach, alert.breach.measured
        return cls(
            id=strawberry.ID(alert.id),
            kind=breach.kind,
            source=breach.source,
            name=Name(zh=breach.zh, en=breach.en),
            subject=str(breach.subject),
            day=day_text(breach.day),
            since=day_text(alert.since),
            measured=None
            if measured is None
            else MeasuredBreach(
                indicator=measured.indicator,
                standard_version=measured.version,
                period=measured.period,
                value=DecimalText(decimal_text(measured.value) or ""),
                at_least=decimal_text(measured.at_least),
                at_most=decimal_text(measured.at_most),
                latest=decimal_text(alert.latest),
            ),
            broken=alert.is_broken,
            state=alert.state,
            raised_at=instant_text(alert.raised_at),
            checked_at=instant_text(alert.checked_at),
            acknowledgement=Handled.from_shape(alert.acknowledged, view),
            closure=Handled.from_shape(alert.closed, view),
        )


async def find_alert(context: GraphContext, id: str) -> Alert | None:
    """An alert about whom or what the caller sees."""
    context.authorize("REST GET /v1/alerts/{id}")
    view = await context.view()
    async with context.read() as session:
        found = await read_alert(session, id)
    if found is None or not view.sees(found.breach.subject):
        return None
    return Alert.from_shape(found, view)


async def alerts(
    info: Asked,
    *,
    subject: str | None = None,
    kind: AlertKind | None = None,
    source: str | None = None,
    state: AlertState | None = None,
    period: str | None = None,
    first: First = USUAL,
    after: After = None,
) -> Connection[Alert]:
    """The alerts about whom and what the caller sees, newest first."""
    context = info.context
    context.authorize("REST GET /v1/alerts")
    view = await context.view()
    page = listing(context, "alerts", first, after, length=1)
    subjects = view.subjects()
    if subject is not None:
        stated = subject_of(subject)
        subjects = frozenset({stated}) if view.sees(stated) else frozenset()
    days = None
    if period is not None:
        days = parse_period(period, (await context.tenant()).calendar)
    wanted = AlertFilter(
        subjects=subjects,
        kind=kind,
        source=source,
        state=state,
        start=None if days is None else days.start,
        end=None if days is None else days.end,
    )
    async with context.read() as session:
        found, total = await read_page_of_alerts(
            session, wanted, after=page.after[0] if page.after else None, limit=page.limit
        )
    return page.show(
        found,
        total,
        node=lambda alert: Alert.from_shape(alert, view),
        place=lambda alert: [alert.id],
    )
