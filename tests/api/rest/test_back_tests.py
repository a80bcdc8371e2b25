"""Back-tests over REST: a draft tried on a past month, beside what its cards came to and paid."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.api.core.schemes import parse_scheme, scheme_to_wire
from services.api.core.scorecards import score
from services.api.flows.back_test_runs import run_back_test
from services.api.rest.back_test_documents import BackTestRefusal, BackTestResult
from services.api.workers.back_tests import BackTestWorker
from services.schema.db import Database
from services.schema.shapes.back_tests import BackTest
from services.schema.shapes.scorecards import Adjustment, Score, SegmentInput
from tests.api.appraisals import (
    NAME,
    SCHEME,
    ask,
    digest,
    found,
    move,
    open_cycle,
    publish_scheme,
    scheme,
    sell,
    set_targets,
)
from tests.api.calibrating import SHARES, TEN, forced, reviewed
from tests.api.companies import Company, Json
from tests.api.facts import Sale
from tests.api.rating import card_of, fill, path_of, rate, rated

AT = datetime(2026, 11, 1, tzinfo=UTC)
PATH = "/v1/schemes/sales/back-test"


def worker_of(company: Company) -> BackTestWorker:
    worker: BackTestWorker = company.app.state.back_tests
    return worker


@pytest.fixture
async def paid(company: Company) -> Company:
    """Three agents with targets and sales, in a published cycle."""
    await found(company)
    await publish_scheme(company)
    await set_targets(company, {"e-1": "1000", "e-2": "500", "e-3": "100"})
    await sell(
        company,
        Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1500.5"),
        Sale(paid_on=date(2026, 1, 6), salesperson="e-2", amount="100"),
        Sale(paid_on=date(2026, 1, 7), salesperson="e-3", amount="98.5"),
    )
    await open_cycle(company)
    await move(company, "jan", "closed", "review", "approved", "published")
    return company


async def back_test(company: Company, **body: Any) -> Json:
    answer = await company.post(PATH, {"periods": ["2026-01"], **body})
    assert answer.status_code == 202, answer.text
    await worker_of(company).work(company.number)
    job = (await company.get(answer.headers["location"])).json()
    published = BackTestResult if job["status"] == "done" else BackTestRefusal
    published.model_validate(job["result"], strict=False)
    return job


def changed(**more: Any) -> Json:
    """A draft by which sales count for all, in steps, and the bonus is larger."""
    draft = scheme(**more)
    sales, _ = draft["sections"][0]["items"]
    sales["weight"] = "100"
    sales["rule"] = {
        "kind": "steps",
        "of": "attainment",
        "steps": [{"at_least": "1", "score": "100"}, {"at_least": "0.5", "score": "60"}],
    }
    draft["sections"][0]["items"] = [sales]
    draft["pay"][1]["base"] = "1000"
    return draft


async def rest_of(company: Company) -> str:
    """Everything that the company has written, but its jobs."""
    kept = await digest(company)
    return "\n".join(line for line in kept.splitlines() if not line.startswith("jobs "))


async def test_the_published_scheme_itself_moves_nobody(paid: Company) -> None:
    found = (await back_test(paid))["result"]
    assert found["all"]["moves"]["totals"] == {"up": 0, "down": 0, "same": 3, "unknown": 0}
    assert found["all"]["pay"]["draft"] == found["all"]["pay"]["paid"] == "1271.50"
    assert found["periods"][0]["population"] == {"from": "cycles", "cycles": ["jan"]}


async def test_ability_05_a_draft_tried_on_a_published_month(paid: Company) -> None:
    await ask(paid, "PUT", "/v1/schemes/sales", changed())
    job = await back_test(paid)
    assert (job["kind"], job["status"], job["progress"]) == ("back_test", "done", "1")
    found = job["result"]
    assert {key: found[key] for key in ("scheme", "full_mark", "currency", "grades_by")} == {
        "scheme": "sales",
        "full_mark": "100",
        "currency": "CNY",
        "grades_by": "bands",
    }
    (month,) = found["periods"]
    assert month["period"] == "2026-01"
    assert {key: month[key] for key in found["all"]} == found["all"]
    # 1500.5 of 1000 gives 100, 98.5 of 100 gives 60, 100 of 500 none: A, B, C.
    totals = month["totals"]
    assert (totals["lowest"], totals["mean"], totals["highest"]) == ("0.00", "53.33", "100.00")
    assert [(row["grade"], row["scorecards"], row["before"]) for row in month["grades"]] == [
        ("A", 1, 0),
        ("B", 1, 2),
        ("C", 1, 1),
    ]
    # Commissions 20.01 x 1.2, 0.985 x 1, 1 x 0.5; bonuses 1200, 1000, 500.
    assert month["pay"]["plans"] == [
        {
            "plan": "commission",
            "currency": "CNY",
            "draft": "25.50",
            "paid": "21.50",
            "difference": "4.00",
        },
        {
            "plan": "grade_bonus",
            "currency": "CNY",
            "draft": "2700.00",
            "paid": "1250.00",
            "difference": "1450.00",
        },
    ]
    assert month["pay"]["difference"] == "1454.00"
    moves = month["moves"]
    assert [(each["subject"], each["difference"]) for each in moves["winners_named"]] == [
        ("employee:e-1", "704.00"),
        ("employee:e-3", "500.00"),
        ("employee:e-2", "250.00"),
    ]
    assert moves["totals"] == {"up": 1, "down": 2, "same": 0, "unknown": 0}
    (cliff,) = month["cliffs"]
    assert (cliff["item"], cliff["at"], cliff["most_gain"]) == ("sales", "1", "40")
    assert [each["scorecards"] for each in cliff["within"]] == [0, 1, 1]
    assert month["items"][0]["target_reached"] == 1


async def test_nothing_is_written_but_the_job(paid: Company) -> None:
    """No card, result, entry, number or audit of theirs: the digest of all of it is the same."""
    await ask(paid, "PUT", "/v1/schemes/sales", changed())
    answer = await paid.post(PATH, {"periods": ["2026-01"]})
    kept = await rest_of(paid)
    await worker_of(paid).work(paid.number)
    assert (await paid.get(answer.headers["location"])).json()["status"] == "done"
    assert await rest_of(paid) == kept


async def test_adjustments_of_pay_stay_with_the_card(paid: Company) -> None:
    """Who was rewarded in money is so under a draft with that plan; before, it is as paid."""
    draft = changed()
    draft["pay"].append({"plan": "adjustment"})
    await ask(paid, "PUT", "/v1/schemes/sales", draft)
    found = (await back_test(paid))["result"]["all"]["pay"]
    assert [row["draft"] for row in found["plans"]] == ["0.00", "25.50", "2700.00"]


async def test_marks_and_points_of_the_past_feed_the_draft(company: Company) -> None:
    """Ratings, a ladder, a rubric's choice and a reward, as they stand for the past card."""
    await rated(company, bounds={"minimum": "-5", "maximum": "5"})
    await fill(company)
    await rate(company, "growth", "manager", key="boss", mark="75")
    reward = {"points": "2.5", "reason": "covered two shifts"}
    await ask(company, "POST", await path_of(company, "adjustments"), reward, key="hr")
    card = await card_of(company)
    assert card["total"] == "93.60"
    found = (await back_test(company))["result"]["all"]
    assert (found["complete"], found["incomplete"], found["totals"]["mean"]) == (1, 2, "93.60")
    assert found["moves"]["totals"] == {"up": 0, "down": 0, "same": 1, "unknown": 2}
    # A draft by which a manager alone rates, on five levels: a mark is none of them.
    draft = (await company.get("/v1/schemes/sales")).json()
    draft = {key: draft[key] for key in SCHEME} | {"adjustments": None}
    team = draft["sections"][1]["items"][0]
    team["rule"] = {**team["rule"], "levels": [{"mark": "50", "text": NAME}]}
    team["missing"] = "zero"
    await ask(company, "PUT", "/v1/schemes/sales", draft)
    found = (await back_test(company))["result"]["all"]
    # 88 x 16 % of the whole is lost, and the reward with it.
    assert found["totals"]["highest"] == "73.50"


