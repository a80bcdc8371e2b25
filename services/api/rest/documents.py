"""Single documents on the wire: their bytes, their tags, and the answer to a PUT."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from fastapi import Request, Response

from services.door.etags import PRIVATE, check_match, etag_of
from services.door.wire import Model
from services.schema.errors import NotFound
from services.schema.shapes.people import Subject, parse_subject

Thing = TypeVar("Thing")


def bytes_of(document: Model) -> bytes:
    """The JSON of a document: the same document, the same bytes, the same tag."""
    return document.model_dump_json(by_alias=True).encode()


def put_answer(document: Model, *, created: bool) -> Response:
    """What was put, as it would be read, with its tag for the next `If-Match`."""
    body = bytes_of(document)
    headers = {"ETag": etag_of(body), **PRIVATE}
    status = 201 if created else 200
    return Response(body, status, headers=headers, media_type="application/json")


def check_current(request: Request, current: Model | None) -> None:
    """Refuse a PUT whose `If-Match` does not name what is there."""
    check_match(request, None if current is None else etag_of(bytes_of(current)))


def permit_current(
    request: Request, code: str, document: Callable[[Thing], Model]
) -> Callable[[Mapping[str, Thing]], None]:
    """The same for one of several things, asked once nobody else can change it."""

    def permit(current: Mapping[str, Thing]) -> None:
        there = current.get(code)
        check_current(request, None if there is None else document(there))

    return permit


def cards_told(documents: Iterable[bytes]) -> dict[str, Subject]:
    """The scorecards of which documents tell, with whom each is about; one that names none is one.

    So that their subjects can ask who was shown them.
    """
    told = [json.loads(document) for document in documents]
    return {each.get("scorecard", each["id"]): parse_subject(each["subject"]) for each in told}


def one_of(found: Mapping[str, Thing], code: str, what: str) -> Thing:
    """The thing of a code; without it the answer tells nothing more."""
    if code not in found:
        raise NotFound(what)
    return found[code]
