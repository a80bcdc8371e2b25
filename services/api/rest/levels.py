"""REST of levels: people are assessed by a ladder for a month, and see where they stand."""

from collections import Counter
from datetime import UTC, datetime
from secrets import token_hex
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import ConfigDict, Field

from services.api.auth import view_of
from services.api.flows.levels import assess_levels
from services.api.rest.level_documents import AssessmentDocument, MonthText
from services.api.rest.stored import answer_page
from services.api.store.ladders import read_ladder
from services.api.store.levels import AssessmentFilter, read_page_of_assessments
from services.api.store.people import read_employees
from services.door.pages import LIMIT, LIMIT_MAXIMUM, Listed, decode_cursor
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Code, Model, PeriodCode
from services.schema.db import ReadSession
from services.schema.errors import NotFound
from services.schema.shapes.levels import Assessment
from services.schema.shapes.people import Subject
from services.schema.shapes.views import View
from services.schema.words import SubjectKind

router = new_router()

SEED_BYTES = 16


class AssessmentIn(Model):
    """For which month to assess, and whom; nobody named is everyone of the ladder's positions."""

    month: PeriodCode
    employees: Annotated[list[Code], Field(min_length=1, max_length=10_000)] | None = None


class LevelCount(Model):
    """How many people have a level; null is below the lowest."""

    level: Code | None
    people: int


class AssessmentAnswer(Model):
    """What came of an assessment; the levels themselves are read as a list."""

    ladder: Code
    month: MonthText
    assessed: int
    levels: list[LevelCount]


class AssessmentQuery(Model):
    """Which levels to list, the newest month first."""

    # A query is text: its numbers are read from it.
    model_config = ConfigDict(strict=False)

    month: MonthText | None = None
    employee: Code | None = None
    level: Code | None = None
    history: bool = False
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAXIMUM)] = LIMIT
    cursor: Annotated[str | None, Field(max_length=1000)] = None


class OwnLevelsQuery(Model):
    """Which levels of a person to list, the newest month first."""

    # A query is text: its numbers are read from it.
    model_config = ConfigDict(strict=False)

    ladder: Code | None = None
    month: MonthText | None = None
    history: bool = False
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAXIMUM)] = LIMIT
    cursor: Annotated[str | None, Field(max_length=1000)] = None


@router.post("/v1/ladders/{code}/assessments")
async def post_assessment(
    code: Code, stated: AssessmentIn, caller: Asking, session: Writing
) -> AssessmentAnswer:
    """Assess people's levels for a month that is over, and keep them; the last assessment holds.

    Sampled indicators are drawn by one seed for the month, which its first assessment settles.
    """
    found = await assess_levels(
        session,
        code,
        stated.month,
        stated.employees,
        new_seed=token_hex(SEED_BYTES),
        caller=caller,
        at=datetime.now(UTC),
    )
    counts = Counter(assessment.level for assessment in found)
    return AssessmentAnswer(
        ladder=code,
        month=stated.month,
        assessed=len(found),
        levels=[
            LevelCount(level=level, people=counts[level])
            for level in sorted(counts, key=lambda level: level or "")
        ],
    )


@router.get("/v1/ladders/{code}/assessments", response_model=Listed[AssessmentDocument])
async def list_assessments(
    request: Request,
    code: Code,
    query: Annotated[AssessmentQuery, Query()],
    caller: Asking,
    session: Reading,
) -> Response:
    """The levels of the people whom the caller sees; with `history` also those replaced."""
    if await read_ladder(session, code) is None:
        raise NotFound("ladder")
    view = await view_of(session, caller, datetime.now(UTC))
    wanted = AssessmentFilter(
        employees=_visible(view),
        employee=query.employee,
        ladder=code,
        month=query.month,
        level=query.level,
        history=query.history,
    )
    return await _answer(request, session, wanted, query.limit, query.cursor)


@router.get("/v1/employees/{code}/levels", response_model=Listed[AssessmentDocument])
async def list_levels_of_employee(
    request: Request,
    code: Code,
    query: Annotated[OwnLevelsQuery, Query()],
    caller: Asking,
    session: Reading,
) -> Response:
    """A person's levels, each with what keeps the person from the next one."""
    view = await view_of(session, caller, datetime.now(UTC))
    seen = view.sees(Subject(SubjectKind.EMPLOYEE, code))
    if not seen or code not in await read_employees(session, [code]):
        raise NotFound("employee")
    wanted = AssessmentFilter(
        employees=None,
        employee=code,
        ladder=query.ladder,
        month=query.month,
        history=query.history,
    )
    return await _answer(request, session, wanted, query.limit, query.cursor)


async def _answer(
    request: Request,
    session: ReadSession,
    wanted: AssessmentFilter,
    limit: int,
    cursor: str | None,
) -> Response:
    last = decode_cursor(request, cursor, 4)
    after = (last[0], last[1], last[2], int(last[3])) if last else None
    found, total = await read_page_of_assessments(session, wanted, after=after, limit=limit + 1)
    return answer_page(
        request,
        found,
        limit=limit,
        total=total,
        key=_key_of,
        document=lambda assessment: assessment.document,
    )


def _visible(view: View) -> frozenset[str] | None:
    return None if view.whole else view.employees


def _key_of(assessment: Assessment) -> list[str]:
    key = [assessment.month, assessment.ladder, assessment.employee]
    return [*key, str(assessment.revision)]
