"""Standards and alerts through the door: put, broken by what comes in, taken in hand by people."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from graphql import get_named_type

from services.api.workers.watch import AT_LEAST_EVERY
from services.schema.tables.measures import chat_measures, refund_measures
from tests.api.appraisals import ask, found, mark, sell
from tests.api.companies import Company, Json
from tests.api.facts import Sale, add_rows
from tests.api.graph.asking import CORE, every_node, leaves, told

NAME = {"zh": "订单", "en": "Orders"}
ORDERS: Json = {
    "name": NAME,
    "indicator": "orders",
    "subject_kind": "employee",
    "at_most": "1",
    "days": 1,
}
NOW = datetime.now(UTC)
TODAY: date = NOW.astimezone(ZoneInfo("Asia/Shanghai")).date()


@pytest.fixture
async def watched(company: Company) -> Company:
    """Three agents under a boss; nobody sells more than one order a day."""
    await found(company)
    await company.make_key("lead", "lead", "e-boss")
    for code in ("e-1", "e-2"):
        await company.make_key(code, "employee", code)
    await company.put("/v1/standards/orders", ORDERS)
    return company


async def look(company: Company, at: datetime = NOW) -> int:
    await company.app.state.live.settle(company.number)
    raised: int = await company.app.state.watch.look(company.number, at=at)
    return raised


async def sell_today(company: Company, *orders: str, by: str = "e-1") -> None:
    await sell(
        company,
        *(
            Sale(id=order, paid_on=TODAY, salesperson=by, channel=orders[0], amount="10")
            for order in orders
        ),
    )


async def test_a_broken_standard_is_told_once_for_a_subject_and_a_day(watched: Company) -> None:
    await sell_today(watched, "1")
    assert await look(watched) == 0
    await sell_today(watched, "2")
    assert await look(watched) == 1
    await sell_today(watched, "3")
    assert await look(watched) == 0
    page = await ask(watched, "GET", "/v1/alerts", None)
    (alert,) = page["items"]
    assert page["total"] == 1
    assert (alert["kind"], alert["source"], alert["subject"]) == (
        "standard",
        "orders",
        "employee:e-1",
    )
    assert (alert["day"], alert["since"], alert["state"]) == (str(TODAY), str(TODAY), "open")
    assert alert["measured"] == {
        "indicator": "orders",
        "standard_version": 1,
        "period": str(TODAY),
        "value": "2",
        "at_least": None,
        "at_most": "1",
        "latest": "3",
    }
    audit = (await watched.get("/v1/audit?limit=500")).json()["items"]
    (raised,) = [entry for entry in audit if entry["action"] == "alert.raise"]
    assert (raised["actor"], raised["object"]) == ("system:watch", f"alert:{alert['id']}")


async def test_webhooks_are_told_that_an_alert_was_raised(watched: Company) -> None:
    wanted = {"url": "https://hooks.example/", "events": ["alert.raised"]}
    webhook = await ask(watched, "POST", "/v1/webhooks", wanted)
    await sell_today(watched, "1", "2")
    assert await look(watched) == 1
    assert await look(watched) == 0
    (alert,) = (await watched.get("/v1/alerts")).json()["items"]
    page = (await watched.get(f"/v1/webhooks/{webhook['id']}/deliveries")).json()
    assert [(each["event"], each["data"]) for each in page["items"]] == [
        ("alert.raised", {"alert": alert["id"], "subject": "employee:e-1"})
    ]


async def test_people_acknowledge_and_close_what_they_see_and_not_what_is_about_them(
    watched: Company,
) -> None:
    await sell_today(watched, "1", "2")
    await look(watched)
    (alert,) = (await watched.get("/v1/alerts", key="e-1")).json()["items"]
    path = f"/v1/alerts/{alert['id']}"
    assert (await watched.get("/v1/alerts", key="e-2")).json()["total"] == 0
    assert (await watched.get(path, key="e-2")).status_code == 404
    seen = await ask(watched, "POST", f"{path}/acknowledgement", {}, key="e-1")
    assert (seen["state"], seen["acknowledgement"]["by"]) == ("acknowledged", "e-1")
    before = (await watched.get(path)).json()
    for key, body, status in (
        ("e-1", {"note": "done"}, 403),
        ("e-2", {"note": "done"}, 404),
        ("lead", {}, 422),
    ):
        answer = await watched.post(f"{path}/closure", body, key=key)
        assert answer.status_code == status, answer.text
    assert (await watched.post(f"{path}/acknowledgement", {}, key="lead")).status_code == 409
    assert (await watched.get(path)).json() == before
    over = await ask(watched, "POST", f"{path}/closure", {"note": "shared out"}, key="lead")
    assert (over["state"], over["closure"]["by"], over["closure"]["note"]) == (
        "closed",
        "e-boss",
        "shared out",
    )
    assert (await watched.get("/v1/alerts?state=open")).json()["total"] == 0
    assert (await watched.get(f"/v1/alerts?state=closed&period={TODAY}")).json()["total"] == 1
    assert (await watched.get("/v1/alerts?period=2020-01")).json()["total"] == 0
    # The boss leads the unit above: neither the manager nor the lead of the employee.
    assert (await watched.get(path, key="e-1")).json()["closure"]["by"] is None


async def test_the_graph_tells_of_alerts_what_rest_does(watched: Company) -> None:
    await sell_today(watched, "1", "2")
    await sell_today(watched, "3", "4", by="e-2")
    await look(watched)
    rest = (await watched.get("/v1/alerts", key="lead")).json()["items"]
    graph = await every_node(watched, "alerts", "", first=1, key="lead")
    assert CORE.query_type is not None
    kind = get_named_type(CORE.query_type.fields["alerts"].type).fields["nodes"].type
    assert len(rest) == len(graph) == 2
    for stated, shown in zip(rest, graph, strict=True):
        wanted = leaves(stated, kind)
        assert {place: told(shown)[place] for place in wanted} == wanted


async def test_a_standard_is_a_version_and_what_it_changes_is_looked_at_again(
    watched: Company,
) -> None:
    await sell_today(watched, "1", "2")
    await ask(watched, "PUT", "/v1/standards/orders", {**ORDERS, "at_most": "2"})
    assert await look(watched) == 0
    await ask(watched, "PUT", "/v1/standards/orders", ORDERS)
    assert await look(watched) == 1
    same = await watched.put("/v1/standards/orders", ORDERS)
    assert (same.status_code, same.json()["version"]) == (200, 3)
    off = {**ORDERS, "active": False}
    stale = await watched.put("/v1/standards/orders", off, if_match='"old"')
    assert stale.status_code == 412
    assert (await ask(watched, "PUT", "/v1/standards/orders", off))["version"] == 4
    await sell_today(watched, "5", "6", by="e-2")
    assert await look(watched) == 0


async def test_what_came_in_of_another_day_is_looked_at_by_that_day_and_not_after_a_week(
    watched: Company,
) -> None:
    assert await look(watched) == 0
    for back, raised in ((1, 1), (7, 1), (8, 0)):
        day = TODAY - timedelta(days=back)
        sales = [Sale(id=f"{back}-{n}", paid_on=day, shop="a", salesperson="e-2") for n in (1, 2)]
        await sell(watched, *sales)
        assert await look(watched) == raised, back


async def test_a_day_is_looked_at_though_nothing_comes_in_at_least_every_hour(
    watched: Company,
) -> None:
    await look(watched)
    value = {"indicator": "attendance_faults", "subject": "employee:e-1", "period": str(TODAY)}
    faults = {**ORDERS, "indicator": "attendance_faults", "at_most": "0"}
    await ask(watched, "PUT", "/v1/standards/faults", faults)
    await look(watched)
    await ask(watched, "POST", "/v1/indicators/values", [{**value, "value": "1"}])
    assert await look(watched, NOW + AT_LEAST_EVERY - timedelta(seconds=1)) == 0
    assert await look(watched, NOW + AT_LEAST_EVERY) == 1


async def test_standards_that_say_too_little_or_name_what_is_not_there_are_refused(
    company: Company,
) -> None:
    await found(company)
    before = await company.digest()
    for changed, status in (
        ({"at_most": None}, 422),
        ({"at_least": "1"}, 422),
        ({"period": "month"}, 422),
        ({"days": None}, 422),
        ({"days": 367}, 422),
        ({"subject_kind": "company", "subjects": ["x"]}, 422),
        ({"indicator": "nothing"}, 409),
        ({"subjects": ["nobody"]}, 409),
    ):
        answer = await company.put("/v1/standards/orders", {**ORDERS, **changed})
        assert answer.status_code == status, (changed, answer.text)
    assert await company.digest() == before
    built_in = (await company.get("/v1/standards/return_rate")).json()
    assert (built_in["version"], built_in["at_most"], built_in["days"]) == (0, "0.05", 7)
    listed = (await company.get("/v1/standards")).json()
    assert listed["total"] == len(listed["items"]) >= 2
    await mark(company, TODAY, "a")


@pytest.mark.parametrize(("returned", "raised"), [(1, []), (2, ["0.1"])])
async def test_a_shop_of_which_more_than_5_percent_comes_back_is_told_of_by_the_built_in_standard(
    watched: Company, returned: int, raised: list[str]
) -> None:
    await sell(watched, *(Sale(id=f"o-{number}", paid_on=TODAY) for number in range(20)))
    async with watched.owner.write(watched.number) as session:
        await add_rows(
            session,
            refund_measures,
            {"day": TODAY, "shop": "a", "currency": "CNY", "returns": returned},
        )
    await mark(watched, TODAY, "a")
    assert await look(watched) == len(raised)
    assert await told_by(watched, "return_rate") == [("shop:a", value) for value in raised]


@pytest.mark.parametrize(
    ("inquiries", "seconds", "raised"), [(5, 30, []), (5, 31, ["31"]), (4, 31, [])]
)
async def test_an_agent_who_answers_after_30_s_is_told_of_by_the_built_in_standard(
    watched: Company, inquiries: int, seconds: int, raised: list[str]
) -> None:
    """Of fewer than five conversations nothing is said."""
    async with watched.owner.write(watched.number) as session:
        await add_rows(
            session,
            chat_measures,
            {
                "day": TODAY,
                "shop": "a",
                "employee": "e-1",
                "inquiries": inquiries,
                "responses": inquiries,
                "response_seconds": inquiries * seconds,
            },
        )
    await mark(watched, TODAY, "a", "e-1")
    assert await look(watched) == len(raised)
    told_of = await told_by(watched, "average_response_seconds")
    assert told_of == [("employee:e-1", value) for value in raised]


async def told_by(company: Company, standard: str) -> list[tuple[str, str]]:
    """Whom a standard's alerts are about, and what was measured."""
    items = (await company.get("/v1/alerts")).json()["items"]
    return [
        (each["subject"], each["measured"]["value"]) for each in items if each["source"] == standard
    ]
