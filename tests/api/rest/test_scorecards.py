"""Scorecards over REST: exact documents, who sees them, and never an old one."""

from datetime import date
from typing import Any

import pytest

from services.api.rest.explanation_documents import ToldExplanationDocument
from services.api.rest.scorecard_documents import ScorecardDocument
from tests.api.appraisals import (
    PERIOD,
    ask,
    cards,
    found,
    mark,
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


@pytest.fixture
async def ready(company: Company) -> Company:
    """Three agents with targets and sales, in an open cycle."""
    await found(company)
    await publish_scheme(company)
    await set_targets(company, {"e-1": "1000", "e-2": "500", "e-3": "100"})
    await sell(
        company,
        Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1500.5"),
        Sale(paid_on=date(2026, 1, 6), salesperson="e-2", amount="100"),
    )
    await open_cycle(company)
    return company


async def walk(company: Company, path: str, *, key: str = "admin") -> list[Json]:
    """Every item of a list, page by page."""
    items: list[Json] = []
    cursor = ""
    for _ in range(100):
        page = (await company.get(f"{path}{cursor}", key=key)).json()
        items += page["items"]
        if page["next_cursor"] is None:
            assert page["total"] == len(items)
            return items
        cursor = f"&cursor={page['next_cursor']}"
    raise AssertionError("the list has no end")


async def test_a_scorecard_is_exactly_this(ready: Company) -> None:
    card = (await cards(ready))["employee:e-1"]
    made = {name: card.pop(name) for name in ("id", "computed_at", "fingerprint")}
    assert made["id"].startswith("sc_")
    assert made["fingerprint"].startswith("sha256:")
    assert card == {
        "cycle": "jan",
        "subject": "employee:e-1",
        "scheme": "sales",
        "scheme_version": 1,
        "revision": 1,
        "status": "live",
        "total": "82.00",
        "grade": "B",
        "coefficient": "1",
        "rank": None,
        "lines": [
            {
                "section": "sales",
                "item": "sales",
                "indicator": "net_sales",
                "value": "1500.5",
                "target": "1000",
                "attainment": "1.5005",
                "score": "120",
                "weight": "60",
                "points": "72",
                "status": "ok",
            },
            {
                "section": "sales",
                "item": "orders",
                "indicator": "orders",
                "value": "1",
                "target": "4",
                "attainment": "0.25",
                "score": "25",
                "weight": "40",
                "points": "10",
                "status": "ok",
            },
        ],
        "sections": [{"section": "sales", "weight": "100", "score": "82.00"}],
        "gates": [],
        "adjustments": [],
        "segments": [
            {
                "from": "2026-01-01",
                "to": "2026-02-01",
                "days": 31,
                "position": "agent",
                "unit": "front",
                "scheme": "sales",
                "scheme_version": 1,
                "total": "82.00",
            }
        ],
        "coverage": "1",
        "provisional": False,
    }


async def test_single_reads_serve_the_bytes_of_the_list_and_their_tag(ready: Company) -> None:
    page = await ready.get("/v1/scorecards?cycle=jan")
    for card in page.json()["items"]:
        read = await ready.get(f"/v1/scorecards/{card['id']}")
        assert read.content in page.content
        assert read.headers["cache-control"] == "private, no-cache"
        tag = read.headers["etag"]
        spared = await ready.get(f"/v1/scorecards/{card['id']}", If_None_Match=tag)
        assert (spared.status_code, spared.content) == (304, b"")
        ScorecardDocument.model_validate(card, strict=False)


async def test_the_explanation_goes_down_to_records_and_a_link(ready: Company) -> None:
    card = (await cards(ready))["employee:e-1"]
    answer = await ready.get(f"/v1/scorecards/{card['id']}/explanation")
    explained = answer.json()
    ToldExplanationDocument.model_validate(explained, strict=False)
    assert (explained["scorecard"], explained["total"]) == (card["id"], "82.00")
    assert explained["fingerprint"] == card["fingerprint"]
    line = explained["segments"][0]["lines"][0]
    assert (line["before"], line["after"], line["step"]) == ("150.05", "120", "cap")
    measures = {each["measure"]: each for each in line["source"]["measures"]}
    assert measures["paid_amount"] == {
        "measure": "paid_amount",
        "filters": "",
        "amount": "1500.5",
        "records": 1,
    }
    assert any(link.startswith("/v1/facts/orders?") for link in line["source"]["links"])
    assert line["targets"] == [
        {
            "level": "budget",
            "value": "1000",
            "stated": "1000",
            "from": "employee:e-1",
            "days": 31,
            "of_days": 31,
            "weight": "31",
            "of_weight": "31",
        }
    ]


async def test_the_history_names_revisions_and_what_was_published(ready: Company) -> None:
    card = (await cards(ready))["employee:e-1"]
    live = (await ready.get(f"/v1/scorecards/{card['id']}/history")).json()
    assert (live["total"], live["items"][0]["result"]) == (1, None)
    await move(ready, "jan", "closed", "review", "approved", "published")
    await move(ready, "jan", "open", reason="an order was missing")
    new = (await cards(ready))["employee:e-1"]
    assert (new["revision"], new["id"] != card["id"]) == (2, True)
    history = (await ready.get(f"/v1/scorecards/{new['id']}/history")).json()["items"]
    states = [(each["revision"], each["status"]) for each in history]
    assert states == [(1, "published"), (2, "live")]
    assert history[0]["result"].startswith("res_")
    assert history[1]["result"] is None
    assert (await ready.get(f"/v1/scorecards/{card['id']}/history")).json()["items"] == history


ORDERS = {
    "subject": ["e-1", "e-2", "e-3", "e-4"],
    "-subject": ["e-4", "e-3", "e-2", "e-1"],
    "total": ["e-3", "e-2", "e-1", "e-4"],
    "-total": ["e-1", "e-2", "e-3", "e-4"],
}


async def test_lists_are_sorted_and_walked(ready: Company) -> None:
    await ask(ready, "PUT", "/v1/employees/e-4", person(shops=()))
    for sort, order in ORDERS.items():
        for limit in (1, 3, 500):
            items = await walk(ready, f"/v1/scorecards?cycle=jan&sort={sort}&limit={limit}")
            assert [item["subject"].removeprefix("employee:") for item in items] == order


FILTERS = {
    "employee=e-2": ["e-2"],
    "grade=B": ["e-1"],
    "grade=A": [],
    "status=live": ["e-1", "e-2", "e-3"],
    "status=incomplete": [],
    "unit=front": ["e-1", "e-2", "e-3"],
    "unit=shops": ["e-1", "e-2", "e-3"],
    "unit=nobody": [],
    "position=agent": ["e-1", "e-2", "e-3"],
    "position=boss": [],
    "cycle=nobody": [],
    "cycle=jan&employee=e-3&grade=C": ["e-3"],
}
SENSELESS = ("limit=501", "limit=0", "limit=x", "sort=grade", "status=good", "cursor=x", "wish=1")


async def test_lists_are_filtered_and_senseless_ones_refused(ready: Company) -> None:
    for query, people in FILTERS.items():
        page = (await ready.get(f"/v1/scorecards?{query}")).json()
        found = [item["subject"].removeprefix("employee:") for item in page["items"]]
        assert (query, found, page["total"]) == (query, people, len(people))
    for query in SENSELESS:
        refused = await ready.get(f"/v1/scorecards?{query}")
        assert refused.status_code == 422, refused.text
        assert refused.json()["errors"][0]["pointer"] == f"?{query.partition('=')[0]}"


async def test_a_cursor_is_of_its_own_order_and_list(ready: Company) -> None:
    cursor = (await ready.get("/v1/scorecards?sort=total&limit=1")).json()["next_cursor"]
    for path in (f"/v1/scorecards?sort=-total&cursor={cursor}", f"/v1/cycles?cursor={cursor}"):
        refused = await ready.get(path)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "cursor_invalid")


