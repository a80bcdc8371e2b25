"""The house rules of CONTRIBUTING.md that no other tool checks: each with its reason."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("services", "sandbox", "migrations", "bench", "tools")
FUNCTION_LINES = 70
MODULE_LINES = 400
VAGUE_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "service",
    "manager",
    "base_",
}
NOUNS = {
    "people", "facts", "exclusions", "measures", "indicators", "targets", "schemes", "cycles",
    "scorecards", "ratings", "reviews", "disputes", "interviews", "results", "payouts", "levels",
    "late_facts", "readers", "uses", "reconciliations", "mappings", "standards", "alerts",
    "webhooks", "surveys", "cases", "reports", "improvements", "accounts", "feeds",
}  # fmt: skip


INSIDE = (
    "services/api/core",
    "services/api/store",
    "services/api/flows",
    "services/ingest/core",
    "services/ingest/store",
)


def sources(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        yield from sorted((ROOT / room).rglob("*.py"))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def place(path: Path, node: ast.AST | None = None) -> str:
    line = f":{node.lineno}" if node is not None and hasattr(node, "lineno") else ""
    return f"{path.relative_to(ROOT)}{line}"


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_a_module_fits_a_head() -> None:
    long = [place(p) for p in sources(*ROOMS, "tests") if len(p.read_text().splitlines()) > 400]
    # A migration is a list of tables, read once.
    assert [name for name in long if not name.startswith("migrations/versions")] == []


def test_a_function_fits_a_screen() -> None:
    long = [
        f"{place(path, function)} {function.name}: {function.end_lineno - function.lineno + 1}"
        for path in sources("services", "sandbox", "bench", "tools")
        for function in functions(tree_of(path))
        if function.end_lineno is not None
        and function.end_lineno - function.lineno + 1 > FUNCTION_LINES
    ]
    assert long == []


def test_every_module_opens_with_what_is_known_there() -> None:
    silent = [
        place(path)
        for path in sources(*ROOMS, "tests")
        if path.read_text().strip() and not ast.get_docstring(tree_of(path))
    ]
    assert silent == []


def test_no_file_is_named_for_nothing() -> None:
    assert [place(path) for path in sources(*ROOMS) if path.stem in VAGUE_NAMES] == []


def test_no_binary_float_touches_a_score_or_money() -> None:
    """`float` in a core or in the floor would round before we do."""
    floats = []
    for path in sources("services/api/core", "services/ingest/core", "services/schema"):
        for node in ast.walk(tree_of(path)):
            is_name = isinstance(node, ast.Name) and node.id == "float"
            is_literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
            if is_name or is_literal:
                floats.append(place(path, node))
    assert floats == []


def test_only_db_commits() -> None:
    """A flow that commits would part what must be kept or undone together."""
    guilty = [
        place(path, node)
        for path in sources("services")
        if path.name != "db.py"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr in {"commit", "rollback"}
    ]
    assert guilty == []


def test_stores_take_a_session_which_carries_the_tenant() -> None:
    """`All tenants` cannot be said by leaving something out."""
    without = []
    for path in sources("services/api/store", "services/ingest/store"):
        for node in tree_of(path).body:
            if not isinstance(node, ast.AsyncFunctionDef) or node.name.startswith("_"):
                continue
            first = node.args.args[0].annotation if node.args.args else None
            if "Session" not in ast.unparse(first or ast.Constant(None)):
                without.append(f"{place(path, node)} {node.name}")
    assert without == []


def test_time_and_chance_stay_at_the_edge() -> None:
    """Inside, `at` and `seed` are arguments: a day can be played again."""
    guilty = [
        place(path, node)
        for path in sources(*INSIDE)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and re.search(r"\b(now|today|utcnow|monotonic|urandom|random)$", ast.unparse(node.func))
        and "func." not in ast.unparse(node.func)
    ]
    assert guilty == []


def test_a_nouns_file_has_the_same_name_in_every_room() -> None:
    shapes = {path.stem for path in (ROOT / "services/schema/shapes").glob("*.py")}
    tables = {path.stem for path in (ROOT / "services/schema/tables").glob("*.py")}
    assert tables - {"__init__", "base"} <= NOUNS
    assert tables - {"base"} <= shapes


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX", "HACK"])
def test_nothing_is_left_for_later_in_the_code(word: str) -> None:
    left = [
        f"{place(path)}:{number}"
        for path in sources(*ROOMS)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(rf"\b{word}\b", line)
    ]
    assert left == []


def test_an_exception_to_a_rule_says_why() -> None:
    bare = [
        f"{place(path)}:{number}"
        for path in sources(*ROOMS)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"#\s*(noqa|type: ignore)", line)
        and not re.search(r"#\s*(noqa: [A-Z0-9, ]+|type: ignore\[[a-z-, ]+\]  #)\s+\S.*$", line)
    ]
    assert bare == []


def test_the_guide_to_the_scoring_room_names_each_of_its_modules() -> None:
    """An auditor who follows it has seen all that is decided there."""
    guide = (ROOT / "docs/scoring.md").read_text()
    rows = re.findall(r"^\|[^|]+\|([^|]+)\|$", guide, flags=re.MULTILINE)
    named = [name for cell in rows for name in re.findall(r"`([a-z_]+)`", cell)]
    modules = {path.stem for path in sources("services/api/core")} - {"__init__"}
    assert set(named) == modules
    assert len(named) == len(set(named))
