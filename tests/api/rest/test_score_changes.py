"""Changes of scores through the door: exact sums, what is compared with what, and for whom."""

from datetime import date
from decimal import Decimal

import pytest

from services.api.rest.score_changes import ScoreChangeDocument
from tests.api.appraisals import (
    cards,
    found,
    move,
    open_cycle,
    publish_scheme,
    scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale


@pytest.fixture
async def ready(company: Company) -> Company:
    """January published by the first version of a scheme, February open by the second."""
    await found(company, ("e-1", "e-2"))
    await publish_scheme(company)
    await set_targets(company, {"e-1": "1000", "e-2": "1000"})
    await set_targets(company, {"e-1": "1200", "e-2": "1000"}, "2026-02")
    await sell(
        company,
        Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="800"),
        Sale(paid_on=date(2026, 2, 5), salesperson="e-1", amount="900"),
    )
    await open_cycle(company)
    await move(company, "jan", "closed", "review", "approved", "published")
    heavier = scheme()
    heavier["sections"][0]["items"][0]["weight"] = "70"
    heavier["sections"][0]["items"][1]["weight"] = "30"
    await publish_scheme(company, "sales", heavier)
    await open_cycle(company, "feb", period="2026-02")
    return company


async def change_of(company: Company, cycle: str, query: str = "", *, key: str = "admin") -> Json:
    card = (await cards(company, cycle))["employee:e-1"]["id"]
    answer = await company.get(f"/v1/scorecards/{card}/change{query}", key=key)
    assert answer.status_code == 200, answer.text
    ScoreChangeDocument.model_validate(answer.json(), strict=False)
    return answer.json()


async def test_requirement_29_a_change_is_split_and_what_changed_besides_is_marked(
    ready: Company,
) -> None:
    told = await change_of(ready, "feb")
    assert (told["before"]["cycle"], told["after"]["cycle"]) == ("jan", "feb")
    assert (told["before"]["total"], told["after"]["total"]) == ("58.00", "60.00")
    assert (told["before"]["scheme_version"], told["after"]["scheme_version"]) == (1, 2)
    assert (told["change"], told["adjustments"], told["gates"], told["rounding"]) == (
        "2.00", "0", "0", "0",
    )  # fmt: skip
    sales, orders = told["lines"]
    # 80 x 60 to 75 x 70: 10 for the value, 15 less for the target, at a mean weight of 65.
    assert (sales["part"], sales["causes"]) == (
        "4.5",
        [
            {"cause": "value", "part": "6.5"},
            {"cause": "target", "part": "-9.75"},
            {"cause": "weight", "part": "7.75"},
        ],
    )
    assert (orders["part"], orders["causes"]) == ("-2.5", [{"cause": "weight", "part": "-2.5"}])
    parts = sum(Decimal(line["part"]) for line in told["lines"])
    assert parts + Decimal(told["rounding"]) == Decimal(told["change"])
    assert {(mark["what"], mark["item"]) for mark in told["marks"]} == {
        ("version", None), ("period", None), ("weight", "sales"), ("weight", "orders"),
        ("target", "sales"),
    }  # fmt: skip
    assert told["words"]["zh"].startswith("总分 58.00 → 60.00，主要来自 sales +4.5, orders -2.5")


async def test_what_it_is_held_against_can_be_named(ready: Company) -> None:
    jan = (await cards(ready))["employee:e-1"]["id"]
    named = await change_of(ready, "feb", "?against=jan")
    assert named == await change_of(ready, "feb", f"?against={jan}")
    assert named == await change_of(ready, "feb")
    back = await change_of(ready, "jan", "?against=feb")
    assert (back["change"], back["before"]["cycle"]) == ("-2.00", "feb")
    feb = await cards(ready, "feb")
    path = f"/v1/scorecards/{feb['employee:e-1']['id']}/change"
    other = await ready.get(f"{path}?against={feb['employee:e-2']['id']}")
    assert (other.status_code, other.json()["code"]) == (409, "other_subject")
    for missing in ("none", "sc_0000000000000000000000000"):
        assert (await ready.get(f"{path}?against={missing}")).status_code == 404
    # Before January there is nothing.
    assert (await ready.get(f"/v1/scorecards/{jan}/change")).status_code == 404


async def test_requirement_29_another_definition_is_no_performance(company: Company) -> None:
    """The value moved because its formula did."""
    await found(company, ("e-1",))
    own: Json = {
        "name": {"zh": "销售", "en": "Sold"},
        "formula": "paid_amount",
        "unit": "money",
        "better": "higher",
    }
    assert (await company.put("/v1/indicators/sold", own)).status_code == 201
    made = scheme()
    made["sections"][0]["items"][0] |= {
        "indicator": "sold", "target": {"kind": "fixed", "value": "1000"},
    }  # fmt: skip
    await publish_scheme(company, "sales", made)
    await sell(
        company,
        Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="500"),
        Sale(paid_on=date(2026, 2, 5), salesperson="e-1", amount="500"),
    )
    await open_cycle(company)
    await move(company, "jan", "closed", "review", "approved", "published")
    own["formula"] = "paid_amount * 2"
    assert (await company.put("/v1/indicators/sold", own)).status_code == 200
    await open_cycle(company, "feb", period="2026-02")
    told = await change_of(company, "feb")
    assert told["lines"][0]["causes"] == [{"cause": "definition", "part": "30"}]
    marks = [mark for mark in told["marks"] if mark["what"] == "definition"]
    assert marks == [{"what": "definition", "item": "sales", "before": "1", "after": "2"}]


async def test_who_does_not_see_the_card_sees_no_change(
    ready: Company, companies: list[Company]
) -> None:
    for name, role, employee in (
        ("own", "employee", "e-1"), ("lead", "lead", "e-boss"), ("erp", "erp", None),
        ("payroll", "payroll", None), ("viewer", "viewer", None),
    ):  # fmt: skip
        await ready.make_key(name, role, employee)
    listed = await cards(ready, "feb")
    own, another = (
        f"/v1/scorecards/{listed[f'employee:{e}']['id']}/change" for e in ("e-1", "e-2")
    )
    for key, path, status in (
        ("own", own, 200), ("own", another, 404), ("lead", another, 200), ("viewer", own, 200),
        ("erp", own, 403), ("payroll", own, 403),
    ):  # fmt: skip
        assert (await ready.get(path, key=key)).status_code == status, (key, path)
    # Who sees the card sees no other's as what it is held against.
    card = listed["employee:e-2"]["id"]
    assert (await ready.get(f"{own}?against={card}", key="own")).status_code == 404
    assert (await companies[0].get(own)).status_code == 404
    assert (await ready.client.get(own)).status_code == 401