async def test_everybody_sees_what_the_matrix_says_in_lists_as_in_single_reads(
    ready: Company,
) -> None:
    for name, role, employee in (
        ("own", "employee", "e-1"),
        ("lead", "lead", "e-boss"),
        ("hr", "hr", None),
        ("viewer", "viewer", None),
    ):
        await ready.make_key(name, role, employee)
    await open_cycle(ready, "boss", population={"position": "boss"})
    every = await walk(ready, "/v1/scorecards?limit=500")
    assert len(every) == 4
    for key, people in (
        ("own", {"e-1"}),
        ("lead", {"e-1", "e-2", "e-3", "e-boss"}),
        ("hr", {"e-1", "e-2", "e-3", "e-boss"}),
        ("viewer", {"e-1", "e-2", "e-3", "e-boss"}),
    ):
        listed = await walk(ready, "/v1/scorecards?limit=1", key=key)
        assert {card["subject"].removeprefix("employee:") for card in listed} == people
        seen = {card["id"] for card in listed}
        for card in every:
            for part in ("", "/explanation", "/history"):
                answer = await ready.get(f"/v1/scorecards/{card['id']}{part}", key=key)
                assert answer.status_code == (200 if card["id"] in seen else 404)


async def test_a_hidden_card_answers_as_one_that_is_not_there(ready: Company) -> None:
    await ready.make_key("own", "employee", "e-1")
    other = (await cards(ready))["employee:e-2"]["id"]
    absent = f"{other[:-1]}{'0' if other[-1] != '0' else '1'}"
    for part in ("", "/explanation", "/history"):
        hidden = await ready.get(f"/v1/scorecards/{other}{part}", key="own")
        missing = await ready.get(f"/v1/scorecards/{absent}{part}", key="own")
        assert (hidden.status_code, hidden.content) == (404, missing.content)
    filtered = await ready.get("/v1/scorecards?employee=e-2&grade=C", key="own")
    assert filtered.json() == {"items": [], "total": 0, "next_cursor": None}


