"""Questions in which a place has room for a word, and how it is put there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.api.appraisals import SCHEME, scheme
from tests.api.awaiting import REWARDED
from tests.api.companies import Json
from tests.api.contested import RATED
from tests.api.matrix import Call, Question, question_of
from tests.api.places import (
    Contract,
    Place,
    body_of,
    is_plain,
    is_subject,
    open_members,
    operations_of_contracts,
    variants_of,
)
from tests.api.references import NAMES, NO_NOUNS, PART, PERIOD, values
from tests.api.worlds import World


@dataclass(frozen=True)
class Room:
    """What else a question says in which a place has room; null is as the ask has it."""

    body: Json = None
    names: Mapping[str, str | tuple[str, str]] = field(default_factory=dict)
    """Of the path: a word, or what the world holds under a pair."""
    pairs: tuple[tuple[str, str], ...] = ()


_AT = "2026-01-05T00:00:00Z"
_ROW = {"source": "erp", "id": "new", "shop": "s-a", "modified_at": _AT}
_CHAT = _ROW | {"started_at": _AT}
_REFUND = _ROW | {
    "order": "new", "status": "requested", "kind": "refund", "amount": "1", "requested_at": _AT,
}  # fmt: skip
_SAID = {"at": _AT, "kind": "message", "by": "agent"}
_DAY = {"source": "erp", "day": "2026-01-05", "amount": "1", "modified_at": _AT}
_FILE = "day\n2026-01-05\n"
_NAME = {"zh": "新", "en": "new"}
_WHY = {"reason": "why"}
(_SECTION,) = SCHEME["sections"]


def _rubric(met: str) -> Json:
    """An item whose first level asks for a condition, all or any of several."""
    levels = [{met: [{"at_least": "1"}], "score": "100"}, {"all": [], "score": "0"}]
    rule = {"kind": "rubric", "levels": levels}
    return {**_SECTION["items"][0], "weight": "100", "rule": rule}


_FACTS = "POST /v1/facts/{kind}"
ROOMS: Mapping[str, Room] = {
    "GET /v1/reports query subject": Room(pairs=(("period", "2026-01"),)),
    "GET /v1/facts/{kind} query measure": Room(names={"kind": "measures"}),
    "GET /v1/facts/{kind} query unit": Room(names={"kind": "measures"}),
    f"{_FACTS} query mapping": Room(_FILE, {"kind": "traffic"}, (("shop", "s-a"),)),
    f"{_FACTS} query shop": Room(_FILE, {"kind": "traffic"}, (("mapping", "table"),)),
    f"{_FACTS} body /-/events/-/employee chats": Room([_CHAT | {"events": [_SAID]}]),
    f"{_FACTS} body /-/measure measures": Room([_DAY | {"shop": "s-a"}]),
    f"{_FACTS} body /-/order refunds": Room([_REFUND]),
    f"{_FACTS} body /-/shop refunds": Room([_REFUND]),
    "POST /v1/reconciliations body /-/rows/-/id": Room(
        [{"source": "own", "shop": "s-b", "day": "2026-01-05", "rows": [{"amount": "500"}]}]
    ),
    "POST /v1/cycles body /population/units/-": Room(
        {"code": "new", "scheme": "mine", "period": "2026-02", "population": {}}
    ),
    "POST /v1/scorecards/{id}/adjustments body /withdraws": Room(
        _WHY, {"id": ("scorecard judged", REWARDED)}
    ),
    "POST /v1/scorecards/{id}/payouts body /withdraws": Room(
        _WHY, {"id": ("scorecard open", REWARDED)}
    ),
    "POST /v1/scorecards/{id}/disputes body /fact": Room(_WHY),
    "POST /v1/scorecards/{id}/disputes body /rating": Room(
        _WHY, {"id": ("scorecard rated", RATED)}
    ),
    "POST /v1/surveys/{code}/invitations body /respondents/-": Room(
        names={"code": ("answered", "")}
    ),
    "POST /v1/targets/break-down body /weights/*": Room(
        {"subject": "company", "indicator": "mine", "period": "2026-01", "into": "employees"}
    ),
    **{
        f"PUT /v1/schemes/{{code}} body /sections/-/items/-/rule/levels/-/{each}/-/indicator": Room(
            scheme(sections=[{**_SECTION, "items": [_rubric(each)]}], pay=[])
        )
        for each in ("all", "any")
    },
    "PUT /v1/ladders/{code} body /levels/-/criteria/-/indicator": Room({
        "name": _NAME,
        "positions": [],
        "levels": [
            {
                "code": "gold",
                "name": _NAME,
                "criteria": [{"code": "sells", "name": _NAME, "at_least": "1", "months": 1}],
            },
            {"code": "bronze", "name": _NAME, "criteria": []},
        ],
        "note": None,
    }),
    "PUT /v1/mappings/{code} body /measures/*": Room(
        {"name": _NAME, "kind": "measures", "fields": {"day": {"column": "day"}}}
    ),
}  # fmt: skip
"""Of the places for which the ask of their operation has none."""


def room_for(world: World, call: Call, place: Place) -> Question:
    """The question of a call with room for a word in a place: nothing else narrows what it asks."""
    question = question_of(world, call, call.thing)
    if place.where == "query":
        _, described = operations_of_contracts().get(place.operation, (None, {}))
        needed = {each["name"] for each in described.get("parameters", ()) if each.get("required")}
        question = replace(
            question, pairs=tuple(pair for pair in question.pairs if pair[0] in needed)
        )
    if place.variant:
        names = {**question.names, "kind": place.variant}
        question = replace(question, names=names, body=None)
    room = ROOMS.get(str(place))
    if room is None:
        return question
    names = {
        name: word if isinstance(word, str) else world.things[word]
        for name, word in room.names.items()
    }
    body = question.body if room.body is None else room.body
    pairs = (*question.pairs, *room.pairs)
    return replace(question, names={**question.names, **names}, body=body, pairs=pairs)


def with_value(world: World, question: Question, place: Place, value: Json) -> Question:
    """The question with a value in one place; what a body needs around it is made.

    In a path and a query it is a text.
    """
    if place.where == "path":
        return replace(question, names={**question.names, place.pointer: value})
    if place.where == "query":
        others = tuple(pair for pair in question.pairs if pair[0] != place.pointer)
        return replace(question, pairs=(*others, (place.pointer, value)))
    contract, described = operations_of_contracts()[place.operation]
    schema = variants_of(contract, body_of(described))[place.variant]
    parts = place.pointer.removeprefix("/").split("/")
    body = _Filling(world, contract).placed(schema, question.body, parts, value)
    return replace(question, body=body)


def held_in(question: Question, place: Place) -> str | None:
    """What stands in a place already."""
    if place.where == "path":
        return question.names[place.pointer]
    if place.where == "query":
        return dict(question.pairs).get(place.pointer)
    held = question.body
    for part in place.pointer.removeprefix("/").split("/"):
        if part == "-":
            held = held[0] if held else None
        else:
            held = held.get(part) if isinstance(held, dict) else None
    return held if isinstance(held, str) else None


class _Filling:
    """Makes the smallest good body that a schema allows."""

    def __init__(self, world: World, contract: Contract) -> None:
        self._world, self._contract = world, contract

    def placed(self, schema: Json, held: Json, parts: list[str], value: Json) -> Json:
        """What is held, with a value at a pointer."""
        if not parts:
            return value
        head, rest = parts[0], parts[1:]
        if head == "-":
            inner = next(filter(None, map(_items_of, self._contract.forms(schema))))
            items = list(held or [self.smallest(each, "") for each in inner])
            return [self.placed(inner[0], items[0], rest, value), *items[1:]]
        if head == "*":
            form = next(each for each in self._contract.forms(schema) if any(open_members(each)))
            return {value: self._member(next(open_members(form)))}
        if head == "*:":
            form = next(each for each in self._contract.forms(schema) if any(open_members(each)))
            name, within = next(iter((held or {}).items()), ("new", None))
            return {name: self.placed(next(open_members(form)), within, rest, value)}
        forms = self._contract.forms(schema)
        form = next(each for each in forms if self._leads(each, parts))
        if not isinstance(held, dict) or not _is_of(form, held):
            held = self.smallest(form, "")
        member = self.placed(form["properties"][head], held.get(head), rest, value)
        return {**held, head: member}

    def smallest(self, schema: Json, name: str) -> Json:
        """The least that a schema takes; a name is what the value is called."""
        form = next(self._contract.forms(schema))
        if form.get("type") == "array":
            pair = form.get("prefixItems") or [form["items"]] * form.get("minItems", 0)
            return [self.smallest(each, name) for each in pair]
        if form.get("type") == "object" or "properties" in form:
            members = form.get("properties", {})
            return {each: self.smallest(members[each], each) for each in form.get("required", ())}
        if is_subject(form):
            return "company"
        return _plain(form) if is_plain(form) else self._word(name)

    def _member(self, schema: Json) -> Json:
        """What an open member holds: of several things that it may state, the first."""
        held = self.smallest(schema, "")
        return held or {"column": "amount"}

    def _leads(self, schema: Json, parts: list[str]) -> bool:
        """Whether there is a way from a form down a pointer."""
        if not parts:
            return True
        member = next(open_members(schema), None)
        inner = {"-": next(iter(_items_of(schema)), None), "*": member, "*:": member}
        further = inner.get(parts[0], schema.get("properties", {}).get(parts[0]))
        return further is not None and any(
            self._leads(each, parts[1:]) for each in self._contract.forms(further)
        )

    def _word(self, name: str) -> str:
        kind = NAMES.get(name, PART)
        if kind == PERIOD:
            return "2026-01"
        known = {"timezone": "Asia/Shanghai", "currency": "CNY", "source": "erp"}
        return known.get(name, "new") if kind in NO_NOUNS else next(values(self._world, kind, ""))


def _items_of(form: Json) -> list[Json]:
    """What a list holds, place by place where they differ."""
    return form.get("prefixItems") or ([form["items"]] if "items" in form else [])


def _plain(form: Json) -> Json:
    """A good value that is no word of the caller's."""
    if "const" in form or "enum" in form:
        return form.get("const", form.get("enum", (None,))[0])
    if "format" in form:
        return {"date": "2026-01-05"}.get(form["format"], "2026-01-05T00:00:00Z")
    return {"integer": form.get("minimum", 1), "number": 1, "boolean": True}.get(form["type"], "1")


def _is_of(form: Json, held: Mapping[str, Json]) -> bool:
    """Whether what is held is of a form, by the members that tell forms apart."""
    members = form.get("properties", {})
    told = {name: each["const"] for name, each in members.items() if "const" in each}
    return all(held.get(name) == word for name, word in told.items())
