"""REST of schemes: drafts for who writes them, published versions for whom they score."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Body, Query, Request, Response
from pydantic import Field

from services.api.core.documents import instant_text, to_bytes
from services.api.core.lopsided import warnings_of
from services.api.core.views import writes_schemes
from services.api.flows.schemes import adopt_template, publish_draft, put_draft, scheme_of
from services.api.rest.scheme_documents import SchemeBody, SchemeDocument
from services.api.rest.stored import answer_page
from services.api.store.schemes import (
    read_draft,
    read_page_of_drafts,
    read_page_of_published,
    read_published,
)
from services.door.etags import PRIVATE, check_match, etag_of, tagged
from services.door.pages import LIMIT, Cursor, Limit, Listed, decode_cursor
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Code, Day, DecimalText, Model
from services.schema.db import ReadSession
from services.schema.errors import NotFound
from services.schema.money import plain
from services.schema.shapes.drafts import Draft, Published
from services.schema.shapes.people import Caller
from services.schema.shapes.schemes import Lopsided, SchemeWarning

router = new_router()

Version = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


class StatedAdoption(Model):
    """A scheme that begins as a copy of a template."""

    code: Code
    template: Code


class KeptScheme(SchemeDocument):
    """A draft, which has no version, or a published version, which never changes."""

    code: Code
    version: int | None
    latest_version: int | None
    """Of a draft: the newest that was published of it; of a version: itself."""
    template: str | None
    """Of a draft: what it was copied from."""
    changed_at: Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class WarningDocument(Model):
    """What makes a scheme lopsided; it may be published all the same."""

    code: Lopsided
    item: Code | None
    """Whose weight is above half."""
    family: str | None
    """To which all indicators belong."""
    figure: DecimalText
    """The item's weight in percent of the whole, or how many: items, indicators of the one family,
    leading indicators."""

    @classmethod
    def from_shape(cls, warning: SchemeWarning) -> "WarningDocument":
        return cls(
            code=warning.code,
            item=warning.item,
            family=warning.family,
            figure=plain(warning.figure),
        )


class StatedPublication(Model):
    """From when a version is in force."""

    in_force_from: Day | None = None
    """The first day of periods that it may score; null: any."""


_AT_ONCE = StatedPublication()


class PublishedVersion(Model):
    """What was published, and what makes it lopsided."""

    code: Code
    version: int
    warnings: list[WarningDocument]


class SchemeWarnings(Model):
    """What makes a draft or a version lopsided."""

    code: Code
    version: int | None
    """Null: the draft."""
    warnings: list[WarningDocument]


@router.post("/v1/schemes", status_code=201, response_model=KeptScheme)
async def post_scheme(stated: StatedAdoption, caller: Asking, session: Writing) -> Response:
    """Begin a scheme as a copy of a template."""
    draft = await adopt_template(
        session, stated.code, stated.template, caller=caller, at=datetime.now(UTC)
    )
    headers = {"Location": f"/v1/schemes/{draft.code}"}
    return _answer(_bytes_of_draft(draft), 201, headers)


@router.put("/v1/schemes/{code}", response_model=KeptScheme, responses={201: {"model": KeptScheme}})
async def put_scheme(
    request: Request,
    code: Code,
    document: Annotated[SchemeBody, Body()],
    caller: Asking,
    session: Writing,
) -> Response:
    """Begin a scheme or replace its draft whole; what was published of it stays as it is."""
    found: list[Draft] = []

    def permit(before: Draft | None) -> None:
        check_match(request, None if before is None else etag_of(_bytes_of_draft(before)))
        found.extend([before] if before is not None else [])

    draft = await put_draft(
        session, code, document, permit=permit, caller=caller, at=datetime.now(UTC)
    )
    return _answer(_bytes_of_draft(draft), 200 if found else 201, {})


@router.post("/v1/schemes/{code}/publish")
async def post_publication(
    code: Code, caller: Asking, session: Writing, stated: StatedPublication = _AT_ONCE
) -> PublishedVersion:
    """Make the draft a version; one that says what the newest says already is that version.

    What makes it lopsided is told, and refuses nothing: one family of indicators, an item above
    half, more than eight items, no leading indicator.
    """
    published = await publish_draft(
        session,
        code,
        in_force_from=stated.in_force_from,
        caller=caller,
        at=datetime.now(UTC),
    )
    return PublishedVersion(
        code=published.code,
        version=published.version,
        warnings=_warnings_of(published.document),
    )


@router.get("/v1/schemes", response_model=Listed[KeptScheme])
async def list_schemes(
    request: Request, caller: Asking, session: Reading, limit: Limit = LIMIT, cursor: Cursor = None
) -> Response:
    """Of each scheme its draft, for who may write it, or its newest version for all others."""
    last = decode_cursor(request, cursor, 1)
    after = last[0] if last else None
    if writes_schemes(caller.role):
        drafts, total = await read_page_of_drafts(session, after=after, limit=limit + 1)
        rows = [(draft.code, _bytes_of_draft(draft)) for draft in drafts]
    else:
        versions, total = await read_page_of_published(session, after=after, limit=limit + 1)
        rows = [(version.code, _bytes_of_version(version)) for version in versions]
    return answer_page(
        request,
        rows,
        limit=limit,
        total=total,
        key=lambda row: [row[0]],
        document=lambda row: row[1],
    )


@router.get("/v1/schemes/{code}", response_model=KeptScheme)
async def get_scheme(
    request: Request, code: Code, caller: Asking, session: Reading, version: Version = None
) -> Response:
    """A version; without one the draft, for who may write it, or the newest version."""
    return tagged(request, await _read(session, code, version, caller))


@router.get("/v1/schemes/{code}/warnings")
async def get_scheme_warnings(
    code: Code, caller: Asking, session: Reading, version: Version = None
) -> SchemeWarnings:
    """What makes a version lopsided; without one the draft, for who may write it, or the newest."""
    found = await _find(session, code, version, caller)
    return SchemeWarnings(
        code=code,
        version=found.version if isinstance(found, Published) else None,
        warnings=_warnings_of(found.document),
    )


async def _read(session: ReadSession, code: str, version: int | None, caller: Caller) -> bytes:
    found = await _find(session, code, version, caller)
    return _bytes_of_draft(found) if isinstance(found, Draft) else _bytes_of_version(found)


async def _find(
    session: ReadSession, code: str, version: int | None, caller: Caller
) -> Draft | Published:
    if version is None:
        draft = await read_draft(session, code)
        if draft is not None and writes_schemes(caller.role):
            return draft
        version = None if draft is None else draft.latest
    published = None if version is None else await read_published(session, code, version)
    if published is None:
        raise NotFound("scheme")
    return published


def _warnings_of(document: str) -> list[WarningDocument]:
    return [WarningDocument.from_shape(each) for each in warnings_of(scheme_of(document))]


def _bytes_of_draft(draft: Draft) -> bytes:
    head = {
        "code": draft.code,
        "version": None,
        "latest_version": draft.latest,
        "template": draft.template,
        "changed_at": instant_text(draft.changed_at),
    }
    return _bytes_of(head, draft.document)


def _bytes_of_version(published: Published) -> bytes:
    head = {
        "code": published.code,
        "version": published.version,
        "latest_version": published.version,
        "template": None,
        "changed_at": instant_text(published.published_at),
    }
    return _bytes_of(head, published.document)


def _bytes_of(head: dict[str, Any], document: str) -> bytes:
    return to_bytes({**head, **json.loads(document)})


def _answer(body: bytes, status: int, headers: dict[str, str]) -> Response:
    tags = {"ETag": etag_of(body), **PRIVATE}
    return Response(body, status, headers={**headers, **tags}, media_type="application/json")
