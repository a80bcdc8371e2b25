"""REST of standards: what an indicator has to keep to, for whom, and over which days."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import Request, Response
from pydantic import Field, model_validator

from services.api.core.standards import MOST_DAYS
from services.api.core.values import usual_scope
from services.api.flows.standards import known_standards, put_standard
from services.api.rest.documents import bytes_of, check_current, one_of, put_answer
from services.api.rest.indicators import StatedName
from services.api.rest.scheme_documents import NameDocument
from services.door.etags import tagged
from services.door.pages import LIMIT, Cursor, Limit, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Code, DecimalText, FormulaCode, Model, ValueIn
from services.schema.money import plain
from services.schema.shapes.people import Subject
from services.schema.shapes.standards import Basis, Standard
from services.schema.words import CycleKind, Outcome, Scope, SubjectKind

router = new_router()

MOST_SUBJECTS = 1_000

Kind = Annotated[SubjectKind, Field(strict=False)]
Over = Annotated[CycleKind, Field(strict=False)]
Whose = Annotated[Scope, Field(strict=False)]


class StatedBasis(Model):
    """What there must be of another indicator before the standard says anything."""

    indicator: FormulaCode
    at_least: ValueIn


class StatedStandard(Model):
    """A bound on an indicator."""

    name: StatedName
    indicator: FormulaCode
    subject_kind: Kind
    subjects: Annotated[list[Code], Field(min_length=1, max_length=MOST_SUBJECTS)] | None = None
    """Whom it is for; everybody of the kind where left out."""
    scope: Whose | None = None
    """Whose measures count; as for values where left out."""
    at_least: ValueIn | None = None
    at_most: ValueIn | None = None
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] | None = None
    """The value is of so many days, the day looked at the last of them."""
    period: Over | None = None
    """Or of the month, quarter, half or year so far."""
    basis: StatedBasis | None = None
    active: bool = True

    @model_validator(mode="after")
    def _states_one_of_each(self) -> "StatedStandard":
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("`at_least` or `at_most` is expected, one of them")
        if (self.days is None) == (self.period is None):
            raise ValueError("`days` or `period` is expected, one of them")
        if self.subjects is not None and self.subject_kind is SubjectKind.COMPANY:
            raise ValueError("there is but one company")
        return self

    def to_shape(self, code: str) -> Standard:
        usual = usual_scope(Subject(self.subject_kind, ""))
        return Standard(
            code=code,
            zh=self.name.zh,
            en=self.name.en,
            indicator=self.indicator,
            subject_kind=self.subject_kind,
            subjects=None if self.subjects is None else tuple(sorted(set(self.subjects))),
            scope=self.scope or usual,
            at_least=self.at_least,
            at_most=self.at_most,
            days=self.days,
            period=self.period,
            basis=None if self.basis is None else Basis(self.basis.indicator, self.basis.at_least),
            active=self.active,
            version=0,
        )


class BasisDocument(Model):
    """What there must be of another indicator."""

    indicator: FormulaCode
    at_least: DecimalText


class StandardDocument(Model):
    """A standard as it is in force."""

    code: Code
    name: NameDocument
    indicator: FormulaCode
    subject_kind: SubjectKind
    subjects: list[Code] | None
    scope: Scope
    at_least: DecimalText | None
    at_most: DecimalText | None
    days: int | None
    period: CycleKind | None
    basis: BasisDocument | None
    active: bool
    version: int
    """0 is built in; the tenant's own count from 1."""

    @classmethod
    def from_shape(cls, standard: Standard) -> "StandardDocument":
        basis = standard.basis
        return cls(
            code=standard.code,
            name=NameDocument(zh=standard.zh, en=standard.en),
            indicator=standard.indicator,
            subject_kind=standard.subject_kind,
            subjects=None if standard.subjects is None else list(standard.subjects),
            scope=standard.scope,
            at_least=plain_or_none(standard.at_least),
            at_most=plain_or_none(standard.at_most),
            days=standard.days,
            period=standard.period,
            basis=None
            if basis is None
            else BasisDocument(indicator=basis.indicator, at_least=plain(basis.at_least)),
            active=standard.active,
            version=standard.version,
        )


def plain_or_none(value: Decimal | None) -> str | None:
    """A number as it is written, where there is one."""
    return None if value is None else plain(value)


@router.get("/v1/standards")
async def list_standards(
    request: Request, session: Reading, limit: Limit = LIMIT, cursor: Cursor = None
) -> Listed[StandardDocument]:
    """The standards in force: the built-in ones, and what the tenant puts in their place."""
    last = decode_cursor(request, cursor, 1)
    known = await known_standards(session)
    codes = [code for code in known if last is None or code > last[0]]
    return page_of(
        request,
        [known[code] for code in codes[: limit + 1]],
        limit=limit,
        total=len(known),
        key=lambda standard: [standard.code],
        document=StandardDocument.from_shape,
    )


@router.get("/v1/standards/{code}", response_model=StandardDocument)
async def get_standard(request: Request, code: Code, session: Reading) -> Response:
    standard = one_of(await known_standards(session, [code]), code, "standard")
    return tagged(request, bytes_of(StandardDocument.from_shape(standard)))


@router.put(
    "/v1/standards/{code}",
    response_model=StandardDocument,
    responses={201: {"model": StandardDocument}},
)
async def put_stated_standard(
    request: Request, code: Code, stated: StatedStandard, caller: Asking, session: Writing
) -> Response:
    """Put a standard in force; under the code of a built-in one it takes that one's place.

    Each day of the last week is held against it when something comes in, the day that runs against
    `at_most` alone. Broken, it raises one alert for the subject and the day (`GET /v1/alerts`).
    Without `active` it is not looked at any more.
    """

    def permit(before: Standard | None) -> None:
        check_current(request, None if before is None else StandardDocument.from_shape(before))

    made, outcome = await put_standard(
        session, stated.to_shape(code), permit=permit, caller=caller, at=datetime.now(UTC)
    )
    return put_answer(StandardDocument.from_shape(made), created=outcome is Outcome.CREATED)
