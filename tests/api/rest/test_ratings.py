"""Marks over REST: who gives which, what a card makes of them, and who is told of whom."""

import json
from datetime import date

import pytest

from tests.api.appraisals import ask, cards, digest, move, sell
from tests.api.companies import Company, Json
from tests.api.facts import Sale
from tests.api.rating import card_of, fill, path_of, rate, rated


@pytest.fixture
async def opened(company: Company) -> Company:
    return await rated(company)


def line(card: Json, item: str) -> Json:
    found = next(each for each in card["lines"] if each["item"] == item)
    return tuple(found[name] for name in ("score", "weight", "points", "status"))


async def test_what_people_state_reaches_the_card_and_its_explanation(opened: Company) -> None:
    """By role and rung and range; the last mark of a rater holds, and what came before stays."""
    before = await card_of(opened)
    assert (before["total"], before["status"]) == (None, "incomplete")
    assert line(before, "team") == (None, "20", None, "no_data")
    assert line(before, "growth") == ("60", "10", "6", "ok")
    await rate(opened, "team", "self", key="one", mark="70")
    await rate(opened, "team", "self", key="one", mark="80", comment="on second thoughts")
    assert line(await card_of(opened), "team") == (None, "20", None, "no_data")
    await fill(opened)
    card = await card_of(opened)
    # 80 x 20 % + 90 x 80 %; peers leave 8 % to the lines of their section.
    assert line(card, "team") == ("88", "20", "17.6", "ok")
    assert line(card, "peers") == (None, "0", None, "no_data")
    assert line(card, "initiative") == ("60", "10", "6", "ok")
    assert (card["total"], card["grade"], card["status"]) == ("89.60", "B", "live")
    await rate(opened, "growth", "manager", key="boss", mark="75")
    # Who says which hold may leave one out: what is above it counts for nothing.
    await rate(opened, "initiative", "manager", key="boss", behaviours=[5, 2, 1])
    card = await card_of(opened)
    assert line(card, "growth") == ("75", "10", "7.5", "ok")
    assert line(card, "initiative") == ("40", "10", "4", "ok")
    assert card["total"] == "89.10"
    assert card["fingerprint"] != before["fingerprint"]
    told = (await opened.get(f"/v1/scorecards/{card['id']}/explanation")).json()
    team = next(each for each in told["segments"][0]["lines"] if each["item"] == "team")
    assert team["marks"] == [
        {"role": "self", "weight": "20", "raters": 1, "needed": 1, "sum": "80", "mean": "80"},
        {"role": "manager", "weight": "80", "raters": 1, "needed": 1, "sum": "90", "mean": "90"},
    ]
    listed = (await opened.get(await path_of(opened, "ratings"))).json()
    own = [(each["mark"], each["rater"], each["holds"]) for each in listed["items"][:3]]
    assert own == [("70", "e-1", False), ("80", "e-1", False), ("80", "e-1", True)]
    assert listed["total"] == len(listed["items"]) == 7


