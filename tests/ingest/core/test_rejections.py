"""A refused row is kept as it was posted, and tells nobody who the buyer is."""

import json

from services.ingest.core.buyers import sealer
from services.ingest.core.rejections import scrub_row
from services.schema.words import FactKind

SEAL = sealer(b"k" * 32, 7)
HASHED = f"sealed:{SEAL('erp', 'canary')}"


def scrubbed(text: str, kind: FactKind = FactKind.ORDERS) -> str:
    return scrub_row(kind, text, SEAL)


def test_a_row_without_a_buyer_is_kept_to_the_letter() -> None:
    text = '{"source":  "erp", "paid_amount": 1.50000, "id": "1"}'
    assert scrubbed(text) == text


def test_the_buyer_is_hashed_and_can_still_be_retried() -> None:
    row = {"source": "erp", "id": "1", "buyer": "canary", "paid_amount": "x"}
    assert json.loads(scrubbed(json.dumps(row))) == row | {"buyer": HASHED}


def test_the_buyer_is_hashed_however_its_name_is_spelt() -> None:
    assert json.loads(scrubbed('{"source": "erp", "\\u0062uyer": "canary"}'))["buyer"] == HASHED


def test_what_no_field_is_for_is_named_and_emptied() -> None:
    row = {"source": "erp", "phone": "canary", "lines": [{"sku": "A", "note": "canary"}, 7]}
    assert json.loads(scrubbed(json.dumps(row))) == {
        "source": "erp",
        "phone": None,
        "lines": [{"sku": "A", "note": None}, 7],
    }


def test_numbers_that_no_field_holds_stay_what_they_were() -> None:
    row = json.loads(scrubbed('{"source": "erp", "buyer": "canary", "a": 1, "paid_amount": NaN}'))
    assert row == {"source": "erp", "buyer": HASHED, "a": None, "paid_amount": "NaN"}


def test_of_a_row_that_cannot_be_read_the_buyer_is_left_out() -> None:
    kept = scrubbed('{"buyer" : "can\\"ary", "id": ')
    assert kept == '{"buyer" : "sealed:", "id": '
    assert "canary" not in scrubbed('{"buyer": "canary", "buyer": "canary"}')


def test_what_cannot_be_kept_is_written_out() -> None:
    kept = scrubbed('{"id": "a\0\udcff"}')
    assert kept == '{"id": "a\\u0000\\udcff"}'
