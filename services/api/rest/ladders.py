"""REST of ladders of levels: templates, versions, and what people observe of each other."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Body, Query, Request, Response
from pydantic import ConfigDict, Field

from services.api.auth import view_of
from services.api.core.documents import instant_text, to_bytes
from services.api.flows.ladders import adopt_ladder, observe, put_ladder
from services.api.rest.level_documents import LadderBody, LadderDocument, MonthText
from services.api.rest.scheme_documents import NameDocument
from services.api.rest.stored import answer_catalogue, answer_page
from services.api.store.ladders import (
    ObservationFilter,
    read_ladder,
    read_page_of_ladders,
    read_page_of_observations,
)
from services.api.templates.ladders import ladder_templates
from services.door.authors import Names, read_author_names
from services.door.etags import PRIVATE, check_match, etag_of, tagged
from services.door.pages import LIMIT, LIMIT_MAXIMUM, Cursor, Limit, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Code, Instant, LongText, Model, PeriodCode
from services.schema.errors import NotFound
from services.schema.shapes.levels import KeptLadder, Observation, StatedObservation
from services.schema.words import Outcome

router = new_router()

Version = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


class LadderTemplate(Model):
    """A ladder that a tenant may adopt, and where its figures are from."""

    code: Code
    name: NameDocument
    note: NameDocument
    ladder: LadderDocument


class StatedLadderAdoption(Model):
    """A ladder that begins as a copy of a template."""

    code: Code
    template: Code


class KeptLadderDocument(LadderDocument):
    """A version of a ladder; it never changes."""

    code: Code
    version: int
    template: str | None
    """What its first version was copied from."""
    changed_at: Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class ObservationIn(Model):
    """What a person did, or did not, in a month."""

    employee: Code
    behaviour: Code
    month: PeriodCode
    holds: bool
    comment: LongText | None = None

    def to_shape(self) -> StatedObservation:
        return StatedObservation(
            employee=self.employee,
            behaviour=self.behaviour,
            month=self.month,
            holds=self.holds,
            comment=self.comment,
        )


class ObservationQuery(Model):
    """Which observations to list."""

    # A query is text: its numbers are read from it.
    model_config = ConfigDict(strict=False)

    employee: Code | None = None
    month: MonthText | None = None
    history: bool = False
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAXIMUM)] = LIMIT
    cursor: Annotated[str | None, Field(max_length=1000)] = None


class ObservationDocument(Model):
    """An observation with who made it and when; the highest revision holds."""

    employee: Code
    behaviour: Code
    month: MonthText
    holds: bool
    comment: str | None
    observer: Code | None
    author: str
    author_name: str | None
    """The person's, or of a key of nobody's its role; null where the reader is not told."""
    observed_at: Instant
    revision: int

    @classmethod
    def from_shape(cls, observation: Observation, names: Names) -> "ObservationDocument":
        stated = observation.stated
        return cls(
            employee=stated.employee,
            behaviour=stated.behaviour,
            month=stated.month,
            holds=stated.holds,
            comment=stated.comment,
            observer=observation.observer,
            author=observation.author,
            author_name=names.get(observation.author),
            observed_at=observation.observed_at,
            revision=observation.revision,
        )


@router.get("/v1/ladder-templates", response_model=Listed[LadderTemplate])
async def list_ladder_templates(
    request: Request, _caller: Asking, limit: Limit = LIMIT, cursor: Cursor = None
) -> Response:
    return answer_catalogue(request, ladder_templates(), limit, cursor)


@router.get("/v1/ladder-templates/{code}", response_model=LadderTemplate)
async def get_ladder_template(request: Request, code: Code, _caller: Asking) -> Response:
    if code not in ladder_templates():
        raise NotFound("template")
    return tagged(request, to_bytes(ladder_templates()[code]))


@router.post("/v1/ladders", status_code=201, response_model=KeptLadderDocument)
async def post_ladder(stated: StatedLadderAdoption, caller: Asking, session: Writing) -> Response:
    """Begin a ladder as a copy of a template."""
    made = await adopt_ladder(
        session, stated.code, stated.template, caller=caller, at=datetime.now(UTC)
    )
    return _answer(made, 201, {"Location": f"/v1/ladders/{made.code}"})


@router.put(
    "/v1/ladders/{code}",
    response_model=KeptLadderDocument,
    responses={201: {"model": KeptLadderDocument}},
)
async def put_stated_ladder(
    request: Request,
    code: Code,
    document: Annotated[LadderBody, Body()],
    caller: Asking,
    session: Writing,
) -> Response:
    """Put a ladder in force. One that says something else than the last is a new version of it."""

    def permit(before: KeptLadder | None) -> None:
        check_match(request, None if before is None else etag_of(_bytes_of(before)))

    made, outcome = await put_ladder(
        session, code, document, permit=permit, caller=caller, at=datetime.now(UTC)
    )
    return _answer(made, 201 if outcome is Outcome.CREATED else 200, {})


@router.get("/v1/ladders", response_model=Listed[KeptLadderDocument])
async def list_ladders(
    request: Request, _caller: Asking, session: Reading, limit: Limit = LIMIT, cursor: Cursor = None
) -> Response:
    """The newest version of each ladder, in the order of codes."""
    last = decode_cursor(request, cursor, 1)
    found, total = await read_page_of_ladders(
        session, after=last[0] if last else None, limit=limit + 1
    )
    return answer_page(
        request,
        found,
        limit=limit,
        total=total,
        key=lambda ladder: [ladder.code],
        document=_bytes_of,
    )


@router.get("/v1/ladders/{code}", response_model=KeptLadderDocument)
async def get_ladder(
    request: Request, code: Code, _caller: Asking, session: Reading, version: Version = None
) -> Response:
    """A version; without one the newest."""
    found = await read_ladder(session, code, version)
    if found is None:
        raise NotFound("ladder")
    return tagged(request, _bytes_of(found))


@router.post("/v1/ladders/{code}/observations")
async def post_observations(
    code: Code,
    stated: Annotated[list[ObservationIn], Body(min_length=1, max_length=LIMIT_MAXIMUM)],
    caller: Asking,
    session: Writing,
) -> Listed[ObservationDocument]:
    """Keep what was observed of others, all or none; another word on the same is a revision."""
    at = datetime.now(UTC)
    view = await view_of(session, caller, at)
    found = await observe(
        session,
        code,
        [each.to_shape() for each in stated],
        view=view,
        caller=caller,
        at=at,
    )
    names = await read_author_names(session, (each.author for each in found), view)
    items = [ObservationDocument.from_shape(each, names) for each in found]
    return Listed(items=items, total=len(items), next_cursor=None)


@router.get("/v1/ladders/{code}/observations")
async def list_observations(
    request: Request,
    code: Code,
    query: Annotated[ObservationQuery, Query()],
    caller: Asking,
    session: Reading,
) -> Listed[ObservationDocument]:
    """What holds of the people whom the caller sees, with `history` also what it replaced."""
    if await read_ladder(session, code) is None:
        raise NotFound("ladder")
    view = await view_of(session, caller, datetime.now(UTC))
    wanted = ObservationFilter(
        ladder=code,
        employees=None if view.whole else view.employees,
        employee=query.employee,
        month=query.month,
        history=query.history,
    )
    last = decode_cursor(request, query.cursor, 4)
    after = (last[0], last[1], last[2], int(last[3])) if last else None
    found, total = await read_page_of_observations(
        session, wanted, after=after, limit=query.limit + 1
    )
    names = await read_author_names(session, (each.author for each in found), view)
    return page_of(
        request,
        found,
        limit=query.limit,
        total=total,
        key=_key_of,
        document=lambda each: ObservationDocument.from_shape(each, names),
    )


def _key_of(observation: Observation) -> list[str]:
    stated = observation.stated
    return [stated.employee, stated.behaviour, stated.month, str(observation.revision)]


def _bytes_of(ladder: KeptLadder) -> bytes:
    head: dict[str, Any] = {
        "code": ladder.code,
        "version": ladder.version,
        "template": ladder.template,
        "changed_at": instant_text(ladder.made_at),
    }
    return to_bytes({**head, **json.loads(ladder.document)})


def _answer(ladder: KeptLadder, status: int, headers: dict[str, str]) -> Response:
    body = _bytes_of(ladder)
    tags = {"ETag": etag_of(body), **PRIVATE}
    return Response(body, status, headers={**headers, **tags}, media_type="application/json")