async def test_a_draft_with_quotas_gives_the_grades_that_calibration_gave(company: Company) -> None:
    await reviewed(company, TEN)
    await move(company, "jan", "calibration", "approved", "published")
    path = "/v1/schemes/forced/back-test"

    async def tried(draft: Json) -> Json:
        await ask(company, "PUT", "/v1/schemes/forced", draft)
        asked = await ask(company, "POST", path, {"periods": ["2026-01"]})
        await worker_of(company).work(company.number)
        return (await company.get(f"/v1/jobs/{asked['id']}")).json()["result"]

    found = await tried(forced())
    (month,) = found["periods"]
    assert found["grades_by"] == "distribution"
    assert [(row["grade"], row["scorecards"], row["before"]) for row in month["grades"]] == [
        ("A", 2, 2),
        ("B", 7, 7),
        ("C", 1, 1),
    ]
    assert month["moves"]["grades"] == {"up": 0, "down": 0, "same": 10, "unknown": 0}
    # 2 x 1200, 7 x 1000, 1 x 500.
    assert month["pay"]["draft"] == month["pay"]["paid"] == "9900.00"
    (quotas,) = month["quotas"]
    assert (quotas["population"], quotas["people"], quotas["unforced"]) == ("jan", 10, None)
    assert [tuple(each.values()) for each in quotas["grades"]] == [
        ("A", 2, 3, 2),
        ("B", 7, 7, 7),
        ("C", 1, 0, 1),
    ]
    found = await tried(forced(distribution={"shares": SHARES, "minimum_population": 11}))
    (quotas,) = found["periods"][0]["quotas"]
    assert quotas["unforced"] == "below_minimum"
    assert [(row["grade"], row["scorecards"]) for row in found["all"]["grades"]][:2] == [
        ("A", 3),
        ("B", 7),
    ]
    assert found["all"]["moves"]["grades"] == {"up": 2, "down": 0, "same": 8, "unknown": 0}
    assert (await tried(forced(distribution=None)))["grades_by"] == "bands"


