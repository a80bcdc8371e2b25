"""The made-up company as a tenant of Kaohe: everything that the command line posts for the demo.

Each function answers in the form in which `api.md` takes it, and in an order in which it is taken.
"""

from datetime import date
from typing import Any

from sandbox import erp, goals, opinions, people, plans, stated, watching
from sandbox import shops as places
from sandbox.articles import article_list
from sandbox.doors import credentials
from sandbox.lives import first_day, midnight
from sandbox.people import KEY_HOLDERS, is_leading
from sandbox.plans import months

Row = dict[str, object]

__all__ = [
    "KEY_HOLDERS",
    "TENANT",
    "article_list",
    "credentials",
    "first_day",
    "is_leading",
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


def exclusions(today: date) -> list[Row]:
    """`POST /v1/exclusions/batch`, before last month is closed."""
    return erp.brushed_orders(today)


def late_refunds(today: date) -> list[Row]:
    """`POST /v1/facts/refunds`, once last month is published."""
    return erp.late_refunds(today)


def targets(today: date) -> list[Row]:
    """`PUT /v1/targets`"""
    return goals.target_list(today)


TARGET_KEY = goals.KEY
"""What a target is known by."""


def values(today: date) -> list[Row]:
    """`POST /v1/indicators/values`"""
    return stated.value_list(today)


def schemes() -> list[dict[str, Any]]:
    """`POST /v1/schemes` with code and template; `draft` goes into the draft, `raters` by item."""
    return plans.scheme_list()


def cycles(today: date) -> list[Row]:
    """`POST /v1/cycles`: of each scheme the periods that hold last month and this one."""
    return plans.cycle_list(today)


def ended_cycles(today: date) -> frozenset[str]:
    """Those of them that are to be published; the others are opened."""
    return plans.ended_cycles(today)


def late_cycle(today: date) -> str:
    """The one that is published once more."""
    return plans.late_cycle(today)


def sights(today: date) -> list[tuple[str, str]]:
    """What there is to see, and where."""
    return plans.sights(today)


def ladder() -> dict[str, Any]:
    """`POST /v1/ladders` with code and template; `positions` are put."""
    return plans.ladder()


def levels_wanted(today: date) -> tuple[str, str, str]:
    """`POST /v1/ladders/{code}/assessments`: the ladder, the month, and who has observed."""
    return opinions.levels_wanted(today)


def observations(today: date) -> list[Row]:
    """`POST /v1/ladders/{code}/observations`"""
    return opinions.observation_list(today)


def ratings(today: date) -> list[dict[str, Any]]:
    """`POST /v1/scorecards/{id}/ratings` with cycle, subject, and by whose key (null is HR's)."""
    return opinions.rating_list(today)


def points(today: date) -> list[dict[str, Any]]:
    """`POST /v1/scorecards/{id}/adjustments`, with cycle and subject"""
    return opinions.points_list(today)


def money(today: date) -> list[dict[str, Any]]:
    """`POST /v1/scorecards/{id}/payouts`, with cycle and subject"""
    return opinions.money_list(today)


def report_duty(today: date) -> Row:
    """`PUT /v1/report-duty`"""
    return watching.report_duty(today)


def reports(today: date) -> list[dict[str, Any]]:
    """`PUT /v1/reports`, each with by whose key"""
    return watching.reports(today)


def survey(today: date) -> tuple[str, dict[str, Any]]:
    """`PUT /v1/surveys/{code}`"""
    return watching.survey(today)


def respondents() -> list[str]:
    """`POST /v1/surveys/{code}/invitations`"""
    return watching.respondents()


def answers() -> list[dict[str, Any]]:
    """`POST /v1/surveys/{code}/answers`"""
    return watching.answers()


def cases(today: date) -> list[dict[str, Any]]:
    """`POST /v1/cases` and the steps of each, with by whose key (null is HR's)"""
    return watching.cases(today)


def target_plans(today: date) -> list[dict[str, Any]]:
    """`PUT /v1/target-plans`, each with `POST .../reports` and by whose key"""
    return watching.target_plans(today)


def use_rules() -> list[tuple[str, dict[str, Any], str]]:
    """`PUT /v1/use-rules/{code}`, and `POST /v1/uses/decisions` with this reason"""
    return watching.use_rules()
