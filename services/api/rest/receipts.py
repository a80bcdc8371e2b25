"""REST of receipts: a scorecard with all that it was made of, signed; and the keys that sign."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.api.core.receipts import canonical_bytes, receipt_document, receipt_of
from services.api.rest.documents import bytes_of
from services.api.rest.scorecard_documents import ExplanationDocument, ScorecardDocument
from services.api.rest.scorecards import CardId, find_visible
from services.api.rest.settled import new_settled_router
from services.api.store.results import read_frozen_card
from services.door.etags import tagged
from services.door.pages import Listed
from services.door.routes import PROBLEMS, Asking, Reading
from services.door.signing_keys import ALGORITHM, SigningKeys, key_id, key_text
from services.door.wire import Model
from services.schema.db import ReadSession
from services.schema.shapes.receipts import Signature, Signed
from services.schema.shapes.scorecards import Scorecard
from services.schema.words import ScorecardStatus

router = new_settled_router()
public = APIRouter(responses=PROBLEMS)

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
    receipt = receipt_of(await _to_sign(session, card))
    signature = _sign(request.app.state.receipt_keys, canonical_bytes(receipt))
    return tagged(request, receipt_document(receipt, signature))


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


async def _to_sign(session: ReadSession, card: Scorecard) -> Signed:
    if card.status is ScorecardStatus.PUBLISHED:
        frozen = await read_frozen_card(session, card.cycle, card.subject, card.revision)
        assert frozen is not None, "what is published has a result"
        return frozen
    return Signed(card.document, card.explanation, None)


def _sign(keys: SigningKeys, message: bytes) -> Signature:
    own = keys.public[0]
    return Signature(ALGORITHM, key_id(own), key_text(own), key_text(keys.sign(message)))
