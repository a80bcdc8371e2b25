"""Pinduoduo's open platform over the made-up company."""

from sandbox.accounts import sign_in_at
from sandbox.pinduoduo.gateway import PATH, Gateway
from sandbox.shops import Shop

__all__ = ["PATH", "Gateway", "sign_in"]


def sign_in(shop: Shop, address: str) -> dict[str, object]:
    """One application, and a token for each shop that has let it in."""
    return sign_in_at(address + PATH, shop.code)
