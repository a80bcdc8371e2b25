"""TOP, the open platform of Taobao and Tmall, over the made-up company."""

from sandbox.accounts import sign_in_at
from sandbox.shops import Shop
from sandbox.taobao.desk import people
from sandbox.taobao.gateway import Gateway, sign_of

__all__ = ["PATH", "Gateway", "people", "sign_in", "sign_of"]

PATH = "/router/rest"


def sign_in(shop: Shop, address: str) -> dict[str, object]:
    """One application, and a session for each shop that has let it in."""
    return sign_in_at(address + PATH, shop.code)
