"""A month that a company of two agents has published, and payroll may read."""

from datetime import date

from tests.api.appraisals import found, move, open_cycle, publish_scheme, sell, set_targets
from tests.api.companies import Company
from tests.api.facts import Sale

PUBLISHED = ("closed", "review", "approved", "published")


async def publish_month(company: Company) -> None:
    """January, of which only the first has sold something."""
    await company.make_key("payroll", "payroll")
    await found(company, ["e-1", "e-2"])
    await publish_scheme(company)
    await set_targets(company, {"e-1": "1000", "e-2": "500"}, "2026-01")
    await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1500.5"))
    await open_cycle(company)
    await move(company, "jan", *PUBLISHED)
