"""Shopify's Admin GraphQL as the shops of the made-up company serve it."""

from sandbox.shopify.gateway import FILES, PATH, Gateway, secret_of, token_of
from sandbox.shops import Shop

__all__ = ["FILES", "PATH", "Gateway", "secret_of", "sign_in"]


def sign_in(shop: Shop, address: str) -> dict[str, object]:
    """The application's key, its secret that signs webhooks, and the token that a shop gave it."""
    return {
        "gateway": address,
        "app_key": f"qinghe-{shop.code}",
        "secret": secret_of(shop.code),
        "session": token_of(shop.code),
    }