async def test_a_mark_after_the_close_counts_on_the_figures_of_the_close(opened: Company) -> None:
    """Facts that come later do not; ranks follow, and what the audit of marks says stays true."""
    for code in ("e-1", "e-2", "e-3"):
        await fill(opened, code)
    await move(opened, "jan", "closed")
    ranks = {code: card["rank"] for code, card in (await cards(opened)).items()}
    assert ranks == {"employee:e-1": 1, "employee:e-2": 2, "employee:e-3": 3}
    await sell(opened, Sale(paid_on=date(2026, 1, 6), salesperson="e-3", amount="900"))
    third = await path_of(opened, "ratings", "e-3")
    closed = await card_of(opened, "e-3")
    assert closed["total"] == "44.60"
    explanation = third.replace("ratings", "explanation")
    told = (await opened.get(explanation)).json()["segments"][0]["lines"]
    body = {"item": "growth", "role": "manager", "mark": "80"}
    await ask(opened, "POST", third, body, key="boss")
    again = await card_of(opened, "e-3")
    assert (again["total"], again["rank"], again["status"]) == ("46.60", 3, "in_review")
    assert again["lines"][0] == closed["lines"][0], "the sale of 900 is of after the close"
    told_again = (await opened.get(explanation)).json()["segments"][0]["lines"]
    assert told_again[:4] == told[:4], "down to the records behind each value"
    assert told_again[4]["chosen"] == "80"
    await move(opened, "jan", "review")
    first = await path_of(opened, "ratings")
    await ask(opened, "POST", first, {"item": "team", "role": "manager", "mark": "0"}, key="boss")
    await ask(opened, "POST", first, {"item": "initiative", "role": "hr", "level": 0}, key="hr")
    ranks = {code: (card["total"], card["rank"]) for code, card in (await cards(opened)).items()}
    assert ranks == {
        "employee:e-1": ("69.20", 1),
        "employee:e-2": ("59.60", 2),
        "employee:e-3": ("46.60", 3),
    }
    second = await path_of(opened, "ratings", "e-2")
    raised: tuple[Json, ...] = ({"item": "initiative", "level": 5}, {"item": "team", "mark": "100"})
    for given in raised:
        await ask(opened, "POST", second, {"role": "manager", **given}, key="boss")
    await ask(opened, "POST", first, {"item": "team", "role": "self", "mark": "0"}, key="one")
    ranks = {code: (card["total"], card["rank"]) for code, card in (await cards(opened)).items()}
    assert ranks == {
        "employee:e-1": ("66.00", 1),
        "employee:e-2": ("65.20", 2),
        "employee:e-3": ("46.60", 3),
    }
    body = {"item": "growth", "role": "manager", "mark": "80"}
    await ask(opened, "POST", second, body, key="boss")
    ranks = {code: (card["total"], card["rank"]) for code, card in (await cards(opened)).items()}
    assert ranks["employee:e-2"] == ("67.20", 1)
    assert ranks["employee:e-1"] == ("66.00", 2)
    await move(opened, "jan", "approved")
    before = await digest(opened)
    refused = await opened.post(first, {"item": "team", "role": "self", "mark": "1"}, key="one")
    assert (refused.status_code, refused.json()["code"]) == (409, "cycle_not_open")
    assert await digest(opened) == before


async def test_marks_stay_when_a_cycle_is_opened_again(opened: Company) -> None:
    for code in ("e-1", "e-2", "e-3"):
        await fill(opened, code)
    await move(opened, "jan", "closed", "review", "approved", "published")
    await move(opened, "jan", "open", reason="a mark was wrong")
    card = await card_of(opened)
    assert (card["revision"], card["total"]) == (2, "89.60")
    await rate(opened, "team", "manager", key="boss", mark="40")
    assert (await card_of(opened))["total"] == "81.60"


async def test_who_may_rate_as_whom(opened: Company) -> None:
    path = await path_of(opened, "ratings")
    await ask(opened, "POST", await path_of(opened, "raters"), INVITED, key="boss")
    before = await digest(opened)
    for key, role, status in (
        ("one", "manager", 403), ("one", "hr", 403), ("one", "peer", 403),
        ("boss", "self", 403), ("boss", "hr", 403), ("boss", "peer", 403),
        ("hr", "self", 403), ("hr", "manager", 403), ("hr", "peer", 403),
        ("two", "self", 403), ("two", "manager", 403), ("two", "customer", 403),
        ("three", "peer", 404), ("three", "self", 404),
        ("viewer", "hr", 403), ("payroll", "hr", 403),
    ):  # fmt: skip
        item = "peers" if role in {"peer", "customer"} else "team"
        refused = await opened.post(path, {"item": item, "role": role, "mark": "50"}, key=key)
        assert refused.status_code == status, (key, role, refused.text)
    assert await digest(opened) == before
    await rate(opened, "peers", "peer", key="two", mark="50")
    await rate(opened, "peers", "customer", key="hr", mark="75", rater="shop-a-17")
    await rate(opened, "peers", "customer", key="hr", mark="100", rater="shop-a-18")
    # One peer and two customers are too few to be hidden: both roles are missing.
    assert line(await card_of(opened), "peers") == (None, "0", None, "no_data")
    await rate(opened, "peers", "customer", key="hr", mark="50", rater="shop-a-19")
    # The mean of three customers alone: the peer's part goes to them.
    assert line(await card_of(opened), "peers") == ("75", "8", "6", "ok")


INVITED: Json = {"role": "peer", "employee": "e-2"}


