"""Levels over REST: assessed from facts, posted values, targets and observations, and kept."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from services.api.flows.levels import levels_at
from services.api.rest.level_documents import AssessmentDocument
from services.api.workers.back_tests import BackTestWorker
from services.schema.days import Period
from tests.api.agents import (
    MONTH,
    assess,
    checked,
    kept,
    level_of,
    make_gold,
    missing,
    set_targets,
    staff,
)
from tests.api.appraisals import (
    ask,
    digest,
    move,
    open_cycle,
    publish_scheme,
    scheme,
    sell,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale
from tests.api.graph.asking import statements


async def test_who_just_meets_every_criterion_is_gold(agents: Company) -> None:
    answer = await assess(agents, employees=["e-1"])
    assert answer == {
        "ladder": "service",
        "month": MONTH,
        "assessed": 1,
        "levels": [{"level": "gold", "people": 1}],
    }
    document = await level_of(agents)
    AssessmentDocument.model_validate(document, strict=False)
    assert (document["level"], document["next"], document["missing"]) == ("gold", None, [])
    assert (document["ladder_version"], document["revision"]) == (1, 1)
    sales = checked(document, "gold", "sales")
    assert [sales[name] for name in ("from", "to", "value", "target", "actual")] == [
        "2026-01-01",
        "2026-03-01",
        "1800",
        "2000",
        "0.9",
    ]
    attendance = checked(document, "gold", "attendance")
    assert [attendance[name] for name in ("months", "value", "at_most")] == [2, "0", "0"]


async def test_each_criterion_looks_back_by_itself(agents: Company) -> None:
    """February alone has 70 % of its sales: silver looks at it alone, gold at both months."""
    await sell(agents, Sale(paid_on=date(2026, 1, 2), salesperson="e-1", amount="-0.01"))
    await assess(agents, employees=["e-1"])
    document = await level_of(agents)
    assert (document["level"], missing(document)) == ("silver", ["sales"])
    (sales,) = document["missing"]
    assert (sales["value"], sales["actual"]) == ("1799.99", "0.899995")
    silver = checked(document, "silver", "sales")
    assert [silver[name] for name in ("from", "to", "value", "actual", "holds")] == [
        "2026-02-01",
        "2026-03-01",
        "700",
        "0.7",
        True,
    ]


@pytest.mark.parametrize(
    ("changed", "criterion", "level"),
    [
        ({"attendance_faults": "3"}, "attendance", "silver"),
        ({"attendance_faults": "4"}, "attendance", "bronze"),
        ({"service_slips": "5"}, "service_slips", "silver"),
        ({"service_slips": "6"}, "service_slips", "bronze"),
        ({"knowledge_errors": "4"}, "product_knowledge", "silver"),
        ({"knowledge_errors": "5"}, "product_knowledge", "bronze"),
    ],
)
async def test_counts_that_people_post(
    company: Company, changed: dict[str, str], criterion: str, level: str
) -> None:
    await staff(company)
    await make_gold(company, changed=changed)
    await assess(company, employees=["e-1"])
    document = await level_of(company)
    assert (document["level"], missing(document)) == (level, [criterion])
    (value,) = changed.values()
    assert document["missing"][0]["actual"] == value


@pytest.mark.parametrize(
    ("absent", "criterion"),
    [
        ("attendance_faults", "attendance"),
        ("service_slips", "service_slips"),
        ("knowledge_errors", "product_knowledge"),
    ],
)
async def test_what_nobody_posted_is_no_data(company: Company, absent: str, criterion: str) -> None:
    await staff(company)
    await make_gold(company, changed={absent: None})
    await assess(company, employees=["e-1"])
    document = await level_of(company)
    assert (document["level"], missing(document)) == ("bronze", [criterion])
    (named,) = document["missing"]
    assert (named["status"], named["reason"], named["actual"]) == ("no_data", "no_rows", None)


async def test_a_month_without_a_target_leaves_none_for_both(company: Company) -> None:
    await staff(company)
    await make_gold(company, "e-2")
    await make_gold(company, "e-1")
    await set_targets(company, "e-1", {"2026-01": "0"})
    await assess(company, employees=["e-1", "e-2"])
    assert (await level_of(company, "e-2"))["level"] == "gold"
    # A target of 0 for January leaves February's 1000 for both months together.
    document = await level_of(company)
    assert checked(document, "gold", "sales")["target"] == "1000"
    late = await assess(company, "2026-03", ["e-2"])
    assert late["levels"] == [{"level": "bronze", "people": 1}]
    march = await level_of(company, "e-2", month="2026-03")
    assert checked(march, "gold", "sales")["status"] == "no_target"
    assert checked(march, "silver", "sales")["status"] == "no_data"


async def test_a_behaviour_is_seen_in_both_months(agents: Company) -> None:
    word = {"employee": "e-1", "behaviour": "team_activities", "month": "2026-01", "holds": False}
    await ask(agents, "POST", "/v1/ladders/service/observations", [word], key="lead")
    await assess(agents, employees=["e-1"])
    document = await level_of(agents)
    assert (document["level"], missing(document)) == ("bronze", ["team_activities"])
    (named,) = document["missing"]
    assert [(each["month"], each["holds"], each["by"]) for each in named["observations"]] == [
        ("2026-01", False, "e-boss"),
        ("2026-02", True, "e-boss"),
    ]
    assert (named["status"], named["value"], named["indicator"]) == ("ok", None, None)


async def test_nothing_changed_is_the_assessment_that_is_there(agents: Company) -> None:
    await assess(agents, employees=["e-1"])
    first = await level_of(agents)
    before = await kept(agents)
    await assess(agents, employees=["e-1"])
    assert await level_of(agents) == first
    assert await kept(agents) == before


async def test_what_changed_is_a_revision_beside_the_first(agents: Company) -> None:
    await assess(agents, employees=["e-1"])
    first = await level_of(agents)
    value = {
        "indicator": "service_slips",
        "subject": "employee:e-1",
        "period": MONTH,
        "value": "4",
        "source": "hr",
    }
    await ask(agents, "POST", "/v1/indicators/values", [value])
    assert await level_of(agents) == first
    await assess(agents, employees=["e-1"])
    second = await level_of(agents)
    assert (second["level"], second["revision"], missing(second)) == (
        "silver",
        2,
        ["service_slips"],
    )
    history = (await agents.get("/v1/employees/e-1/levels?history=true")).json()
    assert history["items"] == [second, first]
    last = (await agents.get("/v1/audit?limit=500")).json()["items"][-1]
    assert last["action"] == "level.assess"
    assert (last["object"], last["detail"]["level"]) == ("employee:e-1", "silver")


async def test_a_new_version_of_the_ladder_assesses_anew(agents: Company) -> None:
    await assess(agents, employees=["e-1"])
    ladder = (await agents.get("/v1/ladders/service")).json()
    document = {name: ladder[name] for name in ("name", "positions", "levels", "note")}
    document["levels"] = [level for level in document["levels"] if level["code"] != "gold"]
    await ask(agents, "PUT", "/v1/ladders/service", document)
    assert (await level_of(agents))["level"] == "gold"
    await assess(agents, employees=["e-1"])
    now = await level_of(agents)
    assert (now["level"], now["next"], now["ladder_version"]) == ("silver", None, 2)


async def test_everyone_of_the_positions_is_assessed(company: Company) -> None:
    await staff(company)
    everyone = await assess(company)
    assert (everyone["assessed"], everyone["levels"]) == (4, [{"level": "bronze", "people": 4}])
    ladder = (await company.get("/v1/ladders/service")).json()
    document = {name: ladder[name] for name in ("name", "levels", "note")}
    await ask(company, "PUT", "/v1/ladders/service", {**document, "positions": ["agent"]})
    assert (await assess(company))["assessed"] == 3
    assert (await assess(company, employees=["e-boss"]))["assessed"] == 1


async def test_a_month_that_is_not_over_and_strangers_are_refused(agents: Company) -> None:
    before = await digest(agents)
    path = "/v1/ladders/service/assessments"
    today = datetime.now(UTC) + timedelta(hours=8)
    running = await agents.post(path, {"month": f"{today:%Y-%m}"})
    assert (running.status_code, running.json()["code"]) == (409, "month_open")
    for body, status, code in (
        ({"month": "2026-Q1"}, 422, "month_expected"),
        ({"month": "2026-13"}, 422, "period_invalid"),
        ({"month": MONTH, "employees": []}, 422, None),
        ({"month": MONTH, "employees": ["e-1", "nobody"]}, 409, "unknown_employee"),
        ({"month": MONTH, "seed": "mine"}, 422, None),
    ):
        answer = await agents.post(path, body)
        assert answer.status_code == status, answer.text
        assert code is None or answer.json()["code"] == code
    absent = await agents.post("/v1/ladders/nobody/assessments", {"month": MONTH})
    assert absent.status_code == 404
    assert await digest(agents) == before


async def test_the_list_has_the_last_word_and_pages_by_month(company: Company) -> None:
    await staff(company)
    await make_gold(company)
    for month in ("2026-01", "2026-02"):
        await assess(company, month)
    path = "/v1/ladders/service/assessments"
    page = (await company.get(f"{path}?limit=3")).json()
    assert page["total"] == 8
    rest = (await company.get(f"{path}?limit=500&cursor={page['next_cursor']}")).json()
    found = [(item["month"], item["employee"]) for item in (*page["items"], *rest["items"])]
    assert found == [
        (month, employee)
        for month in ("2026-02", "2026-01")
        for employee in ("e-boss", "e-3", "e-2", "e-1")
    ]
    gold = (await company.get(f"{path}?level=gold")).json()
    assert [(item["employee"], item["month"]) for item in gold["items"]] == [("e-1", MONTH)]
    assert gold["total"] == 1
    of = (await company.get(f"{path}?employee=e-1&month=2026-01")).json()
    assert [item["level"] for item in of["items"]] == ["bronze"]
    other = (await company.get("/v1/employees/e-1/levels?ladder=other")).json()
    assert other["total"] == 0


async def test_requirement_24_who_sees_whose_levels(agents: Company) -> None:
    await assess(agents)
    for key, people in (
        ("admin", {"e-1", "e-2", "e-3", "e-boss"}),
        ("viewer", {"e-1", "e-2", "e-3", "e-boss"}),
        ("lead", {"e-1", "e-2", "e-3", "e-boss"}),
        ("employee", {"e-1"}),
        ("other", {"e-2"}),
    ):
        page = (await agents.get("/v1/ladders/service/assessments", key=key)).json()
        assert {item["employee"] for item in page["items"]} == people, key
        assert page["total"] == len(people)
        for employee in ("e-1", "e-2", "e-3", "e-boss", "nobody"):
            answer = await agents.get(f"/v1/employees/{employee}/levels", key=key)
            assert answer.status_code == (200 if employee in people else 404), (key, employee)
    for key in ("erp", "payroll"):
        for path in ("/v1/ladders/service/assessments", "/v1/employees/e-1/levels"):
            assert (await agents.get(path, key=key)).status_code == 403
    before = await digest(agents)
    for key in ("lead", "employee", "viewer", "erp", "payroll"):
        path = "/v1/ladders/service/assessments"
        assert (await agents.post(path, {"month": MONTH}, key=key)).status_code == 403
    assert await digest(agents) == before
    assert (await agents.get("/v1/ladders/nobody/assessments")).status_code == 404


async def test_requirement_27_as_many_statements_for_one_as_for_all(agents: Company) -> None:
    await assess(agents, "2026-01", ["e-1"])
    with statements(agents) as one:
        await assess(agents, "2026-02", ["e-1"])
    with statements(agents) as three:
        await assess(agents, "2026-02", ["e-1", "e-2", "e-3"])
    assert one.count == three.count


async def test_pay_by_level_asks_for_the_last_level_up_to_the_periods_end(
    company: Company,
) -> None:
    await staff(company)
    await make_gold(company, changed={"service_slips": "4"})
    await assess(company, "2026-01", ["e-1"])
    await assess(company, "2026-02", ["e-1"])
    quarter = Period("2026-Q1", date(2026, 1, 1), date(2026, 4, 1), 3)
    january = Period("2026-01", date(2026, 1, 1), date(2026, 2, 1), 1)
    december = Period("2025-12", date(2025, 12, 1), date(2026, 1, 1), 1)
    async with company.owner.read(company.number) as reading:
        for period, level, month in (
            (quarter, "silver", "2026-02"),
            (january, "bronze", "2026-01"),
        ):
            found = await levels_at(reading, ["e-1", "e-2"], period)
            assert found["e-2"] == {}
            assert found["e-1"].keys() == {"service"}
            held = found["e-1"]["service"]
            assert (held.level, held.month, held.revision) == (level, month, 1)
        assert await levels_at(reading, ["e-1"], december) == {"e-1": {}}


async def test_an_allowance_is_paid_by_the_level_as_data_closed(agents: Company) -> None:
    """Who is assessed anew after the close is paid by that once the cycle is closed again."""
    await make_gold(agents, "e-2", changed={"service_slips": "4"})
    await set_targets(agents, "e-3", {MONTH: "1000"})
    await assess(agents, employees=["e-1", "e-2"])
    amounts = [{"level": "gold", "amount": "500.5"}, {"level": "silver", "amount": "200"}]
    allowance = {"plan": "level_allowance", "ladder": "service", "amounts": amounts}
    await publish_scheme(agents, document=scheme(pay=[allowance]))
    await open_cycle(agents, "feb", period=MONTH)
    await move(agents, "feb", "closed")
    first = await level_of(agents)
    await post_slips(agents, "6")
    await assess(agents, employees=["e-1"])
    await move(agents, "feb", "review", "approved", "published")
    assert await allowances(agents, 1) == {
        "e-1": ("500.50", "gold", named_by(first)),
        "e-2": ("200.00", "silver", named_by(await level_of(agents, "e-2"))),
        "e-3": ("0.00", None, None),
    }
    worker: BackTestWorker = agents.app.state.back_tests
    path = "/v1/schemes/sales/back-test"
    job = await ask(agents, "POST", path, {"periods": [MONTH]})
    await worker.work(agents.number)
    (plan,) = (await agents.get(f"/v1/jobs/{job['id']}")).json()["result"]["all"]["pay"]["plans"]
    # A back-test pays by the levels as they are now: e-1 is bronze since the close.
    assert [plan[name] for name in ("plan", "draft", "paid")] == [
        "level_allowance",
        "200.00",
        "700.50",
    ]
    await move(agents, "feb", "open", reason="service slips were counted anew")
    await move(agents, "feb", "closed", "review", "approved", "published")
    second = await level_of(agents)
    assert (second["revision"], second["level"]) == (2, "bronze")
    assert (await allowances(agents, 2))["e-1"] == ("0.00", "bronze", named_by(second))
    feed = (await agents.get("/v1/payroll/entries?after=0", key="payroll")).json()["items"]
    assert [each["amount"] for each in feed if each["employee"] == "e-1"] == ["500.50", "-500.50"]


async def test_what_is_assessed_is_kept_with_its_digest(agents: Company) -> None:
    await assess(agents, employees=["e-1"])
    async with agents.owner.read(agents.number) as reading:
        right = await reading.scalar(
            text("SELECT bool_and(document_sha256 = sha256(document)) FROM level_assessments")
        )
    assert right is True


async def post_slips(company: Company, value: str) -> None:
    row = {"indicator": "service_slips", "subject": "employee:e-1", "period": MONTH}
    await ask(company, "POST", "/v1/indicators/values", [{**row, "value": value, "source": "hr"}])


async def allowances(company: Company, revision: int) -> dict[str, tuple[str, str | None, Json]]:
    """What each person has by level in a revision: amount, level and the assessment named."""
    page = (await company.get("/v1/results?cycle=feb&limit=500")).json()
    found = {}
    for result in page["items"]:
        if result["revision"] == revision:
            (payout,) = result["payouts"]
            inputs = payout["inputs"]
            employee = result["subject"].removeprefix("employee:")
            found[employee] = (payout["amount"], inputs["level"], inputs["assessment"])
    return found


def named_by(assessment: Json) -> Json:
    """What an allowance names of the assessment that it rests on."""
    return {
        name: assessment[name] for name in ("ladder_version", "month", "revision", "fingerprint")
    }
