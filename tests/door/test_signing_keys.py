"""Keys that sign: the same from the same secret, kept through a rotation, public by their half."""

from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.door.signing_keys import (
    key_id,
    key_text,
    read_or_make_signing_keys,
    rotate_signing_keys,
    signing_keys_of,
)

SECRET = b"a secret of the tests, long enough"


def test_the_same_secret_gives_the_same_key_and_signature() -> None:
    one, again = signing_keys_of(SECRET), signing_keys_of(SECRET)
    assert one.public == again.public
    assert one.sign(b"receipt") == again.sign(b"receipt")
    assert signing_keys_of(SECRET + b".").public != one.public


def test_what_is_signed_is_checked_by_the_public_half() -> None:
    keys = signing_keys_of(SECRET)
    public = Ed25519PublicKey.from_public_bytes(keys.public[0])
    public.verify(keys.sign(b"receipt"), b"receipt")
    with pytest.raises(InvalidSignature):
        public.verify(keys.sign(b"receipt"), b"receipts")


def test_a_key_is_known_by_its_digest() -> None:
    public = signing_keys_of(SECRET).public[0]
    assert key_id(public) == "rk_1055c06554a04ae5"
    assert key_text(public) == "0Pn8XxALwLagILAWfMmMQ6LkalgGwUH-Xg29xIA33Gg"


def test_a_file_is_made_for_its_owner_alone_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "receipt.key"
    made = read_or_make_signing_keys(path)
    assert read_or_make_signing_keys(path).public == made.public
    assert path.stat().st_mode & 0o777 == 0o600
    assert made.retired == ()


def test_rotation_keeps_every_public_key_newest_first(tmp_path: Path) -> None:
    path = tmp_path / "receipt.key"
    first = read_or_make_signing_keys(path).public
    second = rotate_signing_keys(path).public
    third = rotate_signing_keys(path)
    assert second == (second[0], *first)
    assert third.public == (third.public[0], *second)
    assert len(set(third.public)) == 3
    assert read_or_make_signing_keys(path).public == third.public
    assert path.stat().st_mode & 0o777 == 0o600
    assert {each.name for each in tmp_path.iterdir()} == {"receipt.key", "receipt.key.retired"}


def test_a_key_that_was_noted_but_not_replaced_is_listed_once(tmp_path: Path) -> None:
    """As a rotation leaves it that was killed between its two steps."""
    path = tmp_path / "receipt.key"
    own = read_or_make_signing_keys(path).public[0]
    (tmp_path / "receipt.key.retired").write_text(f"{key_text(own)}\n")
    assert read_or_make_signing_keys(path).public == (own,)


@pytest.mark.parametrize("text", ["AAAA", "", "A" * 44])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no public key"):
        signing_keys_of(SECRET, [text])
