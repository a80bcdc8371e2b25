"""Pairs of tokens that follow one another: what opens a shop now, and what gives the next pair.

A pair belongs to the consent that it began with: who signs in anew begins anew.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from services.schema.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a shop is opened with now, and what gives the next pair."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)


Ask = Callable[[str], Awaitable[Tokens]]
"""Asks a marketplace for a new pair with what renews the old one."""


class Pairs(Protocol):
    """Where one shop's newest pair is kept, so that no restart and no other program loses it."""

    async def read(self) -> Tokens:
        """The newest pair: the consent's own until it has been renewed."""
        ...

    async def renew(self, used: str, ask: Ask) -> Tokens:
        """A pair newer than the one whose access token was used; kept before anybody uses it.

        A pair is renewed by one program at a time: whoever comes second finds it done.
        """
        ...


@dataclass(frozen=True, slots=True)
class KeptPair:
    """A pair, and the print of the consent that it began with."""

    consent: str
    tokens: Tokens

    def write(self) -> bytes:
        """As it is sealed."""
        pair = {"access": self.tokens.access, "refresh": self.tokens.refresh}
        return json.dumps({"consent": self.consent, **pair}).encode()


def read_pair(document: bytes | str) -> KeptPair:
    """What `write` wrote; raises ValueError for anything else."""
    stated = json.loads(document)
    if not isinstance(stated, dict) or set(stated) != {"consent", "access", "refresh"}:
        raise ValueError("no pair of tokens")
    tokens = Tokens(str(stated["access"]), str(stated["refresh"]))
    return KeptPair(str(stated["consent"]), tokens)


def print_of(consent: Tokens) -> str:
    """What tells one consent from another, and opens nothing."""
    return hashlib.sha256(f"{consent.access}\n{consent.refresh}".encode()).hexdigest()


def read_left_pairs(path: Path) -> Mapping[str, KeptPair]:
    """Pairs by `tenant/shop` that an older version kept in the clear, in a file of their own."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): read_pair(json.dumps(pair)) for name, pair in document.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError):
        # Its own words would show what stands there.
        raise Unavailable(f"{path} cannot be read.") from None
