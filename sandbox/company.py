"""The made-up company as a tenant of Kaohe: everything that the command line posts for the demo.

Each function answers in the form in which `api.md` takes it, and in an order in which it is taken.
"""

from datetime import date

from sandbox import erp, goals, people
from sandbox import shops as places
from sandbox.articles import article_list
from sandbox.doors import credentials
from sandbox.goals import months
from sandbox.lives import first_day, midnight
from sandbox.people import KEY_HOLDERS

Row = dict[str, object]

__all__ = [
    "KEY_HOLDERS",
    "TENANT",
    "article_list",
    "credentials",
    "first_day",
    "midnight",
    "months",
]

TENANT: Row = {
    "name": "青禾家居",
    "currency": "CNY",
    "timezone": places.TIMEZONE,
    "week_start": "monday",
    "fiscal_start": "01-01",
}
"""`PUT /v1/tenant`"""


def shops() -> list[Row]:
    """`POST /v1/shops/batch`"""
    return places.shop_list()


def rates(today: date) -> list[Row]:
    """`PUT /v1/rates`: what the shops abroad sell in is added up in the tenant's currency."""
    return places.rate_list(first_day(today))


def units() -> list[Row]:
    """`POST /v1/units/batch`, parents first."""
    return people.unit_list()


def employees(today: date) -> list[Row]:
    """`POST /v1/employees/batch`, managers first."""
    return people.employee_list(today)


def erp_facts(today: date) -> dict[str, list[Row]]:
    """`POST /v1/facts/{kind}`, kinds in an order in which they may be posted."""
    return erp.erp_facts(today)


def targets(today: date) -> list[Row]:
    """`PUT /v1/targets`"""
    return goals.target_list(today)


def values(today: date) -> list[Row]:
    """`POST /v1/indicators/values`"""
    return goals.value_list(today)


def schemes() -> list[Row]:
    """`POST /v1/schemes` with code and template; `pay` and `distribution` go into the draft."""
    return goals.scheme_list()


def cycles(today: date) -> list[Row]:
    """`POST /v1/cycles`: last month's, to be published, then this month's, to be opened."""
    return goals.cycle_list(today)
