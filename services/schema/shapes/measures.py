"""Measures: what is added up of each kind of fact, in which table, on whose day."""

from dataclasses import dataclass
from enum import StrEnum

from services.schema.words import FactKind, IndicatorUnit


class Adds(StrEnum):
    """How a measure comes together over days, shops and people (`domain.md`, section 4)."""

    SUM = "sum"
    DISTINCT = "distinct"
    """Counted exactly over the whole period and selection; never the sum of parts."""
    LAST = "last"
    """Each shop's last day of the period that states it, added over shops."""
    POSTED = "posted"
    """A sum of posted amounts, of a name the tenant or the catalogue declares."""


@dataclass(frozen=True, slots=True)
class Measure:
    """An entry of the catalogue of measures."""

    code: str
    kind: FactKind
    """The kind of fact that it is made of."""
    adds: Adds
    unit: IndicatorUnit
    zh: str
    en: str
    day: str
    """On which day a fact counts, in words."""
    built_in: bool = True