async def test_by_core_and_in_columns_it_is_the_same(paid: Company) -> None:
    await ask(paid, "PUT", "/v1/schemes/sales", changed())
    document = (await back_test(paid))["result"]
    database: Database = paid.app.state.database

    async def unheard(_: Decimal) -> None:
        return

    def by_core(
        cards: Sequence[Sequence[SegmentInput]], adjustments: Sequence[Sequence[Adjustment]]
    ) -> list[Score]:
        return [score(each, own) for each, own in zip(cards, adjustments, strict=True)]

    text = json.dumps(scheme_to_wire(parse_scheme(changed())))
    asked = BackTest("job_1", "sales", text, ("2026-01",), None, 0)
    async with database.read(paid.number) as session:
        by_hand = await run_back_test(session, asked, unheard, at=AT, score_all=by_core)
    assert json.loads(json.dumps(by_hand)) == document


REFUSED: list[tuple[Json, int, str, str]] = [
    ({"periods": []}, 422, "invalid", "/periods"),
    ({"periods": ["2026-01"] * 25}, 422, "invalid", "/periods"),
    ({"periods": ["2026-1"]}, 422, "period_invalid", "/periods/0"),
    ({"periods": ["2026-01", "2026-01"]}, 422, "period_repeated", "/periods/1"),
    ({"periods": ["2026-01", "2026-Q1"]}, 409, "period_mismatch", "/periods/1"),
    ({"periods": ["2026-01/2026-02"]}, 422, "period_invalid", "/periods/0"),
    ({"periods": ["2199-01"]}, 409, "period_open", "/periods/0"),
    ({"periods": ["2026-01"], "population": {}}, 422, "invalid", "/population"),
    (
        {"periods": ["2026-01"], "population": {"employees": ["e-9"]}},
        409,
        "unknown_employee",
        "/population/employees/0",
    ),
    ({"periods": ["2026-01"], "extra": 1}, 422, "unknown_field", "/extra"),
]


async def test_what_cannot_be_tried_is_refused(company: Company) -> None:
    await found(company)
    await publish_scheme(company)
    await open_cycle(company)
    kept = await digest(company)
    for body, status, code, pointer in REFUSED:
        answer = await company.post(PATH, body)
        fault = answer.json()["errors"][0]
        found_out = (answer.status_code, fault["code"], fault["pointer"])
        assert found_out == (status, code, pointer), (body, answer.text)
    assert await digest(company) == kept


