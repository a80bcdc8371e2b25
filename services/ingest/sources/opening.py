"""What a marketplace's source says of itself, so that its shops can be opened."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.ingest.sources.client import Client
from services.ingest.sources.reading import Credential, Source
from services.schema.words import Marketplace


class Open(Protocol):
    """Makes the source of one shop."""

    def __call__(
        self, client: Client, credential: Credential, *, now: Callable[[], datetime]
    ) -> Source: ...


@dataclass(frozen=True, slots=True)
class Opening:
    """One kind of source; a module of `sources` that has one is found by it."""

    marketplaces: tuple[Marketplace, ...]
    open: Open
    hosts: Callable[[Credential], tuple[str, ...]]
    """The only ones that are called for a shop."""
    names_gateway: bool = False
    """Whether each shop has an address of its own, so that its account has to name it."""
    needs_session: bool = True
    """Whether more than key and secret opens a shop."""
    makes_session: bool = False
    """Whether its `refresh` can be what the first session is made of."""
