"""What is another company's is answered as what is nowhere, wherever a caller can name it.

Every place of every operation where a caller's own word may stand is in a table, and each that
names something is asked for what is ours, what is theirs and what is nowhere.
"""

import base64
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import httpx
import pytest

from services.door.access import row_of
from services.door.pages import write_cursor
from tests.api.companies import Company
from tests.api.fillings import held_in, room_for, with_value
from tests.api.graph.asking import post
from tests.api.graph.questions import GraphQuestion, graph_question, refuses_to_follow
from tests.api.matrix import Question, calls_of, put
from tests.api.places import Place, places
from tests.api.references import (
    CURSOR,
    NAMES,
    NO_NOUNS,
    PLACES,
    kind_of_place,
    nowhere,
    pattern_of,
    values,
)
from tests.api.worlds import ANONYMOUS, FOREIGN, World, undone
from tests.figures import Figures, Wrong

_FACTS = "POST /v1/facts/{kind} body"
TAKEN_AS_THEY_ARE = {
    # whoever sold or answered is kept and counts once known, orders may come later
    f"{_FACTS} /-/salesperson orders",
    f"{_FACTS} /-/employee chats",
    f"{_FACTS} /-/employee measures",
    f"{_FACTS} /-/employee ratings",
    f"{_FACTS} /-/events/-/employee chats",
    f"{_FACTS} /-/order chats",
    f"{_FACTS} /-/order ratings",
    f"{_FACTS} /-/order refunds",
    # shops and measures may be put later
    "PUT /v1/shops/{code}/account body /also/-",
    "PUT /v1/mappings/{code} body /measures/*",
    # a lead may come to the company later
    "POST /v1/units/batch body /-/lead",
    "PUT /v1/units/{code} body /lead",
    # whom HR will find, or not; who rates from outside is not known to the company
    "POST /v1/scorecards/{id}/disputes body /salesperson",
    "POST /v1/scorecards/{id}/ratings body /rater",
    # a rating whose giver stays unnamed is contested as one that is not there
    "POST /v1/scorecards/{id}/disputes body /rating",
}
"""Places where what is nowhere is as good as what is ours, and why."""
VIEWS = (("admin", "hr", "erp", "viewer"), ("lead",), ("employee",), ("payroll",), (ANONYMOUS,))
"""Callers who see the whole, what is theirs, or through a database role of their own."""
SHORT: Mapping[str, list[str]] = {
    "GET /": ["nothing", "", "", ""],
    "GET /v1/drifts": ["drift"],
    "GET /v1/employees/{code}/levels": ["2026-01", "mine", "e-other", "1"],
    "GET /v1/indicators/{code}/values": ["1"],
    "GET /v1/ladder-templates": ["service_agent"],
    "GET /v1/ladders": ["mine"],
    "GET /v1/late-facts/decisions": ["late"],
    "GET /v1/rates": ["USD", "CNY", "2026-01-01"],
    "GET /v1/rejected": ["rej"],
    "GET /v1/schemes/{code}/versions": ["1"],
    "GET /v1/scorecards/{id}/readers": ["2026-01-05T00:00:00+00:00", "key:k", "REST"],
    "GET /v1/surveys/{code}/answers": ["place", "ans"],
    "GET /v1/tokens/revocations": ["u-1"],
    "GET /v1/use-rules": ["w"],
}
"""Lists that hold one thing in the world, or none: a place in each, as its cursors name them."""
in_the_world = pytest.mark.asyncio(loop_scope="session")
_MADE = re.compile(r"\b[a-z]+_[0-9a-hjkmnp-tv-z]{26}\b")
_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:[0-9.]+(?:Z|[+-]\d\d:\d\d)")


def test_scenario_a02_every_place_for_a_word_is_known_and_every_entry_is_a_place(
    figure: Figures,
) -> None:
    found = places()
    by_name = {
        each.name
        for each in found
        if pattern_of(each) is None and each.where != "path" and not each.about_any
    }
    used = {pattern_of(each) for each in found} - {None}
    unknown = [str(each) for each in found if kind_of_place(each) is None]
    unlisted = [*sorted(unknown), *sorted(NAMES.keys() - by_name), *sorted(PLACES.keys() - used)]
    of = "places for a caller's word in paths, queries, bodies and variables"
    figure("A02", Wrong.UNLISTED, unlisted, tried=len(found), of=of)


