"""Plans of targets over REST and the graph: put whole, reported on, seen by whom they are for."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.api.companies import Company, Json
from tests.api.graph.asking import ask as graph
from tests.api.targeting import set_value, staff

TODAY = datetime.now(UTC).date()
"""Close enough to the tenant's for days ten away."""
LATE, SOON = str(TODAY - timedelta(days=10)), str(TODAY + timedelta(days=10))
ABOUT = {"subject": "unit:east", "indicator": "net_sales", "period": "2026-10"}


def action(code: str, owner: str, due_on: str = SOON, **changed: Json) -> Json:
    stated = {"code": code, "what": f"{code} old buyers", "owner": owner, "due_on": due_on}
    return {**stated, "state": "plan", "result": None, **changed}


PLAN: Json = {
    **ABOUT,
    "mode": "profit",
    "actions": [action("call", "bob", LATE), action("write", "ann")],
    "reason": "the year is long",
}


@pytest.fixture
async def planned(company: Company) -> Company:
    """A plan of a unit's target; ann leads, bob works there, cyd and dan elsewhere."""
    await staff(company)
    for name, role, employee in (
        ("ann", "lead", "ann"),
        ("bob", "employee", "bob"),
        ("cyd", "employee", "cyd"),
        ("viewer", "viewer", None),
    ):
        await company.make_key(name, role, employee)
    await set_value(company, "100", subject="unit:east")
    answer = await company.put("/v1/target-plans", PLAN, key="ann")
    assert answer.status_code == 200, answer.text
    return company


async def plans(company: Company, query: str = "", key: str = "admin") -> Json:
    answer = await company.get(f"/v1/target-plans?{query}", key=key)
    assert answer.status_code == 200, answer.text
    assert answer.json()["total"] == len(answer.json()["items"])
    return answer.json()["items"]


async def kept(company: Company) -> Json:
    """All revisions: equal, nothing has changed."""
    return await plans(company, "history=true")


async def test_a_plan_is_put_and_read_with_its_history(planned: Company) -> None:
    (first,) = await plans(planned)
    assert first.pop("author").startswith("key:key_")
    assert first.pop("author_name")
    assert first.pop("set_at").endswith("Z")
    shown = [each | {"overdue": each["code"] == "call"} for each in PLAN["actions"]]
    assert first == PLAN | {"actions": shown, "complete": True, "revision": 1}
    before = await planned.digest()
    again = await planned.put("/v1/target-plans", PLAN, key="ann")
    assert again.json()["revision"] == 1
    assert await planned.digest() == before
    changed = {**PLAN, "mode": "scale", "revision": 1, "reason": "618"}
    assert (await planned.put("/v1/target-plans", changed)).json()["revision"] == 2
    assert [(p["mode"], p["revision"]) for p in await kept(planned)] == [
        ("profit", 1),
        ("scale", 2),
    ]
    assert [(p["mode"], p["reason"]) for p in await plans(planned)] == [("scale", "618")]
    page = (await planned.get("/v1/target-plans?history=true&limit=1")).json()
    rest = await planned.get(f"/v1/target-plans?history=true&cursor={page['next_cursor']}")
    assert [p["revision"] for p in rest.json()["items"]] == [2]
    entry = (await planned.get("/v1/audit?limit=500")).json()["items"][-1]
    assert (entry["action"], entry["object"]) == ("target_plan.set", "unit:east")
    assert entry["detail"]["before"] == {"mode": "profit", "reason": "the year is long"}
    assert entry["detail"]["after"] == {"mode": "scale", "reason": "618"}


async def test_an_owner_reports_and_nothing_is_lost(planned: Company) -> None:
    report = {**ABOUT, "action": "call", "state": "check", "result": "40 came back"}
    answer = await planned.post("/v1/target-plans/reports", report, key="bob")
    assert answer.status_code == 200, answer.text
    assert answer.json()["complete"] is False
    (mine,) = answer.json()["actions"]
    assert (mine["state"], mine["result"], mine["overdue"]) == ("check", "40 came back", False)
    before = await kept(planned)
    assert [p["revision"] for p in before] == [1, 2]
    # What the lead read before the report may not be put over it.
    stale = await planned.put(
        "/v1/target-plans", {**PLAN, "mode": "scale", "revision": 1}, key="ann"
    )
    assert (stale.status_code, stale.json()["code"]) == (409, "plan_changed")
    again = await planned.post("/v1/target-plans/reports", report, key="bob")
    assert again.json()["revision"] == 2
    assert await kept(planned) == before
    entry = (await planned.get("/v1/audit?limit=500")).json()["items"][-1]
    assert (entry["action"], entry["detail"]["revision"]) == ("target_plan.set", 2)
    settled = {**report, "state": "act", "result": "each month from now on"}
    assert (await planned.post("/v1/target-plans/reports", settled, key="ann")).status_code == 200


