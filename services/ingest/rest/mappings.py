"""REST of mappings: the built-in ones, and a tenant's own for the exports that it has."""

from datetime import UTC, datetime

from fastapi import Request, Response

from services.door.etags import PRIVATE, check_match, etag_of, tagged
from services.door.pages import LIMIT, Cursor, Limit, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Code
from services.ingest.flows.mappings import define_mapping
from services.ingest.rest.mapping_documents import (
    MappingDocument,
    StatedMapping,
    built_in_mappings,
    document_of,
)
from services.ingest.store.mappings import read_mappings
from services.schema.db import ReadSession
from services.schema.errors import Conflict, Fault, NotFound
from services.schema.shapes.mappings import FileMapping
from services.schema.words import Outcome

router = new_router()


@router.get("/v1/mappings")
async def list_mappings(
    request: Request, session: Reading, limit: Limit = LIMIT, cursor: Cursor = None
) -> Listed[MappingDocument]:
    """The built-in mappings and the tenant's own, by code."""
    last = decode_cursor(request, cursor, 1)
    known = {**built_in_mappings(), **await _own(session)}
    codes = sorted(code for code in known if last is None or code > last[0])
    return page_of(
        request,
        codes[: limit + 1],
        limit=limit,
        total=len(known),
        key=lambda code: [code],
        document=lambda code: document_of(code, known[code]),
    )


@router.get("/v1/mappings/{code}", response_model=MappingDocument)
async def get_mapping(request: Request, code: Code, session: Reading) -> Response:
    return tagged(request, _bytes(code, await _stated(session, code)))


@router.put(
    "/v1/mappings/{code}",
    response_model=MappingDocument,
    responses={201: {"model": MappingDocument}},
)
async def put_mapping(
    request: Request, code: Code, stated: StatedMapping, caller: Asking, session: Writing
) -> Response:
    """Say how the rows of an export become facts; files that came in before stay as they are."""
    if code in built_in_mappings():
        detail = f"The mapping {code} is built in: put a copy under another code."
        raise Conflict("built_in", detail, [Fault("?code", "built_in", detail)])

    def permit(before: str | None) -> None:
        check_match(request, None if before is None else etag_of(_bytes(code, _read(before))))

    outcome = await define_mapping(
        session,
        stated.to_shape(code),
        stated.model_dump_json(),
        permit=permit,
        caller=caller,
        at=datetime.now(UTC),
    )
    body = _bytes(code, stated)
    return Response(
        body,
        201 if outcome is Outcome.CREATED else 200,
        headers={"ETag": etag_of(body), **PRIVATE},
        media_type="application/json",
    )


async def find_mapping(session: ReadSession, code: str) -> FileMapping:
    """A built-in mapping or one of the tenant's own."""
    stated = await _stated(session, code)
    return stated.to_shape(code, built_in=code in built_in_mappings())


async def _stated(session: ReadSession, code: str) -> StatedMapping:
    found = built_in_mappings().get(code) or (await _own(session, code)).get(code)
    if found is None:
        raise NotFound("mapping")
    return found


async def _own(session: ReadSession, *codes: str) -> dict[str, StatedMapping]:
    documents = await read_mappings(session, codes or None)
    return {code: _read(document) for code, document in documents.items()}


def _read(document: str) -> StatedMapping:
    return StatedMapping.model_validate_json(document)


def _bytes(code: str, stated: StatedMapping) -> bytes:
    return document_of(code, stated).model_dump_json().encode()
