"""How the cells of `authorization.yaml` are called: what each operation is asked, and of whom.

An operation that is not named here is asked by its path alone: whoever adds one need add nothing,
unless its query or body says whom it is about.
"""

import base64
import hashlib
import hmac
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from typing import Any

import httpx

from services.door.access import Cell, row_of
from services.schema.words import Role
from tests.api.asks import ABSENT, ASKS, Ask
from tests.api.awaiting import SECRET
from tests.api.companies import Json
from tests.api.worlds import ANONYMOUS, FOREIGN, SHOPS, STAGES, UNITS, World

CALLERS = (*(role.value for role in Role), ANONYMOUS)
NOUNS = {
    "employees": "employee",
    "units": "unit",
    "shops": "shop",
    "cycles": "cycle",
    "scorecards": "scorecard",
    "results": "result",
    "schemes": "scheme",
    "ladders": "ladder",
    "indicators": "indicator",
    "measures": "measure",
    "keys": "key",
    "jobs": "job",
    "alerts": "alert",
    "surveys": "survey",
    "cases": "case",
    "exclusions": "exclusion",
    "disputes": "dispute",
    "rejected": "rejected",
    "late-facts": "late",
    "hooks": "tenant",
    "{tenant}": "shop",
    "feeds": "feed",
    "webhooks": "webhook",
    "deliveries": "delivery",
    "mappings": "mapping",
    "standards": "standard",
    "use-rules": "rule",
}
"""What the part of a path names whose next part is an id."""
CONSTANTS = {
    "/v1/facts/{kind}": "orders",
    "/v1/templates/{code}": "traffic_manager",
    "/v1/ladder-templates/{code}": "service_agent",
}
"""What is the same for every company."""
_PEOPLE = frozenset(
    {"employee", "scorecard", "result", "exclusion", "order", "alert", "dispute", "case", "late"}
)
_IN_PATHS = frozenset({"pulled", "disabled", "answered", "interviewed"})
"""What asks are about and their paths name."""
HOLE = "@hole@"
_PARAMETER = re.compile(r"\{\w+\}")


@dataclass
class Tally:
    """What was called, and what was not as the matrix says."""

    called: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def check(self, good: bool, cell: str, said: object) -> None:  # noqa: FBT001  the one thing it is about
        self.called[cell.partition(" as ")[0]] += 1
        if not good:
            self.wrong.append(f"{cell}: {str(said)[:300]}")

    @property
    def cells(self) -> int:
        return sum(self.called.values())


@dataclass(frozen=True)
class Call:
    """One cell: a row asked by a caller about something in a relation."""

    row: str
    caller: str
    relation: str
    thing: str | None
    """Null where an operation is about nothing in particular."""
    stage: str = ""

    @property
    def method(self) -> str:
        return self.row.split()[1]

    @property
    def path(self) -> str:
        return self.row.split()[2]

    @property
    def wanted(self) -> str:
        """What the cell says; what is foreign is not there, whatever it is."""
        said = said_of(row_of(self.row), self.caller, self.relation)
        return "hide" if self.relation == "foreign" and said == "allow" else said

    @property
    def denied(self) -> bool:
        """Whether it must change nothing; under a code of another company one may write anew."""
        if self.method == "GET":
            return self.wanted in {"refuse", "hide"}
        return said_of(row_of(self.row), self.caller, self.relation) in {"refuse", "hide"}

    @property
    def ruled(self) -> str | None:
        """The code of the rule that refuses what the matrix allows, in the state that it meets."""
        ask = ASKS.get(self.row.removeprefix("REST "), Ask())
        cell = f"{self.caller} {self.relation} {self.stage or self.thing}"
        return next((code for each, code in ask.ruled.items() if fnmatch(cell, each)), None)

    def __str__(self) -> str:
        about = f"{self.relation} {self.thing or ''} {self.stage}".strip()
        return f"{self.row} as {self.caller}, {about}, wanted {self.wanted}"


def said_of(row: Mapping[str, Cell], caller: str, relation: str) -> str:
    """The word of a row for a caller and a relation; nothing is allowed by absence."""
    cell = row.get(caller, row.get("*", "refuse"))
    return cell if isinstance(cell, str) else cell.get(relation, cell.get("*", "refuse"))


