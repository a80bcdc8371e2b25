"""A month of agents whose totals tests state, under a scheme that forces their grades."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.api.appraisals import NAME, ask, move, open_cycle, person, publish_scheme
from tests.api.companies import Company, Json

SHARES = [
    {"grade": "A", "share": "20"},
    {"grade": "B", "share": "70"},
    {"grade": "C", "share": "10"},
]
GRADES = [
    {"grade": "A", "from": "90", "coefficient": "1.2"},
    {"grade": "B", "from": "60", "coefficient": "1"},
    {"grade": "C", "from": "0", "coefficient": "0.5"},
]
TEN = {f"e-{n}": str(total) for n, total in enumerate((99, 97, 95, 88, 85, 82, 80, 75, 70, 65))}
"""By their bands 3 are A and 7 are B; 2/7/1 makes the third a B and the last a C."""


def forced(**changed: Any) -> Json:
    """A scheme whose total is the value of one indicator, posted for each person."""
    return {
        "name": NAME,
        "cycle": "month",
        "sections": [
            {
                "code": "work",
                "name": NAME,
                "weight": "100",
                "items": [
                    {
                        "code": "work",
                        "indicator": "collaboration_score",
                        "weight": "100",
                        "rule": {"kind": "curve", "points": [["0", "0"], ["100", "100"]]},
                        "target": {"kind": "fixed", "value": "100"},
                    }
                ],
            }
        ],
        "grades": GRADES,
        "distribution": {"shares": SHARES, "minimum_population": 3},
        "pay": [{"plan": "grade_bonus", "base": "1000"}],
        **changed,
    }


async def hire(company: Company, units: Mapping[str, str], people: Mapping[str, str]) -> None:
    """Units with their parents, and people with the unit of each; one boss over all."""
    for code, parent in units.items():
        body = {"name": code, "parent": parent or None, "lead": "boss" if not parent else None}
        await ask(company, "PUT", f"/v1/units/{code}", body)
    rows = [{"code": who, **person(unit=unit, shops=())} for who, unit in people.items()]
    rows.append({"code": "boss", **person("boss", next(iter(units)), shops=())})
    answer = await ask(company, "POST", "/v1/employees/batch", rows)
    assert answer["created"] == len(rows), answer


async def post(company: Company, indicator: str, values: Mapping[str, str]) -> None:
    rows = [
        {
            "indicator": indicator,
            "subject": f"employee:{who}",
            "period": "2026-01",
            "value": value,
            "source": "hr",
            "note": None,
        }
        for who, value in values.items()
    ]
    answer = await ask(company, "POST", "/v1/indicators/values", rows)
    assert answer["invalid"] == 0, answer


async def reviewed(
    company: Company,
    totals: Mapping[str, str],
    *,
    scheme: Json = None,
    units: Mapping[str, str] | None = None,
    of: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
) -> None:
    """The cycle `jan` in review, its people with these totals."""
    tree = units or {"front": ""}
    first = next(iter(tree))
    await hire(company, tree, {who: (of or {}).get(who, first) for who in totals})
    await post(company, "collaboration_score", totals)
    if faults:
        await post(company, "discipline_faults", faults)
    await publish_scheme(company, "forced", scheme or forced())
    await open_cycle(company, scheme="forced")
    await move(company, "jan", "closed", "review")


async def distribution(company: Company, *, key: str = "admin") -> Json:
    answer = await company.get("/v1/cycles/jan/distribution", key=key)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ids(company: Company) -> dict[str, str]:
    """The ids of the cycle's cards by employee."""
    page = (await company.get("/v1/scorecards?cycle=jan&limit=500")).json()
    return {card["subject"].removeprefix("employee:"): card["id"] for card in page["items"]}


async def grades(company: Company) -> dict[str, str]:
    """What the cards show."""
    page = (await company.get("/v1/scorecards?cycle=jan&limit=500")).json()
    return {card["subject"].removeprefix("employee:"): card["grade"] for card in page["items"]}


def moves_of(cards: Mapping[str, str], *wanted: tuple[str, str]) -> Json:
    """A body that moves people to grades."""
    return {
        "moves": [
            {"scorecard": cards[who], "grade": grade, "reason": f"{who} deserves {grade}"}
            for who, grade in wanted
        ]
    }


def counts(population: Json) -> Sequence[tuple[str, int | None, int, int]]:
    return [(g["grade"], g["quota"], g["before"], g["after"]) for g in population["grades"]]
