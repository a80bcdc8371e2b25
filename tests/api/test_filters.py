"""However a list is chosen or sorted, it tells nothing of what its reader is not told (A06)."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import pytest

from tests.api.companies import Json
from tests.api.leaves import lists
from tests.api.matrix import Call, Question, put, question_of
from tests.api.places import Contract, Place, operations_of_contracts
from tests.api.readings import readers_of
from tests.api.references import NO_NOUNS, kind_of_place, values
from tests.api.worlds import World
from tests.figures import Figures, Wrong

in_the_world = pytest.mark.asyncio(loop_scope="session")
READERS = ("lead", "employee", "viewer", "payroll", "erp")
"""Those who are told a part."""
PAGED = frozenset({"limit", "cursor"})
AT_MOST = 6
"""Values that a parameter is tried with."""
_MOVING = frozenset({"lag_seconds", "coverage", "provisional", "computed_at", "last_used_at"})


@dataclass
class Tried:
    """What was asked, and what was told that the reader is not told otherwise."""

    asked: Counter[str] = field(default_factory=Counter)
    leaks: list[str] = field(default_factory=list)

    def check(self, *, good: bool, said: str) -> None:
        if not good:
            self.leaks.append(said)


async def read(world: World, question: Question, pairs: Mapping[str, str]) -> Json:
    """A list as it is chosen; null where it is refused."""
    answer = await put(world, replace(question, pairs=tuple(pairs.items())))
    return answer.json() if answer.status_code == 200 else None


def identity(item: Json) -> str:
    """By what an item of a page is known again in another one."""
    if isinstance(item, dict) and {"id", "code"} & item.keys():
        return str(item.get("id", item.get("code")))
    return json.dumps({k: v for k, v in item.items() if k not in _MOVING}, sort_keys=True)


def words_of(contract: Contract, schema: Json) -> Iterator[str]:
    """The words that a schema lists, or yes and no."""
    for form in contract.forms(schema):
        yield from map(str, form.get("enum", ()))
        if form.get("type") == "boolean":
            yield from ("true", "false")


def tries_of(
    world: World, operation: str, name: str, words: list[str], hidden: list[Json]
) -> list[str]:
    """Words of the contract, things of both companies, and what stands on items that are hidden."""
    found = list(words)
    kind = kind_of_place(Place(operation, "query", name))
    if not words and kind is not None and kind not in NO_NOUNS | {"cursor"}:
        found += [each for prefix in ("", "x-") for each in values(world, kind, prefix)]
    stated = (str(item[name]) for item in hidden if isinstance(item.get(name), str | int))
    found += sorted(set(stated))[: AT_MOST // 2]
    return list(dict.fromkeys(found))[:AT_MOST]


async def try_list(world: World, operation: str, caller: str, tried: Tried) -> None:
    contract, described = operations_of_contracts()[operation]
    asked = {each["name"]: each["schema"] for each in described.get("parameters", ())
             if each["in"] == "query"}  # fmt: skip
    question = question_of(world, Call(f"REST {operation}", caller, "other", None), None)
    whole = dict(question.pairs) | ({"limit": "500"} if "limit" in asked else {})
    shown = await read(world, question, whole)
    office = replace(question, call=replace(question.call, caller="admin"))
    every = await read(world, office, whole)
    if shown is None or every is None:
        return
    visible = {identity(item) for item in shown["items"]}
    whole_of = {identity(item): item for item in every["items"]}
    hidden = [item for each, item in whole_of.items() if each not in visible]
    for name in sorted(asked.keys() - PAGED - dict(question.pairs).keys()):
        words = list(words_of(contract, asked[name]))
        for value in tries_of(world, operation, name, words, hidden):
            page = await read(world, question, whole | {name: value})
            if page is None:
                tried.asked["refused"] += 1
                continue
            tried.asked["chosen" if name != "sort" else "sorted"] += 1
            about = f"{operation}?{name}={value} as {caller}"
            items = page["items"]
            known = {identity(item) for item in items} <= visible
            tried.check(good=known, said=f"{about}: hidden items")
            tried.check(good=page.get("total", len(items)) == len(items), said=f"{about}: total")
            if name == "sort":
                by = value.lstrip("-")
                told = [item.get(by) for item in items]
                ranked = any(item.get(by) is not None for item in every["items"])
                tried.check(good=not items or not ranked or any(each is not None for each in told),
                            said=f"{about}: sorted by what is not told")  # fmt: skip
            else:
                unread = [each for each in items if name in each and each[name] is None]
                held = [whole_of.get(identity(each), {}).get(name) for each in unread]
                good = all(each is None for each in held)
                tried.check(good=good, said=f"{about}: by a field that is not told")


@in_the_world
async def test_scenario_a06_no_filter_and_no_order_of_any_list_tells_of_the_hidden(
    world: World, figure: Figures
) -> None:
    tried = Tried()
    of_lists = 0
    for operation in lists():
        for caller in set(READERS) & set(readers_of(operation)):
            of_lists += 1
            await try_list(world, operation, caller, tried)
    sys.stdout.write(f"{of_lists} lists by reader: {dict(tried.asked)}\n")
    figure("A06", Wrong.LEAKS, tried.leaks, tried=tried.asked.total(),
           of="filters and orders of every list, by all that is hidden")  # fmt: skip
    assert tried.asked["chosen"] > 200
