"""Who may do what: every operation, route and field has a row, every row is held to in every cell.

And a view is of the tenant's own day, at whatever instant it is asked for.
"""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from starlette.routing import Mount, WebSocketRoute

from services.api.app import create_app as create_api
from services.api.auth import view_of
from services.api.settings import ApiSettings
from services.api.store.employees import save_employees
from services.api.store.units import save_units
from services.door.access import FILE, matrix, row_of
from services.ingest.app import create_app as create_ingest
from services.ingest.settings import IngestSettings
from services.schema.db import WriteSession
from services.schema.shapes.people import Assignment, Caller, Employee, Unit
from services.schema.words import Role
from tests.api.asks import ABSENT, ASKS
from tests.api.effects import NOT_EFFECTS, Watch
from tests.api.graph import cells
from tests.api.matrix import Call, Tally, calls_of, named_in, send
from tests.api.worlds import ANONYMOUS, World, undone, watched
from tests.databases import TestDatabase
from tests.figures import Figures, Wrong

TENANT = 506
MIDNIGHT = datetime(2026, 10, 15, 16, tzinfo=UTC)
"""Where the tenant is, the 16th begins."""


@pytest.fixture
async def session(database: TestDatabase) -> AsyncIterator[WriteSession]:
    """Ann comes under the lead on the 16th."""
    async with database.undone("kaohe_migrate", TENANT) as session:
        settings = "INSERT INTO tenant_settings VALUES (506, 't', 'CNY', :zone, 'monday', '01-01')"
        await session.execute(text(settings), {"zone": "Asia/Shanghai"})
        await save_units(session, [Unit("u", "u", None, "lead")])
        held = Assignment("agent", "u", (), date(2026, 10, 16), None)
        await save_employees(
            session,
            [
                Employee("lead", "lead", None, None, None, ()),
                Employee("ann", "ann", None, None, None, (held,)),
            ],
        )
        yield session


@pytest.mark.parametrize(
    ("at", "people"),
    [
        (MIDNIGHT - timedelta(microseconds=1), {"lead"}),
        (MIDNIGHT, {"lead", "ann"}),
    ],
)
async def test_requirement_24_a_lead_sees_the_team_at_that_date(
    session: WriteSession, at: datetime, people: set[str]
) -> None:
    view = await view_of(session, Caller(TENANT, Role.LEAD, "lead", "key:k"), at)
    assert view.employees == people
    assert view.units == {"u"}


async def test_an_employee_leads_nobody_whatever_a_unit_says(session: WriteSession) -> None:
    view = await view_of(session, Caller(TENANT, Role.EMPLOYEE, "lead", "key:k"), MIDNIGHT)
    assert view.employees == {"lead"}
    assert view.units == set()


async def test_heads_need_no_employee(session: WriteSession) -> None:
    assert (await view_of(session, Caller(TENANT, Role.HR, None, "key:k"), MIDNIGHT)).whole


# --- the matrix ------------------------------------------------------------------------------

_DSN = "postgresql://nobody@nowhere/none"
in_the_world = pytest.mark.asyncio(loop_scope="session")


def operations() -> set[str]:
    """What can be asked of both services, also what their contracts hide."""
    api = {"dsn": _DSN, "payroll_dsn": _DSN, "environment": "development"}
    ingest = {"dsn": _DSN, "buyer_key": "k" * 32, "environment": "development"}
    return _operations(create_api(ApiSettings.model_validate(api))) | _operations(
        create_ingest(IngestSettings.model_validate(ingest))
    )


