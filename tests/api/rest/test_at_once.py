"""P04: of two who decide the same at once one wins, and the other hears that it is done."""

import asyncio
from datetime import date

from tests.api.appraisals import checker
from tests.api.companies import Company, Json
from tests.api.disputing import card_id, contested, feed, file
from tests.api.facts import Sale
from tests.api.late_facts import sell_late
from tests.figures import Figures, Wrong

MOVES = "/v1/cycles/jan/moves"
ACCEPT, REJECT = ({"decision": each, "reason": "seen"} for each in ("accepted", "rejected"))


async def both(company: Company, path: str, *asks: tuple[str, Json]) -> list[int]:
    """What two are answered, the better answer first."""
    answers = await asyncio.gather(*(company.post(path, body, key=key) for key, body in asks))
    return sorted(each.status_code for each in answers)


def sold(day: int) -> Sale:
    return Sale(paid_on=date(2026, 1, day), salesperson="e-1", amount="40", id=f"late-{day}")


async def test_scenario_p04_of_two_who_decide_the_same_at_once_one_wins(
    company: Company, figure: Figures
) -> None:
    """Disputes, late facts, and moves of the cycle; what is published is corrected once."""
    await contested(company)
    await checker(company)
    told: dict[str, tuple[list[int], list[int]]] = {}

    filed = await file(company, {"line": "sales", "value": "200"})
    path = f"/v1/disputes/{filed['dispute']['id']}/decision"
    uphold = {"uphold": True, "reason": "yes", "value": "200"}
    reject = {"uphold": False, "reason": "no"}
    told["uphold, reject"] = await both(company, path, ("hr", uphold), ("hr-2", reject)), [200, 409]

    await sell_late(company, sold(28))
    late = f"/v1/late-facts/{await card_id(company)}/decision"
    told["accept, reject"] = await both(company, late, ("hr", ACCEPT), ("hr-2", REJECT)), [201, 404]

    approve = {"to": "approved"}
    told["approve"] = await both(company, MOVES, ("hr", approve), ("hr-2", approve)), [200, 409]
    publish = {"to": "published"}
    told["publish"] = (
        await both(company, MOVES, ("admin", publish), ("checker", publish)),
        [200, 409],
    )
    first = await feed(company)
    assert [each["seq"] for each in first] == [1, 2, 3, 4]

    await sell_late(company, sold(29))
    told["propose by one"] = await both(company, late, ("hr", ACCEPT), ("hr", ACCEPT)), [202, 409]
    told["accept"] = await both(company, late, ("hr-2", ACCEPT), ("admin", ACCEPT)), [201, 404]
    corrections = (await feed(company))[4:]
    assert [each["plan"] for each in corrections] == ["commission", "grade_bonus"]

    await sell_late(company, sold(30))
    told["propose by two"] = (
        await both(company, late, ("hr", ACCEPT), ("hr-2", ACCEPT)),
        [201, 202],
    )
    assert len(await feed(company)) == 8
    again = {"to": "open", "reason": "again"}
    told["open again"] = await both(company, MOVES, ("hr", again), ("hr-2", again)), [200, 409]
    cycle = (await company.get("/v1/cycles/jan")).json()
    assert (cycle["status"], cycle["revision"]) == ("open", 2)
    wrong = [f"{what}: {got}" for what, (got, expected) in told.items() if got != expected]
    of = "decisions of two at once: of disputes, of late facts, of a cycle's moves"
    figure("P04", Wrong.MOVES, wrong, tried=2 * len(told), of=of)
