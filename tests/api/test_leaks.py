"""What lists, filters, sorts, counts and exports might give away; who might raise themselves."""

from itertools import product

import pytest

from tests.api.companies import Json
from tests.api.graph.asking import post
from tests.api.matrix import ABSENT
from tests.api.worlds import World

in_the_world = pytest.mark.asyncio(loop_scope="session")
FILTERS = {
    "/v1/scorecards": ("cycle=open", "unit=back", "employee=e-other", "position=nobody"),
    "/v1/results": ("cycle=published", "unit=back", "employee=e-other"),
    "/v1/targets": ("subject=employee:e-other", "subject=unit:back", "subject=shop:s-b"),
    "/v1/payroll/export": ("cycle=published",),
    "/v1/indicators/net_sales/values": ("period=2026-01&subject=employee:e-other",),
}


def foreign(pair: str) -> tuple[str, str]:
    """The same about something of the other company, and about nothing there is."""
    name, _, value = pair.rpartition("=")
    kind, colon, code = value.rpartition(":")
    return f"{name}={kind}{colon}x-{code}", f"{name}={kind}{colon}{ABSENT}"


@in_the_world
async def test_scenario_a02_what_is_foreign_is_filtered_as_what_is_nowhere(world: World) -> None:
    asked = 0
    for path, pairs in FILTERS.items():
        for pair, role in product(pairs, ("admin", "hr", "lead", "employee", "payroll", "viewer")):
            there, nowhere = foreign(pair)
            told = await world.ours.get(f"{path}?{there}", key=role)
            other = await world.ours.get(f"{path}?{nowhere}", key=role)
            assert told.status_code == other.status_code, (path, pair, role)
            assert told.text.replace("x-", "") == other.text.replace("x-", ""), (path, pair, role)
            asked += 1
    assert asked == 72


@in_the_world
@pytest.mark.parametrize("role", ["lead", "employee"])
async def test_scenario_a06_filters_and_sorts_tell_nothing_of_the_hidden(
    world: World, role: str
) -> None:
    """A list of what is hidden is empty however it is chosen, and no order ranks it."""
    whole = (await world.ours.get("/v1/scorecards?limit=500")).json()["items"]
    shown = (await world.ours.get("/v1/scorecards?limit=500", key=role)).json()["items"]
    visible = {card["id"] for card in shown}
    hidden = [card for card in whole if card["id"] not in visible]
    assert hidden
    assert shown
    for name in ("unit=back", "grade=A", "grade=C", "status=published", "cycle=back"):
        for sort in ("total", "-total", "subject", "-subject"):
            path = f"/v1/scorecards?{name}&sort={sort}&limit=500"
            page = (await world.ours.get(path, key=role)).json()
            assert {card["id"] for card in page["items"]} <= visible
            assert page["total"] == len(page["items"])
    for sort in ("coefficient", "payouts", "-employee", "total,grade"):
        answer = await world.ours.get(f"/v1/scorecards?sort={sort}", key=role)
        assert answer.status_code == 422


@in_the_world
async def test_scenario_a06_payroll_sees_no_drafts_and_viewers_no_pay(world: World) -> None:
    for path in ("/v1/scorecards", "/v1/cycles", "/v1/employees", "/v1/targets", "/v1/schemes"):
        assert (await world.ours.get(path, key="payroll")).status_code == 403
    query = "{ results(first: 2) { nodes { total lines { value } employee { name } } } }"
    body = (await post(world.ours, query, key="payroll")).json()
    nodes = body["data"]["results"]["nodes"]
    assert [(node["lines"], node["employee"]) for node in nodes] == [(None, None)] * 2
    assert {error["extensions"]["code"] for error in body["errors"]} == {"forbidden"}
    results = (await world.ours.get("/v1/results?limit=500", key="viewer")).json()["items"]
    assert results
    for result in results:
        alone = (await world.ours.get(f"/v1/results/{result['id']}", key="viewer")).json()
        assert result == alone
        assert result["payouts"] is None
    for path in ("/v1/payroll/entries", "/v1/payroll/export?cycle=published"):
        assert (await world.ours.get(path, key="viewer")).status_code == 403


RAISES: tuple[tuple[str, str, str, Json], ...] = (
    ("hr", "POST", "/v1/keys", {"role": "payroll"}),
    ("hr", "POST", "/v1/keys", {"role": "admin"}),
    ("lead", "PUT", "/v1/units/front", {"name": "front", "lead": "e-own"}),
    ("lead", "PUT", "/v1/units/back", {"name": "back", "lead": "e-lead"}),
    ("lead", "PUT", "/v1/employees/e-other", {"name": "e", "manager": "e-lead"}),
    ("employee", "PUT", "/v1/employees/e-own", {"name": "e", "manager": None}),
    ("employee", "PUT", "/v1/targets", "e-own"),
    ("lead", "PUT", "/v1/targets", "e-lead"),
    ("viewer", "PUT", "/v1/targets", "e-view"),
    ("payroll", "POST", "/v1/cycles/open/moves", {"to": "closed"}),
    ("lead", "POST", "/v1/cycles/open/moves", {"to": "closed"}),
    ("employee", "PUT", "/v1/schemes/mine", {}),
)


@in_the_world
@pytest.mark.parametrize(("role", "method", "path", "body"), RAISES)
async def test_scenario_a08_nobody_raises_themselves(
    world: World, role: str, method: str, path: str, body: Json
) -> None:
    if isinstance(body, str):
        body = [
            {
                "subject": f"employee:{body}",
                "indicator": "net_sales",
                "period": "2026-01",
                "level": "budget",
                "value": "1",
            }
        ]
    before = await world.digest()
    assert (await world.ours.ask(method, path, body, key=role)).status_code == 403
    assert await world.digest() == before
