"""TOP, the open platform of Taobao and Tmall, over the made-up company."""

from sandbox.taobao.gateway import Gateway, sign_of

__all__ = ["Gateway", "sign_of"]
