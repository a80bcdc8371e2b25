"""Disputes over REST: what would come of them, and that what is upheld becomes a correction."""

import asyncio

import pytest
from sqlalchemy import text

from services.verify.programs import check
from tests.api.appraisals import ask, cards, digest, move
from tests.api.companies import Company, Json
from tests.api.rating import card_of, fill, path_of, rate, rated
from tests.api.rest.test_reviews import reviewed

LINE: Json = {"line": "orders", "value": "4", "reason": "three orders are missing"}


async def disputes_of(company: Company, code: str = "e-1") -> str:
    return f"/v1/scorecards/{(await cards(company))[f'employee:{code}']['id']}/disputes"


def amounts(upheld: Json) -> list[tuple[str, str]]:
    return [(each["plan"], each["amount"]) for each in upheld["payouts"]]


async def owed(company: Company, employee: str) -> dict[str, float]:
    """What payroll has heard of somebody, by plan."""
    sums: dict[str, float] = {}
    for each in (await company.get("/v1/payroll/entries?after=0&limit=500")).json()["items"]:
        if each["employee"] == employee:
            sums[each["plan"]] = round(sums.get(each["plan"], 0) + float(each["amount"]), 2)
    return sums


async def test_an_upheld_line_is_corrected_before_publication_and_stays_so(
    company: Company,
) -> None:
    """One order of four is on the card; HR finds three of them, and later one more sale."""
    await reviewed(company)
    path = await disputes_of(company)
    before = (await card_of(company))["total"], (await card_of(company, "e-2"))["total"]
    assert before == ("70.00", "40.00")
    filed = await ask(company, "POST", path, LINE, key="one")
    upheld = filed["if_upheld"]
    assert (upheld["total"], upheld["grade"], upheld["coefficient"]) == ("100.00", "A", "1.2")
    assert amounts(upheld) == [("commission", "1.20"), ("grade_bonus", "600.00")]
    assert (await card_of(company))["total"] == "70.00", "nothing of it is written"
    one = f"/v1/disputes/{filed['dispute']['id']}"
    assert (await company.get(one, key="hr")).json() == filed
    waits = await company.post("/v1/cycles/jan/moves", {"to": "approved"})
    assert (waits.status_code, waits.json()["code"]) == (409, "dispute_open")
    decided = {"uphold": True, "reason": "three were found", "value": "3"}
    unchanged = await digest(company)
    for path_at, body, key, status, code in (
        (path, LINE, "one", 409, "already_contested"),
        (path, LINE, "boss", 403, "not_your_card"),
        (path, LINE, "hr", 403, "not_your_card"),
        (path, LINE, "two", 404, "not_found"),
        (path, LINE, "viewer", 403, "forbidden"),
        (path, {**LINE, "line": "visits"}, "one", 409, "line_unknown"),
        (path, {"fact": "orders/erp", "reason": "x"}, "one", 409, "fact_unreadable"),
        (path, {"fact": "orders/erp/SO-9", "reason": "x"}, "one", 409, "fact_unknown"),
        (path, {"reason": "x"}, "one", 422, "invalid"),
        (f"{one}/decision", decided, "one", 403, "forbidden"),
        (f"{one}/decision", decided, "boss", 403, "forbidden"),
        (f"{one}/decision", {**decided, "value": None}, "hr", 409, "value_expected"),
        (f"{one}/decision", {**decided, "uphold": False}, "hr", 409, "value_unexpected"),
    ):
        refused = await company.post(path_at, body, key=key)
        assert (refused.status_code, refused.json()["code"]) == (status, code), (path_at, key)
    assert await digest(company) == unchanged
    await company.make_key("hr in person", "hr", "e-1")
    own = await company.post(f"{one}/decision", decided, key="hr in person")
    assert (own.status_code, own.json()["code"]) == (403, "own_dispute")
    answers = await asyncio.gather(
        company.post(f"{one}/decision", decided, key="hr"),
        company.post(f"{one}/decision", decided, key="hr-2"),
    )
    assert sorted(each.status_code for each in answers) == [200, 409]
    card = await card_of(company)
    assert (card["total"], card["grade"], card["rank"]) == ("90.00", "A", 1)
    assert card["lines"][1]["value"] == "3"
    receipt = (await company.get(path.replace("disputes", "receipt"))).json()["receipt"]
    source = receipt["explanation"]["segments"][0]["lines"][1]["source"]
    assert (source["formula"], source["links"]) == (None, [one])
    assert check(receipt)[1] == [], "the receipt verifies"
    await move(company, "jan", "approved", "published")
    assert await owed(company, "e-1") == {"commission": 1.2, "grade_bonus": 600.0}
    # A fact that never came: what its lines should be holds, and pay on it follows.
    fact: Json = {
        "fact": "orders/erp/SO-9",
        "values": [{"item": "sales", "value": "200"}],
        "reason": "it was mine",
    }
    filed = await ask(company, "POST", path, fact, key="one")
    assert (filed["if_upheld"]["total"], amounts(filed["if_upheld"])) == (
        "102.00", [("commission", "2.40"), ("grade_bonus", "600.00")],
    )  # fmt: skip
    one = f"/v1/disputes/{filed['dispute']['id']}"
    paid = await owed(company, "e-2")
    await ask(company, "POST", f"{one}/decision", {"uphold": True, "reason": "yes"}, key="hr")
    cycle = (await company.get("/v1/cycles/jan")).json()
    assert (cycle["status"], cycle["revision"]) == ("published", 1)
    assert await owed(company, "e-1") == {"commission": 2.4, "grade_bonus": 600.0}
    assert await owed(company, "e-2") == paid


