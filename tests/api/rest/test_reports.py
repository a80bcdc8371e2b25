"""Reports through the door: told against pace, written by whom they are about, counted in time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from graphql import get_named_type
from sqlalchemy import text

from services.api.flows.reports import put_duty
from services.api.store.reports import insert_report
from services.api.workers.watch import WatchWorker
from services.schema.days import start_of_day
from services.schema.shapes.people import Caller, Subject
from services.schema.shapes.reports import ReportDuty, StatedReport, WrittenReport
from services.schema.words import Role, SubjectKind, WeekStart
from tests.api.appraisals import ask, found, open_cycle, person, publish_scheme, sell, set_targets
from tests.api.companies import Company, Json
from tests.api.facts import Sale
from tests.api.graph.asking import CORE, leaves, told, whole
from tests.api.graph.asking import ask as ask_graph

ZONE = "Asia/Shanghai"
NOW = datetime.now(UTC)
TODAY: date = NOW.astimezone(ZoneInfo(ZONE)).date()
DAY = date(2026, 1, 12)
SHIPPED = text(
    "UPDATE order_facts SET shipped_on = :shipped, completed_on = :arrived, status = :status"
    " WHERE tenant_id = :tenant AND paid_on = :paid"
)
EVERY_DAY = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WRITTEN: Json = {"subject": "employee:e-1", "remark": "A quiet day.", "plan": "Call back."}


@pytest.fixture
async def selling(company: Company) -> Company:
    """Two agents with 3,100 as January's target of net sales, of whom one sells 120 a day."""
    await found(company, ["e-1", "e-2"])
    await company.make_key("lead", "lead", "e-boss")
    for code in ("e-1", "e-2"):
        await company.make_key(code, "employee", code)
    await publish_scheme(company)
    await set_targets(company, {"e-1": "3100", "e-2": "3100"})
    days = (date(2026, 1, number) for number in range(1, 15))
    await sell(company, *(Sale(paid_on=day, salesperson="e-1", amount="120") for day in days))
    await open_cycle(company)
    await company.app.state.live.settle(company.number)
    return company


def line_of(report: Json, indicator: str) -> Json:
    (line,) = [each for each in report["measures"] if each["indicator"] == indicator]
    return line


async def test_a_report_tells_the_day_against_the_pace_of_its_card(selling: Company) -> None:
    path = f"/v1/reports?subject=employee:e-1&day={DAY}"
    report = (await selling.get(path, key="e-1")).json()
    assert (report["period"], report["from"], report["to"]) == (
        "2026-01-12",
        "2026-01-12",
        "2026-01-13",
    )
    sales = line_of(report, "net_sales")
    assert {name: sales[name] for name in ("value", "period", "so_far", "target", "due")} == {
        "value": "120",
        "period": "2026-01",
        "so_far": "1440",
        "target": "3100",
        "due": "1200",
    }
    assert (sales["difference"], sales["pace"]["forecast"], sales["pace"]["no_pace"]) == (
        "240",
        "3720",
        None,
    )
    # The card wants 4 orders, whatever the person's own targets say.
    assert line_of(report, "orders")["target"] == "4"
    assert line_of(report, "visitors")["target"] is None
    assert report["late_parcels"] == {"after_3_days": 0, "after_5_days": 0}
    assert (report["written"], report["punctuality"], report["broken_standards"]) == (
        None,
        None,
        [],
    )
    month = (await selling.get("/v1/reports?subject=unit:shops&period=2026-01")).json()
    assert line_of(month, "net_sales")["value"] == "1680"
    for key, status in (("e-2", 404), ("lead", 200)):
        assert (await selling.get(path, key=key)).status_code == status
    for query in ("subject=employee:e-1", f"subject=employee:e-1&day={DAY}&period=2026-01"):
        assert (await selling.get(f"/v1/reports?{query}")).status_code == 422
    assert (await selling.get(f"/v1/reports?subject=employee:zz&day={DAY}")).status_code == 404


