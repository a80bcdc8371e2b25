"""The tables, one file for each noun; keys begin with the tenant, constraints have names."""

from services.schema.tables import (
    cycles,
    exclusions,
    facts,
    indicators,
    levels,
    measures,
    payouts,
    people,
    ratings,
    results,
    reviews,
    schemes,
    scorecards,
    targets,
)
from services.schema.tables.base import metadata

__all__ = [
    "cycles",
    "exclusions",
    "facts",
    "indicators",
    "levels",
    "measures",
    "metadata",
    "payouts",
    "people",
    "ratings",
    "results",
    "reviews",
    "schemes",
    "scorecards",
    "targets",
]
