"""Rewards and penalties in points over REST: bounded, withdrawn, on the card; never edited."""

import pytest

from tests.api.appraisals import ask, digest, move
from tests.api.companies import Company, Json
from tests.api.rating import card_of, fill, path_of, rated

BOUNDS: Json = {"minimum": "-95", "maximum": "5"}


@pytest.fixture
async def opened(company: Company) -> Company:
    """The card of `e-1` has a total of 89.60 before anybody rewards or penalises."""
    await rated(company, bounds=BOUNDS)
    await fill(company)
    return company


async def state(company: Company, points: str, reason: str, *, key: str = "boss") -> Json:
    path = await path_of(company, "adjustments")
    return await ask(company, "POST", path, {"points": points, "reason": reason}, key=key)


async def test_points_reach_the_total_and_are_withdrawn(opened: Company) -> None:
    reward = await state(opened, "5.00", "trained the new ones")
    assert reward["id"].startswith("adj_")
    assert (reward["points"], reward["withdraws"]) == ("5", None)
    await state(opened, "-2.5", "late reports", key="hr")
    card = await card_of(opened)
    assert (card["total"], card["grade"]) == ("92.10", "A")
    assert [(each["points"], each["reason"]) for each in card["adjustments"]] == [
        ("5", "trained the new ones"),
        ("-2.5", "late reports"),
    ]
    path = await path_of(opened, "adjustments")
    back = await ask(opened, "POST", path, {"withdraws": reward["id"], "reason": "by mistake"})
    assert (back["points"], back["withdraws"]) == ("-5", reward["id"])
    card = await card_of(opened)
    assert (card["total"], card["grade"]) == ("87.10", "B")
    assert [each["points"] for each in card["adjustments"]] == ["-2.5"]
    listed = (await opened.get(path, key="one")).json()
    assert [each["points"] for each in listed["items"]] == ["5", "-2.5", "-5"]
    shown = reward | {"author_name": None}  # the office's name is not for whom it rewards
    assert (listed["items"][0], listed["total"], listed["next_cursor"]) == (shown, 3, None)
    told = (await opened.get(f"/v1/scorecards/{card['id']}/explanation")).json()
    assert told["adjustments"]["sum"] == "-2.5"
    assert told["adjustments"]["bounds"] == BOUNDS


async def test_a_total_is_never_below_0_and_points_count_after_the_close(opened: Company) -> None:
    for code in ("e-2", "e-3"):
        await fill(opened, code)
    await move(opened, "jan", "closed", "review")
    await state(opened, "-95", "gross misconduct")
    card = await card_of(opened)
    assert (card["total"], card["grade"], card["rank"]) == ("0.00", "C", 3)
    await move(opened, "jan", "approved")
    before = await digest(opened)
    body = {"points": "1", "reason": "too late"}
    refused = await opened.post(await path_of(opened, "adjustments"), body)
    assert (refused.status_code, refused.json()["code"]) == (409, "cycle_not_open")
    assert await digest(opened) == before


async def test_bounds_and_senseless_points_change_nothing(opened: Company) -> None:
    path = await path_of(opened, "adjustments")
    first = await state(opened, "5", "at the bound")
    other = await state(opened, "-1", "below it")
    await ask(opened, "POST", path, {"withdraws": other["id"], "reason": "no"})
    before = await digest(opened)
    for body, status, code in (
        ({"points": "0.01", "reason": "x"}, 409, "adjustments_out_of_bounds"),
        ({"points": "-100.01", "reason": "x"}, 409, "adjustments_out_of_bounds"),
        ({"points": "0", "reason": "x"}, 409, "points_zero"),
        ({"points": "0.001", "reason": "x"}, 422, "invalid"),
        ({"points": "1"}, 422, "invalid"),
        ({"points": "1", "reason": ""}, 422, "invalid"),
        ({"reason": "x"}, 422, "invalid"),
        ({"points": "1", "withdraws": first["id"], "reason": "x"}, 422, "invalid"),
        ({"withdraws": other["id"], "reason": "x"}, 409, "already_withdrawn"),
        ({"withdraws": "adj_0", "reason": "x"}, 409, "unknown_adjustment"),
    ):
        refused = await opened.post(path, body)
        assert (refused.status_code, refused.json()["code"]) == (status, code), body
    assert await digest(opened) == before


async def test_others_above_reward_and_penalise_and_nobody_oneself(opened: Company) -> None:
    path = await path_of(opened, "adjustments")
    await opened.make_key("own-hr", "hr", "e-1")
    await opened.make_key("stranger", "lead", "e-2")
    before = await digest(opened)
    body = {"points": "1", "reason": "me"}
    for key, status in (
        ("own-hr", 403), ("one", 403), ("two", 403), ("stranger", 404), ("viewer", 403),
        ("payroll", 403),
    ):  # fmt: skip
        assert (await opened.post(path, body, key=key)).status_code == status, key
    for key, status in (("two", 404), ("stranger", 404), ("payroll", 403), ("viewer", 200)):
        assert (await opened.get(path, key=key)).status_code == status, key
    assert await digest(opened) == before


async def test_a_scheme_without_bounds_knows_no_points(company: Company) -> None:
    await rated(company)
    body = {"points": "1", "reason": "x"}
    refused = await company.post(await path_of(company, "adjustments"), body)
    assert (refused.status_code, refused.json()["code"]) == (409, "adjustments_not_allowed")


async def test_what_is_stated_is_in_the_audit(opened: Company) -> None:
    one = await state(opened, "1.20", "helped out")
    entry = (await opened.get("/v1/audit?limit=500")).json()["items"][-1]
    assert (entry["action"], entry["detail"]) == (
        "scorecard.adjust",
        {"id": one["id"], "points": "1.2", "reason": "helped out", "withdraws": None},
    )