def calls_of(world: World, row: str) -> Iterator[Call]:
    """Every cell of an operation of REST: each caller, each relation, each stage of a cycle."""
    operation = row.removeprefix("REST ")
    kind = kind_of(operation)
    for caller in CALLERS:
        if kind is None:
            yield Call(row, caller, "other", None)
            continue
        for stage in stages_of(operation, kind):
            for relation, thing in things_of(world, kind, caller, stage):
                yield Call(row, caller, relation, thing, stage)


def kind_of(operation: str) -> str | None:
    """What an operation is about: as its ask says, else as its path does."""
    path = operation.split()[1]
    ask = ASKS.get(operation, Ask())
    if ask.kind is not None:
        return ask.kind
    parts = path.split("/")
    named = [NOUNS.get(parts[i - 1]) for i, part in enumerate(parts) if _PARAMETER.fullmatch(part)]
    return named[0] if named and not {path, operation} & CONSTANTS.keys() else None


def stages_of(operation: str, kind: str) -> tuple[str, ...]:
    if kind not in {"scorecard", "interviewed"}:
        return ("",)
    return STAGES if operation.startswith("GET ") else ASKS.get(operation, Ask()).stages


def things_of(world: World, kind: str, caller: str, stage: str) -> Iterator[tuple[str, str]]:
    """Something in each relation to a caller."""
    people = world.people(caller)
    if kind in _PEOPLE:
        name = f"{kind} {stage}".strip()
        for relation, code in people.items():
            thing = code if kind == "employee" else world.things[name, code]
            yield relation, thing
    elif kind in {"interviewed", "answered", "calibrated"}:
        yield from _parts_of(world, kind, caller, stage)
    elif kind == "job":
        if caller in {role.value for role in Role}:
            yield "own", world.things[kind, caller]
        yield "other", world.things[kind, "erp" if caller != "erp" else "hr"]
        yield "foreign", world.things[kind, f"{FOREIGN}{Role.HR}"]
    elif kind in {"unit", "shop", "cycle"}:
        yield from _places_of(world, kind, caller)
    elif kind == "published":
        yield "other", kind
        yield "foreign", f"{FOREIGN}{kind}"
    elif kind == "key":
        yield "other", world.things[kind, Role.VIEWER.value]
        yield "foreign", world.things[kind, f"{FOREIGN}{Role.VIEWER}"]
    else:
        yield "other", world.things[kind, ""]
        yield "foreign", world.things[kind, FOREIGN]


def _parts_of(world: World, kind: str, caller: str, stage: str) -> Iterator[tuple[str, str]]:
    """What a caller has a part in: an interview, a survey, grades that are moved."""
    people = world.people(caller)
    if kind == "interviewed":
        for relation, code in people.items():
            # The office holds the interview of those whom nobody stands above.
            whom = "e-boss" if relation == "other" and caller in {Role.ADMIN, Role.HR} else code
            yield relation, world.things[f"scorecard {stage}", whom]
    elif kind == "answered":
        if caller in {Role.LEAD, Role.EMPLOYEE}:
            yield "own", world.things[kind, ""]
        yield "other", world.things["survey", ""]
        yield "foreign", world.things["survey", FOREIGN]
    else:
        for relation in people.keys() - {"above"}:
            if relation == "other" and caller in {Role.ADMIN, Role.HR}:
                yield relation, world.things["scorecard graded", "e-mate"]
            else:
                yield relation, world.things["scorecard calibration", people[relation]]


def _places_of(world: World, kind: str, caller: str) -> Iterator[tuple[str, str]]:
    """Units, shops and cycles as they stand to a caller: `back` has none of the others."""
    mine = {"unit": "front", "shop": SHOPS["front"], "cycle": "open"}[kind]
    far = {"unit": "back", "shop": SHOPS["back"], "cycle": "back"}[kind]
    if caller in {Role.LEAD, Role.EMPLOYEE}:
        assert UNITS[world.people(caller)["own"]] == "front"
        yield ("team" if kind == "unit" and caller == Role.LEAD else "own"), mine
    yield "other", far
    if kind == "cycle" and caller not in {Role.LEAD, Role.EMPLOYEE}:
        yield "other", "draft"
    yield "foreign", f"{FOREIGN}{far}"


