"""The marketplaces that can be pulled: how each is asked, and what its rows mean.

A new one is a file in `sources` that says what it opens, and a file of its name in `core/readers`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Protocol

from services.ingest import sources
from services.ingest.core import readers
from services.ingest.core.buyers import Seal
from services.ingest.sources.opening import Opening
from services.ingest.sources.reading import Row
from services.schema.shapes.facts import Fact
from services.schema.shapes.feeds import Known, Origin
from services.schema.words import FactKind, Marketplace


class Reader(Protocol):
    """What a marketplace's rows mean; a module of `core/readers` keeps this promise."""

    def number_of(self, kind: FactKind, row: Row) -> str:
        """What a row is known by; empty where it does not say."""
        ...

    def changed_at(self, kind: FactKind, row: Row) -> datetime | None:
        """When a row last changed; null where that cannot be read, whatever else can."""
        ...

    def read_fact(self, kind: FactKind, row: Row, origin: Origin, known: Known) -> Fact:
        """The fact that a row states; raises Unfit."""
        ...

    def lacks_detail(self, kind: FactKind, row: Row, known: Known) -> bool:
        """Whether a call for this row alone has to be made before it can be read."""
        ...

    def row_to_keep(self, row: Row, origin: Origin, seal: Seal) -> dict[str, Any]:
        """The row without anything that names a buyer."""
        ...


@dataclass(frozen=True, slots=True)
class Connector:
    """One marketplace."""

    opening: Opening
    reader: Reader


def _find() -> dict[Marketplace, Connector]:
    found: dict[Marketplace, Connector] = {}
    for module in iter_modules(sources.__path__):
        opening = getattr(import_module(f"{sources.__name__}.{module.name}"), "OPENING", None)
        if isinstance(opening, Opening):
            reader: Reader = import_module(f"{readers.__name__}.{module.name}")
            found |= dict.fromkeys(opening.marketplaces, Connector(opening, reader))
    return found


CONNECTORS: Mapping[Marketplace, Connector] = _find()
