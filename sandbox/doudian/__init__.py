"""Doudian, the open platform of Douyin's shops, over the made-up company."""

from sandbox.accounts import APP_KEY, APP_SECRET
from sandbox.doudian.gateway import Gateway
from sandbox.doudian.rows import people
from sandbox.doudian.tokens import first_pair, number_of
from sandbox.shops import Shop

__all__ = ["PATH", "Gateway", "number_of", "people", "sign_in"]

PATH = "/doudian"
"""Below it, a path for each method."""


def sign_in(shop: Shop, address: str) -> dict[str, object]:
    """One application, and the pair of tokens that a shop's consent began with."""
    pair = first_pair(shop.code)
    return {
        "gateway": address + PATH,
        "app_key": APP_KEY,
        "secret": APP_SECRET,
        "session": pair.access,
        "refresh": pair.refresh,
    }
