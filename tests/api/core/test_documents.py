"""The same content gives the same bytes."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from services.api.core.documents import fingerprint_of, instant_text, plain_or_null, to_bytes
from services.schema.words import LineStatus


def test_a_document_keeps_its_order_and_its_letters() -> None:
    document = {"名": "流量", "status": LineStatus.OK, "a": None, "n": 3, "flag": False}
    assert to_bytes(document) == (
        '{"名":"流量","status":"ok","a":null,"n":3,"flag":false}'.encode()
    )


def test_a_number_that_json_cannot_say_is_no_document() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_bytes({"n": float("nan")})


def test_a_fingerprint_is_the_digest_of_the_bytes() -> None:
    assert fingerprint_of({}) == (
        "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    )
    assert fingerprint_of({"a": 1, "b": 2}) != fingerprint_of({"b": 2, "a": 1})


def test_decimals_have_no_trailing_zeros_and_null_stays_null() -> None:
    assert plain_or_null(None) is None
    assert plain_or_null(Decimal("100.0000")) == "100"
    assert plain_or_null(Decimal("0.0100")) == "0.01"


def test_an_instant_is_written_in_utc() -> None:
    shanghai = timezone(timedelta(hours=8))
    assert instant_text(datetime(2026, 11, 1, 0, 30, tzinfo=shanghai)) == "2026-10-31T16:30:00Z"
    assert instant_text(datetime(2026, 11, 1, 0, 0, 0, 5, tzinfo=UTC)) == (
        "2026-11-01T00:00:00.000005Z"
    )
