"""Lists of the graph as a caller pages through them, and their nodes by their ids alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphql import GraphQLObjectType, get_named_type, is_required_argument

from services.door.access import matrix
from tests.api.companies import Json
from tests.api.graph.asking import CORE, post
from tests.api.worlds import World

AT_ONCE = 15
"""Aliases that a query may have."""
FIRST = 100
"""The most that a page may have."""
_WITH_IDS = frozenset({"Scorecard", "Result", "Alert", "Case", "Feed"})
"""What has an id in REST; others are known by kind and code."""


@dataclass(frozen=True)
class Root:
    """A field of the query that gives a list."""

    name: str
    node: GraphQLObjectType
    operation: str
    """The list of REST that reads the same: the row of the field names it."""
    arguments: Mapping[str, str]

    @property
    def is_of_nodes(self) -> bool:
        return any(each.name == "Node" for each in self.node.interfaces)

    def id_of(self, known: str) -> str:
        """The id of what REST knows by its id or code."""
        is_own = self.node.name in _WITH_IDS
        return known if is_own else f"{self.node.name.lower()}:{known}"

    @property
    def told(self) -> str:
        """Its arguments, each followed by a comma."""
        return "".join(f'{name}: "{value}", ' for name, value in self.arguments.items())


def roots(world: World) -> Iterator[Root]:
    """Every list of the query."""
    assert CORE.query_type is not None
    known = {"ladder": world.things["ladder", ""]}
    for name, made in CORE.query_type.fields.items():
        kind = get_named_type(made.type)
        if isinstance(kind, GraphQLObjectType) and kind.name.endswith("Connection"):
            node = get_named_type(kind.fields["nodes"].type)
            assert isinstance(node, GraphQLObjectType)
            row = matrix()[f"GQL Query.{name}"]
            assert isinstance(row, str), f"{name} reads as no list of REST"
            needed = [each for each, held in made.args.items() if is_required_argument(held)]
            arguments = {each: known[each] for each in needed}
            yield Root(name, node, row.removeprefix("REST "), arguments)


async def ids_of(world: World, root: Root, caller: str) -> set[str]:
    """The ids of a list to its end."""
    query = (
        f"query ($after: String) {{ {root.name}({root.told}first: {FIRST}, after: $after) "
        "{ totalCount pageInfo { hasNextPage endCursor } nodes { id } } }"
    )
    found: list[str] = []
    after = None
    while True:
        body = (await post(world.ours, query, {"after": after}, key=caller)).json()
        page = body["data"][root.name]
        found += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            assert len(set(found)) == len(found) == page["totalCount"], (root, caller)
            return set(found)


async def found_alone(world: World, ids: Sequence[str], caller: str) -> set[str]:
    """Of some ids those that find a node."""
    found: set[str] = set()
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        parts = [f'n{number}: node(id: "{each}") {{ id }}' for number, each in enumerate(some)]
        body: Json = (await post(world.ours, f"{{ {' '.join(parts)} }}", key=caller)).json()
        found |= {node["id"] for node in body["data"].values() if node is not None}
    return found
