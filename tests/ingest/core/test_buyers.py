"""A buyer is the same one in all sources of a system, and nobody can tell who."""

import base64
import hashlib
import hmac

import pytest

from services.ingest.core.buyers import SEALED, resealer, sealer

KEY = b"k" * 32


@pytest.mark.parametrize("key", [KEY, b"x" * 64, b"y" * 65, b"z" * 200])
def test_the_hash_is_of_the_tenant_the_namespace_and_the_buyer(key: bytes) -> None:
    digest = hmac.new(key, "7|taobao|梅".encode(), hashlib.sha256).digest()
    expected = base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")
    assert sealer(key, 7)("taobao:tm-1", "梅") == expected
    assert len(expected) == 22


def test_shops_of_one_system_share_buyers_and_tenants_and_systems_do_not() -> None:
    seal = sealer(KEY, 7)
    assert seal("taobao:tm-1", "b") == seal("taobao:tb-2", "b") == seal("taobao", "b")
    others = {seal("erp", "b"), sealer(KEY, 8)("taobao", "b"), sealer(b"x" * 32, 7)("taobao", "b")}
    assert seal("taobao", "b") not in others
    assert len(others) == 3


def test_destroying_the_key_unlinks_buyers_from_their_hashes() -> None:
    """With all else known, and every buyer tried, none is found by another key."""
    buyers = [f"b{number}" for number in range(1000)]
    kept = {sealer(KEY, 7)("taobao", buyer) for buyer in buyers}
    assert len(kept) == 1000
    for key in (b"", b"k" * 31, b"K" + KEY[1:], bytes(32)):
        assert kept.isdisjoint(sealer(key, 7)("taobao", buyer) for buyer in buyers)


def test_a_kept_hash_is_not_hashed_again_and_only_kept_rows_may_say_so() -> None:
    hashed = sealer(KEY, 7)("erp", "b")
    assert resealer(KEY, 7)("erp", f"{SEALED}{hashed}") == hashed
    assert resealer(KEY, 7)("erp", "b") == hashed
    assert resealer(KEY, 7)("erp", f"{SEALED}short") != "short"
    assert sealer(KEY, 7)("erp", f"{SEALED}{hashed}") != hashed
