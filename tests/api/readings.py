"""All that each caller can read in the matrix's world: lists to their end, and every single one.

Read once for several tests; the ids asked for are those that the tables hold, of both companies.
"""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product

from services.door.access import row_of
from tests.api.asks import ASKS, Ask
from tests.api.companies import Json
from tests.api.contested import RATED
from tests.api.leaves import lists, published, relation_of
from tests.api.matrix import CALLERS, Call, calls_of, kind_of, named_in, put, question_of, send
from tests.api.places import operations_of_contracts
from tests.api.worlds import World

LIMIT = 30
"""Of a page, so that lists have several."""
BUILT_IN = 5
"""How many are asked for alone of what is the same for everybody, and kept in no table."""
TABLES: Mapping[str, str] = {
    "shops": "shops.code",
    "units": "units.code",
    "employees": "employees.code",
    "measures": "own_measures.code",
    "indicators": "own_indicators.code",
    "schemes": "schemes.code",
    "ladders": "ladders.code",
    "cycles": "cycles.code",
    "scorecards": "scorecards.id",
    "standards": "standards.code",
    "alerts": "alerts.id",
    "surveys": "surveys.code",
    "cases": "cases.id",
    "results": "results.id",
    "disputes": "disputes.id",
    "webhooks": "webhooks.id",
    "mappings": "file_mappings.code",
    "feeds": "feeds.id",
}
"""Where what a path names is kept."""
STAGES = ("judged", "reviewed", "rated", "published")
"""Cards that an operation about a card is asked about besides those of the matrix."""
PARENTS = {"GET /v1/scorecards/{id}/disputes": "disputes.scorecard"}
"""Of lists about one thing: where it is kept what has one."""


@dataclass
class Readings:
    """By operation and caller, who is refused aside."""

    shown: list[tuple[str, str, str | None, Json]] = field(default_factory=list)
    """Operation, caller, relation to whom it is about where that is known, document."""
    listed: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    single: dict[tuple[str, str], dict[str, Json]] = field(default_factory=dict)
    ids: dict[str, set[str]] = field(default_factory=dict)
    """What is asked for alone, by noun: all that either company has, some that is built in."""


def id_of(item: Json) -> str:
    """By what an item of a list is asked for alone."""
    return str(item["id"] if "id" in item else item["code"])


async def read_all(world: World) -> Readings:
    """Everything, as each caller."""
    found = Readings()
    for noun, place in TABLES.items():
        found.ids[noun] = await _kept(world, place)
    for operation in (each for each in published() if each.startswith("GET /v1/")):
        for caller in readers_of(operation):
            await _read(world, operation, caller, found)
    for operation, single in lists().items():
        if single is None:
            continue
        noun = single.split("/")[2]
        ids = found.ids.setdefault(noun, set())
        if noun not in TABLES or "{code}" in single:
            for company in (world.ours, world.theirs):
                call = Call(f"REST {operation}", "admin", "other", None)
                pages = _pages(world, call, key=company.keys["admin"])
                listed = [id_of(each) async for page in pages for each in page["items"]]
                others = [each for each in listed if each not in ids]
                ids.update(others[:BUILT_IN] if "{code}" in single else others)
        for caller in readers_of(single):
            call = Call(f"REST {single}", caller, "other", None)
            found.single[single, caller] = {
                each: document async for each, document in _alone(world, call, ids)
            }
    return found


def documents_of(world: World, readings: Readings) -> Iterator[tuple[str, str, str | None, Json]]:
    """All that was shown: of a list each item by itself, in its relation to who reads it."""
    for (operation, caller), documents in readings.single.items():
        for each, document in documents.items():
            yield operation, caller, relation_of(world, caller, each), document
    for operation, caller, relation, document in readings.shown:
        if operation not in lists():
            yield operation, caller, relation, document
            continue
        yield operation, caller, None, {**document, "items": []}
        named = ASKS.get(operation, Ask()).listed
        for item in document["items"]:
            if named is None:
                yield operation, caller, relation, {"items": [item]}
            else:
                about = relation_of(world, caller, named_in(item, named))
                yield operation, caller, about, {"items": [item]}


def readers_of(operation: str) -> Iterator[str]:
    """Who is let do it to anything at all."""
    row = row_of(f"REST {operation}")
    return (each for each in CALLERS if row.get(each, row.get("*", "refuse")) != "refuse")


async def _read(world: World, operation: str, caller: str, found: Readings) -> None:
    """What is about somebody in each relation; of a list all of it."""
    row = f"REST {operation}"
    calls = [each for each in calls_of(world, row) if each.caller == caller]
    if kind_of(operation) == "scorecard":
        calls += _of_more_cards(world, row, caller)
    for call in calls:
        answer = await send(world, call, call.thing)
        if answer.status_code == 200 and answer.headers["content-type"] == "application/json":
            found.shown.append((operation, caller, call.relation, answer.json()))
    if operation not in lists():
        return
    call = Call(row, caller, "other", None)
    if operation in PARENTS:
        parents = await _kept(world, PARENTS[operation])
        pages = [page async for _, page in _alone(world, call, parents)]
    elif "{id}" in operation:
        return
    else:
        pages = [page async for page in _pages(world, call)]
    found.shown += [(operation, caller, None, page) for page in pages]
    found.listed[operation, caller] = [each for page in pages for each in page["items"]]


def _of_more_cards(world: World, row: str, caller: str) -> Iterator[Call]:
    """Cards that people have rated, rewarded and reviewed; who sees all, also those of others."""
    people = list(world.people(caller).items())
    if caller in {"admin", "hr", "viewer"}:
        people += [("other", code) for code in ("e-lead", "e-mate", RATED)]
    for stage, (relation, code) in product(STAGES, people):
        card = world.things.get((f"scorecard {stage}", code))
        if card is not None:
            yield Call(row, caller, relation, card, stage)


async def _kept(world: World, place: str) -> set[str]:
    """All values of a column, of every tenant."""
    table, column = place.split(".")
    rows = await world.looker.fetch(f"SELECT DISTINCT {column} FROM {table}")  # noqa: S608  from above
    return {row[0] for row in rows}


async def _pages(
    world: World, call: Call, *, key: str | None = None
) -> AsyncIterator[dict[str, Json]]:
    """A list page by page, whatever it is about."""
    question = question_of(world, call, None)
    _, described = operations_of_contracts()[call.row.removeprefix("REST ")]
    is_paged = any(each["name"] == "cursor" for each in described.get("parameters", ()))
    given = dict(question.pairs) | ({"limit": str(LIMIT)} if is_paged else {})
    while True:
        answer = await put(world, replace(question, pairs=tuple(given.items())), key=key)
        if answer.status_code != 200:
            return
        page: dict[str, Json] = answer.json()
        yield page
        if not is_paged or page["next_cursor"] is None:
            return
        given["cursor"] = page["next_cursor"]


async def _alone(world: World, call: Call, ids: Collection[str]) -> AsyncIterator[tuple[str, Json]]:
    """Of all there are, those that are shown alone."""
    question = question_of(world, call, None)
    (name,) = question.names
    for each in sorted(ids):
        answer = await put(world, replace(question, names={name: each}))
        assert answer.status_code in {200, 404}, (str(call), each, answer.text)
        if answer.status_code == 200:
            yield each, answer.json()
