"""The tables, one file for each noun; keys begin with the tenant, constraints have names."""

from services.schema.tables import (
    cycles,
    disputes,
    exclusions,
    facts,
    indicators,
    interviews,
    late_facts,
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
    "disputes",
    "exclusions",
    "facts",
    "indicators",
    "interviews",
    "late_facts",
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
