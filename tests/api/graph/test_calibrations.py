"""A cycle's distribution in the graph: what REST reads, field by field, for who may read it."""

import re

from tests.api.appraisals import move
from tests.api.calibrating import TEN, distribution, ids, moves_of, reviewed
from tests.api.companies import Company, Json
from tests.api.graph.asking import ask as data

QUERY = """{ cycle(code: "jan") { distribution {
  cycle revision status round by minimumPopulation section
  populations { code units people forced reason meets
    grades { grade share quota before after } ties { grade places scorecards }
    proposals { scorecard subject from to }
    bands { people within bands { from share quota people }
      proposals { scorecard subject from to } } }
  people(first: 4) { totalCount pageInfo { endCursor } nodes {
    scorecard subject population place total score tieBreakers { indicator value }
    band limit before after origin } }
  moves { number scorecard from to reason author authorName movedAt }
} } }"""
_WORDS = {"status", "by", "reason", "origin"}


def as_rest(shown: Json, name: str = "") -> Json:
    """Members by the names of REST, and words as it writes them."""
    if isinstance(shown, dict):
        return {
            (own := re.sub("([A-Z])", r"_\1", key).lower()): as_rest(value, own)
            for key, value in shown.items()
        }
    if isinstance(shown, list):
        return [as_rest(each) for each in shown]
    return shown.lower() if name in _WORDS and isinstance(shown, str) else shown


async def shown_by_graph(company: Company) -> Json:
    """The distribution with everyone in it, read in pages of four."""
    shown = (await data(company, QUERY))["cycle"]["distribution"]
    page = shown["people"]
    shown["people"] = list(page["nodes"])
    while len(shown["people"]) < page["totalCount"]:
        after = f'people(first: 4, after: "{page["pageInfo"]["endCursor"]}")'
        again = await data(company, QUERY.replace("people(first: 4)", after))
        page = again["cycle"]["distribution"]["people"]
        shown["people"] += page["nodes"]
    return as_rest(shown)


async def test_the_graph_shows_what_rest_shows(company: Company) -> None:
    await reviewed(company, {**TEN, "e-1": "95", "e-2": "95"})
    assert await shown_by_graph(company) == await distribution(company)
    await move(company, "jan", "calibration")
    body = moves_of(await ids(company), ("e-2", "B"))
    made = await company.post("/v1/cycles/jan/calibration", body)
    assert made.status_code == 200, made.text
    shown = await shown_by_graph(company)
    assert len(shown["populations"][0]["ties"]) == 1
    # A reason is a text of its own, whatever it is called.
    shown["moves"][0]["reason"] = made.json()["moves"][0]["reason"]
    assert shown == made.json()
    await company.make_key("lead", "lead", "boss")
    await company.make_key("viewer", "viewer")
    assert (await data(company, QUERY, key="lead"))["cycle"] == {"distribution": None}
    assert (await data(company, QUERY, key="viewer"))["cycle"]["distribution"] is not None
