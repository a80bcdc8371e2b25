"""Cycles over REST: set up, opened, closed, approved, published, and opened again."""

import asyncio
from datetime import date
from typing import Any

import pytest

from services.schema.words import CycleStatus
from tests.api.appraisals import (
    PERIOD,
    ask,
    cards,
    digest,
    found,
    move,
    open_cycle,
    person,
    publish_scheme,
    scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale

CYCLE: Json = {
    "code": "jan",
    "scheme": "sales",
    "period": PERIOD,
    "population": {"position": "agent"},
}


@pytest.fixture
async def ready(company: Company) -> Company:
    """Three agents with targets, and a published scheme."""
    await found(company)
    await publish_scheme(company)
    await set_targets(company, {"e-1": "1000", "e-2": "500", "e-3": "100"})
    return company


async def test_a_cycle_is_set_up_as_a_draft(ready: Company) -> None:
    made = await ready.post("/v1/cycles", {**CYCLE, "grace_days": 3, "timezone": "UTC"})
    assert (made.status_code, made.headers["location"]) == (201, "/v1/cycles/jan")
    assert made.json() == {
        "code": "jan",
        "scheme": "sales",
        "scheme_version": None,
        "period": "2026-01",
        "from": "2026-01-01",
        "to": "2026-02-01",
        "population": {"position": "agent", "unit": None, "employees": None, "units": None},
        "timezone": "UTC",
        "grace_days": 3,
        "closes_at": "2026-02-04T00:00:00Z",
        "status": "draft",
        "revision": 1,
        "scorecards": 0,
        "incomplete": 0,
        "pending_after_close": 0,
        "closed_at": None,
        "published_at": None,
        "moves": [],
    }
    read = await ready.get("/v1/cycles/jan")
    assert read.content == made.content
    spared = await ready.get("/v1/cycles/jan", If_None_Match=read.headers["etag"])
    assert spared.status_code == 304


SENSELESS: list[tuple[dict[str, Any], int, str, str]] = [
    ({"scheme": "nobody"}, 409, "unknown_scheme", "/scheme"),
    ({"population": {"unit": "nobody"}}, 409, "unknown_unit", "/population/unit"),
    ({"population": {"units": ["front", "x"]}}, 409, "unknown_unit", "/population/units/1"),
    (
        {"population": {"employees": ["e-1", "x"]}},
        409,
        "unknown_employee",
        "/population/employees/1",
    ),
    ({"period": "2026-Q1"}, 409, "period_mismatch", "/period"),
    ({"population": {}}, 422, "invalid", "/population"),
    ({"population": {"units": ["front"], "unit": "front"}}, 422, "invalid", "/population"),
    ({"population": {"employees": []}}, 422, "invalid", "/population/employees"),
    ({"timezone": "Mars/North"}, 422, "invalid", "/timezone"),
    ({"grace_days": -1}, 422, "invalid", "/grace_days"),
    ({"grace_days": "1"}, 422, "invalid", "/grace_days"),
    ({"code": "a b"}, 422, "invalid", "/code"),
    ({"colour": "red"}, 422, "unknown_field", "/colour"),
]


async def test_a_senseless_cycle_is_refused_with_its_place(ready: Company) -> None:
    before = await digest(ready)
    for changed, status, code, pointer in SENSELESS:
        refused = await ready.post("/v1/cycles", {**CYCLE, **changed})
        assert refused.status_code == status, refused.text
        places = {(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]}
        assert (pointer, code) in places
    assert await digest(ready) == before


async def test_an_impossible_period_is_refused(ready: Company) -> None:
    for period in ("2026-13", "2026-1", "2026-02/2026-01", "January"):
        refused = await ready.post("/v1/cycles", {**CYCLE, "period": period})
        assert refused.status_code == 422, refused.text


async def test_a_code_is_given_once(ready: Company) -> None:
    await ask(ready, "POST", "/v1/cycles", CYCLE)
    before = await digest(ready)
    refused = await ready.post("/v1/cycles", {**CYCLE, "period": "2026-02"})
    assert (refused.status_code, refused.json()["code"]) == (409, "cycle_exists")
    assert await digest(ready) == before


async def test_a_scheme_that_was_never_published_scores_nobody(company: Company) -> None:
    await found(company)
    await ask(company, "PUT", "/v1/schemes/sales", scheme())
    await ask(company, "POST", "/v1/cycles", CYCLE)
    before = await digest(company)
    refused = await company.post("/v1/cycles/jan/moves", {"to": "open"})
    assert (refused.status_code, refused.json()["code"]) == (409, "scheme_not_published")
    assert await digest(company) == before


async def test_opening_pins_the_version_and_makes_the_cards(ready: Company) -> None:
    opened = await open_cycle(ready)
    assert (opened["status"], opened["scheme_version"], opened["scorecards"]) == ("open", 1, 3)
    assert [(step["from"], step["to"]) for step in opened["moves"]] == [("draft", "open")]
    before = await cards(ready)
    assert set(before) == {"employee:e-1", "employee:e-2", "employee:e-3"}
    assert {card["status"] for card in before.values()} == {"incomplete"}
    assert await publish_scheme(ready, document=scheme(note="later")) == 2
    assert (await ready.get("/v1/cycles/jan")).json()["scheme_version"] == 1
    assert await cards(ready) == before


async def test_a_draft_only_opens(ready: Company) -> None:
    await ask(ready, "POST", "/v1/cycles", CYCLE)
    before = await digest(ready)
    for to in set(CycleStatus) - {CycleStatus.OPEN}:
        refused = await ready.post("/v1/cycles/jan/moves", {"to": to})
        assert (refused.status_code, refused.json()["code"]) == (409, "move_not_allowed")
    assert await digest(ready) == before


async def test_requirement_18_an_unfinished_period_is_not_closed(ready: Company) -> None:
    body = {**CYCLE, "code": "far", "period": "2099-01", "grace_days": 3}
    await ask(ready, "POST", "/v1/cycles", body)
    await move(ready, "far", "open")
    before = await digest(ready)
    refused = await ready.post("/v1/cycles/far/moves", {"to": "closed"})
    assert (refused.status_code, refused.json()["code"]) == (409, "period_open")
    # The third day of February ends in Shanghai eight hours before it does in UTC.
    assert "2099-02-03T16:00:00Z" in refused.json()["detail"]
    assert await digest(ready) == before


async def test_a_cycle_goes_step_by_step_to_its_publication(ready: Company) -> None:
    await sell(ready, *(Sale(paid_on=date(2026, 1, 5), salesperson=f"e-{n}") for n in (1, 2, 3)))
    await open_cycle(ready)
    for to, card_status in (
        ("closed", "in_review"),
        ("review", "in_review"),
        ("approved", "approved"),
        ("published", "published"),
    ):
        assert (await move(ready, "jan", to))["status"] == to
        assert {card["status"] for card in (await cards(ready)).values()} == {card_status}
    steps = (await ready.get("/v1/cycles/jan")).json()["moves"]
    assert [step["to"] for step in steps] == [
        "open",
        "closed",
        "review",
        "approved",
        "published",
    ]
    actions = [
        entry["action"] for entry in (await ready.get("/v1/audit?limit=500")).json()["items"]
    ]
    assert actions.count("cycle.move") == 5


async def test_an_incomplete_card_stands_against_approval_and_is_named(ready: Company) -> None:
    await sell(ready, Sale(paid_on=date(2026, 1, 5), salesperson="e-1"))
    await ask(ready, "PUT", "/v1/employees/e-4", person(shops=()))
    await open_cycle(ready)
    cycle = await move(ready, "jan", "closed", "review")
    assert (cycle["scorecards"], cycle["incomplete"]) == (4, 1)
    before = await digest(ready)
    refused = await ready.post("/v1/cycles/jan/moves", {"to": "approved"})
    assert (refused.status_code, refused.json()["code"]) == (409, "scorecards_incomplete")
    (fault,) = refused.json()["errors"]
    card = (await cards(ready))["employee:e-4"]
    assert fault["pointer"] == f"/scorecards/{card['id']}"
    assert fault["detail"] == "employee:e-4: sales no_data, orders no_data."
    assert await digest(ready) == before


async def test_going_back_to_open_needs_a_reason_and_makes_cards_live(ready: Company) -> None:
    await sell(ready, *(Sale(paid_on=date(2026, 1, 5), salesperson=f"e-{n}") for n in (1, 2, 3)))
    await open_cycle(ready)
    await move(ready, "jan", "closed", "review")
    before = await digest(ready)
    refused = await ready.post("/v1/cycles/jan/moves", {"to": "open"})
    assert (refused.status_code, refused.json()["code"]) == (409, "reason_required")
    assert await digest(ready) == before
    cycle = await move(ready, "jan", "open", reason="a shop was missing")
    assert (cycle["status"], cycle["revision"], cycle["closed_at"]) == ("open", 1, None)
    again = await cards(ready)
    assert {(card["status"], card["rank"]) for card in again.values()} == {("live", None)}


async def test_ranks_are_there_from_closing_on(ready: Company) -> None:
    await sell(
        ready,
        Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="100"),
        Sale(paid_on=date(2026, 1, 5), salesperson="e-2", amount="50"),
        Sale(paid_on=date(2026, 1, 5), salesperson="e-3", amount="10"),
        Sale(paid_on=date(2026, 1, 6), salesperson="e-3", amount="80"),
    )
    await open_cycle(ready)
    await move(ready, "jan", "closed")
    ranks = {code: (card["total"], card["rank"]) for code, card in (await cards(ready)).items()}
    # 1,000, 500 and 100 were the targets, four orders the other one: 6 + 10, 6 + 10, 54 + 20.
    assert ranks == {
        "employee:e-1": ("16.00", 2),
        "employee:e-2": ("16.00", 2),
        "employee:e-3": ("74.00", 1),
    }