@in_the_world
async def test_scenario_a02_what_is_theirs_is_answered_as_what_is_nowhere(
    world: World, figure: Figures
) -> None:
    """And what is ours otherwise: a place that tells no two apart has been asked badly."""
    wrong: list[str] = []
    tried, deaf = 0, set()
    async with undone(world):
        for place in _references("path", "query", "body"):
            kind = kind_of_place(place)
            assert kind is not None
            asked = list(_questions(world, place))
            for question in asked:
                for theirs in values(world, kind, FOREIGN):
                    absent = nowhere(theirs)
                    told = await put(world, with_value(world, question, place, theirs))
                    other = await put(world, with_value(world, question, place, absent))
                    tried += 1
                    seen, wanted = _masked(world, told, theirs), _masked(world, other, absent)
                    if seen != wanted:
                        wrong.append(f"{place} {theirs} as {question.call.caller}: {seen} {wanted}")
            if not await _tells_ours(world, asked, place, kind):
                deaf.add(str(place))
    of = "references to what is another company's"
    figure("A02", Wrong.LEAKS, wrong, tried=tried, of=of)
    assert deaf == TAKEN_AS_THEY_ARE


async def _tells_ours(world: World, asked: list[Question], place: Place, kind: str) -> bool:
    """Whether something of ours is answered otherwise than what is nowhere."""
    absent = nowhere(next(values(world, kind, FOREIGN)))
    for question in asked:
        other = await put(world, with_value(world, question, place, absent))
        wanted = _masked(world, other, absent)
        for ours in filter(None, (held_in(question, place), *values(world, kind, ""))):
            told = await put(world, with_value(world, question, place, ours))
            if _masked(world, told, ours) != wanted:
                return True
    return False


@in_the_world
async def test_scenario_a02_a_cursor_of_theirs_is_answered_as_one_made_up(
    world: World, figure: Figures
) -> None:
    wrong: list[str] = []
    tried = 0
    for place in _cursors("query"):
        theirs = await _cursor(world, world.theirs, _question_of_theirs(world, place))
        absent = _made_up(theirs)
        asked = list(_questions(world, place))
        for question in asked:
            told = await put(world, with_value(world, question, place, theirs))
            other = await put(world, with_value(world, question, place, absent))
            tried += 1
            if _masked(world, told, theirs) != _masked(world, other, absent):
                wrong.append(f"{place} as {question.call.caller}: {told.text} {other.text}")
        ours = await _cursor(world, world.ours, asked[0])
        told = await put(world, with_value(world, asked[0], place, ours))
        assert told.status_code == 200, (place, told.text)
    figure("A02", Wrong.LEAKS, wrong, tried=tried, of="cursors of another company")


@in_the_world
async def test_scenario_a02_the_graph_answers_what_is_theirs_as_what_is_nowhere(
    world: World, figure: Figures
) -> None:
    wrong: list[str] = []
    tried = 0
    for place in _references("variable"):
        kind = kind_of_place(place)
        assert kind is not None
        if place.operation.startswith("Subscription"):
            continue
        question = graph_question(world, place)
        for theirs in values(world, kind, FOREIGN):
            absent = nowhere(theirs)
            for caller in _callers_of_graph(question):
                told = await _asked(world, question, theirs, caller)
                other = await _asked(world, question, absent, caller)
                tried += 1
                if told != other:
                    wrong.append(f"{place} {theirs} as {caller}: {told} {other}")
        absent = await _asked(world, question, nowhere(theirs), "admin")
        ours = [await _asked(world, question, each, "admin") for each in values(world, kind, "")]
        assert any(each != absent for each in ours), place
    of = "variables that name what is another company's"
    figure("A02", Wrong.LEAKS, wrong, tried=tried, of=of)


@in_the_world
async def test_scenario_a02_a_cursor_of_theirs_is_one_made_up_in_the_graph(
    world: World, figure: Figures
) -> None:
    wrong: list[str] = []
    tried = 0
    for place in _cursors("variable"):
        found = {}
        for company, prefix in ((world.ours, ""), (world.theirs, FOREIGN)):
            question = graph_question(world, place, prefix)
            body = (await post(company, question.text, {"v": None})).json()
            found[prefix] = question.end_in(body)
        question = graph_question(world, place)
        for caller in _callers_of_graph(question):
            told = await _asked(world, question, found[FOREIGN], caller)
            other = await _asked(world, question, _made_up(found[FOREIGN]), caller)
            tried += 1
            if told != other:
                wrong.append(f"{place} as {caller}: {told} {other}")
        assert "errors" not in (await post(world.ours, question.text, {"v": found[""]})).json()
    figure("A02", Wrong.LEAKS, wrong, tried=tried, of="cursors of another company in the graph")


