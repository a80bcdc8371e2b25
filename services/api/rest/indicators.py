"""REST of indicators: definitions, values and series, and values posted where facts give none."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Body, Query, Request, Response
from pydantic import ConfigDict, Field, SkipValidation

from services.api.auth import view_of
from services.api.core.formulas import parse_formula
from services.api.core.indicators import days_counted_on, takes_posted_values
from services.api.core.values import series_of, usual_scope
from services.api.flows.indicators import (
    define_indicator,
    known_indicators,
    known_measures,
    known_subjects,
    post_values,
)
from services.api.flows.values import read_values
from services.api.rest.batches import MOST_ROWS, answer_batch, read_rows
from services.api.rest.documents import bytes_of, check_current, one_of, put_answer
from services.api.rest.scheme_documents import NameDocument
from services.api.store.indicators import read_version_times
from services.api.store.people import read_tenant
from services.door.batches import BatchAnswer
from services.door.etags import tagged
from services.door.pages import (
    LIMIT,
    LIMIT_MAXIMUM,
    Cursor,
    Limit,
    Listed,
    decode_cursor,
    encode_cursor,
    page_of,
)
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import (
    Code,
    DecimalText,
    FormulaCode,
    Instant,
    LongText,
    Model,
    PeriodCode,
    SubjectText,
    Text,
    ValueIn,
)
from services.schema.days import Calendar, Period, parse_period
from services.schema.db import ReadSession
from services.schema.errors import Fault, Invalid, NotFound
from services.schema.money import plain
from services.schema.shapes.indicators import OWN_FAMILY, Indicator, PostedValue, Value
from services.schema.shapes.measures import Measure
from services.schema.shapes.people import Caller, Subject, parse_subject
from services.schema.words import Better, Grain, IndicatorUnit, NoValue, Outcome, Scope

router = new_router()


class StatedName(Model):
    """A name in both languages."""

    zh: Text
    en: Text


class StatedIndicator(Model):
    """A formula over measures; without one its values are posted."""

    name: StatedName
    formula: Annotated[str | None, Field(examples=['paid_amount[channel = "search"]'])] = None
    unit: Annotated[IndicatorUnit, Field(strict=False)]
    better: Annotated[Better, Field(strict=False)]

    def to_shape(self, code: str) -> Indicator:
        return Indicator(
            code=code,
            zh=self.name.zh,
            en=self.name.en,
            formula=self.formula,
            unit=self.unit,
            better=self.better,
            version=0,
            family=OWN_FAMILY,
        )


class IndicatorDocument(Model):
    """A definition as it is in force."""

    code: FormulaCode
    name: NameDocument
    family: str
    formula: str | None
    unit: IndicatorUnit
    better: Better
    version: int
    """0 is built in; the tenant's own count from 1."""
    counts_on: list[str]
    """On which day its facts count: `paid`, `refunded`, `shipped` ..."""
    posted: bool
    """Whether its values may be posted."""
    note: str | None
    leading: bool | None
    """Whether it moves before sales and profit do; null of a tenant's own."""


class ValuesQuery(Model):
    """Whose values of which period, whole or in parts."""

    # A query is text: its numbers are read from it.
    model_config = ConfigDict(strict=False)

    subject: SubjectText
    period: PeriodCode
    grain: Grain | None = None
    scope: Literal["own", "shops"] | None = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAXIMUM)] = LIMIT
    cursor: Annotated[str | None, Field(max_length=1000)] = None


class ValueDocument(Model):
    """A value, or the reason why there is none."""

    period: PeriodCode
    value: DecimalText | None
    reason: NoValue | None


class ChangeDocument(Model):
    """Since when a version of the definition holds."""

    version: int
    at: Instant


class DefinitionDocument(Model):
    """By which version all values of an answer are computed, and when it changed."""

    version: int
    changes: list[ChangeDocument]


class Series(Listed[ValueDocument]):
    """Values in the order of their periods."""

    definition: DefinitionDocument


class StatedValue(Model):
    """What no measure gives; the last one posted holds, for exactly its subject and period."""

    indicator: FormulaCode
    subject: SubjectText
    period: PeriodCode
    value: ValueIn
    source: Code | None = None
    """Who states it; the key that posts it unless stated."""
    note: LongText | None = None

    def to_shape(self, caller: Caller) -> PostedValue:
        return PostedValue(
            indicator=self.indicator,
            subject=parse_subject(self.subject),
            period=self.period,
            value=self.value,
            source=self.source or caller.name,
            note=self.note,
        )


@router.get("/v1/indicators")
async def list_indicators(
    request: Request, session: Reading, limit: Limit = LIMIT, cursor: Cursor = None
) -> Listed[IndicatorDocument]:
    """The built-in indicators and the tenant's own."""
    last = decode_cursor(request, cursor, 1)
    known = await known_indicators(session)
    measures = await known_measures(session)
    codes = sorted(code for code in known if last is None or code > last[0])
    return page_of(
        request,
        [known[code] for code in codes[: limit + 1]],
        limit=limit,
        total=len(known),
        key=lambda indicator: [indicator.code],
        document=lambda indicator: _document(indicator, measures),
    )


