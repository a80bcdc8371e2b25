"""REST of what the caller is asked to rate: of the cards of others the items in question alone."""

from fastapi import Request, Response

from services.api.core.documents import instant_text, plain_or_null, to_bytes
from services.api.core.names import name_to_wire
from services.api.core.rule_documents import rule_to_wire
from services.api.flows.rating_requests import Asked, AskedItem, requests_of
from services.api.rest.scheme_documents import NameDocument, RuleDocument
from services.api.rest.scorecard_documents import Instant
from services.api.rest.stored import envelope
from services.door.etags import tagged
from services.door.pages import Listed
from services.door.routes import Asking, Reading, new_router
from services.door.wire import Code, DecimalText, Model
from services.schema.words import RaterRole

router = new_router()


class AskedItemDocument(Model):
    """An item to rate: its rule says which marks or levels there are."""

    item: Code
    name: NameDocument | None
    full_mark: DecimalText
    rule: RuleDocument
    mark: DecimalText | None
    """What the caller has given last; null where nothing yet, or a level."""
    level: int | None
    stated_at: Instant | None


class RatingRequestDocument(Model):
    """Whom the caller is asked to rate, and as what; marks are posted to the scorecard."""

    scorecard: str
    cycle: Code
    subject: str
    name: str
    role: RaterRole
    items: list[AskedItemDocument]


@router.get("/v1/rating-requests", response_model=Listed[RatingRequestDocument])
async def list_rating_requests(request: Request, caller: Asking, session: Reading) -> Response:
    """What the caller is asked to rate in cycles that still take it, and has given so far."""
    found = [] if caller.employee is None else await requests_of(session, caller.employee)
    documents = [to_bytes(_to_wire(each)) for each in found]
    return tagged(request, envelope(documents, total=len(documents), cursor=None))


def _to_wire(asked: Asked) -> dict[str, object]:
    request = asked.request
    return {
        "scorecard": request.scorecard,
        "cycle": request.cycle,
        "subject": str(request.subject),
        "name": asked.name,
        "role": request.role,
        "items": [_item_to_wire(each) for each in asked.items],
    }


def _item_to_wire(asked: AskedItem) -> dict[str, object]:
    item, given = asked.item, asked.given
    return {
        "item": item.code,
        "name": None if item.name is None else name_to_wire(item.name),
        "full_mark": asked.full_mark,
        "rule": rule_to_wire(item.rule),
        "mark": None if given is None else plain_or_null(given.stated.mark),
        "level": None if given is None else given.stated.level,
        "stated_at": None if given is None else instant_text(given.stated.stated_at),
    }
