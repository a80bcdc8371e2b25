"""Next steps through the door: exact, of a running cycle with its pace, and for whom they are."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.api.flows.next_steps import next_steps_documents
from services.api.rest.next_steps import NextStepsDocument
from services.api.store.scorecards import read_card
from tests.api.appraisals import (
    cards,
    found,
    move,
    open_cycle,
    publish_scheme,
    scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale
from tests.api.graph.asking import statements

MID = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.fixture
async def ready(company: Company) -> Company:
    """Two agents in an open cycle; one sells 40 a day from the first to the twelfth."""
    await found(company, ("e-1", "e-2"))
    await publish_scheme(company)
    await set_targets(company, {"e-1": "1000"})
    first = date(2026, 1, 1)
    sales = [
        Sale(paid_on=first + timedelta(days=at), salesperson="e-1", amount="40") for at in range(12)
    ]
    await sell(company, *sales)
    await open_cycle(company)
    return company


async def steps_on(company: Company, subject: str, at: datetime) -> Json:
    """The next steps as they are on some day."""
    card_id = (await cards(company))[subject]["id"]
    async with company.owner.read(company.number) as session:
        card = await read_card(session, card_id)
        assert card is not None
        made = (await next_steps_documents(session, [card], at=at))[card_id]
    document = json.loads(made)
    NextStepsDocument.model_validate(document, strict=False)
    return document


async def test_steps_distances_and_pace_of_a_running_cycle(ready: Company) -> None:
    told = await steps_on(ready, "employee:e-1", MID)
    assert (told["day"], told["total"], told["grade"]) == ("2026-01-15", "76.80", "B")
    assert told["next_grade"] == {"grade": "A", "from": "90", "points": "13.20"}
    assert told["keep_grade"] == {"grade": "B", "from": "60", "points": "16.80"}
    sales, orders = told["lines"]
    assert (sales["value"], sales["unit"], sales["over"]) == ("480", "money", False)
    target = sales["steps"][0]
    shown = {name: target[name] for name in ("kind", "value", "distance", "percent", "gain")}
    assert shown == {
        "kind": "target", "value": "1000", "distance": "520", "percent": "108.3333",
        "gain": "31.2",
    }  # fmt: skip
    assert (target["total"], target["total_gain"], target["grade"]) == ("108.00", "31.20", "A")
    assert (sales["points_per_unit"], sales["points_per_unit_exactly"]) == ("0.06", "3/50")
    assert sales["alone"]["value"] == "699.9155"
    # 480 over 14 whole days of 31; two of them without a sale scatter the range.
    pace = sales["pace"]
    assert (pace["no_pace"], pace["of"], pace["parts"], pace["to"]) == (
        None, "sum", 14, "2026-01-15",
    )  # fmt: skip
    assert (pace["counted"], pace["forecast"]) == ("480", "1062.857143")
    assert (pace["low"], pace["high"]) == ("948.641995", "1177.072291")
    assert sales["expected"]["forecast"]["points"] == "63.7714"
    # Twelve orders are beyond the cap at four: nothing more is to be had.
    assert (orders["reason"], orders["steps"], orders["points_per_unit"]) == ("best", [], "0")
    assert told["expected"]["forecast"] == {"total": "111.77", "grade": "A"}
    assert told["effort"] == [{"segment": 1, "item": "sales", "step": 0}]


async def test_too_early_no_data_and_over(ready: Company) -> None:
    early = await steps_on(ready, "employee:e-1", datetime(2026, 1, 7, 12, tzinfo=UTC))
    assert early["lines"][0]["pace"]["no_pace"] == "too_few_days"
    assert early["expected"] is None
    # In Shanghai it is the eighth already: seven whole days are over.
    enough = await steps_on(ready, "employee:e-1", datetime(2026, 1, 7, 16, tzinfo=UTC))
    assert (enough["day"], enough["lines"][0]["pace"]["no_pace"]) == ("2026-01-08", None)
    none = await steps_on(ready, "employee:e-2", MID)
    assert (none["total"], none["next_grade"]) == (None, None)
    assert none["words"]["zh"] == "还没有总分：有考核项待补"
    reasons = [(line["reason"], line["pace"]["no_pace"]) for line in none["lines"]]
    assert reasons == [("no_target", None), (None, None)]
    over = await steps_on(ready, "employee:e-1", datetime(2026, 2, 1, tzinfo=UTC))
    assert over["day"] is None
    assert [line["pace"]["no_pace"] for line in over["lines"]] == ["over", "over"]
    assert over["lines"][0]["steps"][0]["value"] == "1000"


async def test_as_many_statements_for_many_cards_as_for_one(ready: Company) -> None:
    ids = [card["id"] for card in (await cards(ready)).values()]
    counts: list[int] = []
    async with ready.owner.read(ready.number) as session:
        known = [await read_card(session, one) for one in ids]
        for some in (known[:1], known):
            wanted: list[Any] = [card for card in some if card is not None]
            with statements(ready) as counted:
                await next_steps_documents(session, wanted, at=MID)
            counts.append(counted.count)
    assert counts[0] == counts[1]


async def test_next_steps_of_what_is_published_are_served_with_their_tag(ready: Company) -> None:
    await set_targets(ready, {"e-2": "1"})
    await move(ready, "jan", "closed", "review", "approved", "published")
    card = (await cards(ready))["employee:e-1"]
    answer = await ready.get(f"/v1/scorecards/{card['id']}/next-steps")
    told = answer.json()
    NextStepsDocument.model_validate(told, strict=False)
    assert (told["status"], told["fingerprint"]) == ("published", card["fingerprint"])
    assert told["day"] is None
    spared = await ready.get(
        f"/v1/scorecards/{card['id']}/next-steps", If_None_Match=answer.headers["etag"]
    )
    assert (spared.status_code, spared.content) == (304, b"")


async def test_a_gate_is_named_with_what_it_holds(company: Company) -> None:
    await found(company, ("e-1",))
    gates = [{"when": {"item": "orders", "below": "30"}, "then": {"cap": "50"}}]
    await publish_scheme(company, "sales", scheme(gates=gates))
    await set_targets(company, {"e-1": "1000"})
    await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="900"))
    await open_cycle(company)
    told = await steps_on(company, "employee:e-1", MID)
    (gate,) = told["gates"]
    assert (gate["segment"], gate["then"]["cap"], gate["actual"]) == (1, "50", "25")
    # One order more leaves the gate behind: 4 orders are 40 points, 2 are 20 and no cap.
    first = told["lines"][1]["steps"][0]
    assert (told["total"], first["kind"], first["value"]) == ("50.00", "target", "4")
    assert (first["total"], first["total_gain"], first["gain"]) == ("94.00", "44.00", "30")


async def test_who_does_not_see_the_card_gets_no_steps(companies: list[Company]) -> None:
    one, other = companies
    await found(one)
    await publish_scheme(one)
    await open_cycle(one)
    for name, role, employee in (
        ("own", "employee", "e-1"), ("lead", "lead", "e-boss"), ("erp", "erp", None),
        ("payroll", "payroll", None), ("viewer", "viewer", None),
    ):  # fmt: skip
        await one.make_key(name, role, employee)
    listed = await cards(one)
    own, another = (
        f"/v1/scorecards/{listed[f'employee:{e}']['id']}/next-steps" for e in ("e-1", "e-2")
    )
    for key, path, status in (
        ("own", own, 200), ("own", another, 404), ("lead", another, 200), ("viewer", own, 200),
        ("erp", own, 403), ("payroll", own, 403),
    ):  # fmt: skip
        assert (await one.get(path, key=key)).status_code == status, (key, path)
    assert (await other.get(own)).status_code == 404
    assert (await one.client.get(own)).status_code == 401
