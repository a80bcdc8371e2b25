"""Graph of indicators: their definitions, and their values over time."""

from enum import Enum

import strawberry

from services.api.core.values import series_of, usual_scope
from services.api.flows.indicators import known_indicators, known_measures, known_subjects
from services.api.flows.values import read_values
from services.api.graph.arguments import subject_of
from services.api.graph.context import Asked, GraphContext
from services.api.graph.loaders import IndicatorNow, with_days
from services.api.graph.nodes import Node, node_id
from services.api.graph.pages import USUAL, After, Connection, First, listing
from services.api.graph.scalars import DecimalText, InstantText, instant_text
from services.api.graph.schemes import Name
from services.api.store.indicators import read_version_times
from services.schema.days import parse_period
from services.schema.errors import NotFound
from services.schema.money import plain
from services.schema.shapes.indicators import Value, Wanted
from services.schema.words import Better, Grain, IndicatorUnit, NoValue, Scope


@strawberry.type(description="A named formula over measures, or a name to post values under.")
class Indicator(Node):
    code: str
    name: Name
    family: str
    formula: str | None = strawberry.field(description="Null: its values are posted.")
    unit: IndicatorUnit
    better: Better
    version: int = strawberry.field(description="0 is built in; the company's own count from 1.")
    counts_on: list[str] = strawberry.field(description="On which day its facts count.")
    posted: bool = strawberry.field(description="Whether its values may be posted.")
    note: str | None
    leading: bool | None = strawberry.field(
        description="Whether it moves before sales and profit do; null of the company's own."
    )

    @classmethod
    def from_shape(cls, now: IndicatorNow) -> "Indicator":
        indicator = now.indicator
        return cls(
            id=node_id("indicator", indicator.code),
            code=indicator.code,
            name=Name(zh=indicator.zh, en=indicator.en),
            family=indicator.family,
            formula=indicator.formula,
            unit=indicator.unit,
            better=indicator.better,
            version=indicator.version,
            counts_on=list(now.counts_on),
            posted=now.posted,
            note=indicator.note,
            leading=indicator.leading,
        )


@strawberry.enum(description="Whose measures count for a value by itself.")
class ValueScope(Enum):
    OWN = Scope.OWN
    SHOPS = Scope.SHOPS


@strawberry.type(description="A value, or the reason why there is none.")
class PeriodValue:
    period: str
    value: DecimalText | None
    reason: NoValue | None

    @classmethod
    def from_shape(cls, wanted: Wanted, value: Value) -> "PeriodValue":
        number = None if value.value is None else DecimalText(plain(value.value))
        return cls(period=wanted.period.code, value=number, reason=value.reason)


@strawberry.type(description="Since when a version of a definition holds.")
class DefinitionChange:
    version: int
    at: InstantText


@strawberry.type(description="By which version all values of a series are computed.")
class DefinitionInForce:
    version: int
    changes: list[DefinitionChange]


@strawberry.type(description="Values in the order of their periods.")
class IndicatorSeries(Connection[PeriodValue]):
    definition: DefinitionInForce


async def indicators(
    info: Asked, first: First = USUAL, after: After = None
) -> Connection[Indicator]:
    """The built-in indicators and the company's own, in the order of their codes."""
    context = info.context
    context.authorize("REST GET /v1/indicators")
    page = listing(context, "indicators", first, after, length=1)
    last = page.after[0] if page.after else ""
    async with context.read() as session:
        known = await known_indicators(session)
        measures = await known_measures(session)
    codes = [code for code in sorted(known) if code > last]
    return page.show(
        [with_days(known[code], measures) for code in codes[: page.limit]],
        len(known),
        node=Indicator.from_shape,
        place=lambda now: [now.indicator.code],
    )


async def find_indicator(context: GraphContext, code: str) -> Indicator | None:
    """An indicator by its code, as it is defined now."""
    context.authorize("REST GET /v1/indicators/{code}")
    found = await context.loaders.indicator_by_code.load(code)
    return None if found is None else Indicator.from_shape(found)


async def indicator_series(
    info: Asked,
    *,
    indicator: str,
    subject: str,
    period: str,
    grain: Grain | None = None,
    scope: ValueScope | None = None,
    first: First = USUAL,
    after: After = None,
) -> IndicatorSeries:
    """The value of a period, or one for each of its parts, every one by itself."""
    context = info.context
    context.authorize("REST GET /v1/indicators/{code}/values")
    stated, tenant = subject_of(subject), await context.tenant()
    page = listing(context, "series", first, after, length=1)
    wanted = series_of(
        indicator,
        stated,
        scope.value if scope else usual_scope(stated),
        parse_period(period, tenant.calendar),
        grain,
        tenant.calendar,
    )
    start = int(page.after[0]) if page.after else 0
    rows = list(enumerate(wanted))[start : start + page.limit]
    seen = (await context.view()).sees(stated)
    known = await context.loaders.indicator_by_code.load(indicator)
    async with context.read() as session:
        if not seen or stated not in await known_subjects(session, [stated]):
            raise NotFound("subject")
        if known is None:
            raise NotFound("indicator")
        found = await read_values(session, [one for _, one in rows[:first]], tenant=tenant)
        version = known.indicator.version
        changes = await read_version_times(session, indicator) if version else []
    shown = page.show(
        rows,
        len(wanted),
        node=lambda row: PeriodValue.from_shape(row[1], found[row[1]].value),
        place=lambda row: [str(row[0] + 1)],
    )
    return IndicatorSeries(
        edges=shown.edges,
        page_info=shown.page_info,
        total_count=shown.total_count,
        definition=DefinitionInForce(
            version=version,
            changes=[DefinitionChange(version=v, at=instant_text(at)) for v, at in changes],
        ),
    )
