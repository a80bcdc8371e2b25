"""Receipts as they are read: of what was published from what was frozen then, each signed."""

from collections.abc import Sequence

from services.api.core.receipts import canonical_bytes, receipt_document, receipt_of
from services.api.store.results import read_frozen_cards
from services.door.signing_keys import ALGORITHM, SigningKeys, key_id, key_text
from services.schema.db import ReadSession
from services.schema.shapes.receipts import Signature, Signed
from services.schema.shapes.scorecards import Scorecard
from services.schema.words import ScorecardStatus


async def signed_receipts(
    session: ReadSession, cards: Sequence[Scorecard], keys: SigningKeys
) -> dict[str, bytes]:
    """The receipt of each of these cards by its id; one statement for any."""
    published = [card for card in cards if card.status is ScorecardStatus.PUBLISHED]
    frozen = await read_frozen_cards(session, published) if published else {}
    found = {}
    for card in cards:
        live = Signed(card.document, card.explanation, None)
        # What is published has a result: a receipt of anything else would not be what was paid.
        is_published = card.status is ScorecardStatus.PUBLISHED
        receipt = receipt_of(frozen[card.id] if is_published else live)
        found[card.id] = receipt_document(receipt, _sign(keys, canonical_bytes(receipt)))
    return found


def _sign(keys: SigningKeys, message: bytes) -> Signature:
    own = keys.public[0]
    return Signature(ALGORITHM, key_id(own), key_text(own), key_text(keys.sign(message)))