async def test_a_draft_that_cannot_be_published_is_not_tried(company: Company) -> None:
    await found(company)
    broken = scheme()
    broken["sections"][0]["weight"] = "99"
    await ask(company, "PUT", "/v1/schemes/sales", broken)
    kept = await digest(company)
    answer = await company.post(PATH, {"periods": ["2026-01"]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (409, "/sections")
    assert (
        await company.post("/v1/schemes/none/back-test", {"periods": ["2026-01"]})
    ).status_code == 404
    assert await digest(company) == kept


async def test_one_runs_at_a_time_and_a_key_repeats_its_answer(paid: Company) -> None:
    body = {"periods": ["2026-01"]}
    first = await paid.post(PATH, body, Idempotency_Key="k-1")
    again = await paid.post(PATH, body, Idempotency_Key="k-1")
    assert (again.status_code, again.headers["location"]) == (202, first.headers["location"])
    kept = await digest(paid)
    other = await paid.post(PATH, body)
    assert (other.status_code, other.json()["code"]) == (409, "back_test_running")
    assert first.json()["id"] in other.json()["detail"]
    assert await digest(paid) == kept
    await worker_of(paid).work(paid.number)
    assert (await paid.post(PATH, body)).status_code == 202


async def test_two_who_ask_at_once_get_one(paid: Company) -> None:
    body = {"periods": ["2026-01"]}
    answers = await asyncio.gather(*(paid.post(PATH, body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]


async def test_admin_and_hr_may(company: Company) -> None:
    await found(company)
    await publish_scheme(company, "agent")
    for role, status in (("viewer", 403), ("erp", 403), ("payroll", 403), ("hr", 202)):
        await company.make_key(role, role)
        answer = await company.post(
            "/v1/schemes/agent/back-test", {"periods": ["2026-01"]}, key=role
        )
        assert answer.status_code == status, answer.text


async def test_a_month_without_a_cycle_is_that_of_the_newest(paid: Company) -> None:
    await set_targets(paid, {"e-1": "1000"}, "2026-02")
    await sell(paid, Sale(paid_on=date(2026, 2, 5), salesperson="e-1", amount="900"))
    found = (await back_test(paid, periods=["2026-02", "2026-01"]))["result"]
    months = found["periods"]
    assert [month["population"]["from"] for month in months] == ["newest_cycle", "cycles"]
    assert months[0]["population"]["cycles"] == ["jan"]
    assert (months[0]["scorecards"], months[0]["complete"], months[0]["incomplete_share"]) == (
        3,
        1,
        "0.666667",
    )
    assert months[0]["moves"]["without_card"] == 3
    assert months[0]["pay"]["unpriced"] == [{"code": "incomplete", "people": 2}]
    assert months[0]["items"][0]["no_target"] == 2
    assert (found["all"]["scorecards"], found["all"]["complete"]) == (6, 4)
    assert found["all"]["pay"]["paid"] == "1271.50"


async def test_a_draft_without_a_cycle_is_for_a_position_or_whom_the_request_names(
    paid: Company,
) -> None:
    await ask(paid, "PUT", "/v1/schemes/other", changed())
    path = "/v1/schemes/other/back-test"
    refused = await paid.post(path, {"periods": ["2026-01"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "population_unknown")
    population = {"employees": ["e-1", "e-2"]}
    asked = await paid.post(path, {"periods": ["2026-01"], "population": population})
    await worker_of(paid).work(paid.number)
    named = (await paid.get(asked.headers["location"])).json()["result"]["periods"][0]
    assert (named["population"], named["scorecards"]) == ({"from": "stated", "cycles": []}, 2)
    # What they were paid by another scheme is what the draft is held against.
    assert named["pay"]["paid"] == "770.51"
    await ask(paid, "PUT", "/v1/schemes/agent", changed())
    asked = await paid.post("/v1/schemes/agent/back-test", {"periods": ["2026-01"]})
    await worker_of(paid).work(paid.number)
    month = (await paid.get(asked.headers["location"])).json()["result"]["periods"][0]
    assert (month["population"]["from"], month["scorecards"]) == ("position", 3)
