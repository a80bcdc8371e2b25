"""REST of the built-in templates of schemes."""

from typing import Literal

from fastapi import Request, Response

from services.api.core.documents import to_bytes
from services.api.rest.scheme_documents import NameDocument, SchemeDocument
from services.api.rest.stored import answer_catalogue
from services.api.templates import templates
from services.door.etags import tagged
from services.door.pages import LIMIT, Cursor, Limit, Listed
from services.door.routes import Asking, new_router
from services.door.wire import Code, Model
from services.schema.errors import NotFound

router = new_router()


class OriginDocument(Model):
    """Where an item's target is from: `s` a source, `p` published tables, `?` ours."""

    item: Code
    mark: Literal["s", "p", "p?", "?"] | None
    """Null where the item has no target: people rate it."""
    note: NameDocument | None


class SubUnitDocument(Model):
    """A part of a department that the same scheme scores."""

    code: Code
    name: NameDocument


class GuideDocument(Model):
    """How a position is appraised, in sentences for people."""

    contents: NameDocument
    method: NameDocument
    feedback: NameDocument
    use: NameDocument
    calculation: NameDocument


class QuestionDocument(Model):
    """What a form asks, and of whom."""

    code: Code
    name: NameDocument
    kind: Literal["text", "measures", "signature"]
    by: Literal["employee", "superior", "both"]


class FormDocument(Model):
    """The form of the interview after the result."""

    code: Code
    name: NameDocument
    note: NameDocument
    within_days: int
    questions: list[QuestionDocument]


class TemplateDocument(Model):
    """A scheme that a tenant may adopt, where its figures are from, and how it is meant."""

    code: Code
    family: Literal[
        "front_line",
        "front_line_sections",
        "departments",
        "positions",
        "team_leader",
        "five_point",
        "further_positions",
    ]
    name: NameDocument
    note: NameDocument
    sources: list[OriginDocument]
    sub_units: list[SubUnitDocument]
    guide: GuideDocument | None
    interview: FormDocument
    scheme: SchemeDocument


@router.get("/v1/templates", response_model=Listed[TemplateDocument])
async def list_templates(
    request: Request, _caller: Asking, limit: Limit = LIMIT, cursor: Cursor = None
) -> Response:
    return answer_catalogue(request, templates(), limit, cursor)


@router.get("/v1/templates/{code}", response_model=TemplateDocument)
async def get_template(request: Request, code: Code, _caller: Asking) -> Response:
    if code not in templates():
        raise NotFound("template")
    return tagged(request, to_bytes(templates()[code]))