@router.get("/v1/indicators/{code}", response_model=IndicatorDocument)
async def get_indicator(request: Request, code: FormulaCode, session: Reading) -> Response:
    indicator = one_of(await known_indicators(session, [code]), code, "indicator")
    return tagged(request, bytes_of(_document(indicator, await known_measures(session))))


@router.put(
    "/v1/indicators/{code}",
    response_model=IndicatorDocument,
    responses={201: {"model": IndicatorDocument}},
)
async def put_indicator(
    request: Request, code: FormulaCode, stated: StatedIndicator, caller: Asking, session: Writing
) -> Response:
    """Define an indicator of the tenant's own. Another definition is a new version of it."""
    measures = await known_measures(session)

    def permit(before: Indicator | None) -> None:
        check_current(request, None if before is None else _document(before, measures))

    made, outcome = await define_indicator(
        session, stated.to_shape(code), permit=permit, caller=caller, at=datetime.now(UTC)
    )
    return put_answer(_document(made, measures), created=outcome is Outcome.CREATED)


@router.get("/v1/indicators/{code}/values")
async def get_values(
    request: Request,
    code: FormulaCode,
    caller: Asking,
    session: Reading,
    asked: Annotated[ValuesQuery, Query()],
) -> Series:
    """The value of a period, or one for each of its parts, every one by itself.

    Without a scope a unit has what names its people and what is of their shops, anybody else what
    names them.
    """
    subject = await seen_subject(session, asked.subject, caller)
    indicator = one_of(await known_indicators(session, [code]), code, "indicator")
    tenant = await read_tenant(session)
    period = period_of(asked.period, tenant.calendar)
    scope = usual_scope(subject) if asked.scope is None else Scope(asked.scope)
    wanted = series_of(code, subject, scope, period, asked.grain, tenant.calendar)
    last = decode_cursor(request, asked.cursor, 1)
    start = int(last[0]) if last else 0
    page = wanted[start : start + asked.limit]
    found = await read_values(session, page, tenant=tenant)
    end = start + len(page)
    return Series(
        items=[_value(one.period, found[one].value) for one in page],
        total=len(wanted),
        next_cursor=encode_cursor(request, [str(end)]) if end < len(wanted) else None,
        definition=await _definition(session, indicator),
    )


@router.post("/v1/indicators/values")
async def post_indicator_values(
    rows: Annotated[list[SkipValidation[StatedValue]], Body(max_length=MOST_ROWS)],
    caller: Asking,
    session: Writing,
) -> BatchAnswer:
    """Post values, one after another; the good rows land whatever the others are."""
    read = read_rows(rows, StatedValue)
    stated = [row.to_shape(caller) for row in read if isinstance(row, StatedValue)]
    verdicts = await post_values(session, stated, caller=caller, at=datetime.now(UTC))
    return answer_batch(read, verdicts)


async def seen_subject(session: ReadSession, stated: str, caller: Caller) -> Subject:
    """A subject within the caller's view; any other looks as if it did not exist."""
    subject = parse_subject(stated)
    view = await view_of(session, caller, datetime.now(UTC))
    if not view.sees(subject) or subject not in await known_subjects(session, [subject]):
        raise NotFound("subject")
    return subject


def period_of(code: str, calendar: Calendar, pointer: str = "?period") -> Period:
    """The period of a query, whose place a refusal names."""
    try:
        return parse_period(code, calendar)
    except Invalid as error:
        fault = Fault(pointer, error.code, error.detail)
        raise Invalid(error.code, error.detail, [fault]) from error


async def _definition(session: ReadSession, indicator: Indicator) -> DefinitionDocument:
    changes = [] if indicator.version == 0 else await read_version_times(session, indicator.code)
    return DefinitionDocument(
        version=indicator.version,
        changes=[ChangeDocument(version=version, at=at) for version, at in changes],
    )


def _value(period: Period, value: Value) -> ValueDocument:
    number = None if value.value is None else plain(value.value)
    return ValueDocument(period=period.code, value=number, reason=value.reason)


def _document(indicator: Indicator, measures: dict[str, Measure]) -> IndicatorDocument:
    counts_on: tuple[str, ...] = ()
    if indicator.formula is not None:
        counts_on = days_counted_on(parse_formula(indicator.formula), measures)
    return IndicatorDocument(
        code=indicator.code,
        name=NameDocument(zh=indicator.zh, en=indicator.en),
        family=indicator.family,
        formula=indicator.formula,
        unit=indicator.unit,
        better=indicator.better,
        version=indicator.version,
        counts_on=list(counts_on),
        posted=takes_posted_values(indicator),
        note=indicator.note,
        leading=indicator.leading,
    )
