"""Which leaves of REST each role is shown in the matrix's world: `kept/leaves.yaml` lists them.

What a role is shown beside the list is red until somebody has looked at it. `python -m
tests.api.shown` writes the list anew; read the diff as who sees what from now on.
"""

import asyncio
import textwrap
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import yaml

from services.door.logs import configure_logs
from tests.api.companies import Json
from tests.api.leaves import ENVELOPE, leaves
from tests.api.matrix import CALLERS
from tests.api.readings import Readings, documents_of, read_all
from tests.api.worlds import World, open_world
from tests.databases import copied_database, make_folder, remove_folder, start_server

COMMAND = "`python -m tests.api.shown`"
FILE = Path(__file__).parent / "kept" / "leaves.yaml"
_HEAD = """\
# Which leaves of documents each role is shown that are not null, by schema. What stands here has
# been looked at; `python -m tests.api.shown` writes it anew.
"""


@cache
def listed() -> Mapping[str, frozenset[str]]:
    """The roles that may be shown a leaf, by schema and name."""
    kept: dict[str, dict[str, list[str]]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {
        f"{schema}.{name}": frozenset(roles.split())
        for schema, by_roles in kept.items()
        for roles, names in by_roles.items()
        for name in names
    }


def seen_by_role(world: World, readings: Readings) -> dict[tuple[str, str], Json]:
    """A value of every leaf that a role was shown."""
    found: dict[tuple[str, str], Json] = {}
    for operation, caller, _, document in documents_of(world, readings):
        for leaf, value in leaves(operation, document):
            if not leaf[-1].startswith(ENVELOPE):
                found[leaf[-1], caller] = value
    return found


async def write() -> None:
    """Write the list as the world shows it now."""
    configure_logs("WARNING")
    place = make_folder()
    try:
        server = await asyncio.to_thread(start_server, place)
        with copied_database(server, "shown") as database:
            async with open_world(database) as world:
                seen = seen_by_role(world, await read_all(world))
    finally:
        remove_folder(place)
    FILE.write_text(f"{_HEAD}{''.join(_lines(seen))}", encoding="utf-8")


def _lines(seen: Mapping[tuple[str, str], Json]) -> Iterator[str]:
    roles: dict[str, set[str]] = defaultdict(set)
    for leaf, role in seen:
        roles[leaf].add(role)
    by_schema: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for leaf, those in sorted(roles.items()):
        schema, _, name = leaf.partition(".")
        by_schema[schema][" ".join(each for each in CALLERS if each in those)].append(name)
    for schema, by_roles in by_schema.items():
        yield f'"{schema}":\n' if "{" in schema else f"{schema}:\n"
        for names_of_roles, names in sorted(by_roles.items()):
            told = ", ".join(f'"{name}"' if "*" in name else name for name in names)
            yield textwrap.fill(
                f"{names_of_roles}: [{told}]", 100, initial_indent="  ", subsequent_indent="    ",
                break_long_words=False, break_on_hyphens=False,
            ) + "\n"  # fmt: skip


if __name__ == "__main__":
    asyncio.run(write())
