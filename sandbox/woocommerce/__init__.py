"""WooCommerce's REST interface, version 3, as the sites of the made-up company serve it."""

from sandbox.shops import Shop
from sandbox.woocommerce.gateway import PATH, Gateway, key_of
from sandbox.woocommerce.rows import order_row

__all__ = ["PATH", "Gateway", "key_of", "order_row", "sign_in"]


def sign_in(shop: Shop, address: str) -> dict[str, object]:
    """Each site gives out keys of its own; there is no session."""
    key, secret = key_of(shop.code)
    return {"gateway": address, "app_key": key, "secret": secret, "session": ""}