def _operations(app: FastAPI) -> set[str]:
    found = {
        f"REST {method.upper()} {path}"
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    routers = [route for router in app.state.routers for route in router.routes]
    for route in [*routers, *app.router.routes]:
        path = getattr(route, "path_format", getattr(route, "path", None))
        if isinstance(route, WebSocketRoute) or "WebSocket" in type(route).__name__:
            found.add(f"SOCKET {path}")
        elif isinstance(route, Mount):
            found.add(f"MOUNT {path}")
        elif path == "/graphql":
            found.add("GRAPHQL /graphql")
        else:
            methods = (getattr(route, "methods", None) or set()) - {"HEAD"}
            found |= {f"REST {method} {path}" for method in methods}
    return found


def test_scenario_a01_every_operation_and_route_has_its_row_and_every_row_one(
    figure: Figures,
) -> None:
    rows = {row for row in matrix() if not row.startswith(("GQL ", "JSON "))}
    figure("A01", Wrong.UNLISTED, rows ^ operations(), tried=len(rows), of="operations and routes")


def test_no_row_stands_twice() -> None:
    """The last of two would hold, and merging by union makes two of one that was changed."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    rows = [line.split('": ')[0] for line in lines if line.startswith('"')]
    assert sorted(row for row in set(rows) if rows.count(row) > 1) == []
    assert len(rows) == len(matrix())


def test_scenario_a01_every_field_of_the_graph_has_its_row_and_every_row_a_field(
    figure: Figures,
) -> None:
    fields = cells.all_fields()
    spoken = {field: cells.row_of_field(*field) for field in fields}
    unlisted = sorted({kind for (kind, _), row in spoken.items() if row is None})
    assert not unlisted, "\n".join(f'add "GQL {kind}.*": REST GET ...' for kind in unlisted)
    rows = {row for row in matrix() if row.startswith("GQL ")}
    assert rows - set(spoken.values()) == set()
    for row in rows:
        assert row_of(row), row
    figure("A01", Wrong.UNLISTED, unlisted, tried=len(fields), of="fields of the graph")


@in_the_world
async def test_scenario_a01_every_cell_that_refuses_or_hides(world: World, figure: Figures) -> None:
    """And what was refused has changed nothing, in any table of any tenant.

    No writing transaction of a cell's call changes a row, and after each operation the digest of
    all tables is as it was.
    """
    tally, watch = Tally(), Watch()
    before = await world.digest()
    async with watched(world, watch.watching):
        for row in _rows_of_rest():
            for call in calls_of(world, row):
                if call.denied:
                    await _check_denied(world, call, tally)
                    # The lock of a noun is a number taken, and undone: the digest holds it.
                    if changed := watch.changed.keys() - {"readers", "counters"}:
                        tally.wrong.append(f"{call}: refused, and it changed {sorted(changed)}")
                    watch.changed.clear()
            assert _differing(before, await world.digest()) == [], row
    figure("A01", Wrong.CELLS, tally.wrong, tried=tally.cells, of="cells that refuse or hide")


@in_the_world
async def test_scenario_a01_every_cell_that_allows(world: World, figure: Figures) -> None:
    """What may be done is done, or refused by the rule that the cell's ask names."""
    tally, watch = Tally(), Watch()
    async with undone(world, watch.watching):
        for row in _rows_of_rest():
            for call in calls_of(world, row):
                if call.denied:
                    continue
                watch.changed.clear()
                if call.wanted == "hide":
                    await _check_denied(world, call, tally)
                elif call.method == "GET":
                    await _check_read(world, call, tally)
                elif call.ruled:
                    await _check_ruled(world, call, tally)
                else:
                    await _check_done(world, call, tally, watch)
    figure("A01", Wrong.CELLS, tally.wrong, tried=tally.cells, of="cells that allow")


@in_the_world
async def test_scenario_a06_lists_hold_exactly_what_single_reads_allow(
    world: World, figure: Figures
) -> None:
    """Also their totals; and of what is hidden no list names as much as the code."""
    tally = Tally()
    for row in _rows_of_rest():
        operation = row.removeprefix("REST ")
        if operation.startswith("GET ") and _is_related(row):
            await _check_list(world, row, operation, tally)
    figure("A06", Wrong.LEAKS, tally.wrong, tried=tally.cells, of="lists against single reads")


@in_the_world
async def test_scenario_a01_every_field_of_the_graph_in_every_relation(
    world: World, figure: Figures
) -> None:
    tally, seen = Tally(), cells.Asked()
    before = await world.digest()
    for caller in (name for name in world.ours.keys if name != ANONYMOUS):
        for entry, absent in cells.entries_of(world, caller):
            await cells.call(world, caller, entry, absent, tally, seen)
    assert _differing(before, await world.digest()) == []
    unasked = sorted(cells.all_fields() - seen.asked - {("Subscription", "scorecardChanged")})
    figure("A01", Wrong.CELLS, tally.wrong, tried=tally.cells, of="cells of the graph")
    assert unasked == []


@in_the_world
async def test_scenario_a01_subscriptions_read_as_single_scorecards(
    world: World, figure: Figures
) -> None:
    roles = [name for name in world.ours.keys if name != ANONYMOUS]
    for role in roles:
        context = world.context(role)
        said = row_of("GQL Subscription.scorecardChanged").get(role, "refuse")
        followed = cells.follow(context, "open")
        assert await followed == (said == "refuse"), role
    figure("A01", Wrong.CELLS, 0, tried=len(roles), of="cells of the subscription")


def _differing(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return [table for table in before if before[table] != after[table]]


def _rows_of_rest() -> list[str]:
    return [row for row in matrix() if row.startswith("REST ")]


def _is_related(row: str) -> bool:
    return any(isinstance(cell, dict) for cell in row_of(row).values())


async def _check_denied(world: World, call: Call, tally: Tally) -> None:
    answer = await send(world, call, call.thing)
    if call.wanted == "refuse":
        wanted = 401 if call.caller == ANONYMOUS else 403
        tally.check(answer.status_code == wanted, str(call), (answer.status_code, answer.text))
        return
    absent = await send(world, call, ABSENT)
    told = answer.text
    for word in (call.thing, world.things.get(("proposed", call.thing or ""))):
        told = told.replace(word or ABSENT, ABSENT)
    same = (answer.status_code, told) == (absent.status_code, absent.text)
    creates = call.method == "PUT" and answer.status_code == absent.status_code == 201
    tally.check(same or creates, str(call), (answer.status_code, answer.text, absent.text))


async def _check_done(world: World, call: Call, tally: Tally, watch: Watch) -> None:
    """It is done, and something is other than it was."""
    answer = await send(world, call, call.thing)
    good = answer.status_code < 300 and bool(watch.changed.keys() - NOT_EFFECTS)
    tally.check(good, str(call), (answer.status_code, dict(watch.changed), answer.text))


async def _check_ruled(world: World, call: Call, tally: Tally) -> None:
    answer = await send(world, call, call.thing)
    said = (answer.status_code, answer.json().get("code"))
    tally.check(said == (409, call.ruled), str(call), (answer.status_code, answer.text))


async def _check_read(world: World, call: Call, tally: Tally) -> None:
    answer = await send(world, call, call.thing)
    status = answer.status_code
    # Who reads what is there is answered; of a noun that the world does not have it is not there.
    tally.check(status == 200 or (status == 404 and call.thing is None), str(call),
                (status, answer.text))  # fmt: skip
    if call.wanted == "null" and status == 200 and call.row.endswith("}"):
        document = answer.json()
        shown = {name for name, value in document.items() if value is not None}
        tally.check(shown == {"code", "name"}, str(call), document)


async def _check_list(world: World, row: str, operation: str, tally: Tally) -> None:
    ask = ASKS.get(operation)
    for caller in {call.caller: call for call in calls_of(world, row)}:
        calls = [each for each in calls_of(world, row) if each.caller == caller]
        if all(each.wanted == "refuse" for each in calls):
            continue
        path = Call(row, caller, "other", None)
        answer = await send(world, path, None)
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        page = answer.json() if answer.status_code == 200 and is_json else {}
        if "items" not in page:
            continue
        text_of_all = json.dumps(page, ensure_ascii=False)
        tally.check(page.get("total", 0) == len(page["items"]), f"{row} as {caller}, total", page)
        hidden = {c for r, c in world.people(caller).items() if r in {"other", "foreign"}}
        for each in calls:
            if each.wanted == "hide" and each.thing is not None:
                tally.check(f'"{each.thing}"' not in text_of_all, f"{each}, listed", text_of_all)
            elif each.wanted in {"allow", "null"} and ask and ask.listed:
                named = {named_in(item, ask.listed) for item in page["items"]}
                tally.check(each.thing in named, f"{each}, listed", sorted(named))
        for cell in (row_of(row).get(caller, "refuse"),):
            if isinstance(cell, dict) and cell.get("*") == "hide":
                leaked = {code for code in hidden if f'{code}"' in text_of_all}
                tally.check(not leaked, f"{row} as {caller}, of hidden people", leaked)