async def test_calibration_is_passed_through_where_a_scheme_has_a_distribution(
    ready: Company,
) -> None:
    quotas = {"A": "20", "B": "70", "C": "10"}
    shares = [{"grade": grade, "share": share} for grade, share in quotas.items()]
    forced = {"shares": shares, "minimum_population": 4, "tie_breakers": []}
    await publish_scheme(ready, "forced", scheme(distribution=forced))
    await sell(ready, *(Sale(paid_on=date(2026, 1, 5), salesperson=f"e-{n}") for n in (1, 2, 3)))
    await open_cycle(ready, "small", scheme="forced")
    await move(ready, "small", "closed", "review")
    before = await digest(ready)
    skipped = await ready.post("/v1/cycles/small/moves", {"to": "approved"})
    assert (skipped.status_code, skipped.json()["code"]) == (409, "move_not_allowed")
    assert await digest(ready) == before
    assert (await move(ready, "small", "calibration", "approved"))["status"] == "approved"


async def test_populations_are_by_position_unit_with_all_below_name_or_units(
    ready: Company,
) -> None:
    held: dict[str, set[str]] = {}
    for code, population in (
        ("position", {"position": "boss"}),
        ("unit", {"unit": "shops"}),
        ("people", {"employees": ["e-2", "e-3"], "position": "agent"}),
        ("units", {"units": ["front", "shops"]}),
    ):
        await open_cycle(ready, code, population=population)
        held[code] = set(await cards(ready, code))
    assert held["position"] == {"employee:e-boss"}
    assert held["units"] == {"unit:front", "unit:shops"}
    # Someone whom several cycles of a period would hold has a card in each that holds them last.
    assert held["people"] == {"employee:e-2", "employee:e-3"}
    assert held["unit"] == {"employee:e-1", "employee:e-2", "employee:e-3", "employee:e-boss"}


