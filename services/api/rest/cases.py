"""REST of cases: what was found wrong, who puts it right until when, and what became of it."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import ConfigDict, Field

from services.api.auth import view_of
from services.api.core.cases import StatedStep, is_overdue
from services.api.flows.cases import open_case, owner_of, take_step
from services.api.rest.documents import bytes_of
from services.api.store.cases import CaseFilter, read_case, read_page_of_cases
from services.api.store.people import read_tenant
from services.door.etags import tagged
from services.door.pages import LIMIT, LIMIT_MAXIMUM, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Code, Day, Instant, LongText, Model, SubjectText
from services.schema.days import local_day
from services.schema.errors import NotFound
from services.schema.shapes.cases import Case, CaseEntry, StatedCase
from services.schema.shapes.people import Subject, parse_subject
from services.schema.shapes.views import View
from services.schema.watch_words import CaseState, CaseStep
from services.schema.words import SubjectKind

router = new_router()

CaseId = Annotated[str, Field(max_length=64)]
Step = Annotated[CaseStep, Field(strict=False)]


class CaseIn(Model):
    """A finding, left to somebody until a day."""

    finding: LongText
    subject: SubjectText
    """Whose service it is about."""
    owner: Code
    due_on: Day
    survey: Code | None = None
    respondent: Code | None = None
    """The customer who is to be told what was done."""

    def to_shape(self) -> StatedCase:
        return StatedCase(
            finding=self.finding,
            subject=parse_subject(self.subject),
            owner=self.owner,
            due_on=self.due_on,
            survey=self.survey,
            respondent=self.respondent,
        )


class CaseStepIn(Model):
    """A step that a case takes."""

    step: Step
    note: LongText | None = None
    owner: Code | None = None
    due_on: Day | None = None
    """Of an assignment: what changes."""

    def to_shape(self) -> StatedStep:
        return StatedStep(self.step, self.note, self.owner, self.due_on)


class CaseQuery(Model):
    """Which cases to list, newest first."""

    # A query is text: its numbers and words are read from it.
    model_config = ConfigDict(strict=False)

    owner: Code | None = None
    subject: SubjectText | None = None
    survey: Code | None = None
    state: CaseState | None = None
    overdue: bool = False
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAXIMUM)] = LIMIT
    cursor: Annotated[str | None, Field(max_length=1000)] = None


class CaseStepDocument(Model):
    """A step that a case took, and to whom it was left from then on."""

    step: CaseStep
    owner: Code
    due_on: Day
    note: str | None
    by: str | None
    """Null where the reader is not told of this person."""
    at: Instant

    @classmethod
    def from_shape(cls, entry: CaseEntry, view: View) -> "CaseStepDocument":
        return cls(
            step=entry.step,
            owner=entry.owner,
            due_on=entry.due_on,
            note=entry.note,
            by=entry.person if view.names_person(entry.person) else None,
            at=entry.at,
        )


class CaseDocument(Model):
    """A case as it stands."""

    id: str
    finding: str
    subject: SubjectText
    owner: Code
    due_on: Day
    survey: Code | None
    respondent: str | None
    state: CaseState
    customer_told: bool | None
    """Null where nobody is to be told."""
    overdue: bool
    steps: list[CaseStepDocument]

    @classmethod
    def from_shape(cls, case: Case, view: View, today: date) -> "CaseDocument":
        stated = case.stated
        return cls(
            id=case.id,
            finding=stated.finding,
            subject=str(stated.subject),
            owner=stated.owner,
            due_on=stated.due_on,
            survey=stated.survey,
            respondent=stated.respondent,
            state=case.state,
            customer_told=None if stated.respondent is None else case.is_told,
            overdue=is_overdue(case, today),
            steps=[CaseStepDocument.from_shape(each, view) for each in case.trail],
        )


@router.get("/v1/cases")
async def list_cases(
    request: Request, query: Annotated[CaseQuery, Query()], caller: Asking, session: Reading
) -> Listed[CaseDocument]:
    """The cases that are left to whom the caller sees, newest first."""
    at = datetime.now(UTC)
    view = await view_of(session, caller, at)
    today = local_day(at, (await read_tenant(session)).timezone)
    wanted = CaseFilter(
        owners=owners_seen(view, query.owner),
        subject=None if query.subject is None else parse_subject(query.subject),
        survey=query.survey,
        state=CaseState.OPEN if query.overdue else query.state,
        due_before=today if query.overdue else None,
    )
    last = decode_cursor(request, query.cursor, 1)
    found, total = await read_page_of_cases(
        session, wanted, after=last[0] if last else None, limit=query.limit + 1
    )
    return page_of(
        request,
        found,
        limit=query.limit,
        total=total,
        key=lambda case: [case.id],
        document=lambda case: CaseDocument.from_shape(case, view, today),
    )


@router.get("/v1/cases/{id}", response_model=CaseDocument)
async def get_case(request: Request, id: CaseId, caller: Asking, session: Reading) -> Response:
    at = datetime.now(UTC)
    view = await view_of(session, caller, at)
    case = await read_case(session, id)
    if case is None or not view.sees(owner_of(case)):
        raise NotFound("case")
    today = local_day(at, (await read_tenant(session)).timezone)
    return tagged(request, bytes_of(CaseDocument.from_shape(case, view, today)))


@router.post("/v1/cases", status_code=201)
async def post_case(stated: CaseIn, caller: Asking, session: Writing) -> CaseDocument:
    """Leave a finding of a survey, or any other, to somebody until a day.

    Overdue, it raises an alert about its owner, which whoever stands above sees.
    """
    at = datetime.now(UTC)
    view = await view_of(session, caller, at)
    case = await open_case(session, stated.to_shape(), view=view, caller=caller, at=at)
    today = local_day(at, (await read_tenant(session)).timezone)
    return CaseDocument.from_shape(case, view, today)


@router.post("/v1/cases/{id}/steps", status_code=201)
async def post_step(
    id: CaseId, stated: CaseStepIn, caller: Asking, session: Writing
) -> CaseDocument:
    """Take a case on: `done` says what was done, `told` what the customer was told, both by the
    owner or somebody above; `assigned`, `closed` and `reopened` by somebody above alone.

    It is closed once it was put right and the customer, where one is named, was told.
    """
    at = datetime.now(UTC)
    view = await view_of(session, caller, at)
    case = await take_step(session, id, stated.to_shape(), view=view, caller=caller, at=at)
    today = local_day(at, (await read_tenant(session)).timezone)
    return CaseDocument.from_shape(case, view, today)


def owners_seen(view: View, owner: str | None) -> frozenset[str] | None:
    """Whose cases a list shows: one who is out of view looks like one without any."""
    if owner is None:
        return None if view.whole else view.employees
    seen = view.sees(Subject(SubjectKind.EMPLOYEE, owner))
    return frozenset({owner}) if seen else frozenset()
