"""Receipts: all that a card was made of, in one document that can be checked without us.

`docs/receipts.md` is for who reads one. What is signed are the canonical bytes of `receipt`.
"""

import json

from services.api.core.documents import to_bytes
from services.schema.shapes.receipts import Signature, Signed

FORMAT = "kaohe-receipt/1"


def receipt_of(made: Signed) -> dict[str, object]:
    """What a receipt says; the same card gives the same receipt."""
    return {
        "format": FORMAT,
        "result": made.result,
        "card": json.loads(made.card),
        "explanation": json.loads(made.explanation),
    }


def canonical_bytes(receipt: dict[str, object]) -> bytes:
    """What is signed: keys in order and no spaces, so that a receipt may be laid out anew."""
    text = json.dumps(
        receipt, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return text.encode()


def receipt_document(receipt: dict[str, object], signature: Signature) -> bytes:
    """A receipt with its signature, as it is served."""
    return to_bytes(
        {
            "receipt": receipt,
            "signature": {
                "algorithm": signature.algorithm,
                "key": signature.key,
                "public_key": signature.public_key,
                "value": signature.value,
            },
        }
    )
