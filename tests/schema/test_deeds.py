"""What the audit says of each action stands in one place, and is what the code puts down."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.schema.chain import make_deed
from services.schema.deeds import DETAILS, MOVE
from services.schema.watch_words import CaseStep
from services.schema.words import LateDecision, ReviewDecision

SOURCES = Path(__file__).parents[2] / "services"
# What stands behind the point where an action is put together, by what stands before it.
VERBS: dict[str, set[str]] = {
    "case": {*CaseStep},
    "late_facts": {*LateDecision, "proposed"},
    "scorecard": {*ReviewDecision},
    "scheme": {"create", "update"},
}
ACTION = re.compile("[a-z_]+[.][a-z_]+")
PUTS = {"append_entry", "make_deed", "note_deed", "_note", "_put_down", "put_each"}


def actions_of(node: ast.expr, verbs: set[str]) -> Iterator[str]:
    """The actions that an expression comes to; a name stands for what its callers say."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from actions_of(node.body, verbs)
        yield from actions_of(node.orelse, verbs)
    elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        noun = str(node.values[0].value).removesuffix(".")
        yield from (f"{noun}.{verb}" for verb in VERBS.get(noun, verbs))


def actions_in(tree: ast.Module) -> Iterator[str]:
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in PUTS
    ]
    said = {
        each.value
        for call in calls
        for each in call.args
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }
    for call in calls:
        assert isinstance(call.func, ast.Name)
        if call.func.id == "put_each":
            yield from (f"{noun}.{verb}" for noun in said for verb in ("create", "update"))
        else:
            named = [each.value for each in call.keywords if each.arg == "action"]
            for node in (*named, *call.args):
                yield from actions_of(node, said)


def test_the_actions_are_those_that_the_code_puts_down() -> None:
    found = {
        action
        for file in sorted(SOURCES.rglob("*.py"))
        for action in actions_in(ast.parse(file.read_text(encoding="utf-8")))
        if ACTION.fullmatch(action)
    }
    assert found == DETAILS.keys()


@pytest.mark.parametrize(
    ("action", "detail"),
    [
        ("cycle.fly", {}),
        ("key.revoke", {"why": None}),
        ("target.set", {"value": "1"}),
        (MOVE, {"from": "draft", "to": "open", "reason": None}),
        (MOVE, {"from": "draft", "to": "open", "reason": None, "scorecards": 1, "round": 1}),
    ],
)
def test_a_deed_with_other_members_is_a_mistake(action: str, detail: dict[str, object]) -> None:
    with pytest.raises(AssertionError):
        make_deed(action, "x", detail)


def test_a_deed_with_the_members_of_its_action_is_put_down() -> None:
    move = {"from": "draft", "to": "open", "reason": None, "scorecards": 3, "scheme_version": 1}
    assert make_deed(MOVE, "cycle:x", move).action == MOVE
    assert make_deed("key.revoke", "key:x", {}).detail == "{}"
