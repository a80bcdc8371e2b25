"""What people stated for a card in the graph: as REST tells it, to whom REST tells it."""

import pytest

from tests.api.appraisals import ask
from tests.api.companies import Company, Json
from tests.api.graph.asking import agrees, as_graph, post, whole
from tests.api.rating import fill, path_of, rate, rated

FIELDS = {
    "ratings": (
        "id item role rater mark level behaviours comment author authorName statedAt holds withheld"
    ),
    "adjustmentHistory": "id points reason author authorName statedAt withdraws",
}
PLACES = {"ratings": "ratings", "adjustmentHistory": "adjustments"}


@pytest.fixture
async def opened(company: Company) -> Company:
    await rated(company, bounds={"minimum": "-5", "maximum": "5"})
    await fill(company)
    await rate(company, "initiative", "manager", key="boss", behaviours=[1, 2])
    raters = await path_of(company, "raters")
    await ask(company, "POST", raters, {"role": "peer", "employee": "e-2"})
    await rate(company, "peers", "peer", key="two", mark="50", comment="hm")
    path = await path_of(company, "adjustments")
    one = await ask(company, "POST", path, {"points": "2.50", "reason": "helped"})
    await ask(company, "POST", path, {"withdraws": one["id"], "reason": "no"})
    return company


async def asked(company: Company, field: str, *, key: str) -> Json:
    path = await path_of(company, "ratings")
    query = f'{{ scorecard(id: "{path.split("/")[3]}") {{ {field} {{ {FIELDS[field]} }} }} }}'
    answer = (await company.post("/graphql", {"query": query}, key=key)).json()
    return answer["data"]["scorecard"] and answer["data"]["scorecard"][field]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("key", ["admin", "hr", "boss", "one", "viewer"])
async def test_the_graph_says_what_rest_says(opened: Company, field: str, key: str) -> None:
    told = (await opened.get(await path_of(opened, PLACES[field]), key=key)).json()["items"]
    for each in told:
        each["statedAt"] = each.pop("stated_at")
        each["authorName"] = each.pop("author_name")
        if "role" in each:
            each["role"] = each["role"].upper()
    assert told
    assert await asked(opened, field, key=key) == told
    if field == "ratings":
        peer = next(each for each in told if each["role"] == "PEER")
        assert (peer["rater"] == "e-2") is (key in {"admin", "hr"})
        assert peer["withheld"] is (key not in {"admin", "hr"})


async def test_who_is_asked_reads_in_the_graph_what_rest_tells_them(opened: Company) -> None:
    parts = whole("RatingRequest")
    for key, least in (("two", 1), ("one", 0), ("hr", 0)):
        told = (await opened.get("/v1/rating-requests", key=key)).json()["items"]
        assert len(told) == least
        answer = await post(opened, f"{{ viewer {{ ratingRequests {parts} }} }}", key=key)
        shown = answer.json()["data"]["viewer"]["ratingRequests"]
        assert len(shown) == len(told)
        agrees(as_graph(told), shown, "RatingRequest")
    body = await post(opened, "{ viewer { role ratingRequests { cycle } } }", key="viewer")
    assert body.json()["data"]["viewer"]["ratingRequests"] is None
    assert body.json()["errors"][0]["extensions"]["code"] == "forbidden"


async def test_whoever_does_not_see_the_card_sees_none_of_it(opened: Company) -> None:
    assert await asked(opened, "ratings", key="two") is None
