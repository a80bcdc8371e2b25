"""REST of receipts: a scorecard with all that it was made of, signed; and the keys that sign."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import Field

from services.api.flows.receipts import signed_receipts
from services.api.rest.documents import bytes_of
from services.api.rest.explanation_documents import ExplanationDocument
from services.api.rest.scorecard_documents import ScorecardDocument
from services.api.rest.scorecards import CardId, find_visible
from services.api.rest.settled import new_settled_router
from services.door.etags import tagged
from services.door.pages import Listed
from services.door.routes import Asking, Reading, router_of
from services.door.signing_keys import ALGORITHM, SigningKeys, key_id, key_text
from services.door.wire import Model

router = new_settled_router()
public = router_of(APIRoute)

KeyId = Annotated[str, Field(pattern=r"^rk_[0-9a-f]{16}$")]
KeyText = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]


class ReceiptBody(Model):
    """What is signed: a card and how it came about, at one and the same moment."""

    format: Literal["kaohe-receipt/1"]
    result: str | None
    """What was published of the card; null before."""
    card: ScorecardDocument
    explanation: ExplanationDocument


class SignatureDocument(Model):
    """A signature of the canonical bytes of `receipt`: keys in order, no spaces, UTF-8."""

    algorithm: Literal["Ed25519"]
    key: KeyId
    public_key: KeyText
    value: KeyText


class ReceiptDocument(Model):
    """Enough to recompute a scorecard offline, and to know that nothing was changed since."""

    receipt: ReceiptBody
    signature: SignatureDocument


class ReceiptKeyDocument(Model):
    """A public key that receipts are checked by."""

    id: KeyId
    algorithm: Literal["Ed25519"]
    public_key: KeyText
    current: bool
    """Whether receipts are signed with it now."""


@router.get("/v1/scorecards/{id}/receipt", response_model=ReceiptDocument)
async def get_receipt(request: Request, id: CardId, caller: Asking, session: Reading) -> Response:
    """The scorecard's receipt; of a published one from what was frozen when it was."""
    card = await find_visible(session, id, caller, at=datetime.now(UTC))
    signed = await signed_receipts(session, [card], request.app.state.receipt_keys)
    return tagged(request, signed[card.id])


@public.get(
    "/v1/receipt-keys",
    response_model=Listed[ReceiptKeyDocument],
    openapi_extra={"security": []},
)
async def list_receipt_keys(request: Request) -> Response:
    """Every key that receipts have been signed with; no API key is needed to check one."""
    keys: SigningKeys = request.app.state.receipt_keys
    items = [
        ReceiptKeyDocument(
            id=key_id(each), algorithm=ALGORITHM, public_key=key_text(each), current=not number
        )
        for number, each in enumerate(keys.public)
    ]
    page = Listed[ReceiptKeyDocument](items=items, total=len(items), next_cursor=None)
    return tagged(request, bytes_of(page))
