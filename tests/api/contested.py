"""What people of the world say of scores: disputes of own cards, marks of hidden raters."""

from collections.abc import Sequence

from tests.api.appraisals import NAME, SCHEME, ask, move, open_cycle, publish_scheme, scheme
from tests.api.companies import Company, Json

RATERS = ("e-other", "e-rival", "e-third")
"""Peers who rate `e-own`, whom they neither lead nor work with: enough of them to count."""
RATED = "e-own"
_PEERS: Json = {
    "code": "peers",
    "weight": "100",
    "indicator": None,
    "target": None,
    "missing": "redistribute",
    "rule": {
        "kind": "rating",
        "raters": [{"role": "peer", "weight": "100"}],
        "marks": {"from": "0", "to": "100", "step": "25"},
    },
}
_ORDERS: Json = {**SCHEME["sections"][0]["items"][1], "weight": "100"}
_SECTIONS: list[Json] = [
    {"code": "sales", "name": NAME, "weight": "60", "items": [_ORDERS]},
    {"code": "people", "name": NAME, "weight": "40", "items": [_PEERS]},
]


async def contest_and_rate(
    company: Company, things: dict[tuple[str, str], str], prefix: str, people: Sequence[str]
) -> None:
    """Everybody contests a line of the own published card, and `e-own` has a card that peers rate.

    Each asks with a key of their own.
    """
    for code in people:
        card = things["scorecard published", code]
        stated = {"line": "sales", "reason": "the matrix"}
        made = await ask(company, "POST", f"/v1/scorecards/{card}/disputes", stated, key=code)
        things["dispute", code] = made["dispute"]["id"]
    await _rate(company, things, prefix)


async def _rate(company: Company, things: dict[tuple[str, str], str], prefix: str) -> None:
    code, rated = f"{prefix}rated", f"{prefix}{RATED}"
    own = code.replace("-", "_")
    await publish_scheme(company, own, scheme(sections=_SECTIONS, pay=[]))
    await open_cycle(company, code, scheme=own, population={"employees": [rated]})
    (card,) = (await company.get(f"/v1/scorecards?cycle={code}")).json()["items"]
    path = f"/v1/scorecards/{card['id']}"
    mark = {"item": "peers", "role": "peer", "mark": "75", "comment": "the matrix"}
    for rater in (f"{prefix}{each}" for each in RATERS):
        await ask(company, "POST", f"{path}/raters", {"role": "peer", "employee": rater})
        made = await ask(company, "POST", f"{path}/ratings", mark, key=rater)
        things["rating", prefix] = made["id"]
    await move(company, code, "closed", "review", "approved", "published")
    (result,) = (await company.get(f"/v1/results?cycle={code}")).json()["items"]
    things["scorecard rated", rated] = card["id"]
    things["result rated", rated] = result["id"]
