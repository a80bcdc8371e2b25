"""A pair of tokens as it is written down: with the consent it is of, and never in a log."""

import json
from pathlib import Path

import pytest

from services.ingest.sources.tokens import (
    KeptPair,
    Tokens,
    print_of,
    read_left_pairs,
    read_pair,
)
from services.schema.errors import Unavailable

CONSENT = Tokens("a0", "r0")
PAIR = KeptPair(print_of(CONSENT), Tokens("a1", "r1"))


def test_a_pair_is_read_as_it_was_written() -> None:
    assert read_pair(PAIR.write()) == PAIR
    assert json.loads(PAIR.write()) == {
        "consent": PAIR.consent,
        "access": "a1",
        "refresh": "r1",
    }


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"access": "a9", "refresh": "r9"}', "null"])
def test_anything_else_is_no_pair(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the reader of JSON says
        read_pair(text)


def test_each_consent_has_a_print_of_its_own_that_opens_nothing() -> None:
    prints = {print_of(each) for each in (CONSENT, Tokens("a0", "r1"), Tokens("a1", "r0"))}
    assert len(prints) == 3
    assert "a0" not in print_of(CONSENT)


def test_neither_shows_in_a_log() -> None:
    assert "a1" not in repr(PAIR)
    assert "r1" not in repr(PAIR)


def test_pairs_that_were_left_in_the_clear_are_read(tmp_path: Path) -> None:
    file = tmp_path / "accounts.json.tokens"
    assert read_left_pairs(file) == {}
    file.write_text(json.dumps({"acme/dy-1": json.loads(PAIR.write())}))
    assert read_left_pairs(file) == {"acme/dy-1": PAIR}


@pytest.mark.parametrize("text", ['{"acme/dy-1": {"access": "a9', "[1]", '{"acme/dy-1": 7}'])
def test_a_torn_file_shows_nothing(text: str, tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    file.write_text(text)
    with pytest.raises(Unavailable) as caught:
        read_left_pairs(file)
    assert "a9" not in str(caught.value)
    assert caught.value.__cause__ is None