@dataclass(frozen=True)
class Question:
    """A call as it is sent."""

    call: Call
    names: Mapping[str, str]
    """What stands in the path, by parameter."""
    pairs: tuple[tuple[str, str], ...]
    body: Json
    """Null for what is read; a text is a file of CSV."""

    @property
    def target(self) -> str:
        """The path with its query."""
        path = _PARAMETER.sub(lambda found: self.names[found[0][1:-1]], self.call.path)
        return f"{path}?{'&'.join(f'{name}={value}' for name, value in self.pairs)}"


async def send(
    world: World, call: Call, thing: str | None, *, query: str | None = None
) -> httpx.Response:
    """Ask as the caller about a thing, with a query of the ask's unless another is given."""
    question = question_of(world, call, thing)
    if query is not None:
        question = replace(question, pairs=_pairs(query))
    return await put(world, question)


def question_of(world: World, call: Call, thing: str | None) -> Question:
    """What a call about a thing says, as its ask has it."""
    operation = call.row.removeprefix("REST ")
    ask = ASKS.get(operation, Ask())
    pairs = tuple(
        (name, value.replace("{}", thing or ""))
        for name, value in _pairs(ask.query)
        if thing or "{}" not in value
    )
    if ask.listed and thing is None:
        pairs = (*pairs, ("limit", "500"))
    body: Json = None
    if call.method != "GET":
        stated = ask.by.get(call.relation, ask.body)
        words = {"{}": thing or ABSENT, "{self}": world.people(call.caller).get("own", ABSENT)}
        words["{proposed}"] = world.things.get(("proposed", thing or ""), ABSENT)
        body = _filled({} if stated is None else stated, words)
    return Question(call, _names_of(world, operation, thing), pairs, body)


async def put(
    world: World,
    question: Question,
    *,
    key: str | None = None,
    spelt: str | None = None,
    content: bytes | None = None,
) -> httpx.Response:
    """Send it, with the caller's key unless another is given.

    Where the body holds `HOLE`, JSON as it is spelt stands instead; or other bytes are the body.
    """
    call = question.call
    client = world.ingest if call.path in world.paths_of_ingest else world.ours.client
    headers = {}
    if call.caller != ANONYMOUS:
        headers["Authorization"] = f"Bearer {key or world.ours.keys[call.caller]}"
    if call.method == "GET":
        return await client.get(question.target, headers=headers)
    is_file = isinstance(question.body, str)
    body = (question.body if is_file else json.dumps(question.body)).encode()
    if content is not None:
        body = content
    if spelt is not None:
        body = body.replace(f'"{HOLE}"'.encode(), spelt.encode())
    headers |= {"Content-Type": "text/csv" if is_file else "application/json", **signed(body)}
    return await client.request(call.method, question.target, content=body, headers=headers)


def signed(body: bytes) -> dict[str, str]:
    """As the marketplace of the world's shops signs what it posts; nobody else looks at it."""
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).digest()
    return {"X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode()}


def _pairs(query: str) -> tuple[tuple[str, str], ...]:
    parted = (pair.partition("=") for pair in query.split("&") if pair)
    return tuple((name, value) for name, _, value in parted)


def _names_of(world: World, operation: str, thing: str | None) -> dict[str, str]:
    """The ids of a path: of a noun that the world does not have, one that is not there."""
    path = operation.split()[1]
    constant = CONSTANTS.get(operation, CONSTANTS.get(path))
    asked = ASKS.get(operation, Ask()).kind
    parts, names = path.split("/"), {}
    for i, part in enumerate(parts):
        if not _PARAMETER.fullmatch(part):
            continue
        kind = NOUNS.get(parts[i - 1], "")
        is_about = asked in _IN_PATHS or (asked is None and kind == kind_of(operation))
        # What a body is about may be a part of what its path names.
        within = world.things.get((kind, thing or "")) or world.things.get((kind, ""), ABSENT)
        names[part[1:-1]] = constant or (thing if thing is not None and is_about else within)
    return names


def _filled(body: Json, words: Mapping[str, str]) -> Json:
    if isinstance(body, list):
        return [_filled(each, words) for each in body]
    if isinstance(body, Mapping):
        return {name: _filled(value, words) for name, value in body.items()}
    if isinstance(body, str):
        for placeholder, word in words.items():
            body = body.replace(placeholder, word)
    return body


def named_in(item: Mapping[str, Any], member: str) -> str:
    """Whom an item of a list is about."""
    return str(item[member] or "").removeprefix("employee:")
