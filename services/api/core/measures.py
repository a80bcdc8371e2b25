"""The catalogue of measures: which there are, what their facts keep, how they come together.

The three facts about a kind that formulas depend on stand here: by what its rows can be filtered,
which kinds vouch for one another, and which column or count gives a measure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from services.schema.catalogue import measure_entries
from services.schema.shapes.measures import Adds, Measure
from services.schema.words import FactKind, IndicatorUnit

SHOP, EMPLOYEE, UNIT, CHANNEL, CAMPAIGN = "shop", "employee", "unit", "channel", "campaign"

KEPT: Mapping[FactKind, frozenset[str]] = {
    FactKind.ORDERS: frozenset({SHOP, EMPLOYEE, CHANNEL, CAMPAIGN}),
    FactKind.REFUNDS: frozenset({SHOP, EMPLOYEE, CHANNEL, CAMPAIGN}),
    FactKind.RATINGS: frozenset({SHOP, EMPLOYEE}),
    FactKind.CHATS: frozenset({SHOP, EMPLOYEE}),
    FactKind.TRAFFIC: frozenset({SHOP, CHANNEL, CAMPAIGN}),
    FactKind.STOCK: frozenset({SHOP}),
    FactKind.CAMPAIGNS: frozenset({SHOP, CAMPAIGN}),
    FactKind.MEASURES: frozenset({SHOP, EMPLOYEE, UNIT, CHANNEL, CAMPAIGN}),
}
"""Whom and what a daily sum of each kind names."""

# Columns of stock that are added over days under a name of their own: their plain name is the last.
_STOCK_COLUMNS = {
    "sku_days": "skus",
    "sku_out_days": "skus_out",
    "stock_value_days": "stock_value",
    "stock_stated_days": "stock_value",
}

RETAINED_BUYERS = "retained_buyers"
"""The one measure that also asks for the period before."""
STOCK_STATED_DAYS = "stock_stated_days"
"""The one distinct measure that counts days, not buyers."""


@dataclass(frozen=True, slots=True)
class Distinct:
    """What a distinct measure counts, among the orders that have a line with a tag."""

    counts: Literal[
        "buyers", "repeat_buyers", "new_buyers", "returning_buyers", "retained_buyers", "skus"
    ]
    tag: str | None = None


DISTINCT: Mapping[str, Distinct] = {
    "buyers": Distinct("buyers"),
    "repeat_buyers": Distinct("repeat_buyers"),
    "new_buyers": Distinct("new_buyers"),
    "returning_buyers": Distinct("returning_buyers"),
    RETAINED_BUYERS: Distinct("retained_buyers"),
    "core_buyers": Distinct("buyers", "core"),
    "vip_buyers": Distinct("buyers", "vip"),
    "vip_repeat_buyers": Distinct("repeat_buyers", "vip"),
    "sold_skus": Distinct("skus"),
    "sold_hit_skus": Distinct("skus", "hit"),
}
"""The distinct measures of orders."""

OF_ALL_TIME = frozenset({"new_buyers", "returning_buyers"})
"""Those that any earlier order of the company may change."""


@cache
def built_in_measures() -> Mapping[str, Measure]:
    """The measures of the catalogue by code."""
    return {measure.code: measure for measure in map(_from_entry, measure_entries())}


def own_measure(code: str, *, zh: str, en: str, unit: IndicatorUnit) -> Measure:
    """A measure that a tenant declared: a sum of what is posted under its name."""
    return Measure(code, FactKind.MEASURES, Adds.POSTED, unit, zh, en, "stated", built_in=False)


def sources_of_presence(measure: Measure) -> tuple[str, ...]:
    """Of what any must have reached a subject for a sum to be 0 rather than no data.

    Orders and refunds vouch for each other: they come from one source, and a month without a refund
    has refunds of 0. Of posted measures each vouches for itself alone.
    """
    if measure.kind in {FactKind.ORDERS, FactKind.REFUNDS}:
        return (FactKind.ORDERS, FactKind.REFUNDS)
    return (source_of(measure),)


def column_of(measure: Measure) -> str:
    """The column of its kind's table that a measure is read from."""
    if measure.kind is FactKind.MEASURES:
        return "amount"
    return _STOCK_COLUMNS.get(measure.code, measure.code)


def source_of(measure: Measure) -> str:
    """What is read for a measure: all of its kind, or of a posted measure its own rows."""
    return measure.code if measure.kind is FactKind.MEASURES else measure.kind


def _from_entry(entry: Mapping[str, object]) -> Measure:
    note = entry.get("note")
    return Measure(
        code=str(entry["code"]),
        kind=FactKind(str(entry["kind"])),
        adds=Adds(str(entry["adds"])),
        unit=IndicatorUnit(str(entry["unit"])),
        zh=str(entry["zh"]),
        en=str(entry["en"]),
        day=str(entry["day"]),
        records=tuple(cast("list[str]", entry.get("records", []))),
        note=None if note is None else str(note),
    )
