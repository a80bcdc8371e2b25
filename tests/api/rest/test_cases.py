"""Surveys and cases through the door: asked, answered once, put right, told, closed, escalated."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.api.appraisals import ask, found
from tests.api.companies import Company, Json
from tests.api.graph.asking import every_node, node_of, same

NOW = datetime.now(UTC)
TODAY: date = NOW.astimezone(ZoneInfo("Asia/Shanghai")).date()
NAME = {"zh": "服务", "en": "Service"}
SURVEY: Json = {
    "name": NAME,
    "about": "shop:a",
    "audience": "customers",
    "scale": 5,
    "questions": [
        {"code": "speed", "text": NAME, "kind": "mark"},
        {"code": "words", "text": NAME, "kind": "text"},
    ],
    "opens_on": str(TODAY),
    "closes_on": str(TODAY + timedelta(days=7)),
}
CASE: Json = {
    "finding": "Nobody answered for a day.",
    "subject": "shop:a",
    "owner": "e-1",
    "due_on": str(TODAY - timedelta(days=1)),
    "survey": "service",
    "respondent": "b-1",
}


@pytest.fixture
async def asked(company: Company) -> Company:
    """A shop, three agents under a boss, and a survey of customers of whom two are asked."""
    await found(company)
    await company.make_key("lead", "lead", "e-boss")
    for code in ("e-1", "e-2", "e-3"):
        await company.make_key(code, "employee", code)
    await company.put("/v1/surveys/service", SURVEY)
    customers = {"respondents": ["b-1", "b-2", "b-1"]}
    answer = await ask(company, "POST", "/v1/surveys/service/invitations", customers)
    assert answer["created"] == 2
    return company


def replies(mark: int, text: str | None = None) -> list[Json]:
    given: list[Json] = [{"question": "speed", "mark": mark}]
    return given if text is None else [*given, {"question": "words", "text": text}]


async def test_a_survey_is_answered_once_by_each_whom_it_asks(asked: Company) -> None:
    path = "/v1/surveys/service/answers"
    body: Json = {"respondent": "b-1", "answers": replies(2, "slow")}
    assert (await asked.post(path, body)).status_code == 201
    for changed, code in (
        ({}, "already_answered"),
        ({"respondent": "b-9"}, "not_invited"),
        ({"respondent": None}, "respondent_missing"),
        ({"respondent": "b-2", "answers": replies(6)}, "mark_off_scale"),
    ):
        refused = await asked.post(path, {**body, **changed})
        assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert (await asked.post(path, body, key="e-1")).json()["code"] == "not_your_answer"
    survey = (await asked.get("/v1/surveys/service", key="lead")).json()
    assert (survey["invited"], survey["answered"], survey["response_rate"]) == (2, 1, "0.5")
    assert survey["results"] == [
        {"question": "speed", "answers": 1, "mean": "2"},
        {"question": "words", "answers": 1, "mean": None},
    ]
    (answer,) = (await asked.get(path)).json()["items"]
    assert (answer["respondent"], answer["answers"][1]["text"]) == ("b-1", "slow")
    other = await asked.put("/v1/surveys/service", {**SURVEY, "scale": 10})
    assert (other.status_code, other.json()["code"]) == (409, "survey_answered")
    longer = {**SURVEY, "closes_on": str(TODAY + timedelta(days=9))}
    assert (await asked.put("/v1/surveys/service", longer)).status_code == 200
    rest = (await asked.get("/v1/surveys")).json()["items"]
    assert same("surveys", rest, await every_node(asked, "surveys", "", first=5))
    found = {"__typename": "Survey", "id": "survey:service"}
    assert await node_of(asked, "survey:service", key="lead") == found
    assert await node_of(asked, "survey:none") is None


async def test_employees_answer_for_themselves_and_stay_unnamed_below_three(
    asked: Company,
) -> None:
    inside = {**SURVEY, "audience": "employees"}
    await asked.put("/v1/surveys/inside", inside)
    people = {"respondents": ["e-1", "e-2", "e-3"]}
    await ask(asked, "POST", "/v1/surveys/inside/invitations", people)
    path, page = "/v1/surveys/inside/answers", {}
    for code, shown in (("e-1", 0), ("e-2", 0), ("e-3", 3)):
        requests = (await asked.get("/v1/survey-requests", key=code)).json()
        assert [each["code"] for each in requests["items"]] == ["inside"]
        other = await asked.post(path, {"respondent": "e-boss", "answers": replies(4)}, key=code)
        assert other.json()["code"] == "not_your_answer"
        await ask(asked, "POST", path, {"answers": replies(4)}, key=code)
        assert (await asked.get("/v1/survey-requests", key=code)).json()["total"] == 0
        page = (await asked.get(path)).json()
        assert (page["total"], len(page["items"])) == (shown, shown)
    assert {each["respondent"] for each in page["items"]} == {None}
    survey = (await asked.get("/v1/surveys/inside")).json()
    assert (survey["answered"], survey["results"][0]["mean"]) == (3, "4")
    assert (await asked.post(path, {"answers": replies(4)}, key="lead")).status_code == 409
    nobody = await asked.post("/v1/surveys/inside/invitations", {"respondents": ["zz"]})
    assert nobody.json()["errors"][0]["code"] == "unknown_employee"


async def test_a_finding_is_put_right_told_and_closed_and_overdue_it_is_raised_once(
    asked: Company,
) -> None:
    case = await ask(asked, "POST", "/v1/cases", CASE, key="lead")
    path = f"/v1/cases/{case['id']}/steps"
    assert (case["state"], case["customer_told"], case["overdue"]) == ("open", False, True)
    watch = asked.app.state.watch
    assert [await watch.look(asked.number, at=NOW) for _ in range(2)] == [1, 0]
    (alert,) = (await asked.get("/v1/alerts?kind=case", key="lead")).json()["items"]
    assert (alert["subject"], alert["source"], alert["day"]) == (
        "employee:e-1",
        case["id"],
        str(TODAY),
    )
    assert (alert["broken"], alert["measured"]) == (True, None)
    done = {"step": "done", "note": "Another shift answers."}
    assert (await asked.post(path, done, key="e-2")).status_code == 404
    assert (await asked.post(path, {"step": "closed"}, key="lead")).status_code == 409
    await ask(asked, "POST", path, done, key="e-1")
    assert await watch.look(asked.number, at=NOW) == 0
    (alert,) = (await asked.get("/v1/alerts?kind=case")).json()["items"]
    assert alert["broken"] is False
    await ask(asked, "POST", path, {"step": "told", "note": "We wrote."}, key="e-1")
    assert (await asked.post(path, {"step": "closed"}, key="e-1")).status_code == 403
    closed = await ask(asked, "POST", path, {"step": "closed"}, key="lead")
    assert (closed["state"], closed["customer_told"], len(closed["steps"])) == ("closed", True, 4)
    assert (await asked.get("/v1/cases?state=open")).json()["total"] == 0
    assert (await asked.get("/v1/cases?owner=e-1", key="e-2")).json()["total"] == 0
    rest = (await asked.get("/v1/cases", key="e-1")).json()["items"]
    assert same("cases", rest, await every_node(asked, "cases", "", first=5, key="e-1"))
    there = {"__typename": "Case", "id": case["id"]}
    assert await node_of(asked, case["id"], key="e-1") == there
    assert await node_of(asked, case["id"], key="e-2") is None
    there = {"__typename": "Alert", "id": alert["id"]}
    assert await node_of(asked, alert["id"], key="e-1") == there
    assert await node_of(asked, alert["id"], key="e-2") is None
    actions = [
        entry["action"] for entry in (await asked.get("/v1/audit?limit=500")).json()["items"]
    ]
    assert [each for each in actions if each.startswith("case.")] == [
        "case.opened",
        "case.done",
        "case.told",
        "case.closed",
    ]


async def test_a_case_of_what_there_is_not_is_refused(asked: Company) -> None:
    before = await asked.digest()
    for changed, status, code in (
        ({"owner": "zz"}, 409, "unknown_employee"),
        ({"subject": "shop:zz"}, 409, "unknown_shop"),
        ({"survey": "zz"}, 409, "unknown_survey"),
    ):
        answer = await asked.post("/v1/cases", {**CASE, **changed})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    hidden = await asked.post("/v1/cases", {**CASE, "owner": "zz"}, key="lead")
    assert hidden.status_code == 404
    assert await asked.digest() == before
    assert (await asked.get("/v1/cases")).json()["total"] == 0
