"""Who saw a scorecard: put down behind the readings, told to its subject and HR alone."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from services.api.flows.readers import Seen
from services.schema.errors import Unavailable
from services.schema.shapes.people import Caller, Subject
from services.schema.words import Role, SubjectKind
from tests.api.appraisals import found, move, open_cycle, publish_scheme, sell, set_targets
from tests.api.companies import Company, Json
from tests.api.disputing import file
from tests.api.facts import Sale
from tests.api.graph.asking import ask
from tests.api.late_facts import close_january, decide, late, sell_late
from tests.api.rest.test_drifts import drifted
from tests.api.rest.test_tie_breakers import close_equals
from tests.databases import TestDatabase

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
async def opened(company: Company) -> Company:
    """Two agents in an open cycle, and a key for each kind of reader."""
    await found(company, ["e-1", "e-2"])
    await publish_scheme(company)
    await set_targets(company, {"e-1": "100", "e-2": "100"})
    await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="100"))
    await open_cycle(company)
    for name, role, employee in (
        ("hr", "hr", None),
        ("viewer", "viewer", None),
        ("lead", "lead", "e-boss"),
        ("own", "employee", "e-1"),
        ("other", "employee", "e-2"),
        ("payroll", "payroll", None),
    ):
        await company.make_key(name, role, employee)
    return company


async def card_of(company: Company, code: str = "e-1") -> str:
    """Found in SQL, so that nobody has read it."""
    async with company.owner.read(company.number) as session:
        query = text("SELECT id FROM scorecards WHERE subject = :code AND tenant_id = :tenant")
        card: str = await session.scalar(query, {"code": code, "tenant": company.number})
    return card


async def readers(company: Company, card: str, key: str = "own") -> list[tuple[str, str]]:
    page = (await company.get(f"/v1/scorecards/{card}/readers", key=key)).json()
    assert page["total"] == len(page["items"])
    return sorted((each["role"], each["route"]) for each in page["items"])


async def test_a_subject_reads_who_saw_the_score(opened: Company) -> None:
    card = await card_of(opened)
    assert await readers(opened, card) == []
    path = f"/v1/scorecards/{card}"
    for key in ("own", "lead", "hr", "hr"):
        assert (await opened.get(path, key=key)).status_code == 200
    assert (await opened.get(f"{path}/explanation", key="hr")).status_code == 200
    await opened.get("/v1/scorecards", key="viewer")
    await opened.get("/?cycle=jan", key="viewer")
    await ask(opened, "{ scorecards { nodes { total } } }", key="lead")
    assert await readers(opened, card) == [
        ("hr", "REST GET /v1/scorecards/{id}"),
        ("hr", "REST GET /v1/scorecards/{id}/explanation"),
        ("lead", "GRAPHQL /graphql"),
        ("lead", "REST GET /v1/scorecards/{id}"),
        ("viewer", "REST GET /"),
        ("viewer", "REST GET /v1/scorecards"),
    ]
    told = await ask(
        opened, f'{{ scorecard(id: "{card}") {{ readers {{ role route employee }} }} }}', key="own"
    )
    assert {
        "role": "LEAD",
        "route": "REST GET /v1/scorecards/{id}",
        "employee": "e-boss",
    } in told["scorecard"]["readers"]


async def test_who_was_refused_saw_nothing(opened: Company) -> None:
    card = await card_of(opened)
    for key in ("other", "payroll"):
        assert (await opened.get(f"/v1/scorecards/{card}", key=key)).status_code in {403, 404}
    assert (await opened.get("/v1/scorecards", key="other")).json()["total"] == 1
    assert await readers(opened, card, "hr") == []


async def test_a_result_shows_a_score_too(opened: Company) -> None:
    await move(opened, "jan", "closed", "review", "approved", "published")
    card = await card_of(opened)
    await opened.get("/v1/results", key="payroll")
    await ask(opened, "{ results { nodes { total } } }", key="viewer")
    query = '{ employee(code: "e-1") { results { nodes { total } } } }'
    await ask(opened, query, key="lead")
    assert await readers(opened, card) == [
        ("lead", "GRAPHQL /graphql"),
        ("payroll", "REST GET /v1/results"),
        ("viewer", "GRAPHQL /graphql"),
    ]


async def routes_of(company: Company, code: str, role: str) -> list[str]:
    """By what a role was shown somebody's card."""
    found = await readers(company, await card_of(company, code), "admin")
    return [route for each, route in found if each == role]