async def test_an_upheld_rating_is_withdrawn(company: Company) -> None:
    await rated(company, bounds=None)
    await company.make_key("hr-2", "hr")
    await fill(company)
    await ask(
        company, "POST", await path_of(company, "raters"), {"role": "peer", "employee": "e-2"}
    )
    await rate(company, "peers", "peer", key="two", mark="50")
    await rate(company, "initiative", "hr", key="hr", level=5)
    ratings = (await company.get(await path_of(company, "ratings"))).json()["items"]
    by_role = {(each["item"], each["role"]): each["id"] for each in ratings}
    for code in ("e-2", "e-3"):
        await fill(company, code)
    await move(company, "jan", "closed", "review")
    path = await disputes_of(company)
    before = (await card_of(company))["total"]
    unnamed = {"rating": by_role["peers", "peer"], "reason": "who was that?"}
    refused = await company.post(path, unnamed, key="one")
    assert (refused.status_code, refused.json()["code"]) == (409, "rating_unknown")
    refused = await company.post(path, {"line": "team", "reason": "x"}, key="one")
    assert (refused.status_code, refused.json()["code"]) == (409, "line_is_rated")
    body = {"rating": by_role["team", "manager"], "reason": "of another's project"}
    filed = await ask(company, "POST", path, body, key="one")
    # The item waits for a manager then: there is no total.
    assert filed["if_upheld"] == {
        "total": None, "grade": None, "coefficient": None, "payouts": [],
    }  # fmt: skip
    own = await ask(
        company, "POST", path, {"rating": by_role["initiative", "hr"], "reason": "no"}, key="one"
    )
    decide = {"uphold": True, "reason": "it was"}
    refused = await company.post(f"/v1/disputes/{own['dispute']['id']}/decision", decide, key="hr")
    assert (refused.status_code, refused.json()["code"]) == (403, "own_rating")
    other = f"/v1/disputes/{own['dispute']['id']}/decision"
    await ask(company, "POST", other, {"uphold": False, "reason": "as seen"}, key="hr-2")
    assert (await card_of(company))["total"] == before
    await ask(company, "POST", f"/v1/disputes/{filed['dispute']['id']}/decision", decide, key="hr")
    decided = (await company.get("/v1/audit?limit=500")).json()["items"][-1]
    assert decided["action"].startswith("dispute."), decided
    card = await card_of(company)
    assert (card["total"], card["status"]) == (None, "incomplete")
    told = (await company.get(await path_of(company, "ratings"), key="one")).json()["items"]
    assert [each["holds"] for each in told if each["id"] == body["rating"]] == [False]
    await rate(company, "team", "manager", key="boss", mark="90")
    assert (await card_of(company))["total"] == before
    listed = (await company.get(path, key="boss")).json()["items"]
    assert [each["decision"]["uphold"] for each in listed] == [True, False]
    query = (
        f'{{ scorecard(id: "{listed[0]["scorecard"]}")'
        " { disputes { id about named reason decision { uphold reason } } } }"
    )
    shown = (await company.post("/graphql", {"query": query}, key="one")).json()
    assert shown["data"]["scorecard"]["disputes"] == [
        {
            "id": each["id"],
            "about": "RATING",
            "named": each["named"],
            "reason": each["reason"],
            "decision": {
                "uphold": each["decision"]["uphold"],
                "reason": each["decision"]["reason"],
            },
        }
        for each in listed
    ]


@pytest.mark.parametrize(
    ("stated", "days", "status"),
    [
        ({}, 7, 201),
        ({}, 8, 409),
        ({"appeal_days": 30}, 30, 201),
        ({"appeal_days": 0}, 1, 409),
    ],
)
async def test_a_result_is_contested_within_seven_days_or_as_many_as_its_scheme_says(
    company: Company, stated: Json, days: int, status: int
) -> None:
    await reviewed(company, **stated)
    await move(company, "jan", "approved")
    path = await disputes_of(company)
    between = await company.post(path, LINE, key="one")
    assert (between.status_code, between.json()["code"]) == (409, "not_contestable")
    await move(company, "jan", "published")
    async with company.owner.write(company.number) as session:
        await session.execute(text("ALTER TABLE results DISABLE TRIGGER append_only"))
        aged = "UPDATE results SET published_at = published_at - make_interval(days => :days)"
        await session.execute(text(aged), {"days": days})
        await session.execute(text("ALTER TABLE results ENABLE TRIGGER append_only"))
    answer = await company.post(path, LINE, key="one")
    assert answer.status_code == status, answer.text
    assert status == 201 or answer.json()["code"] == "appeal_over"
