"""REST of measures: the catalogue, and names of the tenant's own to post amounts under."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request, Response
from pydantic import Field

from services.api.core.measures import own_measure
from services.api.flows.indicators import known_measures
from services.api.flows.measures import declare_measure
from services.api.rest.documents import bytes_of, check_current, one_of, put_answer
from services.api.rest.indicators import StatedName
from services.api.rest.scheme_documents import NameDocument
from services.door.etags import tagged
from services.door.pages import LIMIT, Cursor, Limit, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import FormulaCode, Model
from services.schema.shapes.measures import Adds, Measure
from services.schema.words import FactKind, IndicatorUnit, Outcome

router = new_router()


class StatedMeasure(Model):
    """A daily amount that the tenant posts under a name of its own."""

    name: StatedName
    unit: Annotated[IndicatorUnit, Field(strict=False)]


class MeasureDocument(Model):
    """A measure: of which facts it is made, and how it comes together over days and shops."""

    code: FormulaCode
    name: NameDocument
    unit: IndicatorUnit
    kind: FactKind
    adds: Adds
    day: str
    """On which day a fact counts: `paid`, `refunded`, `shipped` ..."""
    built_in: bool
    note: str | None

    @classmethod
    def from_shape(cls, measure: Measure) -> "MeasureDocument":
        return cls(
            code=measure.code,
            name=NameDocument(zh=measure.zh, en=measure.en),
            unit=measure.unit,
            kind=measure.kind,
            adds=measure.adds,
            day=measure.day,
            built_in=measure.built_in,
            note=measure.note,
        )


@router.get("/v1/measures")
async def list_measures(
    request: Request, session: Reading, limit: Limit = LIMIT, cursor: Cursor = None
) -> Listed[MeasureDocument]:
    """The built-in measures and the tenant's own."""
    last = decode_cursor(request, cursor, 1)
    known = await known_measures(session)
    codes = sorted(code for code in known if last is None or code > last[0])
    return page_of(
        request,
        [known[code] for code in codes[: limit + 1]],
        limit=limit,
        total=len(known),
        key=lambda measure: [measure.code],
        document=MeasureDocument.from_shape,
    )


@router.get("/v1/measures/{code}", response_model=MeasureDocument)
async def get_measure(request: Request, code: FormulaCode, session: Reading) -> Response:
    measure = one_of(await known_measures(session), code, "measure")
    return tagged(request, bytes_of(MeasureDocument.from_shape(measure)))


@router.put(
    "/v1/measures/{code}",
    response_model=MeasureDocument,
    responses={201: {"model": MeasureDocument}},
)
async def put_measure(
    request: Request, code: FormulaCode, stated: StatedMeasure, caller: Asking, session: Writing
) -> Response:
    """Declare a measure of the tenant's own, or name it anew."""
    measure = own_measure(code, zh=stated.name.zh, en=stated.name.en, unit=stated.unit)

    def permit(before: Measure | None) -> None:
        check_current(request, None if before is None else MeasureDocument.from_shape(before))

    outcome = await declare_measure(
        session, measure, permit=permit, caller=caller, at=datetime.now(UTC)
    )
    document = MeasureDocument.from_shape(measure)
    return put_answer(document, created=outcome is Outcome.CREATED)