async def test_a_distribution_shows_scores_too(company: Company) -> None:
    await close_equals(company, "net_sales")
    await company.make_key("viewer", "viewer")
    await company.make_key("hr", "hr")
    path = "/v1/cycles/jan/distribution"
    assert (await company.get(path, key="viewer")).status_code == 200
    people = "people(first: 1) { nodes { total } }"
    await ask(company, f'{{ cycle(code: "jan") {{ distribution {{ {people} }} }} }}', key="hr")
    for code, seen in (("e-1", ["GRAPHQL /graphql"]), ("e-2", [])):
        assert await routes_of(company, code, "viewer") == [
            "REST GET /v1/cycles/{code}/distribution"
        ]
        assert await routes_of(company, code, "hr") == seen


async def test_late_facts_and_what_was_decided_of_them_show_scores_too(company: Company) -> None:
    await close_january(company)
    await company.make_key("hr", "hr")
    await sell_late(company, late(31, "499.5"))
    card = await card_of(company)
    assert (await company.get(f"/v1/late-facts/{card}", key="hr")).status_code == 200
    single = "REST GET /v1/late-facts/{id}"
    assert await routes_of(company, "e-1", "hr") == [single]
    assert await routes_of(company, "e-2", "hr") == []
    assert (await company.get("/v1/late-facts", key="hr")).json()["total"] == 2
    await decide(company, "accepted")
    assert (await company.get("/v1/late-facts/decisions", key="hr")).json()["total"] == 1
    listed, decisions = "REST GET /v1/late-facts", "REST GET /v1/late-facts/decisions"
    assert await routes_of(company, "e-1", "hr") == [listed, decisions, single]
    assert await routes_of(company, "e-2", "hr") == [listed]


async def test_a_dispute_and_a_drift_show_scores_too(
    opened: Company, database: TestDatabase
) -> None:
    await move(opened, "jan", "closed", "review", "approved", "published")
    opened.keys["one"] = opened.keys["own"]
    filed = await file(opened, {"line": "sales", "value": "120"})
    assert (await opened.get(f"/v1/disputes/{filed['dispute']['id']}", key="lead")).is_success
    assert await routes_of(opened, "e-1", "lead") == ["REST GET /v1/disputes/{id}"]
    await set_targets(opened, {"e-2": "7"})
    assert await drifted(opened, database) == (1, 0)
    assert (await opened.get("/v1/drifts", key="hr")).json()["total"] == 1
    assert await routes_of(opened, "e-2", "hr") == ["REST GET /v1/drifts"]
    assert "REST GET /v1/drifts" not in await routes_of(opened, "e-1", "hr")


@pytest.mark.parametrize(
    ("key", "status"),
    [("own", 200), ("hr", 200), ("admin", 200), ("lead", 403), ("viewer", 403), ("other", 404)],
)
async def test_it_is_for_its_subject_and_hr_to_know(opened: Company, key: str, status: int) -> None:
    card = await card_of(opened)
    assert (await opened.get(f"/v1/scorecards/{card}/readers", key=key)).status_code == status


async def test_readers_are_told_page_by_page(opened: Company) -> None:
    card = await card_of(opened)
    for key in ("hr", "lead", "viewer", "admin"):
        await opened.get(f"/v1/scorecards/{card}", key=key)
    met: list[Json] = []
    cursor = ""
    while True:
        path = f"/v1/scorecards/{card}/readers?limit=1{cursor}"
        page = (await opened.get(path, key="own")).json()
        met += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert [each["role"] for each in met] == ["admin", "viewer", "lead", "hr"]


async def test_what_cannot_be_put_down_now_is_put_down_later(
    opened: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await card_of(opened)
    seen: Seen = opened.app.state.seen
    caller = Caller(opened.number, Role.HR, None, "key:k")
    seen.note(
        caller, {card: Subject(SubjectKind.EMPLOYEE, "e-1")}, "REST GET /v1/scorecards", at=AT
    )
    with monkeypatch.context() as broken:
        broken.setattr(seen, "_database", Away())
        await seen.put_down(opened.number)
    assert await readers(opened, card) == [("hr", "REST GET /v1/scorecards")]
    # Written once, it is not written again.
    seen.note(
        caller, {card: Subject(SubjectKind.EMPLOYEE, "e-1")}, "REST GET /v1/scorecards", at=AT
    )
    assert not seen._waiting[opened.number]


class Away:
    """A database that does not answer."""

    def write(self, _tenant: int) -> Json:
        raise Unavailable("The database does not answer.")
