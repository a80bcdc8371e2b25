"""The heads of audits as they are kept elsewhere: who has one knows a chain that was made anew."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from services.api.core.documents import instant_text, to_bytes
from services.schema.shapes.audit import Head

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


class NoHead(Exception):
    """A line that was not written here."""


def digest_text(digest: bytes) -> str:
    return f"sha256:{digest.hex()}"


def head_line(tenant: int, code: str, head: Head, *, at: datetime) -> str:
    """A head as a line of JSON: how many entries the audit of a tenant had, and the last digest."""
    document = {
        "tenant": tenant,
        "code": code,
        "entries": head.number,
        "head": digest_text(head.digest),
        "at": instant_text(at),
    }
    return f"{to_bytes(document).decode()}\n"


def read_heads(text: str) -> Mapping[int, Mapping[int, bytes]]:
    """The digests that kept lines name, by tenant and number; raises NoHead, naming the line."""
    heads: dict[int, dict[int, bytes]] = defaultdict(dict)
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        tenant = entries = match = None
        try:
            stated = json.loads(line)
            tenant, entries = stated["tenant"], stated["entries"]
            match = _DIGEST.fullmatch(stated["head"])
        except (ValueError, KeyError, TypeError):
            pass
        if match is None or type(tenant) is not int or type(entries) is not int:
            raise NoHead(f"line {number} is no head of an audit")
        digest = bytes.fromhex(match[1])
        if heads[tenant].setdefault(entries, digest) != digest:
            raise NoHead(f"line {number} says otherwise than a line before it")
    return heads
