"""Reviews over REST: steps in the scheme's order, one winner of two, and a cycle that waits."""

import asyncio
from datetime import date

import pytest

from tests.api.appraisals import (
    ask,
    cards,
    digest,
    found,
    move,
    open_cycle,
    person,
    publish_scheme,
    scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale
from tests.figures import Figures, Wrong

APPROVE: Json = {"decision": "approve"}


async def reviewed(company: Company, *order: str, **changed: Json) -> Company:
    """Two agents below `e-boss`, below `e-top`, in a cycle in review, by a scheme changed so."""
    await found(company, ("e-1", "e-2"))
    await ask(company, "PUT", "/v1/employees/e-top", {**person("top", "shops", shops=())})
    for code, manager in (("e-boss", "e-top"), ("e-1", "e-boss"), ("e-2", "e-boss")):
        document = (await company.get(f"/v1/employees/{code}")).json()
        body = {name: document[name] for name in ("name", "assignments")}
        await ask(company, "PUT", f"/v1/employees/{code}", {**body, "manager": manager})
    await publish_scheme(company, document=scheme(approval=list(order), **changed))
    await set_targets(company, {"e-1": "100", "e-2": "200"})
    for code in ("e-1", "e-2"):
        await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson=code, amount="100"))
    await open_cycle(company)
    await move(company, "jan", "closed", "review")
    for name, role, employee in (
        ("top", "lead", "e-top"),
        ("boss", "lead", "e-boss"),
        ("boss-again", "lead", "e-boss"),
        ("one", "employee", "e-1"),
        ("two", "employee", "e-2"),
        ("hr", "hr", None),
        ("hr-2", "hr", None),
        ("viewer", "viewer", None),
    ):
        await company.make_key(name, role, employee)
    return company


async def path_of(company: Company, code: str = "e-1") -> str:
    return f"/v1/scorecards/{(await cards(company))[f'employee:{code}']['id']}/reviews"


async def decide(
    company: Company, path: str, key: str, decision: str, comment: Json = None
) -> Json:
    return await ask(company, "POST", path, {"decision": decision, "comment": comment}, key=key)


async def test_a_card_goes_from_step_to_step_and_its_cycle_waits(company: Company) -> None:
    await reviewed(company, "self", "manager", "second_level", "hr")
    path = await path_of(company)
    begun = (await company.get(path, key="one")).json()
    assert (begun["step"], begun["waits_for"], begun["trail"]) == ("self", "e-1", [])
    refused = await company.post("/v1/cycles/jan/moves", {"to": "approved"})
    assert (refused.status_code, refused.json()["code"]) == (409, "approvals_pending")
    assert refused.json()["detail"] == "Approvals still waited for: 8."
    assert {each["detail"] for each in refused.json()["errors"]} == {
        "It waits for self: e-1.", "It waits for self: e-2.",
    }  # fmt: skip
    await decide(company, path, "one", "submit", "all said")
    await decide(company, path, "boss", "approve")
    back = await decide(company, path, "top", "return", "which shop was it?")
    assert (back["step"], back["waits_for"]) == ("manager", "e-boss")
    await decide(company, path, "boss", "approve", "shop a")
    last = await decide(company, path, "top", "approve")
    assert (last["step"], last["waits_for"], last["complete"]) == ("hr", None, False)
    done = await decide(company, path, "hr", "approve")
    assert (done["step"], done["complete"]) == (None, True)
    # The subject is told of the own manager, of others not who they were.
    told = (await company.get(path, key="one")).json()["trail"]
    assert [(each["part"], each["decision"], each["by"], each["holds"]) for each in told] == [
        ("self", "submit", "e-1", True),
        ("manager", "approve", "e-boss", False),
        ("second_level", "return", None, False),
        ("manager", "approve", "e-boss", True),
        ("second_level", "approve", None, True),
        ("hr", "approve", None, True),
    ]
    second = await path_of(company, "e-2")
    for key, decision in (("two", "submit"), ("boss", "approve"), ("top", "approve")):
        await decide(company, second, key, decision)
    await decide(company, second, "hr-2", "approve")
    await move(company, "jan", "approved", "published")
    result = (await company.get("/v1/results?cycle=jan&employee=e-1")).json()["items"][0]
    assert [each["part"] for each in result["approvals"]] == [
        "self", "manager", "second_level", "hr", "hr",
    ]  # fmt: skip
    audit = (await company.get("/v1/audit?limit=500")).json()["items"]
    deeds = [each["action"] for each in audit if each["action"].startswith("scorecard.")]
    assert deeds.count("scorecard.approve") == 7
    assert (deeds.count("scorecard.submit"), deeds.count("scorecard.return")) == (2, 1)
    again = await company.post(path, APPROVE, key="hr-2")
    assert (again.status_code, again.json()["code"]) == (409, "cycle_not_in_review")


