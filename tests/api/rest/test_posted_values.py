"""Values that are posted judge people as targets do: nobody posts their own."""

import pytest

from tests.api.companies import Company
from tests.api.rest.test_indicators import people
from tests.figures import Figures, Wrong


@pytest.mark.parametrize("role", ["hr", "admin"])
async def test_scenario_a08_nobody_posts_what_judges_them(
    company: Company, role: str, figure: Figures
) -> None:
    """Neither the own value nor that of a unit they lead; what is another's lands beside it."""
    await people(company)
    assert (await company.put("/v1/units/sales", {"name": "Sales", "lead": "ann"})).is_success
    await company.make_key("ann", role, "ann")
    stated = {"indicator": "training_hours", "period": "2026-10", "value": "4"}
    rows = [
        {**stated, "subject": subject}
        for subject in ("employee:ann", "unit:sales", "employee:bob", "company")
    ]
    told = (await company.post("/v1/indicators/values", rows, key="ann")).json()
    refused = [(row["row"], row["code"], row["pointer"]) for row in told["rows"]]
    assert refused == [(1, "own_value", "/subject"), (2, "own_value", "/subject")]
    assert (told["created"], told["conflict"] + told["invalid"]) == (2, 2)
    # Who is no employee posts them all.
    assert (await company.post("/v1/indicators/values", rows)).json()["created"] == 2
    figure("A08", Wrong.ACCEPTED, 0, tried=2, of="values posted of oneself")