async def test_of_whom_nothing_is_wanted_and_no_fact_names_the_figure_of_the_shops_is_told(
    selling: Company,
) -> None:
    await ask(selling, "PUT", "/v1/employees/e-9", person("desk"))
    report = (await selling.get(f"/v1/reports?subject=employee:e-9&day={DAY}")).json()
    sales = line_of(report, "net_sales")
    # A hundredth of the shop is theirs.
    assert {name: sales[name] for name in ("scope", "value", "so_far", "target")} == {
        "scope": "shops",
        "value": "1.2",
        "so_far": "14.4",
        "target": None,
    }


async def test_the_graph_tells_of_reports_what_rest_does(selling: Company) -> None:
    await ask(selling, "PUT", "/v1/reports", {**WRITTEN, "day": str(DAY)}, key="e-1")
    rest = (await selling.get(f"/v1/reports?subject=employee:e-1&day={DAY}")).json()
    query = f'{{ report(subject: "employee:e-1", period: "{DAY}") {whole("Report")} }}'
    graph = (await ask_graph(selling, query))["report"]
    assert CORE.query_type is not None
    wanted = leaves(rest, get_named_type(CORE.query_type.fields["report"].type))
    shown = told(graph)
    assert {place: shown[place] for place in wanted} == wanted


async def test_a_report_is_written_by_whom_it_is_about_and_of_a_unit_by_its_lead(
    selling: Company,
) -> None:
    body = {**WRITTEN, "day": str(DAY)}
    for key, subject, status in (
        ("e-2", "employee:e-1", 404),
        ("lead", "employee:e-1", 403),
        ("admin", "employee:e-1", 403),
        ("e-1", "unit:front", 404),
        ("lead", "unit:front", 403),
        ("lead", "unit:shops", 200),
        ("e-1", "employee:e-1", 200),
    ):
        answer = await selling.put("/v1/reports", {**body, "subject": subject}, key=key)
        assert answer.status_code == status, (key, subject, answer.text)
    again = await ask(selling, "PUT", "/v1/reports", {**body, "plan": None}, key="e-1")
    same = await ask(selling, "PUT", "/v1/reports", {**body, "plan": None}, key="e-1")
    assert (again["revision"], same["revision"], same["plan"], same["by"]) == (2, 2, None, "e-1")
    ahead = {**body, "day": str(TODAY + timedelta(days=2))}
    assert (await selling.put("/v1/reports", ahead, key="e-1")).json()["code"] == "not_begun"


async def test_being_on_time_is_counted_and_gives_the_indicator_its_value(
    selling: Company,
) -> None:
    duty = {
        "positions": ["agent"],
        "weekdays": EVERY_DAY,
        "due_hours": 24,
        "from": str(TODAY - timedelta(days=2)),
    }
    assert (await selling.get("/v1/report-duty")).json()["positions"] == []
    await ask(selling, "PUT", "/v1/report-duty", duty)
    # Of two days ago it is too late at midnight, of yesterday it is in time until then.
    for back, on_time in ((2, False), (1, True)):
        body = {**WRITTEN, "day": str(TODAY - timedelta(days=back))}
        written = await ask(selling, "PUT", "/v1/reports", body, key="e-1")
        assert written["on_time"] is on_time
    watch = selling.app.state.watch
    tomorrow = start_of_day(TODAY + timedelta(days=1), ZONE)
    await watch.look(selling.number, at=tomorrow)
    period = f"{TODAY - timedelta(days=1):%Y-%m}"
    days = 2 if (TODAY - timedelta(days=2)).month == (TODAY - timedelta(days=1)).month else 1
    for code, rate in (("e-1", "0.5" if days == 2 else "1"), ("e-2", "0")):
        path = f"/v1/indicators/report_on_time_rate/values?period={period}"
        values = (await selling.get(f"{path}&subject=employee:{code}")).json()["items"]
        assert values[0]["value"] == rate
    audit = (await selling.get("/v1/audit?limit=500")).json()["items"]
    rate = "report_on_time_rate"
    posted = [entry["actor"] for entry in audit if entry["detail"].get("indicator") == rate]
    assert posted == ["system:watch"] * 8
    await watch.look(selling.number, at=tomorrow + timedelta(hours=2))
    after = (await selling.get("/v1/audit?limit=500")).json()["items"]
    assert len(after) == len(audit)


