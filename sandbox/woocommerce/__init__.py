"""WooCommerce's REST interface, version 3, as a site of the made-up company serves it."""

from sandbox.woocommerce.gateway import PATH, Gateway

__all__ = ["PATH", "Gateway"]
