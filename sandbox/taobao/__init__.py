"""TOP, the open platform of Taobao and Tmall, over the made-up company."""

from sandbox.taobao.gateway import Answer, Gateway, sign_of

__all__ = ["Answer", "Gateway", "sign_of"]
