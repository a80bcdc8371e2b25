"""The signature that TOP, JD and Pinduoduo have in common: MD5 over sorted parameters."""

import hashlib
from collections.abc import Mapping


def joined(params: Mapping[str, str]) -> str:
    """Names and values in the order of the names; what is empty, and `sign`, is left out."""
    return "".join(
        name + params[name] for name in sorted(params) if name != "sign" and params[name]
    )


def sign_md5(params: Mapping[str, str], secret: str) -> str:
    """In capitals; the secret stands on both sides."""
    whole = f"{secret}{joined(params)}{secret}".encode()
    return hashlib.md5(whole).hexdigest().upper()  # noqa: S324 - the protocols' choice
