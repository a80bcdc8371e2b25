"""Improvements through the door: agreed in one cycle, followed up and overdue in the next."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.api.appraisals import (
    ask,
    cards,
    found,
    move,
    open_cycle,
    person,
    publish_scheme,
    scheme,
)
from tests.api.companies import Company
from tests.api.graph.asking import agrees, whole
from tests.api.graph.asking import ask as ask_graph

NOW = datetime.now(UTC)
KEYS = (("lead", "lead", "e-boss"), ("e-1", "employee", "e-1"), ("e-2", "employee", "e-2"))
TODAY: date = NOW.astimezone(ZoneInfo("Asia/Shanghai")).date()


async def test_what_an_interview_agreed_is_followed_up_in_the_next_cycle(company: Company) -> None:
    await found(company, ["e-1", "e-2"])
    await ask(company, "PUT", "/v1/employees/e-1", {**person(), "manager": "e-boss"})
    for name, role, code in KEYS:
        await company.make_key(name, role, code)
    document = scheme(pay=[])
    document["sections"][0]["items"][0]["missing"] = "zero"
    await publish_scheme(company, document=document)
    for code, period in (("jan", "2026-01"), ("feb", "2026-02")):
        await open_cycle(company, code, period=period)
    await move(company, "jan", "closed", "review", "approved", "published")
    january = (await cards(company, "jan"))["employee:e-1"]["id"]
    february = (await cards(company, "feb"))["employee:e-1"]["id"]
    due = str(TODAY - timedelta(days=1))
    measures = [{"what": "Answer at night", "due_on": due}, {"what": "Learn", "due_on": due}]
    interview = f"/v1/scorecards/{january}/interview"
    await ask(company, "POST", interview, {"measures": measures, "sign": True}, key="e-1")
    path = f"/v1/scorecards/{february}/improvements"
    assert (await company.get(path, key="e-1")).json()["items"] == []
    await ask(company, "POST", interview, {"sign": True}, key="lead")
    listed = (await company.get(path, key="e-1")).json()["items"]
    assert [(each["cycle"], each["number"], each["what"], each["state"]) for each in listed] == [
        ("jan", 1, "Answer at night", "open"),
        ("jan", 2, "Learn", "open"),
    ]
    assert {(each["owner"], each["overdue"]) for each in listed} == {("employee:e-1", True)}
    watch = company.app.state.watch
    assert await watch.look(company.number, at=NOW) == 2
    done = {"cycle": "jan", "number": 1, "state": "done", "note": "Two nights a week."}
    assert (await company.post(path, done, key="e-2")).status_code == 404
    assert (await company.post(path, {**done, "number": 3}, key="e-1")).json()[
        "code"
    ] == "not_agreed"
    made = await ask(company, "POST", path, done, key="e-1")
    assert (made["state"], made["followed_in"], made["by"], made["overdue"]) == (
        "done",
        "feb",
        "e-1",
        False,
    )
    dropped = {"cycle": "jan", "number": 2, "state": "dropped", "note": "No course."}
    assert (await company.post(path, dropped, key="e-1")).status_code == 403
    await ask(company, "POST", path, dropped, key="lead")
    assert await watch.look(company.number, at=NOW + timedelta(hours=1)) == 0
    alerts = (await company.get("/v1/alerts?kind=improvement", key="lead")).json()["items"]
    assert [(each["subject"], each["broken"]) for each in alerts] == [("employee:e-1", False)] * 2
    audit = (await company.get("/v1/audit?limit=500")).json()["items"]
    followed = [each["detail"] for each in audit if each["action"] == "improvement.follow_up"]
    assert [(each["number"], each["state"]) for each in followed] == [(1, "done"), (2, "dropped")]
    items = (await company.get(path)).json()["items"]
    assert [each["state"] for each in items] == ["done", "dropped"]
    graph = f"improvements {whole('Improvement')}"
    query = f'{{ first: scorecard(id: "{january}") {{ {graph} }} '
    query += f'next: scorecard(id: "{february}") {{ {graph} }} }}'
    for key in ("e-1", "lead"):
        found_by_both = await ask_graph(company, query, key=key)
        for name, card in (("first", january), ("next", february)):
            stated = (await company.get(f"/v1/scorecards/{card}/improvements", key=key)).json()
            agrees(stated["items"], found_by_both[name]["improvements"], "Improvement")
    assert await ask_graph(company, query, key="e-2") == {"first": None, "next": None}