async def test_leads_and_employees_see_the_cycles_that_hold_their_cards(ready: Company) -> None:
    await ready.make_key("own", "employee", "e-1")
    await ready.make_key("lead", "lead", "e-boss")
    await ready.make_key("viewer", "viewer")
    await open_cycle(ready)
    await open_cycle(ready, "others", population={"employees": ["e-2"]})
    await ask(ready, "POST", "/v1/cycles", {**CYCLE, "code": "draft"})
    own = (await ready.get("/v1/cycles", key="own")).json()
    assert [(cycle["code"], cycle["scorecards"]) for cycle in own["items"]] == [("jan", 1)]
    assert own["total"] == 1
    (shown,) = own["items"]
    assert (shown["population"], shown["moves"]) == (None, None)
    assert (await ready.get("/v1/cycles/jan", key="own")).json() == shown
    for hidden in ("others", "draft", "nobody"):
        assert (await ready.get(f"/v1/cycles/{hidden}", key="own")).status_code == 404
    lead = (await ready.get("/v1/cycles", key="lead")).json()
    assert [(cycle["code"], cycle["scorecards"]) for cycle in lead["items"]] == [
        ("jan", 3),
        ("others", 1),
    ]
    viewer = (await ready.get("/v1/cycles", key="viewer")).json()
    assert [cycle["code"] for cycle in viewer["items"]] == ["draft", "jan", "others"]
    for key in ("own", "lead", "viewer"):
        assert (await ready.post("/v1/cycles", CYCLE, key=key)).status_code == 403
        moved = await ready.post("/v1/cycles/jan/moves", {"to": "closed"}, key=key)
        assert moved.status_code == 403


async def test_of_two_moves_at_once_one_is_made(ready: Company) -> None:
    await sell(ready, *(Sale(paid_on=date(2026, 1, 5), salesperson=f"e-{n}") for n in (1, 2, 3)))
    await open_cycle(ready)
    answers = await asyncio.gather(
        *(ready.post("/v1/cycles/jan/moves", {"to": "closed"}) for _ in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    cycle = (await ready.get("/v1/cycles/jan")).json()
    assert (cycle["status"], len(cycle["moves"])) == ("closed", 2)


async def test_another_companys_cycle_is_not_there(companies: list[Company]) -> None:
    one, other = companies
    await found(one)
    await publish_scheme(one)
    await open_cycle(one)
    await other.make_key("hr", "hr")
    for key in ("admin", "hr"):
        assert (await other.get("/v1/cycles/jan", key=key)).status_code == 404
        assert (await other.get("/v1/cycles", key=key)).json()["total"] == 0
        moved = await other.post("/v1/cycles/jan/moves", {"to": "closed"}, key=key)
        assert moved.status_code == 404
    assert (await one.get("/v1/cycles/jan")).json()["status"] == "open"
