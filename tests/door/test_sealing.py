"""What is sealed opens with its key at its place, and with nothing else."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.door.sealing import (
    NONCE_BYTES,
    Keyring,
    Unopened,
    master_key_of,
    new_data_key,
    seal,
    unseal,
)

SECRET = "口令 s3cret".encode()
PLACE = ("account", "7", "tm-1", "secret")
KEY = bytes(range(32))
words = st.lists(st.text(max_size=8), max_size=5)


@settings(max_examples=50)
@given(secret=st.binary(max_size=64), place=words, other=words)
def test_it_opens_at_its_place_and_at_no_other(
    secret: bytes, place: list[str], other: list[str]
) -> None:
    sealed = seal(KEY, secret, place)
    assert unseal(KEY, sealed, place) == secret
    if other != place:
        with pytest.raises(Unopened):
            unseal(KEY, sealed, other)


def test_words_do_not_run_together() -> None:
    sealed = seal(KEY, SECRET, ("1", "2a"))
    for place in (("12", "a"), ("1", "2", "a"), ("12a",), ('1","2a',), ()):
        with pytest.raises(Unopened):
            unseal(KEY, sealed, place)


def test_another_key_opens_nothing() -> None:
    sealed = seal(KEY, SECRET, PLACE)
    for key in (new_data_key(), bytes(32), KEY[::-1]):
        with pytest.raises(Unopened):
            unseal(key, sealed, PLACE)


def test_whatever_byte_is_changed_or_missing_it_stays_shut() -> None:
    sealed = seal(KEY, SECRET, PLACE)
    for place in range(len(sealed)):
        torn = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        for each in (torn, sealed[:place]):
            with pytest.raises(Unopened):
                unseal(KEY, each, PLACE)


def test_the_same_secret_is_never_sealed_alike() -> None:
    many = {seal(KEY, SECRET, PLACE) for _ in range(100)}
    assert len({each[:NONCE_BYTES] for each in many}) == len(many) == 100
    assert all(SECRET not in each for each in many)


def test_a_master_key_is_known_by_its_digest_and_shows_nothing() -> None:
    key = master_key_of(b"k" * 32)
    assert key == master_key_of(b"k" * 32) != master_key_of(b"k" * 33)
    assert key.id == "mk_a7612a8cfa345bd3"
    assert repr(key) == f"MasterKey(id='{key.id}')"
    assert key.id[3:] not in key.raw.hex()


def test_a_ring_reads_again_what_it_does_not_know() -> None:
    """A key that was put in place while we run opens, and seals from then on."""
    old, new = b"o" * 32, b"n" * 32
    stand = [[old], [new, old]]
    reads = itertools.count()
    ring = Keyring(lambda: stand[min(next(reads), 1)])
    assert ring.find(master_key_of(old).id) == master_key_of(old)
    assert next(reads) == 1
    assert ring.find(master_key_of(new).id) == master_key_of(new)
    assert ring.current() == master_key_of(new)
    assert ring.find(master_key_of(old).id) == master_key_of(old)
    with pytest.raises(Unopened, match="mk_0"):
        ring.find("mk_0")
