"""A refused row is kept as it was posted, and tells nobody who the buyer is."""

import json

import pytest

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


def test_beside_a_buyer_all_is_kept_to_the_letter() -> None:
    """Numbers as they were written, spaces, escapes, and a name that stands twice."""
    text = (
        '{ "source":"erp","buyer":"%s", "paid_amount":1e3,\t"cost_amount":1.10,'
        '"discount_amount":NaN,"id":"\\u0061","id":"b",'
        '"lines":[{"sku":"A","sku":"B","amount": 1.0 , "note":%s}],"a":%s }'
    )
    assert scrubbed(text % ("canary", '"canary"', "7")) == text % (HASHED, "null", "null")


def test_a_buyer_of_half_a_character_is_hashed_too() -> None:
    kept = json.loads(scrubbed('{"source":"\\ud800","buyer":"\\udc00"}'))
    assert kept["source"] == "\ud800"
    assert kept["buyer"].startswith("sealed:")


def test_every_buyer_of_a_row_is_hashed() -> None:
    kept = scrubbed('{"source":"erp","buyer":"canary","buyer":"other","buyer":7}')
    other = f"sealed:{SEAL('erp', 'other')}"
    assert kept == f'{{"source":"erp","buyer":"{HASHED}","buyer":"{other}","buyer":0}}'


def test_of_what_is_nested_deeper_than_any_field_nothing_is_kept() -> None:
    deep = '{"lines":' + "[" * 900 + '"canary"' + "]" * 900 + "}"
    assert scrubbed(deep) == '{"lines":' + "[" * 8 + "null" + "]" * 8 + "}"


def test_what_a_row_of_a_file_came_as_stays_with_it_alone() -> None:
    text = '{"came":{"rows":[{"row":2,"cells":{"金额":"１,2"}}]},"id":{"came":{"x":1}}}'
    kept = scrub_row(FactKind.ORDERS, text, SEAL, of_file=True)
    assert kept == text.replace('{"x":1}', "null")
    assert scrubbed(text) == '{"came":null,"id":{"came":null}}'


def test_of_a_row_that_cannot_be_read_the_buyer_is_left_out() -> None:
    kept = scrubbed('{"buyer" : "can\\"ary", "id": ')
    assert kept == '{"buyer" : "sealed:", "id": '
    assert "canary" not in scrubbed('{"buyer": "canary", "buyer": "canary"}')


def test_what_stands_where_it_does_not_belong_is_emptied_too() -> None:
    """However deep; a row that was wrong stays wrong."""
    row = {
        "source": "erp",
        "buyer": {"name": "canary"},
        "id": {"name": "canary", "sku": "A"},
        "lines": ["canary", {"sku": ["canary"], "tags": ["new"], "quantity": {"canary 1": 2}}],
        "canary 2": 1,
    }
    assert json.loads(scrubbed(json.dumps(row))) == {
        "source": "erp",
        "buyer": {},
        "id": {"name": None, "sku": None},
        "lines": ["", {"sku": [""], "tags": ["new"], "quantity": {"": None}}],
        "": None,
    }


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (
            '{"id": "1", "name": "canary", "phone": 139, "tags": ["x"], "paid_amount": 1.50',
            '{"id": "1", "name": "", "phone": 0, "tags": [""], "paid_amount": 1.50',
        ),
        ('["canary", {"id": 7, "canary 1": true}]', '["", {"id": 7, "": true}]'),
        ('"canary 139"', '""'),
        ("canary,139;canary", ","),
        ('{"buyer": "a"canary", "id": "7", "x": "canary', '{"buyer": "sealed:"""""0""""'),
        ('{"\\u0062uyer": "canary", "id": ', '{"": "", "id": '),
    ],
)
def test_of_a_text_that_is_no_row_only_what_a_field_holds_is_kept(text: str, kept: str) -> None:
    found = scrubbed(text)
    assert "canary" not in found
    assert "139" not in found
    assert found == kept


def test_what_cannot_be_kept_is_written_out() -> None:
    kept = scrubbed('{"id": "a\0\udcff"}')
    assert kept == '{"id": "a\\u0000\\udcff"}'