async def test_raters_are_asked_by_those_above(opened: Company) -> None:
    path = await path_of(opened, "raters")
    asked = await ask(opened, "POST", path, INVITED, key="boss")
    assert (asked["role"], asked["employee"], asked["items"]) == ("peer", "e-2", 0)
    assert await ask(opened, "POST", path, INVITED, key="hr") == asked
    await rate(opened, "peers", "peer", key="two", mark="50")
    listed = (await opened.get(path, key="hr")).json()
    assert [(each["employee"], each["items"]) for each in listed["items"]] == [("e-2", 1)]
    before = await digest(opened)
    for key, body, status, code in (
        ("boss", {"role": "manager", "employee": "e-2"}, 409, "role_not_invited"),
        ("boss", {"role": "peer", "employee": "e-9"}, 409, "unknown_employee"),
        ("boss", {"role": "peer", "employee": "e-1"}, 409, "own_card"),
        ("boss", {"role": "friend", "employee": "e-2"}, 422, "invalid"),
        ("one", INVITED, 403, "forbidden"),
    ):
        refused = await opened.post(path, body, key=key)
        assert (refused.status_code, refused.json()["code"]) == (status, code), body
    assert (await opened.get(path, key="boss")).status_code == 403
    assert await digest(opened) == before


async def test_requirement_24_peers_stay_unnamed_and_few_of_them_unheard(opened: Company) -> None:
    """To oneself and to those above; HR knows, and who rated sees nothing of the others."""
    path, raters = await path_of(opened, "ratings"), await path_of(opened, "raters")
    for key, code, mark in (("two", "e-2", "50"), ("three", "e-3", "25"), ("boss", "e-boss", "75")):
        await ask(opened, "POST", raters, {"role": "peer", "employee": code}, key="hr")
        if key != "boss":
            await rate(opened, "peers", "peer", key=key, mark=mark, comment=f"of {code}")
    await rate(opened, "team", "manager", key="boss", mark="90", comment="well done")
    own = (await opened.get(path, key="one")).json()
    withheld = {
        "id": None, "item": "peers", "role": "peer", "rater": None, "mark": None, "level": None,
        "behaviours": None, "comment": None, "author": None, "author_name": None,
        "stated_at": None, "holds": True, "withheld": True,
    }  # fmt: skip
    assert own["items"][1:] == [withheld, withheld]
    named = own["items"][0]
    assert (named["rater"], named["mark"], named["comment"]) == ("e-boss", "90", "well done")
    await rate(opened, "peers", "peer", key="boss", mark="75", comment="of e-boss")
    for key, unnamed in (("one", 3), ("viewer", 3), ("boss", 2)):
        shown = (await opened.get(path, key=key)).json()["items"]
        peers = [each for each in shown if each["role"] == "peer" and each["rater"] is None]
        assert [each["mark"] for each in peers] == ["25", "50", "75"][:unnamed]
        assert {each["id"] for each in peers} == {None}
        text = json.dumps(peers) + json.dumps((await card_of(opened))["lines"])
        assert '"e-2"' not in text
    told = (await opened.get(f"/v1/scorecards/{path.split('/')[3]}/explanation", key="one")).text
    assert "e-2" not in told
    assert '"role":"peer","weight":"60","raters":3,"needed":3,"sum":"150","mean":"50"' in told
    everything = (await opened.get(path, key="hr")).json()["items"]
    assert [each["rater"] for each in everything] == ["e-2", "e-3", "e-boss", "e-boss"]
    assert (await opened.get(path, key="two")).status_code == 404
    assert (await opened.get(path, key="payroll")).status_code == 403