REFUSED = (
    ({"period": "2026-11"}, 409, "no_target", "/period"),
    ({"period": "2026-13"}, 422, "period_invalid", "/period"),
    ({"subject": "unit:west"}, 409, "no_target", "/period"),
    ({"mode": "growth"}, 422, "invalid", "/mode"),
    ({"revision": 2}, 409, "plan_changed", "/revision"),
    ({"author": "me"}, 422, "unknown_field", "/author"),
    ({"actions": [action("a", "eve")]}, 409, "unknown_employee", "/actions/0/owner"),
    ({"actions": [action("a", "bob"), action("a", "ann")]}, 422, "stated_twice",
     "/actions/1/code"),
    ({"actions": [action("a", "bob", state="act")]}, 422, "result_missing",
     "/actions/0/result"),
    ({"actions": [action("a", "bob", state="done")]}, 422, "invalid", "/actions/0/state"),
    ({"actions": [action("a", "bob", "2026-02-30")]}, 422, "invalid", "/actions/0/due_on"),
)  # fmt: skip


async def test_what_is_no_plan_is_refused(planned: Company) -> None:
    before = (await planned.digest(), await kept(planned))
    for change, status, code, pointer in REFUSED:
        stated = {**PLAN, "mode": "scale", "revision": 1, **change}
        answer = await planned.put("/v1/target-plans", stated, key="ann")
        found = [(fault["code"], fault["pointer"]) for fault in answer.json()["errors"]]
        assert (answer.status_code, found) == (status, [(code, pointer)]), change
    assert (await planned.digest(), await kept(planned)) == before


async def test_each_sees_and_changes_what_is_theirs(planned: Company) -> None:
    assert [len(p["actions"]) for p in await plans(planned, key="ann")] == [2]
    (mine,) = await plans(planned, key="bob")
    assert ([each["code"] for each in mine["actions"]], mine["complete"]) == (["call"], False)
    assert await plans(planned, key="cyd") == []
    assert len(await plans(planned, "owner=ann")) == 1
    # Bob sees the plan for his own action: by no filter does it say whose the others are.
    assert len(await plans(planned, "owner=bob", key="bob")) == 1
    assert await plans(planned, "owner=ann", key="bob") == []
    before = (await planned.digest(), await kept(planned))
    report = {**ABOUT, "action": "write", "state": "do"}
    for key, change, status in (
        ("bob", {}, 404),  # an action that is not shown is not there
        ("bob", {"action": "fly"}, 404),
        ("cyd", {}, 404),
        ("ann", {"action": "fly"}, 404),
        ("ann", {"state": "check"}, 422),
        ("viewer", {}, 403),
    ):
        answer = await planned.post("/v1/target-plans/reports", {**report, **change}, key=key)
        assert answer.status_code == status, (key, change, answer.text)
    for key in ("bob", "viewer"):
        assert (await planned.put("/v1/target-plans", PLAN, key=key)).status_code == 403
    assert (await planned.digest(), await kept(planned)) == before
    own = {"subject": "employee:bob", "indicator": "net_sales", "period": "2026-10"}
    await set_value(planned, "10", subject="employee:bob")
    await planned.put(
        "/v1/target-plans", {**own, "mode": "scale", "actions": [action("help", "ann")]}, key="ann"
    )
    answer = await planned.post(
        "/v1/target-plans/reports", {**own, "action": "help", "state": "do"}, key="bob"
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "action_of_another")
    query = '{ targetPlans(owner: "bob") { totalCount nodes { mode complete revision setAt actions '
    query += "{ code what owner dueOn state result overdue } } } }"
    told = (await graph(planned, query, key="bob"))["targetPlans"]
    (stated,) = await plans(planned, "owner=bob", key="bob")
    (node,) = told["nodes"]
    assert (told["totalCount"], node["mode"], node["complete"]) == (1, "PROFIT", False)
    assert (node["revision"], node["setAt"]) == (stated["revision"], stated["set_at"])
    (shown,), (said,) = node["actions"], stated["actions"]
    assert shown == {
        "dueOn": said.pop("due_on"), **said, "state": said["state"].upper()
    }  # fmt: skip
