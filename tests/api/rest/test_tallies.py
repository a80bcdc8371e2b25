"""What surveys, cases and people come to is stated, and what others have stated is left alone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.api.workers.watch import WatchWorker
from services.schema.days import start_of_day
from services.schema.tables.facts import measure_facts
from tests.api.appraisals import ask, found
from tests.api.companies import Company, Json
from tests.api.facts import add_rows

ZONE = "Asia/Shanghai"
TODAY: date = datetime.now(ZoneInfo(ZONE)).date()
MONTH = f"{TODAY:%Y-%m}"
NAME = {"zh": "服务", "en": "Service"}
SURVEY: Json = {
    "name": NAME,
    "about": "shop:a",
    "audience": "customers",
    "questions": [{"code": "shopping", "text": NAME}],
    "opens_on": str(TODAY),
    "closes_on": str(TODAY + timedelta(days=1)),
}
CASE: Json = {
    "finding": "Nobody answered for a day.",
    "subject": "shop:a",
    "owner": "e-1",
    "due_on": str(TODAY),
    "respondent": "b-1",
}


async def value_of(company: Company, indicator: str, subject: str, period: str = MONTH) -> Json:
    path = f"/v1/indicators/{indicator}/values?subject={subject}&period={period}"
    return (await company.get(path)).json()["items"][0]["value"]


async def posted(company: Company) -> int:
    items = (await company.get("/v1/audit?limit=500")).json()["items"]
    return sum(entry["action"] == "indicator.post_value" for entry in items)


async def test_surveys_cases_and_people_give_indicators_their_values(company: Company) -> None:
    await found(company)
    await company.make_key("lead", "lead", "e-boss")
    await ask(company, "PUT", "/v1/surveys/service", SURVEY)
    customers = {"respondents": ["b-1", "b-2", "b-3", "b-4"]}
    await ask(company, "POST", "/v1/surveys/service/invitations", customers)
    for respondent, mark in (("b-1", 2), ("b-2", 5), ("b-3", 5)):
        body = {"respondent": respondent, "answers": [{"question": "shopping", "mark": mark}]}
        await ask(company, "POST", "/v1/surveys/service/answers", body)
    case = await ask(company, "POST", "/v1/cases", CASE, key="lead")
    await ask(company, "POST", "/v1/cases", {**CASE, "respondent": None}, key="lead")
    steps = ("done", "told", "closed")
    for step in steps:
        await ask(company, "POST", f"/v1/cases/{case['id']}/steps", {"step": step, "note": "So."})
    watch = company.app.state.watch

    await watch.look(company.number, at=datetime.now(UTC))
    assert await value_of(company, "survey_score_shopping", "shop:a") == "80"
    assert await value_of(company, "survey_score", "unit:shops") == "80"
    assert await value_of(company, "turnover_rate", "unit:front") == "0"
    # Neither the survey's last day is over nor the day on which the cases are due.
    assert await value_of(company, "survey_response_rate", "shop:a") is None
    assert await value_of(company, "rectification_closed_rate", "employee:e-1") is None

    tomorrow = start_of_day(TODAY + timedelta(days=1), ZONE) + timedelta(hours=1)
    await watch.look(company.number, at=tomorrow)
    for period in (MONTH, f"{TODAY.year}"):
        for subject in ("shop:a", "unit:front", "unit:shops", "company"):
            rate = await value_of(company, "survey_response_rate", subject, period)
            assert rate == "0.75", (subject, period)
        for subject in ("employee:e-1", "shop:a", "unit:front", "company"):
            closed = await value_of(company, "rectification_closed_rate", subject, period)
            assert closed == "0.5", (subject, period)
            told = await value_of(company, "rectification_feedback_rate", subject, period)
            assert told == "1", (subject, period)
    assert await value_of(company, "rectification_closed_rate", "employee:e-2") is None
    before = await posted(company)
    await watch.look(company.number, at=tomorrow + timedelta(hours=2))
    assert await posted(company) == before


async def test_what_somebody_else_states_is_left_alone(company: Company) -> None:
    await found(company)
    rate = {
        "indicator": "turnover_rate",
        "subject": "company",
        "period": MONTH,
        "value": "0.25",
        "source": "hr-system",
    }
    await ask(company, "POST", "/v1/indicators/values", [rate])
    watch = company.app.state.watch
    now = datetime.now(UTC)
    await watch.look(company.number, at=now)
    assert await value_of(company, "turnover_rate", "company") == "0.25"
    assert await value_of(company, "turnover_rate", "unit:front") == "0"
    # What Kaohe has stated moves with who leaves, and yields to whoever states it later.
    leaver = {"name": "e-3", "left_on": str(TODAY), "assignments": []}
    await ask(company, "PUT", "/v1/employees/e-3", leaver)
    await watch.look(company.number, at=now + timedelta(hours=1))
    assert await value_of(company, "staff_retention_rate", "company") == "0.75"
    await ask(company, "POST", "/v1/indicators/values", [{**rate, "subject": "unit:front"}])
    await watch.look(company.number, at=now + timedelta(hours=2))
    assert await value_of(company, "turnover_rate", "unit:front") == "0.25"


async def test_who_posts_the_measures_states_the_rate(company: Company) -> None:
    await found(company)
    await ask(company, "POST", "/v1/cases", {**CASE, "due_on": str(TODAY - timedelta(days=1))})
    async with company.owner.write(company.number) as session:
        row = {"measure": "rectifications_due", "day": TODAY, "shop": "b", "amount": 1}
        await add_rows(session, measure_facts, row)
    await company.app.state.watch.look(company.number, at=datetime.now(UTC))
    for indicator in ("rectification_closed_rate", "rectification_feedback_rate"):
        period = f"{TODAY - timedelta(days=1):%Y-%m}"
        assert await value_of(company, indicator, "employee:e-1", period) is None


async def test_a_watch_that_was_away_for_long_states_what_ended_meanwhile(
    company: Company,
) -> None:
    await found(company)
    await ask(company, "POST", "/v1/cases", CASE)
    now, later = datetime.now(UTC), datetime.now(UTC) + timedelta(days=70)
    database = company.app.state.database
    await WatchWorker(database).look(company.number, at=now)
    assert await value_of(company, "rectification_closed_rate", "employee:e-1") is None
    await WatchWorker(database).look(company.number, at=later)
    assert await value_of(company, "rectification_closed_rate", "employee:e-1") == "0"
    assert await value_of(company, "turnover_rate", "company", f"{later:%Y-%m}") == "0"