async def test_scenario_p04_of_two_at_once_one_wins(company: Company, figure: Figures) -> None:
    """Two approvers, approve against return, one's own card, a stale version: four eyes hold."""
    await reviewed(company, "manager", "hr")
    path = await path_of(company)
    answers = await asyncio.gather(
        company.post(path, APPROVE, key="boss"), company.post(path, APPROVE, key="boss-again")
    )
    assert sorted(each.status_code for each in answers) == [201, 409]
    (lost,) = (each.json()["code"] for each in answers if each.status_code == 409)
    assert lost == "step_taken"
    body = {"decision": "return", "comment": "look again"}
    answers = await asyncio.gather(
        company.post(path, APPROVE, key="hr"), company.post(path, body, key="hr-2")
    )
    assert sorted(each.status_code for each in answers) == [201, 409]
    trail = (await company.get(path)).json()["trail"]
    assert len(trail) == 2
    if trail[-1]["decision"] == "return":
        await decide(company, path, "boss", "approve")
        await decide(company, path, "hr", "approve")
    before = await digest(company)
    for key, code, wanted in (
        ("one", 403, "own_card"),
        ("two", 404, "not_found"),
        ("viewer", 403, "forbidden"),
        ("hr", 409, "review_complete"),
        ("boss", 409, "review_complete"),
    ):
        refused = await company.post(path, APPROVE, key=key)
        assert (refused.status_code, refused.json()["code"]) == (code, wanted), key
    other = await path_of(company, "e-2")
    tag = (await company.get(other, key="boss")).headers["etag"]
    assert await digest(company) == before
    await ask(company, "POST", other, body, key="boss")
    before = await digest(company)
    stale = await company.post(other, APPROVE, key="boss", If_Match=tag)
    assert stale.status_code == 412
    assert await digest(company) == before
    tag = (await company.get(other, key="boss")).headers["etag"]
    done = await company.post(other, APPROVE, key="boss", If_Match=tag)
    assert (done.status_code, done.json()["waits_for"]) == (201, None)
    of = "decisions: two at once, one's own card, out of turn, on a stale version"
    figure("P04", Wrong.MOVES, 0, tried=2 + 2 + 5 + 1, of=of)


async def test_nobody_approves_alone(company: Company) -> None:
    """Where HR is the only step, another of HR moves the cycle."""
    await reviewed(company, "hr")
    for code in ("e-1", "e-2"):
        await decide(company, await path_of(company, code), "hr", "approve")
    body = {"to": "approved"}
    before = await digest(company)
    alone = await company.post("/v1/cycles/jan/moves", body, key="hr")
    assert (alone.status_code, alone.json()["code"]) == (409, "approved_alone")
    assert await digest(company) == before
    await ask(company, "POST", "/v1/cycles/jan/moves", body, key="hr-2")


@pytest.mark.parametrize("order", [(), ("self",)])
async def test_without_approvers_two_people_are_needed(
    company: Company, order: tuple[str, ...]
) -> None:
    """Who moves the cycle out of review approves its cards, whichever key; another publishes."""
    await reviewed(company, *order)
    await company.make_key("hr-two", "hr", "e-2")
    await company.make_key("hr-one", "hr", "e-1")
    await company.make_key("boss-hr", "hr", "e-boss")
    await company.make_key("boss-hr-again", "hr", "e-boss")
    for code, key in (("e-1", "one"), ("e-2", "two")) if order else ():
        await decide(company, await path_of(company, code), key, "submit")
    path = "/v1/cycles/jan/moves"
    own = await company.post(path, {"to": "approved"}, key="hr-one")
    assert (own.status_code, own.json()["code"]) == (409, "own_card")
    await ask(company, "POST", path, {"to": "approved"}, key="boss-hr")
    before = await digest(company)
    for key, wanted, named in (
        ("boss-hr", "published_alone", 2),
        ("boss-hr-again", "published_alone", 2),
        ("hr-two", "own_card", 1),
    ):
        refused = await company.post(path, {"to": "published"}, key=key)
        assert (refused.status_code, refused.json()["code"]) == (409, wanted), key
        assert len(refused.json()["errors"]) == named
        if named == 2:
            assert refused.json()["detail"] == (
                "Nobody but e-boss has approved it; somebody else publishes."
            )
    assert await digest(company) == before
    trail = (await company.get(await path_of(company))).json()["trail"]
    assert [(each["part"], each["by"], each["holds"]) for each in trail] == [
        *(("self", "e-1", True) for _ in order), ("hr", "e-boss", True),
    ]  # fmt: skip
    await ask(company, "POST", path, {"to": "published"}, key="hr")
    (result,) = (await company.get("/v1/results?cycle=jan&employee=e-1")).json()["items"]
    assert [each["part"] for each in result["approvals"]] == [*order, "hr"]


