"""JD's open platform over the made-up company."""

from sandbox.accounts import sign_in_at
from sandbox.jd.gateway import PATH, Gateway
from sandbox.jd.rows import people
from sandbox.shops import Shop

__all__ = ["PATH", "Gateway", "people", "sign_in"]


def sign_in(shop: Shop, address: str) -> dict[str, object]:
    """One application that is told who sold and what agents did, and a token for each shop that
    has let it in.
    """
    return {**sign_in_at(address + PATH, shop.code), "also": ["salespeople", "service"]}