async def test_what_the_rules_do_not_take_changes_nothing(opened: Company) -> None:
    path = await path_of(opened, "ratings")
    await ask(opened, "POST", await path_of(opened, "raters"), INVITED, key="boss")
    before = await digest(opened)
    for key, body, status, code, pointer in (
        ("one", {"item": "x", "mark": "1"}, 409, "item_unknown", "/item"),
        ("one", {"item": "sales", "mark": "1"}, 409, "item_not_rated", "/item"),
        ("one", {"item": "peers", "mark": "25"}, 409, "role_not_asked", "/role"),
        ("one", {"item": "initiative", "level": 1}, 409, "role_not_asked", "/role"),
        ("one", {"item": "growth", "mark": "60"}, 409, "role_not_asked", "/role"),
        ("one", {"item": "team", "mark": "100.0001"}, 409, "mark_out_of_bounds", "/mark"),
        ("one", {"item": "team", "mark": "-1"}, 409, "mark_out_of_bounds", "/mark"),
        ("one", {"item": "team", "level": 1}, 409, "mark_expected", "/mark"),
        ("two", {"item": "peers", "mark": "60"}, 409, "mark_out_of_bounds", "/mark"),
        ("boss", {"item": "initiative", "level": 6}, 409, "level_unknown", "/level"),
        ("boss", {"item": "initiative", "behaviours": [6]}, 409, "level_unknown", "/behaviours"),
        ("boss", {"item": "initiative", "mark": "60"}, 409, "level_expected", "/mark"),
        ("boss", {"item": "growth", "mark": "59.9999"}, 409, "mark_out_of_bounds", "/mark"),
        ("boss", {"item": "growth", "mark": "80.0001"}, 409, "mark_out_of_bounds", "/mark"),
        ("boss", {"item": "team", "mark": "1", "rater": "x"}, 409, "rater_not_asked", "/rater"),
        ("one", {"item": "team", "mark": "1.00001"}, 422, "invalid", "/mark"),
        ("one", {"item": "team"}, 422, "invalid", ""),
        ("one", {"item": "team", "mark": "1", "level": 1}, 422, "invalid", ""),
        ("boss", {"item": "initiative", "behaviours": [1, 1]}, 422, "invalid", ""),
        ("one", {"item": "team", "mark": "1", "more": 1}, 422, "invalid", "/more"),
    ):
        role = {"one": "self", "two": "peer", "boss": "manager"}[key]
        refused = await opened.post(path, {"role": role, **body}, key=key)
        problem = refused.json()
        assert (refused.status_code, problem["code"]) == (status, code), (body, problem)
        assert problem["errors"][0]["pointer"] == pointer, (body, problem)
    assert await digest(opened) == before
    missing = await opened.post(
        "/v1/scorecards/sc_0/ratings", {"item": "a", "role": "hr", "mark": "1"}
    )
    assert missing.status_code == 404


async def test_the_audit_knows_that_somebody_rated_and_not_what(opened: Company) -> None:
    made = await rate(opened, "team", "self", key="one", mark="80", comment="mine")
    entry = (await opened.get("/v1/audit?limit=500")).json()["items"][-1]
    assert entry["action"] == "scorecard.rate"
    assert entry["detail"] == {"id": made["id"], "item": "team", "role": "self"}


async def test_a_mark_is_given_once_under_its_key(opened: Company) -> None:
    path = await path_of(opened, "ratings")
    body = {"item": "team", "role": "self", "mark": "80"}
    answers = [
        await opened.post(path, body, key="one", **{"Idempotency-Key": "k-1"}) for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert (await opened.get(path)).json()["total"] == 1


async def test_who_is_asked_is_told_what_to_rate_and_nothing_else(opened: Company) -> None:
    await ask(opened, "POST", await path_of(opened, "raters"), INVITED, key="boss")
    asked = (await opened.get("/v1/rating-requests", key="two")).json()
    card = (await card_of(opened))["id"]
    (request,) = asked["items"]
    (item,) = request.pop("items")
    assert request == {
        "scorecard": card, "cycle": "jan", "subject": "employee:e-1", "name": "agent",
        "role": "peer",
    }  # fmt: skip
    assert (item["item"], item["full_mark"], item["mark"], item["stated_at"]) == (
        "peers", "100", None, None,
    )  # fmt: skip
    assert item["rule"]["marks"] == {"from": "0", "to": "100", "step": "25"}
    await rate(opened, "peers", "peer", key="two", mark="50")
    asked = (await opened.get("/v1/rating-requests", key="two")).json()["items"]
    assert asked[0]["items"][0]["mark"] == "50"
    for key in ("one", "three", "boss", "hr"):
        assert (await opened.get("/v1/rating-requests", key=key)).json()["total"] == 0
    assert (await opened.get("/v1/rating-requests", key="viewer")).status_code == 403
    for code in ("e-1", "e-2", "e-3"):
        await fill(opened, code)
    await move(opened, "jan", "closed", "review")
    assert (await opened.get("/v1/rating-requests", key="two")).json()["total"] == 1
    await move(opened, "jan", "approved")
    assert (await opened.get("/v1/rating-requests", key="two")).json()["total"] == 0
