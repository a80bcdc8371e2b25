"""The interview over REST: written by both sides, signed by both, then frozen."""

from datetime import date, timedelta

from sqlalchemy import text

from tests.api.appraisals import ask, cards, digest, move
from tests.api.companies import Company, Json
from tests.api.rest.test_reviews import reviewed


async def path_of(company: Company) -> str:
    return f"/v1/scorecards/{(await cards(company))['employee:e-1']['id']}/interview"


async def test_both_write_and_sign_and_then_nobody_changes_it(company: Company) -> None:
    await reviewed(company)
    path = await path_of(company)
    early = await company.post(path, {"cause": "rain"}, key="one")
    assert (early.status_code, early.json()["code"]) == (409, "not_published")
    await move(company, "jan", "approved", "published")
    empty = (await company.get(path, key="one")).json()
    assert (empty["overdue"], empty["frozen"], empty["signatures"]) == (False, False, [])
    measures = [{"what": "答疑模板", "due_on": "2026-03-01"}]
    body: Json = {
        "succeeded": "response time",
        "opinion": "fair",
        "measures": measures,
        "sign": True,
    }
    first = await ask(company, "POST", path, body, key="one")
    assert [each["part"] for each in first["signatures"]] == ["employee"]
    body = {"to_improve": "conversion", "goals": [{"what": "learn English", "due_on": None}]}
    tag = (await company.get(path, key="boss")).headers["etag"]
    written = await ask(company, "POST", path, body, key="boss")
    assert written["signatures"] == [], "what the employee signed is not what stands there now"
    assert (await company.post(path, {"sign": True}, key="boss", If_Match=tag)).status_code == 412
    await ask(company, "POST", path, {"sign": True}, key="boss")
    done = await ask(company, "POST", path, {"sign": True}, key="one")
    assert [(each["part"], each["by"]) for each in done["signatures"]] == [
        ("employee", "e-1"), ("superior", "e-boss"),
    ]  # fmt: skip
    assert (done["frozen"], done["measures"], done["entries"]) == (True, measures, 4)
    before = await digest(company)
    for key, status, code in (
        ("one", 409, "interview_frozen"),
        ("boss", 409, "interview_frozen"),
        ("top", 409, "not_your_interview"),
        ("hr", 409, "not_your_interview"),
        ("two", 404, "not_found"),
        ("viewer", 403, "forbidden"),
    ):
        refused = await company.post(path, {"remarks": "late"}, key=key)
        assert (refused.status_code, refused.json()["code"]) == (status, code), key
    assert await digest(company) == before
    readers = {"one": 200, "boss": 200, "top": 200, "hr": 200, "two": 404, "viewer": 403}
    for key, status in readers.items():
        assert (await company.get(path, key=key)).status_code == status, key
    query = (
        f'{{ scorecard(id: "{done["scorecard"]}") {{ interview {{ dueOn overdue frozen succeeded'
        " toImprove opinion measures { what dueOn } goals { what dueOn }"
        " signatures { part by } entries } } }"
    )
    answer = (await company.post("/graphql", {"query": query}, key="one")).json()
    assert answer["data"]["scorecard"]["interview"] == {
        "dueOn": done["due_on"],
        "overdue": False,
        "frozen": True,
        "succeeded": "response time",
        "toImprove": "conversion",
        "opinion": "fair",
        "measures": [{"what": "答疑模板", "dueOn": "2026-03-01"}],
        "goals": [{"what": "learn English", "dueOn": None}],
        "signatures": [{"part": "EMPLOYEE", "by": "e-1"}, {"part": "SUPERIOR", "by": "e-boss"}],
        "entries": 4,
    }


async def test_an_interview_that_was_not_held_in_time_says_so(company: Company) -> None:
    await reviewed(company)
    await move(company, "jan", "approved", "published")
    path = await path_of(company)
    due = date.fromisoformat((await company.get(path)).json()["due_on"])
    async with company.owner.write(company.number) as session:
        await session.execute(text("ALTER TABLE results DISABLE TRIGGER append_only"))
        aged = "UPDATE results SET published_at = published_at - interval '8 days'"
        await session.execute(text(aged))
        await session.execute(text("ALTER TABLE results ENABLE TRIGGER append_only"))
    late = (await company.get(path)).json()
    assert late["due_on"] == (due - timedelta(days=8)).isoformat()
    assert late["overdue"] is True
