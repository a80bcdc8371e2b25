"""What is read: lists give what single reads allow, the graph what REST does, no leaf unlisted."""

import pytest
import pytest_asyncio

from services.door.access import matrix, row_of
from tests.api.graph.asking import as_graph, every_node, same
from tests.api.graph.connections import found_alone, ids_of, roots
from tests.api.leaves import (
    SINGLE_READS,
    leaves,
    leaves_of_contract,
    lists,
    row_of_leaf,
    said_of_leaf,
)
from tests.api.readings import Readings, documents_of, id_of, read_all, readers_of
from tests.api.shown import COMMAND, listed, seen_by_role
from tests.api.worlds import World
from tests.figures import Figures, Wrong

in_the_world = pytest.mark.asyncio(loop_scope="session")
COSTLY = 5
"""Nodes of a page that shows the whole of each."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def readings(world: World) -> Readings:
    return await read_all(world)


@in_the_world
async def test_scenario_a06_lists_are_exactly_what_single_reads_allow(
    readings: Readings, figure: Figures
) -> None:
    """Of all ids of both companies; and an item is the document that is shown alone."""
    wrong: list[str] = []
    tried = 0
    for operation, single in lists().items():
        if single is None:
            continue
        for caller in readers_of(operation):
            ids = readings.ids[single.split("/")[2]]
            items = {id_of(each): each for each in readings.listed[operation, caller]}
            alone = readings.single[single, caller]
            tried += len(ids)
            differing = (items.keys() & ids) ^ alone.keys()
            wrong += [f"{operation} as {caller}: {each}" for each in sorted(differing)]
            wrong += [
                f"{operation} as {caller}: {each} reads otherwise alone"
                for each in items.keys() & alone.keys()
                if operation not in SINGLE_READS and items[each] != alone[each]
            ]
    figure("A06", Wrong.LEAKS, wrong, tried=tried, of="single reads against their lists")


@in_the_world
async def test_scenario_a06_connections_are_exactly_what_nodes_allow_and_what_rest_lists(
    world: World, readings: Readings, figure: Figures
) -> None:
    wrong: list[str] = []
    tried = 0
    for root in (each for each in roots(world) if each.is_of_nodes):
        ids = [root.id_of(each) for each in sorted(readings.ids[root.operation.split("/")[2]])]
        for caller in readers_of(root.operation):
            nodes = await ids_of(world, root, caller)
            alone = await found_alone(world, ids, caller)
            by_rest = {root.id_of(id_of(e)) for e in readings.listed[root.operation, caller]}
            tried += len(ids)
            told = f"{root.name} as {caller}"
            differing = (nodes & set(ids)) ^ alone
            wrong += [f"{told}, against nodes: {each}" for each in sorted(differing)]
            wrong += [f"{told}, against REST: {each}" for each in sorted(nodes ^ by_rest)]
    figure("A06", Wrong.LEAKS, wrong, tried=tried, of="nodes against connections and lists")


@in_the_world
async def test_scenario_a06_what_has_no_node_is_listed_by_the_graph_as_by_rest(
    world: World, readings: Readings, figure: Figures
) -> None:
    """One by one in the same order, to the last leaf."""
    wrong: list[str] = []
    tried = 0
    for root in (each for each in roots(world) if not each.is_of_nodes):
        for caller in readers_of(root.operation):
            stated = readings.listed[root.operation, caller]
            shown = await every_node(world.ours, root.name, root.told, COSTLY, key=caller)
            tried += max(len(stated), 1)
            if (stated or shown) and not same(root.name, as_graph(stated), shown):
                wrong.append(f"{root.name} as {caller}: {stated} {shown}")
    figure("A06", Wrong.LEAKS, wrong, tried=tried, of="items of the graph against those of REST")


@in_the_world
async def test_scenario_a01_every_leaf_that_is_shown_is_listed_for_who_reads_it(
    world: World, readings: Readings, figure: Figures
) -> None:
    """In the published contract, and by role: what is new there is for people to look at."""
    allowed, seen = listed(), seen_by_role(world, readings)
    wrong = [
        f"{leaf} as {role}, {value}: if this is meant, write the list anew with {COMMAND}"
        for (leaf, role), value in sorted(seen.items())
        if "?" in leaf or role not in allowed.get(leaf, ())
    ]
    figure("A01", Wrong.CELLS, wrong, tried=len(seen), of="leaves shown to a role")


@in_the_world
async def test_scenario_a01_what_the_matrix_hides_of_a_document_is_null(
    world: World, readings: Readings, figure: Figures
) -> None:
    """Whoever a row of a leaf allows it does see it: such a row is true."""
    wrong: set[str] = set()
    shown: set[tuple[str | None, str]] = set()
    tried = 0
    for operation, caller, relation, document in documents_of(world, readings):
        for leaf, value in leaves(operation, document):
            said = said_of_leaf(leaf, f"REST {operation}", caller, relation)
            if said != "allow":
                wrong.add(f"{operation} as {caller}, {relation}: {leaf} is {value}, wanted {said}")
            shown.add((row_of_leaf(leaf), caller))
            tried += 1
    figure("A01", Wrong.CELLS, sorted(wrong), tried=tried, of="values in documents")
    for row in (each for each in matrix() if each.startswith("JSON ")):
        for caller, cell in row_of(row).items():
            words = set(cell.values()) if isinstance(cell, dict) else {cell}
            assert "allow" not in words or caller == "*" or (row, caller) in shown, (row, caller)


def test_what_is_listed_of_documents_is_in_the_contract_and_nothing_is_open() -> None:
    known, left_open = leaves_of_contract()
    rows = {each.removeprefix("JSON ") for each in matrix() if each.startswith("JSON ")}
    assert (listed().keys() | rows) - known == set()
    assert left_open == set()
