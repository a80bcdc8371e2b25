"""Rewards and penalties in money over REST: stated, withdrawn, paid; never edited."""

from datetime import date

import pytest

from tests.api.appraisals import (
    SCHEME,
    ask,
    cards,
    digest,
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

TO_APPROVED = ("closed", "review", "approved")
BOUNDED = {"plan": "adjustment", "minimum": "-500", "maximum": "300"}


@pytest.fixture
async def opened(company: Company) -> Company:
    """Two agents in an open cycle whose scheme pays rewards and takes penalties."""
    await found(company, ["e-1", "e-2"])
    await publish_scheme(company, document=scheme(pay=[*SCHEME["pay"], BOUNDED]))
    await set_targets(company, {"e-1": "100", "e-2": "100"})
    await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="100"))
    await open_cycle(company)
    return company


async def path_of(company: Company, code: str = "e-1") -> str:
    return f"/v1/scorecards/{(await cards(company))[f'employee:{code}']['id']}/payouts"


async def stated(company: Company, path: str, amount: str, reason: str = "helped out") -> Json:
    return await ask(company, "POST", path, {"amount": amount, "reason": reason})


async def paid(company: Company, code: str) -> list[str]:
    items = (await company.get("/v1/payroll/entries?limit=500")).json()["items"]
    own = (entry for entry in items if entry["employee"] == code)
    return [entry["amount"] for entry in own if entry["plan"] == "adjustment"]


async def test_rewards_and_penalties_are_stated_withdrawn_and_paid(opened: Company) -> None:
    path = await path_of(opened)
    reward = await stated(opened, path, "200.00")
    assert reward["id"].startswith("padj_")
    assert (reward["amount"], reward["currency"], reward["withdraws"]) == ("200.00", "CNY", None)
    await stated(opened, path, "-50.5", "late three times")
    back = await ask(opened, "POST", path, {"withdraws": reward["id"], "reason": "by mistake"})
    assert (back["amount"], back["withdraws"]) == ("-200.00", reward["id"])
    listed = (await opened.get(path)).json()
    assert [item["amount"] for item in listed["items"]] == ["200.00", "-50.50", "-200.00"]
    assert (listed["items"][0], listed["total"], listed["next_cursor"]) == (reward, 3, None)
    await move(opened, "jan", *TO_APPROVED, "published")
    assert (await paid(opened, "e-1"), await paid(opened, "e-2")) == (["-50.50"], ["0.00"])
    result = (await opened.get("/v1/results?employee=e-1")).json()["items"][0]
    inputs = result["payouts"][2]["inputs"]["adjustments"]
    assert [(each["amount"], each["reason"]) for each in inputs] == [
        ("200.00", "helped out"),
        ("-50.50", "late three times"),
        ("-200.00", "by mistake"),
    ]


async def test_what_was_stated_stays_when_a_cycle_is_opened_again(opened: Company) -> None:
    await stated(opened, await path_of(opened), "200")
    await move(opened, "jan", *TO_APPROVED, "published")
    await move(opened, "jan", "open", reason="more")
    await stated(opened, await path_of(opened), "30")
    await move(opened, "jan", *TO_APPROVED, "published")
    assert await paid(opened, "e-1") == ["200.00", "30.00"]


async def test_pay_is_stated_until_the_cycle_is_approved(opened: Company) -> None:
    path = await path_of(opened)
    for stage in TO_APPROVED:
        await stated(opened, path, "1")
        await move(opened, "jan", stage)
    before = await digest(opened)
    refused = await opened.post(path, {"amount": "1", "reason": "late"})
    assert (refused.status_code, refused.json()["code"]) == (409, "cycle_not_open")
    assert await digest(opened) == before
    assert (await opened.get(path)).json()["total"] == 3


async def test_bounds_and_senseless_amounts_change_nothing(opened: Company) -> None:
    path = await path_of(opened)
    first = await stated(opened, path, "300")
    await ask(opened, "POST", path, {"withdraws": first["id"], "reason": "no"})
    before = await digest(opened)
    for body, status, code in (
        ({"amount": "300.01", "reason": "x"}, 409, "adjustments_out_of_bounds"),
        ({"amount": "-500.01", "reason": "x"}, 409, "adjustments_out_of_bounds"),
        ({"amount": "0", "reason": "x"}, 422, "malformed"),
        ({"amount": "0.001", "reason": "x"}, 422, "malformed"),
        ({"amount": "1"}, 422, "invalid"),
        ({"amount": "1", "reason": ""}, 422, "invalid"),
        ({"reason": "x"}, 422, "invalid"),
        ({"amount": "1", "withdraws": first["id"], "reason": "x"}, 422, "invalid"),
        ({"withdraws": first["id"], "reason": "x"}, 409, "already_withdrawn"),
        ({"withdraws": "padj_0", "reason": "x"}, 409, "unknown_adjustment"),
    ):
        refused = await opened.post(path, body)
        assert (refused.status_code, refused.json()["code"]) == (status, code), body
    assert await digest(opened) == before


async def test_one_s_own_pay_is_stated_by_others(opened: Company) -> None:
    await opened.make_key("own-hr", "hr", "e-1")
    own, other = await path_of(opened), await path_of(opened, "e-2")
    refused = await opened.post(own, {"amount": "1", "reason": "me"}, key="own-hr")
    assert (refused.status_code, refused.json()["code"]) == (403, "own_pay")
    assert (await opened.get(own)).json()["total"] == 0
    await ask(opened, "POST", other, {"amount": "1", "reason": "thanks"}, key="own-hr")


async def test_hr_and_admin_alone_state_pay(opened: Company) -> None:
    path = await path_of(opened)
    for name, role, employee in (
        ("lead", "lead", "e-boss"),
        ("own", "employee", "e-1"),
        ("viewer", "viewer", None),
        ("payroll", "payroll", None),
        ("erp", "erp", None),
    ):
        await opened.make_key(name, role, employee)
        assert (await opened.get(path, key=name)).status_code == 403
        refused = await opened.post(path, {"amount": "1", "reason": "x"}, key=name)
        assert refused.status_code == 403


async def test_a_card_or_a_plan_that_is_not_there(company: Company) -> None:
    await found(company, ["e-1"])
    await publish_scheme(company)
    await open_cycle(company)
    await open_cycle(company, "units", population={"units": ["front"]})
    refused = await company.post(await path_of(company), {"amount": "1", "reason": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_missing")
    unit = (await cards(company, "units"))["unit:front"]["id"]
    for card in (unit, "sc_0"):
        path = f"/v1/scorecards/{card}/payouts"
        assert (await company.get(path)).status_code == 404
        assert (await company.post(path, {"amount": "1", "reason": "x"})).status_code == 404


async def test_what_is_stated_is_in_the_audit(opened: Company) -> None:
    path = await path_of(opened)
    one = await stated(opened, path, "12.30")
    entry = (await opened.get("/v1/audit?limit=500")).json()["items"][-1]
    assert (entry["action"], entry["object"]) == (
        "payout.adjust",
        f"scorecard:{path.split('/')[3]}",
    )
    assert entry["detail"] == {
        "id": one["id"],
        "amount": "12.3",
        "reason": "helped out",
        "withdraws": None,
    }