@pytest.mark.parametrize("role", ["payroll", "erp"])
async def test_payroll_and_erp_see_no_scores(ready: Company, role: str) -> None:
    await ready.make_key(role, role)
    card = (await cards(ready))["employee:e-1"]["id"]
    for path in ("", f"/{card}", f"/{card}/explanation", f"/{card}/history"):
        assert (await ready.get(f"/v1/scorecards{path}", key=role)).status_code == 403


async def test_another_companys_card_is_not_there(companies: list[Company]) -> None:
    one, other = companies
    await found(one)
    await publish_scheme(one)
    await open_cycle(one)
    for card in (await cards(one)).values():
        assert (await other.get(f"/v1/scorecards/{card['id']}")).status_code == 404
    assert (await other.get("/v1/scorecards")).json()["total"] == 0


async def test_a_read_shows_what_was_landed_just_before(ready: Company) -> None:
    for number in range(1, 4):
        await sell(ready, Sale(paid_on=date(2026, 1, number), salesperson="e-3", amount="10"))
        card = (await cards(ready))["employee:e-3"]
        assert card["lines"][0]["value"] == str(number * 10)
        assert card["lines"][1]["value"] == str(number)


async def test_a_single_read_and_an_explanation_are_fresh_too(ready: Company) -> None:
    card_id = (await cards(ready))["employee:e-3"]["id"]
    await sell(ready, Sale(paid_on=date(2026, 1, 9), salesperson="e-3", amount="10"))
    assert (await ready.get(f"/v1/scorecards/{card_id}")).json()["lines"][0]["value"] == "10"
    await sell(ready, Sale(paid_on=date(2026, 1, 10), salesperson="e-3", amount="10"))
    explained = (await ready.get(f"/v1/scorecards/{card_id}/explanation")).json()
    assert explained["segments"][0]["lines"][0]["value"] == "20"


async def test_what_changes_nothing_leaves_the_bytes_as_they_are(ready: Company) -> None:
    before = await ready.get("/v1/scorecards?cycle=jan")
    await mark(ready, date(2026, 1, 5), "a", "e-1")
    await set_targets(ready, {"e-1": "1000"})
    after = await ready.get("/v1/scorecards?cycle=jan")
    assert (after.content, after.headers["etag"]) == (before.content, before.headers["etag"])


async def test_a_changed_target_and_a_new_rate_show_at_once(ready: Company) -> None:
    await set_targets(ready, {"e-1": "3001"})
    line = (await cards(ready))["employee:e-1"]["lines"][0]
    assert (line["target"], line["attainment"], line["score"]) == ("3001", "0.5", "50")


