"""A tag spares who has a thing the reading of it, and nobody else: whatever is read by whom."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest
import pytest_asyncio

from services.schema.words import Role
from tests.api.leaves import published
from tests.api.matrix import Call, Question, calls_of, question_of
from tests.api.worlds import World

in_the_world = pytest.mark.asyncio(loop_scope="session")
ADMIN, CHANGED, BECOMES = Role.ADMIN.value, Role.HR.value, Role.EMPLOYEE.value
OTHERS = [role.value for role in Role if role is not Role.ADMIN]
GIVE_ROLE = "UPDATE api_keys SET role = $3, employee = $4 WHERE tenant_id = $1 AND id = $2"


@dataclass
class Tagged:
    """Addresses of every reading operation, and what was wrong with their tags."""

    tags: dict[str, dict[str, str | None]] = field(default_factory=dict)
    """By address and role; null where a role is refused or hidden it."""
    questions: dict[str, Question] = field(default_factory=dict)
    operations: set[str] = field(default_factory=set)
    untagged: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    answers: int = 0

    def check(self, *, good: bool, said: str) -> None:
        self.answers += 1
        if not good:
            self.wrong.append(said)


async def read(
    world: World, question: Question, role: str, tag: str | None = None
) -> httpx.Response:
    client = world.ingest if question.call.path in world.paths_of_ingest else world.ours.client
    headers = {"Authorization": f"Bearer {world.ours.keys[role]}"}
    if tag is not None:
        headers["If-None-Match"] = tag
    return await client.get(question.target, headers=headers)


def questions_of(world: World, operation: str) -> Iterator[Question]:
    """What is an employee's own, and what is another's, under the address that all ask."""
    seen: set[str] = set()
    for caller in (BECOMES, ADMIN):
        calls = [
            call
            for call in calls_of(world, f"REST {operation}")
            if (call.caller, call.wanted) == (caller, "allow")
        ]
        for call in calls[-1:]:
            asked = Call(call.row, ADMIN, call.relation, call.thing, call.stage)
            question = question_of(world, asked, call.thing)
            if question.target not in seen:
                seen.add(question.target)
                yield question


async def try_address(world: World, question: Question, operation: str, found: Tagged) -> None:
    """Admin, then everybody else with the admin's tag, and the admin in between."""
    first = await read(world, question, ADMIN)
    tag, control = first.headers.get("etag"), first.headers.get("cache-control")
    if first.status_code != 200:
        return
    if tag is None:
        found.untagged.add(operation)
        found.check(good=control == "no-store", said=f"{question.target} is kept: {control}")
        return
    found.operations.add(operation)
    found.check(good=control == "private, no-cache", said=f"{question.target} is {control}")
    tags: dict[str, str | None] = {ADMIN: tag}
    for role in OTHERS:
        own = await read(world, question, role)
        crossed = await read(world, question, role, tag)
        same = own.content == first.content
        tags[role] = own.headers.get("etag") if own.status_code == 200 else None
        wanted = (304, b"") if same else (own.status_code, own.content)
        told = (crossed.status_code, crossed.content)
        found.check(good=told == wanted, said=f"{question.target} as {role} with another's tag")
        found.check(
            good=(tags[role] == tag) == same, said=f"{question.target} as {role}: {tags[role]}"
        )
        again = await read(world, question, ADMIN, tags[role])
        wanted = (304, b"") if same else (200, first.content)
        told = (again.status_code, again.content)
        found.check(good=told == wanted, said=f"{question.target} as admin after {role}")
        found.check(good=again.headers.get("etag") == tag, said=f"{question.target} is another's")
    found.tags[question.target], found.questions[question.target] = tags, question


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tagged(world: World) -> Tagged:
    found = Tagged()
    for operation in published():
        if operation.startswith("GET /v1/"):
            for question in questions_of(world, operation):
                await try_address(world, question, operation, found)
    return found


@in_the_world
async def test_requirement_25_every_tag_is_of_what_its_reader_sees(tagged: Tagged) -> None:
    sys.stdout.write(
        f"{len(tagged.tags)} addresses of {len(tagged.operations)} operations with a tag, asked by "
        f"8 roles with each other's: {tagged.answers} answers, {len(tagged.wrong)} wrong; "
        f"{len(tagged.untagged)} operations without one are not kept\n"
    )
    assert tagged.wrong == []
    assert len(tagged.operations) > 20
    bodies = [tags for tags in tagged.tags.values() if len(set(tags.values()) - {None}) > 1]
    assert len(bodies) > 5, "some differ by who reads"


@in_the_world
async def test_requirement_25_a_key_of_another_role_is_shown_what_that_role_is(
    world: World, tagged: Tagged
) -> None:
    """A key of HR's becomes an employee's: what its tags are of it is told no more."""
    company = world.ours
    key_id = await world.looker.fetchval(
        "SELECT id FROM api_keys WHERE tenant_id = $1 AND role = $2 AND $3 LIKE '%' || "
        "substr(id, 5) || '%'",
        company.number, CHANGED, company.keys[CHANGED],
    )  # fmt: skip
    whose = await world.looker.fetchval("SELECT employee FROM api_keys WHERE id = $1", key_id)
    wrong, hidden = [], 0
    await world.looker.execute(GIVE_ROLE, company.number, key_id, BECOMES, "e-own")
    try:
        for target, tags in tagged.tags.items():
            question, tag = tagged.questions[target], tags[CHANGED]
            told = await read(world, question, CHANGED, tag)
            wanted = await read(world, question, BECOMES, tag)
            hidden += wanted.status_code != 304
            if (told.status_code, told.content) != (wanted.status_code, wanted.content):
                wrong.append(target)
    finally:
        await world.looker.execute(GIVE_ROLE, company.number, key_id, CHANGED, whose)
    sys.stdout.write(f"{len(tagged.tags)} addresses, {hidden} read otherwise; {len(wrong)} wrong\n")
    assert wrong == []
    assert hidden > len(tagged.tags) // 3