@in_the_world
async def test_scenario_a02_what_is_theirs_is_followed_as_what_is_nowhere(
    world: World, figure: Figures
) -> None:
    wrong: list[str] = []
    followed = _references("variable")
    for place in (each for each in followed if each.operation.startswith("Subscription")):
        kind = kind_of_place(place)
        assert kind is not None
        theirs = next(values(world, kind, FOREIGN))
        given = {"cycle": "open", "employee": None}
        told, other = [
            await refuses_to_follow(world, {**given, place.pointer: each})
            for each in (theirs, nowhere(theirs))
        ]
        if told != other:
            wrong.append(str(place))
    figure("A02", Wrong.LEAKS, wrong, tried=2, of="subscriptions to what is another company's")


def _references(*where: str) -> Iterator[Place]:
    """The places that name something, cursors aside."""
    for place in sorted(places(), key=str):
        if place.where in where and kind_of_place(place) not in {*NO_NOUNS, CURSOR}:
            yield place


def _cursors(where: str) -> Iterator[Place]:
    for place in sorted(places(), key=str):
        if place.where == where and kind_of_place(place) == CURSOR:
            yield place


def _questions(world: World, place: Place) -> Iterator[Question]:
    """A good question of each kind of view that may ask the operation about anything."""
    row = f"REST {place.operation}"
    for callers in VIEWS:
        calls = [each for each in calls_of(world, row) if each.caller in callers]
        let = [each for each in calls if each.wanted == "allow" and not each.ruled]
        for call in (let or [each for each in calls if each.wanted != "refuse"])[:1]:
            yield room_for(world, call, place)


def _question_of_theirs(world: World, place: Place) -> Question:
    """The same of them, about something of theirs."""
    row = f"REST {place.operation}"
    calls = [each for each in calls_of(world, row) if each.caller == "admin"]
    call = next((each for each in calls if each.relation == "foreign"), calls[0])
    question = room_for(world, call, place)
    for other in places():
        if other.operation == place.operation and other.where == "path":
            kind = kind_of_place(other)
            is_done = question.names[other.pointer] == call.thing
            if kind is not None and kind not in NO_NOUNS and not is_done:
                question = with_value(world, question, other, next(values(world, kind, FOREIGN)))
    return question


async def _cursor(world: World, company: Company, question: Question) -> str:
    """What a page of one ends with; of a list of no more than one what it would end with."""
    operation = question.call.row.removeprefix("REST ")
    if operation in SHORT:
        is_of_ingest = question.call.path in world.paths_of_ingest
        app = world.ingest._transport.app if is_of_ingest else company.app  # type: ignore[attr-defined]
        name = f"{company.number} {question.target.partition('?')[0]}"
        return write_cursor(app.state.signing_key, name, SHORT[operation])
    asked = replace(question, pairs=(*question.pairs, ("limit", "1")))
    key = company.keys[question.call.caller]
    cursor: str | None = (await put(world, asked, key=key)).json()["next_cursor"]
    assert cursor is not None, f"{operation} is short"
    return cursor


def _made_up(cursor: str) -> str:
    """Letters of chance, as many as a cursor has."""
    return base64.urlsafe_b64encode(os.urandom(len(cursor))).decode()[: len(cursor)]


def _callers_of_graph(question: GraphQuestion) -> Iterator[str]:
    row = row_of(question.row)
    for callers in VIEWS:
        let = [each for each in callers if row.get(each, row.get("*", "refuse")) != "refuse"]
        yield from (each for each in let[:1] if each != ANONYMOUS)


async def _asked(world: World, question: GraphQuestion, value: str, caller: str) -> str:
    answer = await post(world.ours, question.text, {"v": value}, key=caller)
    return f"{answer.status_code} {answer.text.replace(value, '<it>')}"


def _masked(world: World, answer: httpx.Response, value: str) -> tuple[int, str, str]:
    """Status, headers and text, whatever was named; of what was written, what is new in it."""
    text = answer.text.replace(value, "<it>")
    if answer.request.method != "GET":
        known = set(world.things.values())
        text = _MADE.sub(lambda found: found[0] if found[0] in known else "<new>", text)
        text = _AT.sub("<now>", text)
    # What counts or digests the bytes of an answer is other where the answer names the thing.
    of_bytes = {"content-length", "etag"} if value in answer.text else set()
    headers = {name: told for name, told in answer.headers.items() if name not in of_bytes}
    return answer.status_code, str(headers).replace(value, "<it>"), text
