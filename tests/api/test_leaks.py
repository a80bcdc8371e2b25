"""What lists, filters, sorts, counts and exports might give away; who might raise themselves."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import fields

import pytest

from services.door.access import matrix
from tests.api.companies import Json
from tests.api.contested import RATED, RATERS
from tests.api.graph import cells
from tests.api.graph.asking import post
from tests.api.matrix import Call, calls_of, kind_of, send
from tests.api.worlds import World
from tests.figures import Figures, Wrong

in_the_world = pytest.mark.asyncio(loop_scope="session")


@in_the_world
@pytest.mark.parametrize("role", ["lead", "employee"])
async def test_scenario_a06_filters_and_sorts_tell_nothing_of_the_hidden(
    world: World, role: str, figure: Figures
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
    of = "filters and sorts by what is hidden, and drafts and pay asked for"
    figure("A06", Wrong.LEAKS, 0, tried=5 * 4 + 4, of=of)


@in_the_world
async def test_scenario_a06_payroll_sees_no_drafts_and_viewers_no_pay(
    world: World, figure: Figures
) -> None:
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
    of = "filters and sorts by what is hidden, and drafts and pay asked for"
    figure("A06", Wrong.LEAKS, 0, tried=5 + 1 + len(results) + 2, of=of)


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
    world: World, role: str, method: str, path: str, body: Json, figure: Figures
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
    refused = (await world.ours.ask(method, path, body, key=role)).status_code == 403
    of = "ways to raise oneself"
    figure("A08", Wrong.ACCEPTED, int(not refused), tried=1, of=of)
    assert await world.digest() == before


class _OfTheRated(World):
    """The world as it is about the one whom peers rated, in a cycle that is published."""

    def people(self, role: str) -> dict[str, str]:  # noqa: ARG002  the same to everybody
        return {"own": RATED}


def of_the_rated(world: World) -> _OfTheRated:
    rated = _OfTheRated(**{each.name: getattr(world, each.name) for each in fields(World)})
    card = world.things["scorecard rated", RATED]
    result = world.things["result rated", RATED]
    about = {("scorecard published", RATED): card, ("result", RATED): result}
    rated.things = {**world.things, **about}
    return rated


def things_about(world: World, row: str, caller: str) -> Iterator[str | None]:
    """What a reading operation may tell of the rated one; of who sees but a part, all they see."""
    kind = kind_of(row.removeprefix("REST "))
    rated = {
        "scorecard": world.things["scorecard rated", RATED],
        "result": world.things["result rated", RATED],
        "cycle": "rated",
        "published": "rated",
    }
    if kind in rated:
        yield rated[kind]
    if caller in {"employee", "lead"}:
        yield None
        for call in calls_of(world, row):
            if call.caller == caller and call.relation in {"own", "team"}:
                yield call.thing


def opened(content: bytes) -> str:
    """The text of an answer, of a workbook all its parts."""
    if not content.startswith(b"PK"):
        return content.decode()
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return "".join(book.read(name).decode() for name in book.namelist())


@in_the_world
async def test_scenario_a09_no_field_or_export_names_who_rated(
    world: World, figure: Figures
) -> None:
    """Neither code nor name, to the subject, a lead, a viewer or payroll; HR is told of each."""
    names = [name for rater in RATERS for name in (rater, f"name of {rater}")]
    texts: list[tuple[str, str]] = []
    for caller in ("employee", "lead", "viewer", "payroll"):
        for row in (row for row in matrix() if row.startswith("REST GET /v1/")):
            for thing in things_about(world, row, caller):
                answer = await send(world, Call(row, caller, "own", thing), thing)
                texts.append((f"{row} {thing} as {caller}", opened(answer.content)))
        for entry, absent in cells.entries_of(of_the_rated(world), caller):
            if entry.arguments != absent.arguments:
                query = entry.query.replace('"open"', '"rated"')
                texts.append((query, (await post(world.ours, query, key=caller)).text))
    for kind in ("csv", "xlsx", "ndjson"):
        path = f"/v1/payroll/export?cycle=rated&format={kind}"
        answer = await world.ours.get(path, key="payroll")
        assert answer.status_code == 200
        texts.append((path, opened(answer.content)))
    found = [(about, name) for about, text in texts for name in names if name in text]
    told = sum(world.things["scorecard rated", RATED] in text for _, text in texts)
    figure("A09", Wrong.LEAKS, found, tried=len(texts), of="answers searched for who rated")
    assert told > 20
    card = world.things["scorecard rated", RATED]
    to_office = (await world.ours.get(f"/v1/scorecards/{card}/raters", key="hr")).text
    assert all(rater in to_office for rater in RATERS)
    to_subject = await world.ours.get(f"/v1/scorecards/{card}/ratings", key="employee")
    peers = [each for each in to_subject.json()["items"] if each["role"] == "peer"]
    assert [(each["mark"], each["rater"]) for each in peers] == [("75", None)] * 3
