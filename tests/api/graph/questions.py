"""Queries with one variable, which stands where a field takes a caller's own word."""

from dataclasses import dataclass

from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_required_argument

from tests.api.companies import Json
from tests.api.graph import cells
from tests.api.graph.asking import CORE
from tests.api.places import Place
from tests.api.worlds import World


@dataclass(frozen=True)
class GraphQuestion:
    """A query whose variable `v` stands in one place."""

    text: str
    row: str
    """Of the matrix: who may ask."""
    steps: tuple[str, ...]
    """From the data to what the field gives."""

    def end_in(self, body: Json) -> str:
        """The cursor of the last one of a page."""
        held = body["data"]
        for step in self.steps:
            held = held[step]
        cursor: str = held["pageInfo"]["endCursor"]
        return cursor


def graph_question(world: World, place: Place, prefix: str = "") -> GraphQuestion:
    """About what is ours, or with the prefix theirs, but for the place."""
    kind, _, name = place.operation.partition(".")
    parent = CORE.get_type(kind)
    assert isinstance(parent, GraphQLObjectType)
    made = parent.fields[name]
    about = f"{prefix}e-other"
    told = cells.told_of(world, name, "admin", "foreign" if prefix else "other", about)
    told["ladder"] = world.things["ladder", prefix]
    written = [
        f'{argument}: "{told[argument]}"'
        for argument, held in made.args.items()
        if argument != place.pointer and is_required_argument(held) and argument in told
    ]
    written += ["first: 1"] if "first" in made.args else []
    written.append(f"{place.pointer}: $v")
    asked = f"{name}({', '.join(written)}) {_selection(made)}"
    above = _above(world, kind, prefix)
    text = f"query ($v: {made.args[place.pointer].type}) "
    text += "".join(f"{{ {each} " for each in above) + f"{{ {asked} }}" + " }" * len(above)
    row = cells.row_of_field(kind, name)
    assert row is not None, place
    return GraphQuestion(text, row, (*(each.split("(")[0] for each in above), name))


async def refuses_to_follow(world: World, given: Json) -> bool:
    """Whether a subscription with these variables is refused as it begins."""
    return await cells.follow(world.context("admin"), given["cycle"], given["employee"])


def _above(world: World, kind: str, prefix: str) -> tuple[str, ...]:
    """What leads to a field of a type that is no root."""
    card = world.things["scorecard published", f"{prefix}e-other"]
    return {
        "Query": (),
        "Employee": (f'employee(code: "{prefix}e-other")',),
        "Scorecard": (f'scorecard(id: "{card}")',),
        "CycleDistribution": (f'cycle(code: "{prefix}calibration")', "distribution"),
    }[kind]


def _selection(made: GraphQLField) -> str:
    kind = get_named_type(made.type)
    if not isinstance(kind, GraphQLObjectType):  # a node: of several types
        return "{ id __typename }"
    return cells.selection_of(kind)