async def test_joiners_get_a_card_and_leavers_lose_it(ready: Company) -> None:
    before = await cards(ready)
    await ask(ready, "PUT", "/v1/employees/e-4", person(start="2026-01-16"))
    await ask(ready, "PUT", "/v1/employees/e-2", person("cashier"))
    after = await cards(ready)
    assert set(after) == {"employee:e-1", "employee:e-3", "employee:e-4"}
    assert after["employee:e-1"] == before["employee:e-1"]
    (segment,) = after["employee:e-4"]["segments"]
    assert (segment["from"], segment["to"], segment["days"]) == ("2026-01-16", "2026-02-01", 16)
    await ask(ready, "PUT", "/v1/employees/e-2", person())
    again = (await cards(ready))["employee:e-2"]
    assert (again["total"], again["grade"]) == ("22.00", "C")


async def test_requirement_21_a_move_on_the_16th_makes_two_segments(ready: Company) -> None:
    document = scheme(pay=[])
    document["sections"][0]["items"][0]["weight"] = "80"
    document["sections"][0]["items"][1]["weight"] = "20"
    await publish_scheme(ready, "running", document)
    moved = person(end="2026-01-16")
    moved["assignments"] += person("runner", start="2026-01-16")["assignments"]
    await ask(ready, "PUT", "/v1/employees/e-1", moved)
    await sell(ready, Sale(paid_on=date(2026, 1, 20), salesperson="e-1", amount="516"))
    await open_cycle(ready, "runners", scheme="running", population={"position": "runner"})
    assert "employee:e-1" not in await cards(ready)
    card = (await cards(ready, "runners"))["employee:e-1"]
    assert [(part["days"], part["position"], part["scheme"]) for part in card["segments"]] == [
        (15, "agent", "sales"),
        (16, "runner", "running"),
    ]
    # 1,000 x 15 / 31 and x 16 / 31; 1,500.50 in the first part and 516 in the second.
    targets = [line["target"] for line in card["lines"] if line["item"] == "sales"]
    assert targets == ["483.870968", "516.129032"]
    # Four orders are shared by days as well: 72 + 40 x 0.516667 and 80 x 0.99975 + 20 x 0.484375.
    assert [part["total"] for part in card["segments"]] == ["92.67", "89.67"]
    # (92.67 x 15 + 89.67 x 16) / 31
    assert (card["total"], card["grade"]) == ("91.12", "A")


async def test_requirement_19_a_fact_after_the_close_changes_nothing_and_is_shown_pending(
    ready: Company,
) -> None:
    await move(ready, "jan", "closed")
    before = await ready.get("/v1/scorecards?cycle=jan")
    await sell(ready, Sale(paid_on=date(2026, 1, 31), salesperson="e-1", amount="5000"))
    after = await ready.get("/v1/scorecards?cycle=jan")
    assert (after.content, after.headers["etag"]) == (before.content, before.headers["etag"])
    cycle = (await ready.get("/v1/cycles/jan")).json()
    # Each agent answers for the shop as well: a first order there could be one's own zero.
    assert (cycle["pending_after_close"], cycle["status"]) == (3, "closed")
    await sell(ready, Sale(paid_on=date(2026, 2, 1), salesperson="e-1", amount="5000"))
    assert (await ready.get("/v1/cycles/jan")).json()["pending_after_close"] == 3
    await move(ready, "jan", "open", reason="one more order")
    reopened = (await cards(ready))["employee:e-1"]
    assert reopened["lines"][0]["value"] == "6500.5"
    assert (await ready.get("/v1/cycles/jan")).json()["pending_after_close"] == 0


@pytest.mark.parametrize(
    ("policy", "total", "status"),
    [("block", None, "incomplete"), ("zero", "20.00", "live"), ("full", "80.00", "live")],
)
async def test_a_line_without_a_target_follows_its_policy(
    company: Company, policy: str, total: str | None, status: str
) -> None:
    await found(company, ["e-1"])
    document: dict[str, Any] = scheme()
    document["sections"][0]["items"][0]["missing"] = policy
    await publish_scheme(company, document=document)
    await sell(
        company,
        Sale(paid_on=date(2026, 1, 5), salesperson="e-1"),
        Sale(paid_on=date(2026, 1, 5), salesperson="e-1"),
    )
    await open_cycle(company)
    card = (await cards(company))["employee:e-1"]
    assert (card["total"], card["status"]) == (total, status)
    assert card["lines"][0]["status"] == "no_target"
    await set_targets(company, {"e-1": "200"}, PERIOD)
    assert (await cards(company))["employee:e-1"]["total"] == "80.00"