async def test_a_cycle_that_was_opened_again_is_approved_by_its_mover_once(
    company: Company,
) -> None:
    await reviewed(company)
    path = "/v1/cycles/jan/moves"
    for key in ("hr", "hr", "hr-2"):
        await ask(company, "POST", path, {"to": "approved"}, key=key)
        if key == "hr":
            await move(company, "jan", "open", reason="once more")
            await move(company, "jan", "closed", "review")
    trail = (await company.get(await path_of(company))).json()["trail"]
    assert [(each["part"], each["holds"]) for each in trail] == [("hr", True), ("hr", True)]
    # Two of HR have approved: each of them may publish.
    await ask(company, "POST", path, {"to": "published"}, key="hr")


async def test_an_approval_is_of_the_figures_that_were_seen(company: Company) -> None:
    """Opened again with the same figures it holds; with others the card begins anew."""
    await reviewed(company, "manager")
    path = await path_of(company)
    await decide(company, path, "boss", "approve")
    await decide(company, await path_of(company, "e-2"), "boss", "approve")
    await move(company, "jan", "open", reason="a sale was missing")
    await sell(company, Sale(paid_on=date(2026, 1, 6), salesperson="e-2", amount="7"))
    await move(company, "jan", "closed", "review")
    assert (await company.get(path)).json()["complete"] is True
    changed = (await company.get(await path_of(company, "e-2"))).json()
    assert (changed["step"], changed["waits_for"]) == ("manager", "e-boss")
    assert [each["holds"] for each in changed["trail"]] == [False]


async def test_a_units_card_is_submitted_by_its_lead_and_approved_above(company: Company) -> None:
    await reviewed(company, "self", "manager")
    front = {"name": "前台", "parent": "shops", "lead": "e-1"}
    await ask(company, "PUT", "/v1/units/front", front)
    await company.make_key("lead", "lead", "e-1")
    target = {"subject": "unit:front", "indicator": "net_sales", "period": "2026-01"}
    await ask(company, "PUT", "/v1/targets", [{**target, "level": "budget", "value": "400"}])
    await open_cycle(company, "units", population={"units": ["front"]})
    await move(company, "units", "closed", "review")
    (card,) = (await cards(company, "units")).values()
    path = f"/v1/scorecards/{card['id']}/reviews"
    for key, status, code in (
        ("boss", 409, "not_your_turn"),
        ("lead", 403, "own_card"),
        ("one", 404, "not_found"),
    ):
        refused = await company.post(path, APPROVE, key=key)
        assert (refused.status_code, refused.json()["code"]) == (status, code), key
    await decide(company, path, "lead", "submit")
    assert (await decide(company, path, "boss", "approve"))["complete"] is True
    await move(company, "units", "approved")


@pytest.mark.parametrize("key", ["admin", "boss", "one", "viewer"])
async def test_the_graph_says_what_rest_says(company: Company, key: str) -> None:
    await reviewed(company, "self", "manager")
    path = await path_of(company)
    await decide(company, path, "one", "return", "the target is another's")
    told = (await company.get(path, key=key)).json()
    query = (
        f'{{ scorecard(id: "{told["scorecard"]}") {{ review {{ scorecard revision fingerprint'
        " order step waitsFor complete trail"
        " { number part decision comment by decidedAt holds } } } }"
    )
    answer = (await company.post("/graphql", {"query": query}, key=key)).json()
    shown = answer["data"]["scorecard"]["review"]
    assert shown["order"] == [each.upper() for each in told["order"]]
    assert shown["step"] == told["step"].upper()
    assert (shown["waitsFor"], shown["complete"]) == (told["waits_for"], told["complete"])
    assert [(each["comment"], each["by"], each["holds"]) for each in shown["trail"]] == [
        (each["comment"], each["by"], each["holds"]) for each in told["trail"]
    ]
