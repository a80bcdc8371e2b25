"""Rows as they arrive, from a door or from a connector, and how each becomes a record."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.ingest.core.bodies import Posted
from services.ingest.core.buyers import Seal
from services.ingest.core.facts import FIELDS, KNOWN_BY, check_fact, check_row, join_key, key_of
from services.ingest.core.fields import Unfit
from services.ingest.core.records import Place, Record, record_of
from services.ingest.fast.orders import OrderRecords
from services.schema.shapes.facts import Fact, PostedMeasure
from services.schema.words import FactKind


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact that a connector has read."""

    number: int
    """Counted from 1 in its batch."""
    fact: Fact
    body: str
    """Its row without anything that names a buyer: kept if the row is refused."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A row in which a connector found no fact."""

    number: int
    fault: Unfit
    source: str
    shop: str
    known_by: str
    """Empty if it cannot be read."""
    body: str


Arrival = Posted | Stated | Unread


@dataclass(slots=True)
class References:
    """What rows may refer to."""

    places: Mapping[str, Place]
    """Of shops by code."""
    home: Place
    """Of what belongs to no shop."""
    units: frozenset[str]
    measures: frozenset[str]
    owners: dict[str, str]
    """The source that owns each shop's orders and refunds; the first that comes is added."""
    claims: dict[str, str]
    """Those that were added."""
    pulled: Mapping[str, frozenset[str]]
    """Of shops whose marketplace is asked for what of all sources is added up, these sources."""


class Recorder:
    """Makes records of arrivals; a row at fault raises Unfit."""

    def __init__(self, kind: FactKind, references: References, seal: Seal) -> None:
        self._kind = kind
        self._references = references
        self._seal = seal
        self._orders = OrderRecords(references.places, seal) if kind is FactKind.ORDERS else None
        self._is_owned = kind in {FactKind.ORDERS, FactKind.REFUNDS}

    def record(self, arrival: Arrival) -> Record:
        """The record of a row, its references checked."""
        made = None
        if self._orders is not None and isinstance(arrival, Posted):
            made = self._orders.read(arrival)
        if made is None:
            made = self._record_slowly(arrival)
        if self._is_owned:
            self._check_owner(made)
        return made

    def _record_slowly(self, arrival: Arrival) -> Record:
        if isinstance(arrival, Unread):
            raise arrival.fault
        if isinstance(arrival, Posted):
            fact = check_row(self._kind, arrival.document())
        else:
            fact = check_fact(arrival.fact)
        return record_of(self._kind, fact, self._place_of(fact), self._seal)

    def _place_of(self, fact: Fact) -> Place:
        if isinstance(fact, PostedMeasure):
            if fact.measure not in self._references.measures:
                raise Unfit("unknown_measure", "There is no such measure to post.", "/measure")
            if fact.unit is not None and fact.unit not in self._references.units:
                raise Unfit("unknown_unit", "There is no such unit.", "/unit")
            if fact.shop is None:
                return self._references.home
        place = self._references.places.get(fact.shop or "")
        if place is None:
            raise Unfit("unknown_shop", "There is no such shop.", "/shop")
        return place

    def _check_owner(self, record: Record) -> None:
        """The first source that states orders or refunds of a shop owns them."""
        references = self._references
        owner = references.owners.get(record.shop)
        if owner is None:
            references.owners[record.shop] = references.claims[record.shop] = record.source
        elif owner != record.source:
            detail = f"Orders and refunds of this shop come from {owner}."
            raise Unfit("other_source", detail, "/source")


def names_of(kind: FactKind, arrival: Arrival) -> tuple[str, str, str]:
    """Source, shop and key of a row at fault, each empty if it cannot be read."""
    if isinstance(arrival, Unread):
        return arrival.source, arrival.shop, arrival.known_by
    if isinstance(arrival, Stated):
        fact = arrival.fact
        return fact.source, fact.shop or "", key_of(kind, fact)
    return names_in(kind, arrival.document())


def key_from(kind: FactKind, number: str, shop: str) -> str:
    """The key of a fact of which only the number is known that a connector reads its row by.

    What is told by the day has its date for a number; of measures each stands behind it.
    """
    if "day" not in KNOWN_BY[kind] or not number:
        return number
    day, _, measure = number.partition("/")
    stated = {"shop": shop, "day": day, "measure": measure}
    return join_key(tuple(stated.get(name) for name in KNOWN_BY[kind]))


def names_in(kind: FactKind, document: object) -> tuple[str, str, str]:
    """The same of a document, of which anything may be wrong."""
    if not isinstance(document, dict):
        return "", "", ""
    fields = FIELDS[kind]

    def read(name: str) -> str:
        try:
            return str(fields[name].read(document.get(name)))
        except Unfit:
            return ""

    return read("source"), read("shop"), join_key(tuple(read(name) for name in KNOWN_BY[kind]))
