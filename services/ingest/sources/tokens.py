"""Pairs of tokens that are renewed: a file keeps the newest, so that a restart does not lose it.

A pair is renewed by one program at a time, and read again first: whoever comes second finds it
done. The file holds secrets, is readable by its owner alone, and is never torn.
"""

import asyncio
import fcntl
import hashlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from services.ingest.sources.errors import NotPermitted

_WAIT_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a shop is opened with now, and what gives the next pair."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)


Ask = Callable[[str], Awaitable[Tokens]]
"""Asks a marketplace for a new pair with what renews the old one."""


@dataclass(frozen=True, slots=True)
class TokenFile:
    """The pairs of all shops; a pair belongs to the consent that it began with."""

    path: Path

    def read(self, shop: str, consent: Tokens) -> Tokens:
        """The newest pair of a shop: the consent's own until it has been renewed."""
        kept = self._load().get(shop)
        # Somebody has signed in anew: what was renewed before is of an older consent.
        if kept is None or kept["consent"] != _print(consent):
            return consent
        return Tokens(kept["access"], kept["refresh"])

    async def renew(self, shop: str, consent: Tokens, used: str, ask: Ask) -> Tokens:
        """A pair newer than the one that was used; kept before anybody uses it."""
        async with self._locked():
            found = self.read(shop, consent)
            if found.access != used:
                return found
            made = await ask(found.refresh)
            self._write(
                {
                    **self._load(),
                    shop: {
                        "consent": _print(consent),
                        "access": made.access,
                        "refresh": made.refresh,
                    },
                }
            )
            return made

    def _load(self) -> dict[str, dict[str, str]]:
        try:
            found: dict[str, dict[str, str]] = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise NotPermitted(f"{self.path} cannot be read") from error
        return found

    def _write(self, pairs: dict[str, dict[str, str]]) -> None:
        draft = self.path.with_name(f".{self.path.name}.new")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(pairs, stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(self.path)

    @asynccontextmanager
    async def _locked(self) -> AsyncIterator[None]:
        """Alone, also among programs; opened first, since what cannot be kept must not be asked."""
        try:
            descriptor = os.open(
                self.path.with_name(f"{self.path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600
            )
        except OSError as error:
            raise NotPermitted(f"{self.path} cannot be written") from error
        try:
            # A program, too, may hold it: nobody tells when it lets go.
            while not _lock(descriptor):  # noqa: ASYNC110 - see above
                await asyncio.sleep(_WAIT_SECONDS)
            yield
        finally:
            os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _print(consent: Tokens) -> str:
    """What tells one consent from another, and opens nothing."""
    return hashlib.sha256(f"{consent.access}\n{consent.refresh}".encode()).hexdigest()
