"""What a receipt says, to the byte."""

import pytest

from services.api.core.receipts import canonical_bytes, receipt_document, receipt_of
from services.schema.shapes.receipts import Signature, Signed

RECEIPT: dict[str, object] = {
    "format": "kaohe-receipt/1",
    "result": "res_1",
    "card": {"total": "88.50", "grade": "优"},
    "explanation": {"segments": [1, 2]},
}


def test_a_receipt_holds_the_documents_as_they_are() -> None:
    made = Signed(
        card='{"total":"88.50","grade":"优"}'.encode(),
        explanation=b'{"segments":[1,2]}',
        result="res_1",
    )
    assert receipt_of(made) == RECEIPT
    assert receipt_of(Signed(made.card, made.explanation, None)) == {**RECEIPT, "result": None}


def test_what_is_signed_does_not_depend_on_how_it_is_laid_out() -> None:
    expected = (
        '{"card":{"grade":"优","total":"88.50"},"explanation":{"segments":[1,2]},'
        '"format":"kaohe-receipt/1","result":"res_1"}'
    )
    assert canonical_bytes(RECEIPT) == expected.encode()
    assert canonical_bytes(dict(reversed(RECEIPT.items()))) == expected.encode()


def test_what_is_no_json_is_never_signed() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_bytes({"total": float("nan")})


def test_a_receipt_is_served_with_its_signature() -> None:
    signature = Signature("ed25519", "rk_0123456789abcdef", "cHVibGlj", "c2lnbmVk")
    assert receipt_document({"format": "f"}, signature) == (
        b'{"receipt":{"format":"f"},"signature":{"algorithm":"ed25519",'
        b'"key":"rk_0123456789abcdef","public_key":"cHVibGlj","value":"c2lnbmVk"}}'
    )
