"""Amazon's Selling Partner API over the made-up company."""

from sandbox.amazon.gateway import CLIENT, MARKETPLACE, PATHS, SECRET, Gateway, consent_of
from sandbox.shops import Shop

__all__ = ["PATHS", "Gateway", "sign_in"]


def sign_in(shop: Shop, address: str) -> dict[str, object]:
    """One application, and the token that each seller's consent gave; the marketplace is named."""
    return {
        "gateway": f"{address}/{MARKETPLACE}",
        "app_key": CLIENT,
        "secret": SECRET,
        "session": consent_of(shop.code),
    }