def noon(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 4, tzinfo=UTC)


async def state_duty(company: Company, starts_on: date, *, due_hours: int, at: datetime) -> None:
    duty = ReportDuty(("agent",), tuple(WeekStart), due_hours, starts_on, 1)
    boss = Caller(company.number, Role.ADMIN, None, "system:operator")
    async with company.owner.write(company.number) as session:
        await put_duty(session, duty, permit=lambda _: None, caller=boss, at=at)


async def report_in_time(company: Company, *days: date) -> None:
    """Reports of e-1, written in the evening of their days."""
    async with company.owner.write(company.number) as session:
        for day in days:
            written = WrittenReport(
                subject=Subject(SubjectKind.EMPLOYEE, "e-1"),
                period=str(day),
                revision=1,
                stated=StatedReport("Done.", None),
                is_on_time=True,
                person="e-1",
                author="key:own",
                written_at=start_of_day(day, ZONE) + timedelta(hours=20),
            )
            await insert_report(session, written, starts_on=day)


async def rate_of(company: Company, period: str, code: str = "e-1") -> Json:
    path = f"/v1/indicators/report_on_time_rate/values?period={period}&subject=employee:{code}"
    return (await company.get(path)).json()["items"][0]["value"]


async def test_a_watch_that_was_away_over_the_end_of_a_month_counts_it_to_its_end(
    selling: Company,
) -> None:
    await state_duty(selling, date(2026, 1, 1), due_hours=10, at=noon(1, 1))
    january = [date(2026, 1, 1) + timedelta(days=number) for number in range(31)]
    await report_in_time(selling, *january[:16])
    database = selling.app.state.database
    await WatchWorker(database).look(selling.number, at=noon(1, 21))
    assert await rate_of(selling, "2026-01") == "0.8"
    await report_in_time(selling, *january[20:])
    # From the 10th of February another duty holds, which asks nothing of the days before.
    await state_duty(selling, date(2026, 2, 10), due_hours=2, at=noon(2, 10))
    # The process that comes back remembers nothing.
    await WatchWorker(database).look(selling.number, at=noon(3, 2))
    assert await rate_of(selling, "2026-01") == "0.870968"
    assert await rate_of(selling, "2026-02") == await rate_of(selling, "2026-03") == "0"
    assert await rate_of(selling, "2026-Q1") == "0"
    assert await rate_of(selling, "2025-12") is None


async def test_what_was_counted_is_found_again_by_what_was_stated(selling: Company) -> None:
    await state_duty(selling, date(2026, 1, 1), due_hours=10, at=noon(1, 1))
    database = selling.app.state.database
    await WatchWorker(database).look(selling.number, at=noon(2, 1))
    assert await rate_of(selling, "2026-01") == "0"
    # Had it not been counted to its end, this would be seen.
    await report_in_time(selling, date(2026, 1, 31))
    await WatchWorker(database).look(selling.number, at=noon(2, 2))
    assert (await rate_of(selling, "2026-01"), await rate_of(selling, "2026-02")) == ("0", "0")


async def test_parcels_are_late_that_were_shipped_three_or_five_days_ago_and_did_not_arrive(
    selling: Company,
) -> None:
    rows = [
        # shipped on, arrived on, status
        (7, None, "shipped"),
        (9, None, "shipped"),
        (10, None, "shipped"),
        (7, 12, "completed"),
        (7, 13, "completed"),
        (7, None, "refunded"),
    ]
    async with selling.owner.write(selling.number) as session:
        for number, (shipped, arrived, status) in enumerate(rows, 1):
            await session.execute(
                SHIPPED,
                {
                    "tenant": selling.number,
                    "paid": date(2026, 1, number),
                    "shipped": date(2026, 1, shipped),
                    "arrived": arrived and date(2026, 1, arrived),
                    "status": status,
                },
            )
    for subject in ("employee:e-1", "unit:shops"):
        report = (await selling.get(f"/v1/reports?subject={subject}&day={DAY}")).json()
        assert report["late_parcels"] == {"after_3_days": 3, "after_5_days": 2}, subject
